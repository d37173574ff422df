"""CSV and tab-delimited text: encoding and delimiter found out, every record accounted for."""

import codecs
import csv
import io
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc

from analysis.data.blocks import Source
from analysis.data.errors import InputError
from analysis.data.read import BATCH_ROWS, Batch, check_headers, decoded, headers

_BLOCK = 1 << 20
_DELIMITERS = ",\t;|"


def text(opened: object, source: Source, suffix: str, name: str, sheet: str) -> Iterator[Batch]:
    """Yield the records of a delimited text file; record 1 is the first record of the file.

    The encoding is the block's, else UTF-8 (with or without a byte order mark), else Windows-1252
    (which holds Latin-1). The delimiter is the block's, else the one most frequent in the header.
    """
    encoding = _encoding(opened, source.encoding, name)
    with decoded(opened, encoding) as lines:
        for _ in range(source.skip_rows):
            lines.readline()
        start = lines.readline()
        delimiter = _delimiter(start, source.delimiter, suffix, name)
        reader = csv.reader(_Rest(start, lines), delimiter=delimiter)
        found = check_headers(headers(next(reader, []), name), name)
    yield from _records(opened, source.skip_rows, encoding, delimiter, found, name, sheet)


class _Rest:
    """A line already read, then the lines that follow it."""

    def __init__(self, first: str, lines: io.TextIOBase) -> None:
        self.first, self.lines = first, lines

    def __iter__(self) -> Iterator[str]:
        yield self.first
        yield from self.lines


def _records(
    opened: object, skip: int, encoding: str, delimiter: str, found: list[str], name: str, sheet: str
) -> Iterator[Batch]:
    broken: list[tuple[int, str]] = []

    def keep(row: pc.InvalidRow) -> str:
        if row.text.count('"') % 2:
            raise InputError(
                f"{name}, record {row.number + skip}: a quotation mark is opened and never closed. Mend the file."
            )
        broken.append((row.number + skip, row.text))
        return "skip"

    names = [str(i) for i in range(len(found))]
    with opened() as binary:
        reader = pc.open_csv(
            _Skipped(binary, skip),
            # read serially: only then does the reader number the records that do not fit
            pc.ReadOptions(use_threads=False, column_names=names, skip_rows_after_names=1, encoding=encoding, block_size=16 << 20),
            pc.ParseOptions(delimiter=delimiter, invalid_row_handler=keep, newlines_in_values=True, ignore_empty_lines=False),
            pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )  # fmt: skip
        last = skip + 1
        try:
            for part in reader:
                rows = _numbers(last, part.num_rows, [row for row, _ in broken if row > last])
                last = int(rows[-1]) if len(rows) else last
                frame = pa.Table.from_batches([part]).to_pandas()
                frame.columns = found
                filled = (frame != "").any(axis=1).to_numpy()
                frame, rows = frame[filled].reset_index(drop=True), rows[filled]
                for at in range(0, len(frame), BATCH_ROWS):
                    some = slice(at, at + BATCH_ROWS)
                    yield Batch(frame.iloc[some].reset_index(drop=True), rows[some], sheet)
        except pa.ArrowInvalid as error:
            raise InputError(f"{name}: the text could not be read as columns ({str(error).splitlines()[0]}).") from None
    yield Batch(pd.DataFrame({h: pd.Series(dtype="str") for h in found}), np.empty(0, dtype="int64"), sheet, broken)


def _numbers(last: int, count: int, broken: list[int]) -> np.ndarray:
    """Return the record numbers of the next ``count`` sound records after ``last``."""
    candidates = np.arange(last + 1, last + 1 + count + len(broken), dtype="int64")
    return candidates[~np.isin(candidates, broken)][:count]


class _Skipped(io.RawIOBase):
    """A binary file from after its first ``lines`` lines."""

    def __init__(self, binary: object, lines: int) -> None:
        self.binary = binary
        for _ in range(lines):
            binary.readline()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.binary.read(size)


def _encoding(opened: object, wanted: str | None, name: str) -> str:
    try:
        check = codecs.getincrementaldecoder(wanted or "utf-8")("strict")
    except LookupError:
        raise InputError(
            f"{name}: unknown encoding '{wanted}'. Expected one such as 'utf-8', 'cp1252' or 'latin-1'."
        ) from None
    empty = True
    with opened() as binary:
        try:
            while block := binary.read(_BLOCK):
                empty = False
                check.decode(block)
            check.decode(b"", final=True)
        except UnicodeDecodeError as error:
            if wanted:
                raise InputError(
                    f"{name}: the text is not {wanted}: {error.reason}. Leave encoding out or name the right one."
                ) from None
            return "cp1252" if _decodes(opened, "cp1252") else "latin-1"
    if empty:
        raise InputError(f"{name}: the file is empty. Fetch it again or take it out of dataset.toml.")
    return "utf-8-sig" if (wanted or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8") else str(wanted)


def _decodes(opened: object, encoding: str) -> bool:
    with opened() as binary:
        try:
            check = codecs.getincrementaldecoder(encoding)("strict")
            while block := binary.read(_BLOCK):
                check.decode(block)
        except UnicodeDecodeError:
            return False
    return True


def _delimiter(header: str, wanted: str | None, suffix: str, name: str) -> str:
    if wanted is not None:
        if len(wanted) != 1:
            raise InputError(f"{name}: delimiter = {wanted!r}, expected one character.")
        return wanted
    default = "\t" if suffix == ".tsv" else ","
    counts = {mark: header.count(mark) for mark in _DELIMITERS}
    return default if counts[default] else max(_DELIMITERS, key=lambda mark: counts[mark])
