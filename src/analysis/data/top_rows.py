"""The first rows of a file, where its headers stand: little is read, and nothing is said of the rest."""

import csv
import io
from contextlib import closing
from itertools import islice
from pathlib import Path

from analysis.data import read
from analysis.data.encodings import encoding_of
from analysis.data.errors import InputError
from analysis.data.spec import Source
from analysis.data.unpacked import check_workbook

TOP = 50  # rows among which a header is looked for


def top_rows(path: Path, name: str) -> list[list[str]]:
    """Return the rows at the top of a file as folded text: up to TOP of a workbook's first sheet or of a text, else the headers alone.

    Raises InputError for a file that cannot be read, or is of no known kind.
    """
    suffix, packing = read.kind_of(path, name)
    if suffix == ".xlsx":
        return _of_workbook(path, name)
    if suffix in (".parquet", ".dta"):
        first = next(iter(read.batches(path, Source(path=name), name)), None)
        return [] if first is None else [list(first.frame.columns)]
    return _of_text(path, suffix, packing, name)


def found_header(rows: list[list[str]], known: frozenset[str], *, underscores: bool = False) -> int | None:
    """Return the position of the row that holds most of the known headers; None where no row holds two of them."""
    mark = "_" if underscores else " "
    held = [len(known & {mark.join(cell.split()) for cell in row}) for row in rows]
    best = max(held, default=0)
    return held.index(best) if best >= min(2, len(known)) and best else None


def _of_workbook(path: Path, name: str) -> list[list[str]]:
    import python_calamine as calamine

    check_workbook(path, name)
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        for info in book.sheets_metadata:
            sheet = book.get_sheet_by_name(info.name) if info.typ == calamine.SheetTypeEnum.WorkSheet else None
            if sheet is not None and sheet.end is not None:
                return [[" ".join(str(cell).split()) for cell in row] for row in islice(sheet.iter_rows(), TOP)]
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"{name}: not a readable Excel workbook, or one cut short ({read.first_line(error)}). Fetch it again."
        ) from None
    return []


def _of_text(path: Path, suffix: str, packing: str, name: str) -> list[list[str]]:
    with closing(read.opened(path, packing, (), name)) as members:  # a zip stays open as long as its members are read
        _, opened = next(members)
        encoding = encoding_of(opened, None, name)
        with opened() as binary, io.TextIOWrapper(binary, encoding=encoding, newline=None) as lines:
            return rows_of_lines(list(islice(lines, TOP)), suffix)


def rows_of_lines(lines: list[str], suffix: str, delimiter: str | None = None) -> list[list[str]]:
    """Return each line of a delimited text as a row of folded cells, however long the others are."""
    from analysis.data.text_layout import delimiter_of

    rows = []
    for line in lines:
        start = line.removeprefix("\ufeff")
        row = next(csv.reader([start], delimiter=delimiter or delimiter_of(start, suffix)), [])
        rows.append([" ".join(cell.split()) for cell in row])
    return rows
