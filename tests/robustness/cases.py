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

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

LISTS = tomllib.loads(Path(__file__).with_name("hostile.toml").read_text(encoding="utf-8"))
CELLS, ODD = LISTS["cells"], LISTS["odd"]
DAY = dt.datetime(2020, 1, 1)  # where a file holds the moment of its making: no clock in a case
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

    files: dict[str, bytes]
    rows: int | None = None


def case(chance: Random) -> Case:
    """Return any case, in one of three with bytes of a file damaged as well; one of a thousand is heavy."""
    make = chance.choice((text, text, text, book, book, typed, stata, policies, settings, settings))
    made = (heavy if chance.random() < 0.001 else make)(chance)
    if "dataset.toml" in made.files and chance.random() < 1 / 3:
        tree = mutated(tomllib.loads(made.files["dataset.toml"].decode()), chance)
        made = Case({**made.files, "dataset.toml": to_toml(tree).encode()})
    if chance.random() < 1 / 3:
        name = chance.choice([*made.files])
        made = Case({**made.files, name: damaged(made.files[name], chance)})
    return made


def settings(chance: Random) -> Case:
    """Return a rule or a plan that may not work."""
    name = chance.choice(("rule", "plan"))
    return Case({f"{name}.toml": to_toml(mutated(LISTS[name], chance)).encode()})


def dataset(name: str, content: bytes, rows: int | None = None, **block: object) -> Case:
    """Return a case with a map that works."""
    tree = {**LISTS["map"], "files": [{**LISTS["map"]["files"][0], "path": name, **block}]}
    return Case({"dataset.toml": to_toml(tree).encode(), name: content}, rows)


def zipped(parts: dict[str, bytes]) -> bytes:
    """Return a zip of these parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def cells(chance: Random, more: list = CELLS["texts"]) -> list[list]:
    """Return up to eight rows under the headers of FIRST, the first of them good, the others seldom."""
    rows = [list(FIRST.values())]
    for _ in range(chance.randint(0, 7)):
        pools = (USUAL.get(header, CELLS["texts"]) for header in FIRST)
        odd = [*more, *CELLS["dates"], "x" * 5000]
        rows.append([chance.choice(pool if chance.random() < 0.7 else odd) for pool in pools])
    return rows


def text(chance: Random) -> Case:
    """Return a dataset of one delimited text; its rows are known where nothing but cells is unusual."""
    table, kind = cells(chance), chance.choice(("csv", "csv", "tsv", "txt", "csv.gz", "zip"))
    encoding = chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"))
    delimiter = "\t" if kind == "tsv" else chance.choice(",,;\t|")
    quoting, end = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), chance.choice(("\n", "\r\n"))
    held = io.StringIO(newline="")
    csv.writer(held, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows([FIRST, *table])
    content, block = held.getvalue().encode(encoding, errors="replace"), {}
    there = "".join(field for row in table for field in row)  # a NUL is refused, a bare carriage return ends a record
    sure = ("\0" not in there or encoding == "utf-16") and ("\r" not in there or quoting == csv.QUOTE_ALL)
    if chance.random() < 1 / 3:  # lines that do not fit the header, or in another encoding
        other = chance.choice(("utf-8", "latin-1", encoding.removesuffix("-sig").replace("16", "16-le")))
        content, sure = content + chance.choice(CELLS["tails"]).encode(other), False
    if encoding in ("cp1252", "latin-1"):
        block["encoding"], sure = encoding, sure and "\ufffd" not in content.decode(encoding, errors="replace")
    if chance.random() < 0.5:
        block["delimiter"] = delimiter
    packed = {"zip": lambda: zipped({"a.csv": content}), "csv.gz": lambda: gzip.compress(content, mtime=0)}
    count = sum(any(row) for row in table) if sure else None
    return dataset(f"a.{kind}", packed[kind]() if kind in packed else content, count, **block)


def book(chance: Random) -> Case:
    """Return a dataset of one workbook, in one of two with XML that no Excel has written, inside the zip's checksums."""
    names = chance.choice((("One",), ("One",), ("One", "Two"), ("a'b&<é", "S" * 31)))
    sheets = {name: cells(chance, CELLS["numbers"] + CELLS["formulas"]) for name in names}
    options = {"date_1904": chance.random() < 0.5, "strings_to_formulas": chance.random() < 0.5}
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_urls": False, **options}) as made:
        made.set_properties({"created": DAY})
        for name, table in sheets.items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate([[*FIRST], *table]):
                sheet.write_row(number, 0, row)
    count = sum(any(cell != "" for cell in row) for table in sheets.values() for row in table)
    if chance.random() < 0.5:
        return dataset("a.xlsx", held.getvalue(), count)
    with zipfile.ZipFile(held) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    pattern, new = (part.encode() for part in chance.choice(LISTS["xml"]))
    parts = {name: re.sub(pattern, new, data, count=chance.choice((0, 1))) for name, data in parts.items()}
    hurt = chance.choice([*parts])
    parts[hurt] = chance.choice((parts[hurt], damaged(parts[hurt], chance), damaged(parts[hurt], chance), b""))
    return dataset("a.xlsx", zipped(parts))


