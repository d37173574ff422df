"""A raw file cut into pieces that processes on several machines can read by themselves, each row with its number.

In: a raw file. Out: pieces, in the order of the rows: runs of row groups of a Parquet file, or byte ranges of a text file
that start and end with whole records. A file that cannot be cut with certainty is one piece: one that is packed, a
workbook, a Stata file, a text in which a quotation mark stands elsewhere than around a field, or that ends lines with
a carriage return alone. The rows of all pieces are those of the whole file, with the same numbers (a test holds it).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np

from analysis.data import read
from analysis.data.read_text import records
from analysis.data.sources import RawFile, package_frame
from analysis.data.text_layout import Layout, layout_of

PIECE_BYTES = 32 << 20  # of text
PIECE_ROWS = 500_000  # of Parquet, unless a row group has more
_BYTEWISE = ("utf-8", "ascii", "cp1252", "latin-1", "iso8859-1")  # no byte of a longer character is a mark of CSV
_QUOTE, _LINE, _RETURN = b'"\n\r'


@dataclass(frozen=True)
class Piece:
    """Rows of a file from number ``first``: bytes or row groups ``start`` to before ``stop``; all of it where ``stop`` is 0."""

    start: int = 0
    stop: int = 0
    first: int = 1
    layout: Layout | None = field(default=None, hash=False)


def pieces(file: RawFile) -> list[Piece]:
    """Return the pieces of a file. Raises InputError for a text file whose encoding or header cannot be read."""
    found = _cut(file) if file.path is not None and file.path.stat().st_size else []
    return found or [Piece()]


def batches(file: RawFile, piece: Piece) -> Iterator[read.Batch]:
    """Yield the rows of a piece in batches, as ``read.batches`` does for a whole file."""
    if file.path is None:
        yield from read.frame_batches(package_frame(file))
    elif not piece.stop:
        yield from read.batches(file.path, file.source, file.name)
    elif piece.layout is None:
        from analysis.data.read_typed import parquet

        yield from parquet(file.path, file.name, range(piece.start, piece.stop), piece.first)
    else:
        with file.path.open("rb") as binary:
            binary.seek(piece.start)
            content = binary.read(piece.stop - piece.start)
        yield from records(content, piece.layout, piece.first, file.name)


def _cut(file: RawFile) -> list[Piece]:
    suffix, packing = read.kind_of(file.path, file.name)
    if suffix == ".parquet":
        return _row_groups(file)
    if packing or suffix in (".xlsx", ".dta") or file.path.stat().st_size <= PIECE_BYTES:
        return []
    layout = layout_of(partial(file.path.open, "rb"), file.source, suffix, file.name)
    delimiter = layout.delimiter.encode()
    if layout.encoding not in _BYTEWISE or len(delimiter) != 1:
        return []
    ends = _record_ends(np.memmap(file.path, dtype="uint8", mode="r"), layout.skip, delimiter[0])
    first = layout.skip + 2  # the header is record skip + 1
    return [Piece(start, stop, first + before, layout) for (start, before), (stop, _) in pairwise(ends)]


def _row_groups(file: RawFile) -> list[Piece]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(file.path)
    except (pa.ArrowException, OSError, ValueError):
        return []  # whoever reads it says what is wrong with it
    found, start, first = [], 0, 1
    rows = 0
    for group in range(metadata.num_row_groups):
        rows += metadata.row_group(group).num_rows
        if rows >= PIECE_ROWS or (rows and group + 1 == metadata.num_row_groups):
            found.append(Piece(start, group + 1, first))
            start, first, rows = group + 1, first + rows, 0
    return found


def _record_ends(data: np.ndarray, skip: int, delimiter: int) -> list[tuple[int, int]]:
    """Return (byte after a record, number of records from the header to it) for the header and about every PIECE_BYTES.

    The last is the end of the file. Empty where quotation marks do not tell for certain which line breaks end a record: each
    must open a field after a delimiter or line break, close it before one, or stand doubled in it.
    """
    at = _below(data, skip)
    separators = np.array([delimiter, _LINE, _RETURN, _QUOTE], dtype="uint8")
    ends: list[tuple[int, int]] = []
    quotes = count = 0
    for start in range(at, len(data), PIECE_BYTES):
        block = data[start : start + PIECE_BYTES]
        marks = start + np.flatnonzero(block == _QUOTE)
        opens = (quotes + np.arange(len(marks))) % 2 == 0
        before, after = marks[opens & (marks > at)] - 1, marks[~opens & (marks + 1 < len(data))] + 1
        returns = start + np.flatnonzero(block == _RETURN)
        alone = (returns + 1 == len(data)) | (data[np.minimum(returns + 1, len(data) - 1)] != _LINE)
        if alone.any() or not (np.isin(data[before], separators).all() and np.isin(data[after], separators).all()):
            return []
        breaks = start + np.flatnonzero(block == _LINE)
        outside = breaks[(quotes + np.searchsorted(marks, breaks)) % 2 == 0]
        if len(outside):
            if not ends:
                ends.append((int(outside[0]) + 1, 0))
            count += len(outside)
            if int(outside[-1]) + 1 > ends[-1][0]:
                ends.append((int(outside[-1]) + 1, count - 1))
        quotes += len(marks)
    if quotes % 2 or not ends:
        return []
    return ends if ends[-1][0] == len(data) else [*ends, (len(data), count)]


def _below(data: np.ndarray, skip: int) -> int:
    """Return the first byte below the lines that are skipped, and below a byte order mark."""
    at = 0
    for _ in range(skip):
        end = bytes(data[at : at + PIECE_BYTES]).find(b"\n")
        if end < 0:
            return len(data)
        at += end + 1
    return at + 3 if bytes(data[at : at + 3]) == b"\xef\xbb\xbf" else at
