"""Detainer workbooks in the layout of the 2026 release, one a fiscal year, with the defects of real ones."""

import io
import tomllib
from datetime import datetime
from importlib.resources import files

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analysis.synthetic.courses import Courses
from analysis.synthetic.detainer_rows import DATES, detainer_rows
from analysis.synthetic.identities import Identities
from analysis.synthetic.people import People
from analysis.synthetic.world import FILES, World

TOP = (
    "SYNTHETIC DATA: no row describes a real person",
    "Generated from a seed for demonstration and tests",
    "Layout of the public release 2026-ICLI-00005",
    "Detainers prepared in fiscal year {year}",
    "",
    "b(6), b(7)c",
)
NOTE = "Note: SYNTHETIC DATA. Rows are limited to detainers prepared in the fiscal year."
_WITHOUT_BIRTH_DATE = 2024  # workbooks up to this fiscal year lack the column
_EPOCH = np.datetime64("1899-12-30")


def headers() -> list[str]:
    """Return the headers of the layout in order, from the layout's own file."""
    layout = files("analysis.data").joinpath("formats/ice-foia-2026.toml").read_text(encoding="utf-8")
    return tomllib.loads(layout)["headers"]


def workbooks(
    world: World, past: tuple[People, Courses], frames: dict[str, pd.DataFrame], known: Identities
) -> dict[str, bytes]:
    """Return the workbooks as bytes by file name, ``detainers-fy2021.xlsx`` and so on."""
    rows = detainer_rows(world, past, frames, known, world.stream(FILES, 4))
    prepared = rows["Detainer Prepare Date"].to_numpy().astype("datetime64[M]").astype(int)
    year = (prepared + 3) // 12 + 1970  # the fiscal year begins in October
    return {f"detainers-fy{y}.xlsx": _workbook(rows[year == y], int(y)) for y in np.unique(year)}


def _workbook(rows: pd.DataFrame, year: int) -> bytes:
    """Write one workbook. Dates are date cells, texts or bare serial numbers, as the year has it."""
    columns = [name for name in headers() if not (name == "Birth Date" and year <= _WITHOUT_BIRTH_DATE)]
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    book.set_properties({"created": datetime(2026, 3, 10), "comments": "Synthetic data"})
    style = book.add_format({"num_format": "m/d/yyyy"})
    sheets = 2 if year >= 2025 else 1
    cut = np.linspace(0, len(rows), sheets + 1).astype(int)
    for part in range(sheets):
        sheet = book.add_worksheet(f"Detainers ({part + 1})" if sheets > 1 else "Detainers")
        dates = {2022: "text", 2024: "serial"}.get(year, "serial" if part else "cell")
        unreadable = year == 2023
        _sheet(sheet, rows.iloc[cut[part] : cut[part + 1]], columns, style, dates, year, unreadable=unreadable)
    book.close()
    return buffer.getvalue()


def _sheet(
    sheet: Worksheet, rows: pd.DataFrame, columns: list[str], style: Format, dates: str, year: int, *, unreadable: bool
) -> None:
    """Write the lines above the header, the header, the rows, and the note below them."""
    for line, text in enumerate(TOP):
        sheet.write_string(line, 0, text.format(year=year))
    for j, name in enumerate(columns):
        sheet.write_string(len(TOP), j, name + " " * (j % 7 == 3))  # some headers end in a blank
    top = len(TOP) + 1
    cells = [_cells(rows[name], dates) if name in rows else None for name in columns]
    filled = [
        (j, name in DATES, column)
        for j, (name, column) in enumerate(zip(columns, cells, strict=True))
        if column is not None
    ]
    for i in range(len(rows)):
        for j, is_date, column in filled:
            value = column[i]
            if value is None:
                continue
            if isinstance(value, str):
                sheet.write_string(top + i, j, value)
            elif is_date and dates == "cell":
                sheet.write_number(top + i, j, value, style)
            else:
                sheet.write_number(top + i, j, value)
    if unreadable:
        sheet.write_string(top + len(rows), 0, "13/45/2023")
        sheet.write_string(top + len(rows), 1, "SYNTHETIC STATE A")
        sheet.write_string(
            top + len(rows), columns.index("Detainer Type"), "I247A - Immigration Detainer - Notice of Action"
        )
        top += 1
    sheet.write_string(top + len(rows) + 1, 0, NOTE)


def _cells(column: pd.Series, dates: str) -> list:
    """Return a column's cells: None where blank, numbers (a date's serial number) or text."""
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.astype(object).where(column.notna(), None).tolist()
    if dates == "text":
        return column.dt.strftime("%m/%d/%Y").astype(object).where(column.notna(), None).tolist()
    serial = (column.to_numpy().astype("datetime64[D]") - _EPOCH).astype("timedelta64[D]").astype(int)
    return [int(day) if there else None for day, there in zip(serial, column.notna(), strict=True)]
