"""Files that are large, deep or packed, by name: how each must end, and what makes it at a scale (1 is its full size)."""

import gzip
import io
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from robustness.cases import FIRST, Case, dataset

HEAD, ROW = (",".join(FIRST) + "\n").encode(), (",".join(FIRST.values()) + "\n").encode()


def _packed(name: str, first: bytes, filler: bytes, scale: float) -> Case:
    """Return what unpacks to 3 GB of one filler: a zip, a gzip file, or the sheet of a workbook."""
    held, megabytes = io.BytesIO(), max(1, int(3_000 * scale))
    if name.endswith(".gz"):
        with gzip.GzipFile(fileobj=held, mode="wb", compresslevel=1, mtime=0) as file:
            file.writelines([first, *[filler * 1_000_000] * megabytes])
        return dataset(name, held.getvalue())
    inner = "a.csv" if name == "a.zip" else "xl/worksheets/sheet1.xml"
    return dataset(
        name, _zip({**(_workbook() if name == "a.xlsx" else {}), inner: [first, *[filler * 1_000_000] * megabytes]})
    )


def _zip(members: dict[str, list[bytes]]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, blocks in members.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.writelines(blocks)
    return held.getvalue()


def _workbook() -> dict[str, list[bytes]]:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet("A")
        sheet.write_row(0, 0, FIRST)
        sheet.write_row(1, 0, FIRST.values())
    with zipfile.ZipFile(held) as made:
        return {name: [made.read(name)] for name in made.namelist()}


def _entities(scale: float) -> Case:
    """Return a workbook whose texts are entities of entities: 10 to the power of 9 of them, were they expanded."""
    levels = max(2, int(9 * min(1, scale * 100)))
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, levels))
    text = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "boom">{entities}]><sst><si><t>&e{levels - 1};</t></si></sst>'
    )
    return dataset("a.xlsx", _zip({**_workbook(), "xl/sharedStrings.xml": [text.encode()]}))


def _parquet(scale: float) -> Case:
    """Return some megabytes of Parquet that list one text of a megabyte in 300,000 rows: 300 GB, were it laid out."""
    rows, text, held = max(2, int(300_000 * scale)), "x" * max(10, int(1e6 * scale)), io.BytesIO()
    labels = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    pq.write_table(
        pa.table({**{name: [value] * rows for name, value in FIRST.items()}, "id": labels}), held, compression="zstd"
    )
    return dataset("a.parquet", held.getvalue(), rows)


def _csv(last: bytes, scale: float, encoding: str = "utf-8") -> Case:
    """Return 100 MB of rows with one last line."""
    rows = max(1, int(1e8 * scale / len(ROW)))
    return dataset("a.csv", (HEAD + ROW * rows).decode().encode(encoding) + last, None if last else rows)


def _columns(scale: float) -> Case:
    """Return a text of 10,000 columns and 2,000 rows."""
    more, rows = int(10_000 * max(scale, 0.01)), max(1, int(2_000 * scale))
    head = HEAD[:-1] + b"".join(b",c%d" % i for i in range(more)) + b"\n"
    return dataset("a.csv", head + (ROW[:-1] + b",1" * more + b"\n") * rows, rows)


def _deep(scale: float) -> Case:
    depth = int(100_000 * max(scale, 0.01))
    return Case("deep", {"dataset.toml": b"title = " + b"[" * depth + b"]" * depth, "a.csv": HEAD + ROW})


SHEET = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
HEAVY: dict[str, tuple[str, Callable[[float], Case]]] = {
    "zip bomb": ("refused", lambda scale: _packed("a.zip", HEAD + ROW, b"\n", scale)),
    "gzip bomb": ("refused", lambda scale: _packed("a.csv.gz", HEAD + ROW, b" ", scale)),
    "workbook of blanks": ("refused", lambda scale: _packed("a.xlsx", SHEET, b" ", scale)),
    "entities of entities": ("kept or refused", _entities),
    "one text in every row of Parquet": ("kept", _parquet),
    "long field": ("refused", lambda scale: dataset("a.csv", HEAD + ROW + b"2,2020-01-02,F,,a," + b"x" * int(1e8 * scale) + b"\n")),
    "unclosed quotation mark": ("refused", lambda scale: dataset("a.csv", HEAD + b'"2,2020' + ROW * int(1e8 * scale / len(ROW)))),
    "NUL byte": ("refused", lambda scale: _csv(b"2,2020-01-02,F,,\0,\n", scale)),
    "another encoding": ("refused", lambda scale: _csv("2,2020-01-02,F,,é,ë\n".encode("latin-1"), scale)),
    "wide encoding": ("kept", lambda scale: _csv(b"", scale / 2, "utf-16")),
    "many columns": ("kept", _columns),
    "lists in lists": ("refused", _deep),
}  # fmt: skip
