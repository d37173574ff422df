"""Excel workbooks: cells of every kind, formulas and external links among them, and XML that no Excel has written."""

import io
import random
import re
import zipfile
from datetime import date, datetime

import xlsxwriter
from hypothesis import strategies as st

from analysis.torture.case import Case
from analysis.torture.cells import FIRST, cell
from analysis.torture.damage import damaged
from analysis.torture.maps import HEADERS, good_map
from analysis.torture.toml_text import to_toml

_FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://127.0.0.1:9/x","y")',
    '=WEBSERVICE("http://127.0.0.1:9/x")',
    "='[http://127.0.0.1:9/b.xlsx]S'!A1",
    "=cmd|'/C calc'!A0",
)
_CELLS = st.one_of(
    st.sampled_from((0, -1, 1.5, 43831, 43831.25, 60, 2958465, 2958466, -43831, 1e15, 1e308, 123456789012345678, 0.1)),
    st.sampled_from((True, False)),
    st.sampled_from(
        (
            date(1900, 1, 1),
            date(1900, 3, 1),
            date(2020, 1, 1),
            datetime(2020, 1, 1, 23, 59, 59, 999000),
            date(9999, 12, 31),
        )
    ),
    st.sampled_from(_FORMULAS),
)
_XML = (
    (rb'r="B(\d+)"', rb'r="XFD\1"'),
    (rb'r="A2"', b'r="A1048576"'),
    (rb'r="A2"', b'r="AAAAAAA99999999999999"'),
    (rb'<row r="2"', b'<row r="1"'),
    (rb'<row r="2"', b'<row r="-1"'),
    (rb' t="s"', b' t="zzz"'),
    (rb' t="s"', b' t="d"'),
    (rb"<v>\d+</v>", b"<v>99999999</v>"),
    (rb"<v>\d+</v>", b"<v></v>"),
    (rb"<dimension[^>]*>", b""),
    (rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"'),
    (rb"(<\?xml[^>]*>)", rb'\1<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    (rb"<t>([^<]*)</t>", rb"<t>&e;\1</t>"),
    (rb"<t>([^<]*)</t>", rb"<t>&#0;&#xD800;</t>"),
    (rb"</sheetData>", b""),
    (rb's="\d+"', b's="99999"'),
    (rb'numFmtId="\d+"', b'numFmtId="-7"'),
    (rb'count="\d+"', b'count="4294967295"'),
    (rb'Target="worksheets/', b'Target="../../../../etc/'),
    (rb'date1904="\d"', b'date1904="yes"'),
    (rb'encoding="UTF-8"', b'encoding="UTF-16"'),
    (rb"<si>", b"<si><si>"),
)


@st.composite
def book_case(draw: st.DrawFn) -> Case:
    """Return a dataset of one workbook; ``rows`` is known where its XML is what the writer wrote."""
    held = io.BytesIO()
    options = {"in_memory": True, "date_1904": draw(st.booleans()), "strings_to_formulas": False, "strings_to_urls": False,
               "default_date_format": "yyyy-mm-dd"}  # fmt: skip
    count: int | None = 0
    with xlsxwriter.Workbook(held, options) as book:
        for name in draw(st.sampled_from((("One",), ("One",), ("One", "Two"), ("a'b&<é", "S" * 31)))):
            count += _filled(draw, book.add_worksheet(name))
    content = held.getvalue()
    if draw(st.booleans()):
        content, count = (
            rewritten(content, draw(st.sampled_from(_XML)), random.Random(draw(st.integers(0, 2**32)))),
            None,
        )
    return Case("xlsx", {"dataset.toml": to_toml(good_map("a.xlsx")).encode(), "a.xlsx": content}, count)


def _filled(draw: st.DrawFn, sheet: xlsxwriter.worksheet.Worksheet) -> int:
    """Fill a sheet; return the number of its rows that hold a value."""
    sheet.write_row(0, 0, HEADERS)
    sheet.write_row(1, 0, FIRST.values())
    filled = 1
    for row in range(2, 2 + draw(st.integers(0, 5))):
        values = [draw(st.one_of(cell(header), cell(header), _CELLS)) for header in HEADERS]
        for at, value in enumerate(values):
            if isinstance(value, str) and value in _FORMULAS:
                sheet.write_formula(row, at, value, None, draw(st.sampled_from((0, "x", "#N/A", ""))))
            elif isinstance(value, datetime | date):
                sheet.write_datetime(
                    row, at, value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
                )
            else:
                sheet.write(row, at, value)
        filled += any(value != "" for value in values)
    if draw(st.integers(0, 7)) == 0:
        sheet.hide()
    return filled


def rewritten(content: bytes, change: tuple[bytes, bytes], chance: random.Random) -> bytes:
    """Return a workbook with its XML changed inside the zip, so that the damage gets past the checksums."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        members = [name for name in old.namelist() if name.endswith((".xml", ".rels"))]
        hurt, dropped = chance.choice(members), chance.choice(members) if chance.random() < 0.1 else None
        for name in old.namelist():
            data = re.sub(*change, old.read(name), count=chance.choice((0, 1)))
            if name == hurt and chance.random() < 0.5:
                data = damaged(data, chance)
            if name != dropped:
                new.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return held.getvalue()
