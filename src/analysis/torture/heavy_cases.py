"""Cases that are large, deep or packed: bombs, a field of 100 MB, 10,000 columns, NUL bytes, mixed encodings, all years.

In: a scale, which makes a case smaller for tests; what is then small enough to be read is read. Out: the case; ``EXPECTED`` says
how each must end.
"""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator

from analysis.torture.case import Case
from analysis.torture.maps import HEADERS, good_map
from analysis.torture.toml_text import to_toml

_HEAD = (",".join(HEADERS) + "\n").encode()
_ROW = b"1,2020-01-01,F,2020-02-01,a,N1\n"
_SIZE = 100_000_000


def _case(name: str, content: bytes, rows: int | None = None, **block: object) -> Case:
    return Case(name, {"dataset.toml": to_toml(good_map(name, **block)).encode(), name: content}, rows)


def _zipped(members: dict[str, Iterator[bytes]]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, blocks in members.items():
            with archive.open(name, "w", force_zip64=True) as member:
                for block in blocks:
                    member.write(block)
    return held.getvalue()


def _repeated(first: bytes, block: bytes, size: float) -> Iterator[bytes]:
    yield first
    whole = block * max(1, 1_000_000 // len(block))
    for _ in range(max(1, int(size / len(whole)))):
        yield whole


def zip_bomb(scale: float) -> Case:
    """Return a zip whose one text unpacks to 3 GB of empty lines."""
    return _case("a.zip", _zipped({"a.csv": _repeated(_HEAD + _ROW, b"\n", 3e9 * scale)}))


def gzip_bomb(scale: float) -> Case:
    """Return a gzip file that unpacks to 3 GB of blanks."""
    held = io.BytesIO()
    with gzip.GzipFile(fileobj=held, mode="wb", compresslevel=1, mtime=0) as file:
        for block in _repeated(_HEAD + _ROW, b" ", 3e9 * scale):
            file.write(block)
    return _case("a.csv.gz", held.getvalue())


def xml_bomb(scale: float) -> Case:
    """Return a workbook whose texts are entities of entities of entities: 10 to the power of 9 of them, were they expanded."""
    levels = max(2, int(9 * min(1, scale * 100)))
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, levels))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "boom">{entities}]>'
    texts = f'{head}<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&e{levels - 1};</t></si></sst>'
    return _case("a.xlsx", _rewritten({"xl/sharedStrings.xml": texts.encode()}))


def workbook_of_blanks(scale: float) -> Case:
    """Return a workbook with 3 GB of blanks in the XML of its sheet."""
    sheet = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_workbook())) as old:
        members = {name: iter([old.read(name)]) for name in old.namelist() if name != "xl/worksheets/sheet1.xml"}
    held.write(_zipped({**members, "xl/worksheets/sheet1.xml": _repeated(sheet, b" ", 3e9 * scale)}))
    return _case("a.xlsx", held.getvalue())


def long_field(scale: float) -> Case:
    """Return a text with one field of 100 MB."""
    return _case("a.csv", _HEAD + _ROW + b"2,2020-01-02,F,,a," + b"x" * int(_SIZE * scale) + b"\n")


def long_field_in_parquet(scale: float) -> Case:
    """Return a Parquet file with one value of 100 MB."""
    return _parquet({"k": ["x" * int(_SIZE * scale), "y"]}, 2)


def one_text_in_every_row_of_parquet(scale: float) -> Case:
    """Return a Parquet file of some megabytes that lists one text of a megabyte in 300,000 rows: 300 GB, were it laid out."""
    import pyarrow as pa

    rows, text = max(2, int(300_000 * scale)), "x" * max(10, int(1e6 * scale))
    labels = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    return _parquet({"id": labels}, rows)


def unclosed_quotation_mark(scale: float) -> Case:
    """Return a text of 100 MB whose second row opens a quotation mark that nothing closes."""
    return _case("a.csv", _HEAD + _ROW + b'"2,2020' + _ROW * int(_SIZE * scale / len(_ROW)))


def many_columns(scale: float) -> Case:
    """Return a text of 10,000 columns and 2,000 rows."""
    more, rows = int(10_000 * max(scale, 0.01)), max(1, int(2_000 * scale))
    head = (",".join((*HEADERS, *(f"c{i}" for i in range(more)))) + "\n").encode()
    return _case("a.csv", head + (_ROW[:-1] + b",1" * more + b"\n") * rows, rows)