def typed(chance: Random) -> Case:
    """Return a dataset of one Parquet file with typed columns, and one whose name may not belong."""
    table, columns, held = cells(chance), [], io.BytesIO()
    for texts in zip(*table, strict=True):
        kind, pool = chance.choice(TYPED) if chance.random() < 1 / 3 else (pa.string(), ())
        columns.append(pa.array(texts if kind == pa.string() else [chance.choice((*pool, None)) for _ in table], kind))
    more = chance.choice(("more", "more", "more", "id", "Id", " id", "", "x.y", "é", "source_row"))
    made = pa.Table.from_arrays([*columns, pa.array([1] * len(table))], [*FIRST, more])
    pq.write_table(made, held, row_group_size=3, compression=chance.choice(("NONE", "ZSTD")))
    return dataset("a.parquet", held.getvalue(), len(table))


def stata(chance: Random) -> Case:
    """Return a dataset of one Stata file."""
    table, held = cells(chance), io.BytesIO()
    frame = pd.DataFrame(table, columns=[*FIRST]).assign(day=DAY)
    frame.to_stata(held, write_index=False, version=118, time_stamp=DAY)
    return dataset("a.dta", held.getvalue(), len(table))


def heavy(chance: Random, scale: float = 1) -> Case:
    """Return 300,000 rows of Parquet that share a text of a megabyte (300 GB, were it laid out), or 100 MB of text."""
    if chance.random() < 0.5:
        count, held = int(300_000 * scale), io.BytesIO()
        shared = pd.Categorical.from_codes([0] * count, ["x" * int(1e6 * scale)])
        pd.DataFrame({**FIRST, "id": shared}).to_parquet(held, compression="zstd")
        return dataset("a.parquet", held.getvalue(), count)
    head, row = (",".join(words).encode() + b"\n" for words in (FIRST, FIRST.values()))
    count, last = int(1e8 * scale / len(row)), chance.choice(("", *CELLS["tails"]))
    return dataset("a.csv", head + row * count + last.encode("latin-1"), None if last else count)


def policies(chance: Random) -> Case:
    """Return a list of policies with a value or two that do not belong."""
    rows = [[chance.choice(values) for values in LISTS["policies"].values()] for _ in range(chance.randint(0, 5))]
    rows, held = [list(LISTS["policies"]), *rows], io.StringIO(newline="")
    for _ in range(chance.choice((0, 1, 1, 2))):
        chance.choice(rows)[chance.randrange(9)] = chance.choice(ODD["policies"] + CELLS["texts"])
    csv.writer(held).writerows(rows)
    return Case({"policies.csv": held.getvalue().encode()})


def mutated(tree: dict, chance: Random) -> dict:
    """Return a copy of a table with one to three places changed, doubled, renamed or taken out."""
    tree = tomllib.loads(to_toml(tree))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        places = [tree]
        for at in places:
            inner = at.values() if isinstance(at, dict) else at
            places += [one for one in inner if isinstance(one, dict | list) and one]
        at = chance.choice(places)
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
        at, piece = chance.randrange(len(data) + 1), chance.choice(ODD["pieces"]).encode("latin-1")
        changed, new = (1, bytes([chance.randrange(256)])), (0, piece * chance.choice((1, 1, 1, 30)))
        lost, doubled = (chance.randint(1, 20), b""), (0, data[at : at + chance.randint(1, 40)])
        [(out, put)] = chance.choices((changed, new, lost, doubled, (len(data), b"")), (8, 6, 3, 2, 1))
        data[at : at + out] = put
    return bytes(data)
