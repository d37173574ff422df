"""Small datasets and policy files, mutated: every cell, delimiter, encoding, packing, type and key that may go wrong.

A case is made from a chance with a seed: the same seed gives the same case. The lists are in ``hostile.toml``.
"""

import csv
import datetime as dt
import gzip
import io
import json
import re
import tomllib
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

LISTS = tomllib.loads(Path(__file__).with_name("hostile.toml").read_text(encoding="utf-8"))
CELLS, ODD = LISTS["cells"], LISTS["odd"]
FIRST = {"id": "1", "on": "2020-01-01", "cl": "F", "dep": "2020-02-01", "k": "a", "nm": "N1"}  # a row that is good
USUAL = {"id": ["1", "2", "3", ""], "on": CELLS["dates"], "dep": CELLS["dates"], "cl": ["F", "M", "x", ""]}
TYPED = (
    (pa.int8(), (-128, 127)), (pa.int64(), (0, 2**63 - 1)), (pa.uint64(), (2**64 - 1,)), (pa.bool_(), (True, False)), (pa.float16(), ()),
    (pa.float64(), (1e308, -0.0, float("nan"), 43831.0)), (pa.null(), ()), (pa.date32(), (dt.date(1, 1, 1), dt.date(9999, 12, 31))),
    (pa.timestamp("ns"), (dt.datetime(2020, 1, 1, 1),)), (pa.timestamp("ms", "UTC"), (dt.datetime(9999, 12, 31, tzinfo=dt.UTC),)),
    (pa.time32("s"), (dt.time(1, 2, 3),)), (pa.duration("s"), (dt.timedelta(days=10**6),)), (pa.decimal256(76, 0), (Decimal("9" * 38),)),
    (pa.binary(), (b"\xff\x00", b"1")), (pa.list_(pa.int64()), ([1, 2], [])), (pa.map_(pa.string(), pa.int64()), ([("a", 1)],)),
    (pa.struct([("a", pa.string())]), ({"a": "é"},)), (pa.dictionary(pa.int8(), pa.string()), ("F", "M")),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Files by name: a dataset to be built, or a policy file to be read; ``rows`` that a build must account for, if known."""

    kind: str
    files: dict[str, bytes]
    rows: int | None = None


def case(chance: Random) -> Case:
    """Return any case, in one of three with bytes of its file damaged as well."""
    kind = chance.choice(("map", "map", "text", "text", "book", "typed", "policies", "rule", "plan"))
    if kind == "map":
        made = chance.choice((text, text, book, typed))(chance)
        tree = mutated(tomllib.loads(made.files["dataset.toml"].decode()), chance)
        made = Case("map", {**made.files, "dataset.toml": to_toml(tree).encode()})
    elif kind in ("rule", "plan"):
        made = Case(kind, {f"{kind}.toml": to_toml(mutated(LISTS[kind], chance)).encode()})
    else:
        made = {"text": text, "book": book, "typed": typed, "policies": policies}[kind](chance)
    if chance.random() < 2 / 3:
        return made
    name = next(name for name in made.files if (name == "dataset.toml") == (kind == "map"))
    return Case(made.kind, {**made.files, name: damaged(made.files[name], chance)})


def dataset(name: str, content: bytes, rows: int | None = None, **block: object) -> Case:
    """Return a case with a map that works."""
    tree = {**LISTS["map"], "files": [{**LISTS["map"]["files"][0], "path": name, **block}]}
    return Case(name.rpartition(".")[2], {"dataset.toml": to_toml(tree).encode(), name: content}, rows)


def cells(chance: Random, more: list = CELLS["texts"]) -> list[list]:
    """Return up to eight rows under the headers of FIRST, the first of them good, the others seldom."""
    pools = [USUAL.get(header, CELLS["texts"]) for header in FIRST]
    rows = [[chance.choice(pool if chance.random() < 0.7 else [*more, *CELLS["dates"], "x" * 5000]) for pool in pools]
            for _ in range(chance.randint(0, 7))]  # fmt: skip
    return [list(FIRST.values()), *rows]


def text(chance: Random) -> Case:
    """Return a dataset of one delimited text; its rows are known where nothing but cells is unusual."""
    table, kind = cells(chance), chance.choice(("csv", "csv", "tsv", "txt", "csv.gz", "zip"))
    encoding = chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"))
    delimiter = "\t" if kind == "tsv" else chance.choice(",,;\t|")
    style = {
        "quoting": chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
        "lineterminator": chance.choice(("\n", "\r\n")),
    }
    held, packed = io.StringIO(newline=""), io.BytesIO()
    csv.writer(held, delimiter=delimiter, **style).writerows([FIRST, *table])
    content, block = held.getvalue().encode(encoding, errors="replace"), {}
    there = "".join(field for row in table for field in row)  # a NUL is refused, a bare carriage return ends a record
    sure = ("\0" not in there or encoding == "utf-16") and ("\r" not in there or style["quoting"] == csv.QUOTE_ALL)
    if chance.random() < 1 / 3:  # lines that do not fit the header, or in another encoding
        other = chance.choice(("utf-8", "latin-1", encoding.removesuffix("-sig").replace("16", "16-le")))
        content, sure = content + chance.choice(CELLS["tails"]).encode(other), False
    if encoding in ("cp1252", "latin-1"):
        block["encoding"], sure = encoding, sure and "\ufffd" not in content.decode(encoding, errors="replace")
    if chance.random() < 0.5:
        block["delimiter"] = delimiter
    if kind == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("a.csv"), content, zipfile.ZIP_DEFLATED)  # of 1980: no clock in a case
    content = packed.getvalue() or (gzip.compress(content, mtime=0) if kind == "csv.gz" else content)
    return dataset(f"a.{kind}", content, sum(any(row) for row in table) if sure else None, **block)


def workbook(sheets: dict[str, list[list]], **options: object) -> dict[str, bytes]:
    """Return the parts of a workbook of these sheets, under the headers of FIRST; text with a leading = is a formula."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_urls": False, **options}) as book:
        book.set_properties({"created": dt.datetime(2020, 1, 1)})  # else that of the clock
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate([[*FIRST], *table]):
                for column, value in enumerate(row):
                    sheet.write_formula(number, column, value, None, "x") if value in CELLS[
                        "formulas"
                    ] else sheet.write(number, column, value)
    with zipfile.ZipFile(held) as made:
        return {name: made.read(name) for name in made.namelist()}


