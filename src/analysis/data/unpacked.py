"""Refuses packed files that would unpack to far more than they are: zip bombs, and workbooks that are mostly nothing.

A packed file is read as it unpacks and never as a whole, but a workbook is laid out as a grid in memory: one cell in
the last corner of a sheet makes it 17 billion cells large. No library says so before it is too late, so the cells are
looked at first.
"""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from analysis.data.errors import InputError

LARGE = 1 << 30  # bytes: below it nothing is refused
RATIO = 200  # unpacked to packed; delimited text and Excel's XML stay below 50
GRID = 50_000_000  # cells: about 2 GB
EMPTY = 20  # times as many places in a grid as there are cells in it
_BLOCK, _OVERLAP = 1 << 20, 64
_COLUMN = re.compile(rb"['\"]([A-Z]{2,7})\d")  # a cell's place, from column AA on
_ROW = re.compile(rb"['\"][A-Z]{0,7}(\d{6,20})['\"]")  # a cell's or row's place, from row 100,000 on
_PLACE = re.compile(rb"['\"]([A-Z]{0,7})(\d{1,20})['\"]")


def check_zip(archive: zipfile.ZipFile, packed: int, name: str) -> None:
    """Raise InputError for a zip of ``packed`` bytes that says it unpacks to more than LARGE and RATIO times its size."""
    _check_size(sum(member.file_size for member in archive.infolist()), packed, name)


def _check_size(unpacked: int, packed: int, name: str) -> None:
    if unpacked > LARGE and unpacked > RATIO * packed:
        raise InputError(
            f"{name}: {packed:,} bytes unpack to more than {unpacked / 1e9:,.1f} GB, which no table does. It is not read; if it is what it "
            "should be, unpack it and name the file inside."
        )


def open_gzip(path: Path, name: str) -> BinaryIO:
    """Return a gzip file to be read as it unpacks; reading raises InputError where it unpacks as ``check_zip`` refuses."""
    return io.BufferedReader(_Gzip(path, name), _BLOCK)


class _Gzip(io.RawIOBase):
    """The unpacked bytes of a gzip file, counted."""

    def __init__(self, path: Path, name: str) -> None:
        self.packed, self.name, self.unpacked = path.stat().st_size, name, 0
        self.file = gzip.open(path)  # noqa: SIM115 (closed by close)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        count = self.file.readinto(buffer)
        self.unpacked += count
        _check_size(self.unpacked, self.packed, self.name)
        return count

    def close(self) -> None:
        self.file.close()
        super().close()


def check_workbook(path: Path, name: str) -> None:
    """Raise InputError for an .xlsx file that unpacks as ``check_zip`` refuses, or a sheet of which hardly a place is filled.

    What is not a zip, or is damaged, is left to the reader of workbooks to name.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_zip(archive, path.stat().st_size, name)
            for member in archive.namelist():
                if member.startswith("xl/worksheets/") and member.endswith(".xml"):
                    _check_sheet(archive, member, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        return


def _check_sheet(archive: zipfile.ZipFile, member: str, name: str) -> None:
    cells, columns, row = 0, set(), 99_999
    for block in _blocks(archive, member):
        cells += block.count(b"<c ") + block.count(b":c ") + block.count(b"<c>")
        columns.update(_COLUMN.findall(block))
        row = max([row, *map(int, _ROW.findall(block))])
    if row * _width(columns) <= max(GRID, EMPTY * cells):
        return
    rows, wide = zip(*(_corner(block) for block in _blocks(archive, member)), strict=True)
    if max(rows) * max(wide) > max(GRID, EMPTY * cells):
        raise InputError(
            f"{name}: {Path(member).stem} reaches to row {max(rows):,} and column {max(wide):,}, and only about {cells:,} of these cells "
            "hold anything. Delete the empty rows and columns, and save it again."
        )


def _blocks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """Yield a member in blocks, each with the end of the one before, so that no place is cut in two."""
    end = b""
    with archive.open(member) as file:
        while block := file.read(_BLOCK):
            yield end + block
            end = block[-_OVERLAP:]


def _corner(block: bytes) -> tuple[int, int]:
    """Return the last row and the last column named in a block."""
    places = _PLACE.findall(block)
    return max((int(row) for _, row in places), default=1), _width({column for column, _ in places})


def _width(columns: set[bytes]) -> int:
    """Return the number of the last of these columns; 26 for none, the most that one letter can name."""
    return max([26, *(sum((letter - 64) * 26**i for i, letter in enumerate(reversed(column))) for column in columns)])
