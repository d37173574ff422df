"""CSV and tab-delimited text: every record accounted for, with its number."""

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

from analysis.data import read
from analysis.data.errors import InputError
from analysis.data.spec import Source
from analysis.data.text_layout import AsUtf8, Layout, Opened, decoded, layout_of

_BLOCK = 16 << 20  # bytes read at a time: no single field may be longer
_THREADS = 4  # more than the reader starts


def text(opened: Opened, source: Source, suffix: str, name: str, sheet: str) -> Iterator[read.Batch]:
    """Yield the records of a delimited text file; record 1 is the first record of the file.

    A quoted field may hold line breaks; one whose quotation mark is never closed, or closed in mid-field, would swallow
    rows and raises InputError.
    """
    layout = layout_of(opened, source, suffix, name)
    records = _Records(opened, layout, name, layout.skip)
    yield from records.batches(sheet)
    if records.span_lines():
        _check_quotes(opened, layout.encoding, layout.delimiter, layout.skip, name)


class _Records:
    """The records of a delimited file after its header, with the number of each."""

    def __init__(self, opened: Opened, layout: Layout, name: str, before: int) -> None:
        self.opened, self.layout, self.name = opened, layout, name
        self.before = before  # the number of records and lines above the header
        self.broken: list[tuple[int, str]] = []  # records that do not fit, not yet handed on
        self.misfits: list[int] = []  # their numbers, as far as records are not yet numbered
        self.last = before + 1  # the number of the last record numbered: that of the header, to begin with
        self.lines = _Lines()
        self.wide = layout.encoding.startswith(("utf-16", "utf-32"))

    def batches(self, sheet: str) -> Iterator[read.Batch]:
        with self._stream() as binary:
            try:
                for part in self._reader(binary):
                    yield from self._cut(part, sheet)
            except pa.ArrowInvalid as error:
                if self.lines.count > 1:  # else it is a header alone, without a line break
                    self._refuse(error)
        nothing = pd.DataFrame({header: pd.Series(dtype="str") for header in self.layout.headers})
        yield read.Batch(nothing, np.empty(0, dtype="int64"), sheet, self.broken)
        self.last = max([self.last, *self.misfits])

    def span_lines(self) -> bool:
        """Return whether some record runs over several lines."""
        return self.lines.count != self.last - self.before

    @contextmanager
    def _stream(self) -> Iterator[BinaryIO]:
        """Open the file; one whose characters are wider than a byte comes as UTF-8, so that its lines can be told."""
        if not self.wide:
            with self.opened() as binary:
                yield binary
        else:
            with decoded(self.opened, self.layout.encoding) as lines:
                yield AsUtf8(lines)

    def _reader(self, binary: BinaryIO) -> pa_csv.CSVStreamingReader:
        names = [str(i) for i in range(len(self.layout.headers))]
        for _ in range(self.layout.skip):
            binary.readline()
        self.lines.binary = binary
        # read serially: only then does the reader number the records that do not fit
        reading = pa_csv.ReadOptions(
            use_threads=False, column_names=names, skip_rows_after_names=1, block_size=_BLOCK,
            encoding="utf-8" if self.wide else self.layout.encoding,
        )  # fmt: skip
        parsing = pa_csv.ParseOptions(
            delimiter=self.layout.delimiter,
            invalid_row_handler=self._keep,
            newlines_in_values=True,
            ignore_empty_lines=False,
        )
        as_text = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        _check_room_for_threads()
        return pa_csv.open_csv(self.lines, reading, parsing, as_text)

    def _keep(self, row: pa_csv.InvalidRow) -> str:
        self.broken.append((row.number + self.before, row.text))
        self.misfits.append(row.number + self.before)
        return "skip"

    def _cut(self, part: pa.RecordBatch, sheet: str) -> Iterator[read.Batch]:
        candidates = np.arange(self.last + 1, self.last + 1 + part.num_rows + len(self.misfits), dtype="int64")
        rows = candidates[~np.isin(candidates, self.misfits)][: part.num_rows]
        self.last = int(rows[-1]) if len(rows) else self.last
        self.misfits = [row for row in self.misfits if row > self.last]
        filled = reduce(pc.or_, (pc.not_equal(column, "") for column in part.columns))
        frame, rows = part.filter(filled).to_pandas(), rows[filled.to_numpy(zero_copy_only=False)]
        frame.columns = self.layout.headers
        for at in range(0, len(frame), read.BATCH_ROWS):
            some = slice(at, at + read.BATCH_ROWS)
            broken, self.broken = self.broken, []
            yield read.Batch(frame.iloc[some].reset_index(drop=True), rows[some], sheet, broken)

    def _refuse(self, error: pa.ArrowInvalid) -> None:
        reason = read.first_line(error)
        if "straddl" in reason:
            raise InputError(
                f"{self.name}: a field after record {self.last} is longer than {_BLOCK >> 20} MB, or a quotation mark is opened and "
                "never closed. Mend the file."
            ) from None
        raise InputError(f"{self.name}: the text after record {self.last} is not in columns ({reason}).") from None


class _Lines(io.RawIOBase):
    """A binary file that counts its lines as they are read."""

    def __init__(self) -> None:
        self.binary: BinaryIO | None = None
        self.breaks, self.ended = 0, True

    @property
    def count(self) -> int:
        """The number of lines read, the last one whether or not it ends with a line break."""
        return self.breaks + (not self.ended)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self.binary.read(size)
        if block:
            self.breaks, self.ended = self.breaks + block.count(b"\n"), block.endswith(b"\n")
        return block


def _check_quotes(opened: Opened, encoding: str, delimiter: str, skip: int, name: str) -> None:
    """Refuse a file in which a quotation mark swallows the line breaks of other records.

    A second reading, strict and only where some record runs over several lines: the reader of columns
    takes a field that is never closed for one that ends with the file.
    """
    limit = csv.field_size_limit(2**31 - 1)
    record = skip
    try:
        with decoded(opened, encoding) as lines:
            for _ in range(skip):
                lines.readline()
            for record, _ in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), skip + 1):  # noqa: B007
                pass
    except csv.Error:
        raise InputError(
            f"{name}: record {record + 1:,} holds a quotation mark that is opened and never closed, or stands inside a quoted field. "
            'Write it twice ("") or take it out: the rows after it would be lost.'
        ) from None
    finally:
        csv.field_size_limit(limit)


def _check_room_for_threads() -> None:
    """Raise what Python raises where memory has no room for more threads: the reader would wait for its own for ever."""
    over = threading.Event()
    started = [threading.Thread(target=over.wait, daemon=True) for _ in range(_THREADS)]
    try:
        for thread in started:
            thread.start()
    finally:
        over.set()