def book(chance: Random) -> Case:
    """Return a dataset of one workbook, in one of two with XML that no Excel has written, inside the zip's checksums."""
    names = chance.choice((("One",), ("One",), ("One", "Two"), ("a'b&<é", "S" * 31)))
    sheets = {name: cells(chance, CELLS["numbers"] + CELLS["formulas"]) for name in names}
    parts = workbook(sheets, date_1904=chance.random() < 0.5, strings_to_formulas=False)
    count = sum(any(value != "" for value in row) for table in sheets.values() for row in table)
    if chance.random() < 0.5:
        change, hurt, count = [part.encode() for part in chance.choice(LISTS["xml"])], chance.choice([*parts]), None
        parts = {name: re.sub(*change, data, count=chance.choice((0, 1))) for name, data in parts.items()}
        parts[hurt] = (
            damaged(parts[hurt], chance) if chance.random() < 0.5 else b"" if chance.random() < 0.2 else parts[hurt]
        )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return dataset("a.xlsx", held.getvalue(), count)


def typed(chance: Random) -> Case:
    """Return a dataset of one Parquet file with typed columns; a row whose every value is missing is no row."""
    table, columns, held = cells(chance), {}, io.BytesIO()
    for name, texts in zip(FIRST, zip(*table, strict=True), strict=True):
        kind, pool = chance.choice(TYPED) if chance.random() < 1 / 3 else (pa.string(), ())
        columns[name] = pa.array([chance.choice((*pool, None)) for _ in table] if kind != pa.string() else texts, kind)
    names = [*columns, *([chance.choice(("id", "Id", " id", "", "x.y", "é", "source_row"))] * (chance.random() < 0.5))]
    arrays = [*columns.values(), pa.array([1] * len(table))][: len(names)]
    pq.write_table(
        pa.Table.from_arrays(arrays, names=names), held, row_group_size=3, compression=chance.choice(("NONE", "ZSTD"))
    )
    return dataset(
        "a.parquet", held.getvalue(), sum(any(column[i].is_valid for column in arrays) for i in range(len(table)))
    )


def policies(chance: Random) -> Case:
    """Return a list of policies with a value or two that do not belong."""
    rows = [[chance.choice(values) for values in LISTS["policies"].values()] for _ in range(chance.randint(0, 5))]
    rows, held = [list(LISTS["policies"]), *rows], io.StringIO(newline="")
    for _ in range(chance.choice((0, 1, 1, 2))):
        chance.choice(rows)[chance.randrange(9)] = chance.choice(ODD["policies"] + CELLS["texts"])
    csv.writer(held).writerows(rows)
    return Case("policies", {"policies.csv": held.getvalue().encode()})


def mutated(tree: dict, chance: Random) -> dict:
    """Return a copy of a table with one to three places changed, doubled, renamed or taken out."""
    tree = tomllib.loads(to_toml(tree))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = tree
        while inner := [
            one for one in (at.values() if isinstance(at, dict) else at) if isinstance(one, dict | list) and one
        ]:
            if chance.random() < 0.25:
                break
            at = chance.choice(inner)
        if not at:
            break
        key, act = chance.choice([*at] if isinstance(at, dict) else range(len(at))), chance.random()
        if act < 0.6:
            at[key] = chance.choice([*ODD["values"], "x" * 10_000, 10**30])
        elif isinstance(at, list):
            at.append(at[key])
        else:
            taken, new = at.pop(key), chance.choice(ODD["keys"])
            at |= {} if act < 0.8 else {new: taken} if act < 0.9 else {key: taken, new: chance.choice(ODD["values"])}
    return tree


def to_toml(value: object, *, top: bool = True) -> str:
    """Return plain values as valid TOML, whether or not they make sense as a map."""
    if isinstance(value, dict):
        pairs = [f"{to_toml(str(key))} = {to_toml(inner, top=False)}" for key, inner in value.items()]
        return "\n".join(pairs) + "\n" if top else "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(to_toml(inner, top=False) for inner in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return value.isoformat() if isinstance(value, dt.date) else str(value).lower()


def damaged(content: bytes, chance: Random) -> bytes:
    """Return content with one to four pieces of damage, as transfers, editors and bad disks do it."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at, act = chance.randrange(len(data) + 1), chance.random()
        if act < 0.4:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif act < 0.7:
            data[at:at] = chance.choice(ODD["pieces"]).encode("latin-1") * chance.choice((1, 1, 1, 30))
        elif act < 0.85:
            del data[at : at + chance.randint(1, 20)]
        elif act < 0.95:
            data[at:at] = data[at : at + chance.randint(1, 40)]
        else:
            del data[at:]
    return bytes(data)
