"""Small datasets and policy files, mutated: every cell, delimiter, encoding, packing, type and key that may go wrong.

A case is made from a chance with a seed: the same seed gives the same case. The lists are in ``hostile.toml``.
"""

import csv
import datetime as dt
import decimal
import gzip
import io
import json
import re
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

LISTS = tomllib.loads(Path(__file__).with_name("hostile.toml").read_text(encoding="utf-8"))
FIRST = {"id": "1", "on": "2020-01-01", "cl": "F", "dep": "2020-02-01", "k": "a", "nm": "N1"}  # a row that is good
PIECES = (b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"{", b"}", b"[", b"=", b"'", b"\xc3", b"\\", b"\xef\xbb\xbf", b"\x1a", b";",
          b"nan", b"2020-13-45", b"[[files]]\n", b"\xed\xa0\x80", b"<", b">", b"&", b"/")  # fmt: skip
TYPED = ((pa.int8(), (-128, 127)), (pa.int64(), (0, 2**63 - 1)), (pa.uint64(), (2**64 - 1,)), (pa.bool_(), (True, False)),
         (pa.float64(), (1e308, -0.0, float("nan"), 43831.0)), (pa.float16(), (None,)), (pa.null(), (None,)),
         (pa.date32(), (dt.date(1, 1, 1), dt.date(9999, 12, 31))), (pa.timestamp("ns"), (dt.datetime(2020, 1, 1, 1),)),
         (pa.timestamp("ms", "UTC"), (dt.datetime(9999, 12, 31, tzinfo=dt.UTC),)), (pa.time32("s"), (dt.time(1, 2, 3),)),
         (pa.duration("s"), (dt.timedelta(days=10**6),)), (pa.decimal256(76, 0), (decimal.Decimal("9" * 38),)),
         (pa.binary(), (b"\xff\x00", b"1")), (pa.list_(pa.int64()), ([1, 2], [])), (pa.map_(pa.string(), pa.int64()), ([("a", 1)],)),
         (pa.struct([("a", pa.string())]), ({"a": "é"},)), (pa.dictionary(pa.int8(), pa.string()), ("F", "M")))  # fmt: skip


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
        [name] = made.files.keys() - {"dataset.toml"}
        changed = mutated({**LISTS["map"], "files": [{**LISTS["map"]["files"][0], "path": name}]}, chance)
        made = Case("map", {name: made.files[name], "dataset.toml": to_toml(changed).encode()})
    else:
        made = {"text": text, "book": book, "typed": typed, "policies": policies}.get(kind, rules(kind))(chance)
    if chance.random() < 2 / 3:
        return made
    name = next(name for name in made.files if (name == "dataset.toml") == (kind == "map"))
    return Case(made.kind, {**made.files, name: damaged(made.files[name], chance)})


def dataset(name: str, content: bytes, rows: int | None = None, **block: object) -> Case:
    """Return a case with a map that works."""
    files = [{**LISTS["map"]["files"][0], "path": name, **block}]
    return Case(
        name.rpartition(".")[2],
        {"dataset.toml": to_toml({**LISTS["map"], "files": files}).encode(), name: content},
        rows,
    )


def cells(chance: Random, most: int) -> list[list[str]]:
    """Return up to so many rows under the headers of FIRST, the first of them good, the others seldom."""
    usual = {
        "id": ("1", "2", "3", ""),
        "on": LISTS["cells"]["dates"],
        "dep": LISTS["cells"]["dates"],
        "cl": ("F", "M", "x", ""),
    }
    anything = [*LISTS["cells"]["texts"], *LISTS["cells"]["dates"], "x" * 5000]
    rows = [[chance.choice(usual.get(header, anything) if chance.random() < 0.7 else anything) for header in FIRST]
            for _ in range(chance.randint(0, most))]  # fmt: skip
    return [list(FIRST.values()), *rows]


def text(chance: Random) -> Case:
    """Return a dataset of one delimited text; its rows are known where nothing but cells is unusual."""
    table, kind = cells(chance, 7), chance.choice(("csv", "csv", "tsv", "txt", "csv.gz", "zip"))
    encoding = chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"))
    delimiter = "\t" if kind == "tsv" else chance.choice(",,;\t|")
    quoting, held = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), io.StringIO(newline="")
    csv.writer(held, delimiter=delimiter, lineterminator=chance.choice(("\n", "\r\n")), quoting=quoting).writerows(
        [FIRST, *table]
    )
    content, count = held.getvalue().encode(encoding, errors="replace"), sum(any(row) for row in table)
    everything = "".join(field for row in table for field in row)
    sure = not (quoting == csv.QUOTE_MINIMAL and "\r" in everything) and (
        "\0" not in everything or encoding == "utf-16"
    )
    if chance.random() < 1 / 3:  # lines that do not fit the header, or in another encoding
        other = chance.choice(("utf-8", "latin-1", encoding.removesuffix("-sig").replace("16", "16-le")))
        content, sure = content + chance.choice(LISTS["cells"]["tails"]).encode(other), False
    block = {} if encoding.startswith("utf") else {"encoding": encoding}
    if encoding in ("cp1252", "latin-1"):
        sure = sure and content.decode(encoding, errors="replace").count("\ufffd") == 0
    if chance.random() < 0.5:
        block["delimiter"] = delimiter
    packed = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("a.csv"), content, zipfile.ZIP_DEFLATED)
    content = packed.getvalue() or (gzip.compress(content, mtime=0) if kind == "csv.gz" else content)
    return dataset(f"a.{kind}", content, count if sure else None, **block)


