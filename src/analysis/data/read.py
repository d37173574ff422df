"""Raw files as batches of rows, whatever the file is.

In: a path and the file's block of ``dataset.toml``. Out: batches of text columns (typed sources keep
their dates and numbers) with the headers as folded text, the sheet, and each row's number in the file
as a person would count it, so that every later message can name a row. Rows that do not fit the
header are handed on as broken, never skipped. Rows without any value are not rows.
"""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pandas as pd

from analysis.data.errors import InputError, memory_ran_out, nearest
from analysis.data.spec import Source
from analysis.data.unpacked import check_zip, open_gzip

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis.data.sources import RawFile

BATCH_ROWS = 100_000
SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".dta")
_TEXTS = (".csv", ".tsv", ".txt")


class Batch:
    """Some rows of one sheet: ``frame`` by header, ``rows`` their numbers, ``broken`` (row, found) pairs.

    Rows of typed files are held as the file has them, and become a frame where it is asked for: in the process that
    cleans them.
    """

    def __init__(
        self, content: "pd.DataFrame | pa.Table", rows: np.ndarray, sheet: str = "",
        broken: list[tuple[int, str]] | None = None,
    ) -> None:  # fmt: skip
        self.content, self.rows, self.sheet, self.broken = content, rows, sheet, broken or []

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows by header."""
        if isinstance(self.content, pd.DataFrame):
            return self.content
        from analysis.data.read_typed import as_frame

        return as_frame(self.content)

    def split(self, at: int) -> "tuple[Batch, Batch]":
        """Return the first ``at`` rows, with all that is broken, and the rest."""
        cut = self.content.iloc if isinstance(self.content, pd.DataFrame) else None
        head = cut[:at] if cut else self.content.slice(0, at)
        tail = cut[at:] if cut else self.content.slice(at)
        return Batch(head, self.rows[:at], self.sheet, self.broken), Batch(tail, self.rows[at:], self.sheet)


def batches(path: Path, source: Source, name: str | None = None) -> Iterator[Batch]:
    """Yield the rows of a file in batches of at most BATCH_ROWS.

    ``name`` is what messages call the file. Raises InputError for a file that is empty, cut short, or
    not of the kind that its ending says, for a sheet that is not there and for text that is not in its
    encoding.
    """
    name = name or path.name
    suffix, packing = kind_of(path, name)
    if source.sheets and not (suffix == ".xlsx" or packing == ".zip"):
        raise InputError(f"{name}: sheets = {list(source.sheets)}, but a {suffix} file has none. Leave sheets out.")
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{name}: the file is empty (0 bytes). Fetch it again or take it out of dataset.toml.")
        yield from _read(path, source, suffix, packing, name)
    except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{name}: the file is cut short or damaged ({first_line(error)}). Fetch it again.") from None
    except (NotImplementedError, RuntimeError) as error:  # what zipfile raises for a password or an unusual method
        if packing != ".zip" or memory_ran_out(error):
            raise
        raise InputError(f"{name}: the zip cannot be unpacked ({first_line(error)}). Unpack it by hand.") from None
    except OSError as error:
        raise InputError(f"{name}: the file cannot be read ({error.strerror or first_line(error)}).") from None


def batches_of(file: "RawFile") -> Iterator[Batch]:
    """Yield the rows of one of a dataset's files in batches, or those of a frame that a package supplies."""
    if file.path is None:
        from analysis.data.sources import package_frame

        yield from frame_batches(package_frame(file))
    else:
        yield from batches(file.path, file.source, file.name)


def frame_batches(frame: pd.DataFrame) -> Iterator[Batch]:
    """Yield a frame that a package supplies in the same form as a file's rows; row 1 is the first."""
    for start in range(0, len(frame), BATCH_ROWS):
        part = frame.iloc[start : start + BATCH_ROWS].reset_index(drop=True)
        yield Batch(part, np.arange(start + 1, start + 1 + len(part), dtype="int64"))


def _read(path: Path, source: Source, suffix: str, packing: str, name: str) -> Iterator[Batch]:
    if suffix == ".xlsx":
        from analysis.data.read_excel import excel

        yield from excel(path, source, name)
    elif suffix in (".parquet", ".dta"):
        from analysis.data import read_typed

        yield from (read_typed.parquet if suffix == ".parquet" else read_typed.stata)(path, name)
    else:
        from analysis.data.read_text import text

        for member, open_member in opened(path, packing, source.sheets, name):
            yield from text(open_member, source, suffix, f"{name}: {member}" if member else name, member)


def kind_of(path: Path, name: str) -> tuple[str, str]:
    """Return a file's kind (its ending) and packing ("", ".gz" or ".zip"). Raises InputError for a kind that is not read."""
    packing = path.suffix.lower() if path.suffix.lower() in (".gz", ".zip") else ""
    suffix = (path.with_suffix("") if packing else path).suffix.lower()
    if packing == ".zip" and suffix not in SUFFIXES:
        suffix = ".csv"
    if suffix not in SUFFIXES or (packing and suffix not in _TEXTS):
        raise InputError(
            f"{name}: files of the kind '{''.join(path.suffixes[-2:]) or path.name}' are not read. Expected {', '.join(SUFFIXES)}, or "
            ".gz or .zip of text files: save it as one of these."
        )
    return suffix, packing


def opened(
    path: Path, packing: str, sheets: tuple[str, ...], name: str
) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    """Yield (member, function that opens it) for a text file, plain or packed; ``sheets`` chooses members of a zip."""
    if packing == ".gz":
        yield "", partial(open_gzip, path, name)
    elif packing == ".zip":
        with zipfile.ZipFile(path) as archive:
            check_zip(archive, path.stat().st_size, name)
            inside = [m for m in archive.namelist() if m and m[-1] != "/" and not m.startswith("__MACOSX/")]
            members = [member for member in inside if Path(member).suffix.lower() in _TEXTS]
            if not members:
                found = ", ".join(inside) or "nothing"
                raise InputError(f"{name}: no text file in this zip (found {found}). Expected a .csv, .tsv or .txt.")
            for wanted in sheets:
                if wanted not in members:
                    raise InputError(f"{name}: the zip holds no '{wanted}'.{nearest(wanted, members)}")
            for member in sheets or sorted(members):
                yield member, partial(archive.open, member)
    else:
        yield "", partial(path.open, "rb")


def headers(raw: list[object], where: str, source: Source) -> list[str]:
    """Return a header row as folded text, blank headers named by their column's number.

    White space in a header becomes "_" where the block says ``underscores``. Raises InputError where the row holds no
    name, or one twice that the block names.
    """
    folded = [("_" if source.underscores else " ").join(str(header).split()) for header in raw]
    if not any(folded):
        raise InputError(f"{where}: no header row was found. Set skip_rows to the number of rows above it.")
    return unique([header or f"(column {i})" for i, header in enumerate(folded, 1)], where, source.named)


def unique(names: list[str], where: str, wanted: Container[str]) -> list[str]:
    """Return headers with a number behind each that stands there before: "note", "note (2)". Refuse it for one that is ``wanted``."""
    found: dict[str, None] = {}
    for header in names:
        if header in found and header in wanted:
            raise InputError(
                f"{where}: the header '{header}' appears twice. Rename one of the two columns in the file."
            )
        again = (f"{header} ({i})" for i in count(2))
        found[header if header not in found else next(name for name in again if name not in {*names, *found})] = None
    return list(found)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, for a message of one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
