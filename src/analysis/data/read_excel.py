"""Excel workbooks: all the sheets that hold the header, dates as ISO text, rows numbered as Excel does."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import python_calamine as calamine

from analysis.data.blocks import Source
from analysis.data.errors import InputError, nearest
from analysis.data.read import BATCH_ROWS, Batch, check_headers, headers


def excel(path: Path, source: Source, name: str) -> Iterator[Batch]:
    """Yield the rows of the named sheets, or of every sheet that is not empty.

    Formulas give the value stored in the file; nothing is computed and no link is followed.
    """
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        for sheet in _sheets(book, source, name):
            yield from _rows(book.get_sheet_by_name(sheet), sheet, source, f"{name}, sheet '{sheet}'")
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"{name}: not a readable Excel workbook, or one cut short ({str(error).splitlines()[0]}). Fetch it again."
        ) from None


def _sheets(book: calamine.CalamineWorkbook, source: Source, name: str) -> list[str]:
    for sheet in source.sheets:
        if sheet not in book.sheet_names:
            raise InputError(f"{name}: there is no sheet '{sheet}'.{nearest(sheet, book.sheet_names)}")
    if source.sheets:
        return list(source.sheets)
    filled = [sheet for sheet in book.sheet_names if book.get_sheet_by_name(sheet).end is not None]
    if not filled:
        raise InputError(f"{name}: every sheet is empty. Fetch it again or take it out of dataset.toml.")
    return filled


def _rows(sheet: calamine.CalamineSheet, label: str, source: Source, name: str) -> Iterator[Batch]:
    if sheet.end is None:
        raise InputError(f"{name}: the sheet is empty.")
    lines = enumerate(sheet.iter_rows(), 1)
    for _ in islice(lines, source.skip_rows):
        pass
    _, top = next(lines, (0, []))
    found = check_headers(headers(top, name), name)
    while chunk := list(islice(lines, BATCH_ROWS)):
        kept = [(number, line) for number, line in chunk if any(cell != "" for cell in line)]
        columns = zip(*(line for _, line in kept), strict=True) if kept else ([] for _ in found)
        frame = pd.DataFrame(
            {h: pd.Series([_text(c) for c in column], dtype="str") for h, column in zip(found, columns, strict=True)}
        )
        yield Batch(frame, np.array([number for number, _ in kept], dtype="int64"), label)


def _text(cell: object) -> str:
    """Return a cell as text: dates in ISO form, whole numbers without a decimal point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return str(cell)
