"""Excel workbooks: all the sheets that hold rows, dates as ISO text, rows numbered as Excel does."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import python_calamine as calamine

from analysis.data import read
from analysis.data.errors import InputError, nearest
from analysis.data.spec import Source
from analysis.data.top_rows import TOP, found_header
from analysis.data.unpacked import check_workbook


def excel(path: Path, source: Source, name: str) -> Iterator[read.Batch]:
    """Yield the rows of the named sheets, or of every sheet that is not empty.

    Formulas give the value stored in the file; nothing is computed and no link is followed. An error
    value such as #N/A is a blank, and so are the cells of a merged area but its first.
    """
    check_workbook(path, name)
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        sheets = [sheet.name for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
        for wanted in source.sheets:
            if wanted not in sheets:
                raise InputError(f"{name}: there is no sheet '{wanted}'.{nearest(wanted, sheets)}")
        filled = False
        for label in source.sheets or sheets:
            sheet = book.get_sheet_by_name(label)
            if sheet.end is None and not source.sheets:
                continue
            filled = True
            if source.headers and not source.sheets and len(sheets) > 1:
                _check_layout(sheet, label, source, name)
            yield from _rows(sheet, label, source, f"{name}, sheet '{label}'")
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"{name}: not a readable Excel workbook, or one cut short ({read.first_line(error)}). Fetch it again."
        ) from None
    if not filled:
        raise InputError(f"{name}: every sheet is empty. Fetch it again or take it out of dataset.toml.")


def _rows(sheet: calamine.CalamineSheet, label: str, source: Source, where: str) -> Iterator[read.Batch]:
    if sheet.end is None:
        raise InputError(f"{where}: the sheet is empty.")
    lines = enumerate(sheet.iter_rows(), 1)
    for _ in islice(lines, _above(sheet, source)):
        pass
    _, top = next(lines, (0, []))
    found = read.headers([_text(cell) for cell in top], where, source)
    while chunk := list(islice(lines, read.BATCH_ROWS)):
        kept = [(number, line) for number, line in chunk if any(cell != "" for cell in line)]
        columns = zip(*(line for _, line in kept), strict=True) if kept else ([] for _ in found)
        frame = pd.DataFrame(
            {h: pd.Series([_text(c) for c in column], dtype="str") for h, column in zip(found, columns, strict=True)}
        )
        yield read.Batch(frame, np.array([number for number, _ in kept], dtype="int64"), label)


def _above(sheet: calamine.CalamineSheet, source: Source) -> int:
    """Return the number of rows above the header: what the block says, or found by the headers of its layout."""
    if not source.headers:
        return source.skip_rows
    rows = [[_text(cell) for cell in row] for row in islice(sheet.iter_rows(), TOP)]
    found = found_header(rows, source.headers, underscores=source.underscores)
    return source.skip_rows if found is None else found


def _check_layout(sheet: calamine.CalamineSheet, label: str, source: Source, name: str) -> None:
    rows = [[_text(cell) for cell in row] for row in islice(sheet.iter_rows(), TOP)]
    if found_header(rows, source.headers, underscores=source.underscores) is None:
        raise InputError(
            f"{name}, sheet '{label}': none of its first {TOP} rows is a header of this layout. If it holds something else, name "
            'the sheets to read: sheets = ["..."].'
        )


def _text(cell: object) -> str:
    """Return a cell as text: dates in ISO form, whole numbers without a decimal point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return str(cell)