def nul_bytes(scale: float) -> Case:
    """Return a text of 100 MB in which the last line holds a NUL byte."""
    return _case("a.csv", _HEAD + _ROW * int(_SIZE * scale / len(_ROW)) + b"2,2020-01-02,F,,\0,\n")


def mixed_encodings(scale: float) -> Case:
    """Return 100 MB of UTF-8 of which the last line is Latin-1."""
    row = "1,2020-01-01,F,2020-02-01,é,Zoë\n"
    return _case("a.csv", _HEAD + row.encode() * int(_SIZE * scale / len(row)) + row.encode("latin-1"))


def wide_encoding(scale: float) -> Case:
    """Return 100 MB of UTF-16."""
    rows = max(1, int(_SIZE * scale / 2 / len(_ROW)))
    return _case("a.csv", (_HEAD + _ROW * rows).decode().encode("utf-16"), rows)


def every_year(scale: float) -> Case:
    """Return dates of each year from 0 to 10,000 in five spellings."""
    step = max(1, round(0.1 / max(scale, 1e-3)))
    spelt = ("{0:04d}-06-30", "06/30/{0:04d}", "30-Jun-{1:02d}", "{0:04d}0630", "{0:04d}-02-29")
    dates = [text.format(year, year % 100) for year in range(0, 10_001, step) for text in spelt]
    rows = [f"{i},{day},F,{day},a,N{i}\n" for i, day in enumerate(["2020-01-01", *dates])]
    return _case("a.csv", _HEAD + "".join(rows).encode(), len(rows))


def numbers_as_text(scale: float) -> Case:
    """Return numbers in every spelling, among them ones of 100,000 digits, where dates, labels and identifiers belong."""
    long = "9" * int(100_000 * max(scale, 0.01))
    texts = (
        "43831",
        "43831.5",
        "1e5",
        "1,000",
        "0x10",
        "-0",
        "NaN",
        "inf",
        "1e999",
        "½",
        "٣",
        long,
        f"0.{long}",
        f"-{long}e9",
    )
    rows = [f'{i},2020-01-01,"{text}","{text}","{text}","{text}"\n' for i, text in enumerate(texts)]
    rows += [f'"{text}","{text}",F,,a,N\n' for text in texts]
    return _case("a.csv", _HEAD + "".join(rows * max(1, int(10 * scale))).encode())


def deep_map(scale: float) -> Case:
    """Return a dataset.toml of 100,000 lists within each other."""
    depth = int(100_000 * max(scale, 0.01))
    return Case("dataset.toml", {"dataset.toml": b"title = " + b"[" * depth + b"]" * depth, "a.csv": _HEAD + _ROW})


EXPECTED: dict[Callable[[float], Case], str] = {
    zip_bomb: "refused", gzip_bomb: "refused", xml_bomb: "either", workbook_of_blanks: "refused", long_field: "refused",
    long_field_in_parquet: "kept", one_text_in_every_row_of_parquet: "kept", unclosed_quotation_mark: "refused",
    many_columns: "kept", nul_bytes: "refused", mixed_encodings: "refused", wide_encoding: "kept", every_year: "kept",
    numbers_as_text: "kept", deep_map: "refused",
}  # fmt: skip


def _parquet(columns: dict, rows: int) -> Case:
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = {"id": [str(i) for i in range(rows)], "on": ["2020-01-01"] * rows, "cl": ["F"] * rows, "dep": [None] * rows,
             "k": ["a"] * rows, "nm": ["N"] * rows, **columns}  # fmt: skip
    held = io.BytesIO()
    pq.write_table(pa.table(whole), held, compression="zstd")
    return _case("a.parquet", held.getvalue(), rows)


def _workbook() -> bytes:
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet("A")
        sheet.write_row(0, 0, HEADERS)
        sheet.write_row(1, 0, _ROW.decode().strip().split(","))
    return held.getvalue()


def _rewritten(new: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(_workbook())) as old:
        return _zipped({name: iter([new.get(name, old.read(name))]) for name in old.namelist()})