def book(chance: Random) -> Case:
    """Return a dataset of one workbook, in one of two with XML that no Excel has written."""
    held, count = io.BytesIO(), 0
    options = {
        "in_memory": True,
        "date_1904": chance.random() < 0.5,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(held, options) as made:
        for name in chance.choice((("One",), ("One",), ("One", "Two"), ("a'b&<é", "S" * 31))):
            sheet, table = made.add_worksheet(name), cells(chance, 5)
            sheet.write_row(0, 0, FIRST)
            for number, row in enumerate(table, 1):
                other = LISTS["cells"]["numbers"] + LISTS["cells"]["formulas"]
                row = (
                    row
                    if number == 1
                    else [chance.choice(other) if chance.random() < 1 / 3 else value for value in row]
                )
                for column, value in enumerate(row):
                    formula = value in LISTS["cells"]["formulas"]
                    sheet.write_formula(number, column, value, None, "x") if formula else sheet.write(
                        number, column, value
                    )
                count += any(value != "" for value in row)
    if chance.random() < 0.5:
        return dataset("a.xlsx", held.getvalue(), count)
    return dataset("a.xlsx", rewritten(held.getvalue(), chance))


def rewritten(content: bytes, chance: Random) -> bytes:
    """Return a workbook with its XML changed inside the zip, so that the damage gets past the checksums."""
    held, change = io.BytesIO(), [part.encode() for part in chance.choice(LISTS["xml"])]
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        hurt = chance.choice(old.namelist())
        for name in old.namelist():
            data = re.sub(*change, old.read(name), count=chance.choice((0, 1)))
            if name != hurt or chance.random() < 0.9:
                new.writestr(
                    zipfile.ZipInfo(name), damaged(data, chance) if name == hurt and chance.random() < 0.5 else data
                )
    return held.getvalue()


def typed(chance: Random) -> Case:
    """Return a dataset of one Parquet file with typed columns; a row whose every value is missing is no row."""
    table, arrays = cells(chance, 5), []
    for place in range(len(FIRST)):
        kind, pool = chance.choice(TYPED)
        values = [chance.choice((*pool, None)) for _ in table]
        arrays.append(
            pa.array(values, kind) if chance.random() < 1 / 3 else pa.array([row[place] for row in table], pa.string())
        )
    names = [
        *FIRST,
        *([chance.choice(("id", "Id", " id", "", "x.y", "é", "source_row"))] if chance.random() < 0.5 else []),
    ]
    arrays += [pa.array([1] * len(table))] * (len(names) - len(arrays))
    held = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(arrays, names=names), held, row_group_size=3, compression=chance.choice(("NONE", "ZSTD"))
    )
    return dataset(
        "a.parquet", held.getvalue(), sum(any(column[i].is_valid for column in arrays) for i in range(len(table)))
    )


def policies(chance: Random) -> Case:
    """Return a list of policies with a value or two that do not belong."""
    rows = [[chance.choice(values) for values in LISTS["policies"].values()] for _ in range(chance.randint(0, 5))]
    rows = [list(LISTS["policies"]), *rows]
    for _ in range(chance.choice((0, 1, 1, 2))):
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice(LISTS["odd"]["policies"] + LISTS["cells"]["texts"])
    held = io.StringIO(newline="")
    csv.writer(held).writerows(rows)
    return Case("policies", {"policies.csv": held.getvalue().encode()})


def rules(kind: str) -> object:
    """Return what makes an offence rule or a plan with changes."""
    return lambda chance: Case(kind, {f"{kind}.toml": to_toml(mutated(LISTS[kind], chance)).encode()})


def mutated(tree: dict, chance: Random) -> dict:
    """Return a copy of a table with one to three places changed, doubled, renamed or taken out."""
    tree = json.loads(json.dumps(tree, default=lambda day: {"day": day.isoformat()}), object_hook=_with_days)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = tree
        while inner := [
            value for value in (at.values() if isinstance(at, dict) else at) if isinstance(value, dict | list) and value
        ]:
            if chance.random() < 0.25:
                break
            at = chance.choice(inner)
        key = chance.choice([*at] if isinstance(at, dict) else range(len(at)))
        act, value = chance.random(), chance.choice([*LISTS["odd"]["values"], "x" * 10_000, 10**30])
        if act < 0.6:
            at[key] = value
        elif isinstance(at, list):
            at.append(at[key])
        elif act < 0.8:
            del at[key]
        else:
            at[chance.choice(LISTS["odd"]["keys"])] = value if act < 0.9 else at.pop(key)
    return tree


def _with_days(table: dict) -> object:
    return dt.date.fromisoformat(table["day"]) if table.keys() == {"day"} else table


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
            data[at:at] = chance.choice(PIECES) * chance.choice((1, 1, 1, 30))
        elif act < 0.85:
            del data[at : at + chance.randint(1, 20)]
        elif act < 0.95:
            data[at:at] = data[at : at + chance.randint(1, 40)]
        else:
            del data[at:]
    return bytes(data)
