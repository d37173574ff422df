"""Files that are large, deep or packed, by name: how each must end, and what makes it at a scale (1 is its full size)."""

import gzip
import io
import zipfile
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from robustness.cases import FIRST, Case, dataset, workbook

HEAD, ROW = (",".join(FIRST) + "\n").encode(), (",".join(FIRST.values()) + "\n").encode()
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def packed(name: str, scale: float) -> Case:
    """Return what unpacks to 3 GB of empty lines or blanks: a zip, a gzip file, or the sheet of a workbook."""
    held, megabyte, count = io.BytesIO(), b"\n" * 1_000_000, max(1, int(3_000 * scale))
    if name == "a.csv.gz":
        with gzip.GzipFile(fileobj=held, mode="wb", compresslevel=1, mtime=0) as file:
            file.writelines([HEAD + ROW, *[megabyte] * count])
        return dataset(name, held.getvalue())
    inner, first = ("a.csv", HEAD + ROW) if name == "a.zip" else ("xl/worksheets/sheet1.xml", SHEET)
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part, data in {**(workbook({"A": [[*FIRST.values()]]}) if name == "a.xlsx" else {}), inner: b""}.items():
            with archive.open(part, "w", force_zip64=True) as member:
                member.writelines([data] if part != inner else [first, *[megabyte] * count])
    return dataset(name, held.getvalue())


def parquet(scale: float) -> Case:
    """Return some megabytes of Parquet that list one text of a megabyte in 300,000 rows: 300 GB, were it laid out."""
    rows, text, held = max(2, int(300_000 * scale)), "x" * max(10, int(1e6 * scale)), io.BytesIO()
    labels = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    table = pa.table({**{name: [value] * rows for name, value in FIRST.items()}, "id": labels})
    pq.write_table(table, held, compression="zstd")
    return dataset("a.parquet", held.getvalue(), rows)


def lines(row: bytes, last: bytes, scale: float, *, encoding: str = "", first: bytes = HEAD) -> Case:
    """Return 100 MB of rows between a first and a last line, all of them rows where there is no last line."""
    count = max(1, int(1e8 * scale / len(row)))
    content = (first + row * count).decode().encode(encoding) if encoding else first + row * count
    return dataset("a.csv", content + last, None if last else count)


def columns(scale: float) -> Case:
    """Return a text of 10,000 columns and 2,000 rows."""
    more, rows = int(10_000 * max(scale, 0.01)), max(1, int(2_000 * scale))
    head = HEAD[:-1] + b"".join(b",c%d" % i for i in range(more)) + b"\n"
    return dataset("a.csv", head + (ROW[:-1] + b",1" * more + b"\n") * rows, rows)


def deep(scale: float) -> Case:
    """Return a map of 100,000 lists within each other."""
    depth = int(100_000 * max(scale, 0.01))
    return Case("deep", {"dataset.toml": b"title = " + b"[" * depth + b"]" * depth, "a.csv": HEAD + ROW})


def field(scale: float) -> Case:
    """Return a text with one field of 100 MB."""
    return dataset("a.csv", HEAD + ROW + b"2,2020-01-02,F,,a," + b"x" * int(1e8 * scale) + b"\n")


HEAVY = {
    "zip bomb": ("refused", partial(packed, "a.zip")), "gzip bomb": ("refused", partial(packed, "a.csv.gz")),
    "workbook of blanks": ("refused", partial(packed, "a.xlsx")), "one text in every row": ("kept", parquet),
    "long field": ("refused", field), "unclosed quotation mark": ("refused", partial(lines, ROW, b"", first=HEAD + b'"2')),
    "NUL byte": ("refused", partial(lines, ROW, b"2,2020-01-02,F,,\0,\n")), "wide encoding": ("kept", partial(lines, ROW, b"", encoding="utf-16")),
    "two encodings": ("refused", partial(lines, "1,2020-01-01,F,,é,ñ\n".encode(), b"1,2020-01-01,F,,\xe9,x\n")),
    "many columns": ("kept", columns), "lists in lists": ("refused", deep),
}  # fmt: skip
