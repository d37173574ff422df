"""Delimited text files: every delimiter, encoding, quoting, line end and packing, ragged and mixed ones among them."""

import csv
import gzip
import io
import zipfile

from hypothesis import strategies as st

from analysis.torture.case import Case
from analysis.torture.cells import FIRST, cell
from analysis.torture.maps import HEADERS, good_map
from analysis.torture.toml_text import to_toml

_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")


@st.composite
def rows(draw: st.DrawFn) -> list[list[str]]:
    """Return up to eight rows of cells under HEADERS, the first of them good so that most cases can succeed."""
    more = draw(st.lists(st.tuples(*(cell(header) for header in HEADERS)), max_size=7))
    return [list(FIRST.values()), *(list(row) for row in more)]


@st.composite
def text_case(draw: st.DrawFn) -> Case:
    """Return a dataset of one delimited text file; ``rows`` is known where nothing but its cells is unusual."""
    table, odd = draw(rows()), draw(st.integers(0, 5))
    encoding = draw(st.sampled_from(_ENCODINGS))
    kind = draw(st.sampled_from(("csv", "csv", "tsv", "txt", "csv.gz", "zip")))
    delimiter = "\t" if kind == "tsv" else draw(st.sampled_from((",", ",", ";", "\t", "|")))
    quoting = draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
    text = _written([list(HEADERS), *table], delimiter, draw(st.sampled_from(("\n", "\r\n"))), quoting)
    count: int | None = sum(any(field for field in row) for row in table)
    if quoting == csv.QUOTE_MINIMAL and any("\r" in field for row in table for field in row):
        count = None  # a carriage return outside quotation marks ends a record, and the writer leaves it there
    content = text.encode(encoding, errors="replace")
    if any("\0" in field for row in table for field in row) and encoding != "utf-16":
        count = None  # a NUL byte is refused
    if odd == 0:  # lines that do not fit the header
        content += draw(st.sampled_from(("1\n", "1,2,3,4,5,6,7,8\n", "\n\n\n", '"\n', "Total: 5", ";;;;;\n"))).encode(
            encoding.removesuffix("-sig").replace("16", "16-le")
        )
        count = None
    elif odd == 1:  # two encodings in one file
        content += draw(
            st.sampled_from(
                ("é,2020-01-01,F,,a,ñ\n".encode(), "é,2020-01-01,F,,a,ñ\n".encode("latin-1"), b"\xff\xfe\n", b"\0\n")
            )
        )
        count = None
    if encoding in ("cp1252", "latin-1"):
        count = None if _guessed_otherwise(content, encoding) else count
    block = {} if encoding.startswith("utf") else {"encoding": encoding}
    if draw(st.booleans()):
        block["delimiter"] = delimiter
    elif any(mark in header for header in HEADERS for mark in ",;\t|"):
        count = None
    return Case(
        "csv",
        {"dataset.toml": to_toml(good_map(f"a.{kind}", **block)).encode(), f"a.{kind}": _packed(content, kind)},
        count,
    )


def _written(table: list[list[str]], delimiter: str, end: str, quoting: int) -> str:
    held = io.StringIO(newline="")
    csv.writer(held, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    return held.getvalue()


def _guessed_otherwise(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return True
    return False


def _packed(content: bytes, kind: str) -> bytes:
    if kind.endswith(".gz"):
        return gzip.compress(content, mtime=0)
    if kind != "zip":
        return content
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a.csv"), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()
