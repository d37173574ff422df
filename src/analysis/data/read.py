"""Raw files as batches of rows, whatever the file is.

In: a path and the file's block of ``dataset.toml``. Out: batches of text columns (typed sources keep
their dates and numbers) with the headers as folded text, the sheet, and each row's number in the file
as a person would count it, so that every later message can name a row. Rows that do not fit the
header are handed on as broken, never skipped. Rows without any value are not rows.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.data.blocks import Source
from analysis.data.errors import InputError

BATCH_ROWS = 200_000
SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".dta")


@dataclass
class Batch:
    """Some rows of one sheet: ``frame`` by header, ``rows`` their numbers, ``broken`` (row, found) pairs."""

    frame: pd.DataFrame
    rows: np.ndarray
    sheet: str = ""
    broken: list[tuple[int, str]] = field(default_factory=list)


def batches(path: Path, source: Source, name: str | None = None) -> Iterator[Batch]:
    """Yield the rows of a file in batches of at most BATCH_ROWS.

    ``name`` is what messages call the file. Raises InputError for a file that is empty, cut short, or
    not of the kind that its ending says, for a sheet that is not there and for text that is not in its
    encoding.
    """
    name = name or path.name
    suffix, packing = _kind(path, name)
    if path.stat().st_size == 0:
        raise InputError(f"{name}: the file is empty (0 bytes). Fetch it again or take it out of dataset.toml.")
    try:
        if suffix == ".xlsx":
            from analysis.data.read_excel import excel

            yield from excel(path, source, name)
        elif suffix == ".parquet":
            yield from _parquet(path, name)
        elif suffix == ".dta":
            yield from _stata(path, name)
        else:
            from analysis.data.read_text import text

            for member, opened in _opened(path, packing, name):
                yield from text(opened, source, suffix, name if not member else f"{name}: {member}", member)
    except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{name}: the file is cut short or damaged ({error}). Fetch it again.") from None


def frame_batches(frame: pd.DataFrame) -> Iterator[Batch]:
    """Yield a frame that a package supplies in the same form as a file's rows; row 1 is the first."""
    for start in range(0, len(frame), BATCH_ROWS):
        part = frame.iloc[start : start + BATCH_ROWS].reset_index(drop=True)
        yield Batch(part, np.arange(start + 1, start + 1 + len(part), dtype="int64"))


def _kind(path: Path, name: str) -> tuple[str, str]:
    packing = path.suffix.lower() if path.suffix.lower() in (".gz", ".zip") else ""
    suffix = (path.with_suffix("") if packing else path).suffix.lower()
    if packing == ".zip" and suffix not in SUFFIXES:
        suffix = ".csv"
    if suffix not in SUFFIXES or (packing and suffix in (".xlsx", ".parquet", ".dta")):
        raise InputError(
            f"{name}: files of this kind are not read. Expected {', '.join(SUFFIXES)}, or .gz or .zip of text files."
        )
    return suffix, packing


def _opened(path: Path, packing: str, name: str) -> Iterator[tuple[str, object]]:
    """Yield (member, function that opens it) for a text file, plain or packed."""
    if packing == ".gz":
        yield "", partial(gzip.open, path)
    elif packing == ".zip":
        with zipfile.ZipFile(path) as archive:
            inside = [
                i.filename for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")
            ]
            texts = [member for member in inside if Path(member).suffix.lower() in (".csv", ".tsv", ".txt")]
            if not texts:
                found = ", ".join(inside) or "nothing"
                raise InputError(f"{name}: no text file in this zip (found {found}). Expected a .csv, .tsv or .txt.")
            for member in sorted(texts):
                yield member, partial(archive.open, member)
    else:
        yield "", partial(path.open, "rb")


def _parquet(path: Path, name: str) -> Iterator[Batch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        first = 1
        for part in file.iter_batches(batch_size=BATCH_ROWS):
            frame = pa.Table.from_batches([part]).to_pandas(ignore_metadata=True, strings_to_categorical=False)
            frame.columns = [" ".join(str(header).split()) for header in frame.columns]
            _unique(frame.columns, name)
            yield Batch(frame, np.arange(first, first + len(frame), dtype="int64"))
            first += len(frame)
        if first == 1:
            yield Batch(
                pd.DataFrame({h: pd.Series(dtype="str") for h in file.schema_arrow.names}), np.empty(0, dtype="int64")
            )
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{name}: not a readable Parquet file ({reason}). Fetch it again.") from None


def _stata(path: Path, name: str) -> Iterator[Batch]:
    first = 1
    try:
        with pd.read_stata(path, chunksize=BATCH_ROWS) as reader:
            for frame in reader:
                frame.columns = [" ".join(str(header).split()) for header in frame.columns]
                yield Batch(frame.reset_index(drop=True), np.arange(first, first + len(frame), dtype="int64"))
                first += len(frame)
    except (ValueError, KeyError, OSError, IndexError) as error:
        raise InputError(f"{name}: not a readable Stata file ({str(error).splitlines()[0]}).") from None


def headers(raw: list[object], name: str) -> list[str]:
    """Return a header row as folded text, blank headers named by their column's number."""
    folded = [" ".join(str(header).split()) for header in raw]
    return [header or f"(column {i})" for i, header in enumerate(folded, 1)]


def _unique(names: object, where: str) -> None:
    seen: set[str] = set()
    for header in names:
        if header in seen:
            raise InputError(
                f"{where}: the header '{header}' appears twice. Rename one of the two columns in the file."
            )
        seen.add(header)


def check_headers(found: list[str], where: str) -> list[str]:
    """Refuse a header row in which a name stands twice, or which holds no name at all."""
    if all(header.startswith("(column ") for header in found):
        raise InputError(f"{where}: no header row was found. Set skip_rows to the number of rows above it.")
    _unique(found, where)
    return found


@contextmanager
def decoded(opened: object, encoding: str) -> Iterator[io.TextIOBase]:
    """Open a packed or plain text file as text of an encoding."""
    with opened() as binary, io.TextIOWrapper(binary, encoding=encoding, newline="") as text:
        yield text
