"""A first ``dataset.toml`` from a file's headers and values, for a person to mend.

In: a name and a file. Out: ``data/raw/<name>/dataset.toml`` with the file beside it, or a further block in one that is
there. What headers mean (``headers.toml``) is mapped, with how dates and labels are written by what the values are; the
rest stands as comments, and what only a person can know is marked TODO. A file of a known layout needs its name alone.
"""

import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pandas as pd

from analysis.data.dates import proposed
from analysis.data.errors import InputError, nearest
from analysis.data.keys import as_toml, refuse, toml_line
from analysis.data.place_names import states_of
from analysis.data.read import TEXTS, first_rows, stage, top_rows
from analysis.data.recognize import headers_toml, meant, nearly, words
from analysis.data.spec import Source, fold, meanings
from analysis.data.tables import TABLES

MANY, LOOKED, TRIED = 15, 20_000, 1_000  # values listed, rows of a sheet and dates of a column looked at
VALUES, NOTES, UNMAPPED, TOP = (headers_toml()[key] for key in ("values", "notes", "unmapped", "top"))
NAMES = ("last_name", "first_name", "name", "birth_date")


def new(name: str, file: Path, root: Path, table: str = "") -> Path:
    """Write the first ``dataset.toml`` of a dataset, or add a further file's block to the one there; return its path.

    ``table`` says what rows are where headers do not. Raises InputError for a name, file or table that cannot be used.
    """
    such, target = "small letters, digits and hyphens, such as county-jail", root / "data/raw" / name / "dataset.toml"
    refuse(f"DATASET={name}", (not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name), f"expected a name of {such}."))
    refuse(f"FILE={file}", (not file.is_file(), "no such file."))
    refuse(f"TABLE={table}", (table not in ("", *TABLES), f"no such table.{nearest(table, TABLES)}"))
    where, before = f"data/raw/{name}/dataset.toml", target.read_text("utf-8-sig") if target.exists() else ""
    try:
        blocks = tomllib.loads(before).get("files", [])
        tomllib.loads(f"{before}\n[[files]]\n")
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: no block can be added ({error}). Make each of files = [...] a [[files]].") from None
    there = [block.get("path") or str(block.get("url")).rpartition("/")[2] for block in blocks]
    refuse(where, (file.name in there, f"{file.name} is there already. Mend its block by hand."))
    text = draft(name, file, table, blocks, before)
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.resolve() != (target.parent / file.name).resolve():
        shutil.copyfile(file, target.parent / file.name)
    beside = target.with_name(".dataset.toml.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(target)
    return target


def draft(name: str, file: Path, table: str = "", blocks: Iterable[dict] = (), before: str = "") -> str:
    """Return the text of a ``dataset.toml``: what stands there ``before``, with its ``blocks``, and a further file's."""
    form, lack, sheets = ("", [], []) if table else nearly(file, file.name)
    if form:
        note = NOTES["lack"].format(lack=", ".join(map(as_toml, lack))) if lack else ""
        some = [toml_line("sheets", sheets)] if sheets else []
        parts = [["[[files]]", toml_line("path", file.name), toml_line("format", form, note), *some]]
    else:
        parts = [part.lines(name, table, list(blocks)) for part in _parts(file)]
    refuse(file.name, (not parts, "a header and no rows. A first map needs some rows to look at."))
    found = "\n".join("\n".join(part) + "\n" for part in parts)
    fed = ("detainers", "exits") if form else re.findall(r'^table = "(\w+)"', found, re.MULTILINE)
    ends = list(dict.fromkeys(end for to, end in VALUES["ends"].items() if to in fed))
    if before:
        ends = [end for end in ends if not re.search(rf"^data_end\b.*\b{end}\b", before, re.MULTILINE)]
        return "\n".join([before.rstrip(), "", *(NOTES["end"].format(ends=end, one=end) for end in ends), found])
    unit = "year" if "years = [" in found else "day"
    dated = TOP["dated" if ends else "durations"].format(ends=as_toml(dict.fromkeys(ends, 2000)), unit=unit)
    return TOP["text"].format(name=name) + dated.replace("= 2000", "= 2000-01-01") + "\n" + found


def _parts(file: Path) -> Iterator["Part"]:
    """Yield the sheets of a file, those with the same headers together; sheets without a header that is known are not there."""
    parts: dict[tuple, Part] = {}
    tops = {sheet: [len(meant(row)) for row in rows] for sheet, rows in top_rows(file, file.name).items()}
    least = min(2, max(map(max, tops.values()), default=0))
    with duckdb.connect() as con:
        for sheet, known in tops.items():
            above = known.index(max(known)) if max(known) > 1 else 0
            source = Source(path=file.name, sheets=(sheet,) if sheet else (), skip_rows=above)
            for staged in stage(con, file, source, file.name) if max(known) >= least else ():
                frame = first_rows(con, staged, LOOKED)
                part = parts.setdefault((above, *staged.headers), Part(file, above, frame.iloc[:0], len(tops)))
                (part.hidden if staged.hidden and len(tops) > 1 else part.sheets).append(sheet)
                part.frame = pd.concat([part.frame, frame])
    yield from (part for part in parts.values() if part.sheets and len(part.frame))


class Part:
    """Sheets with the same headers, and the block that is drafted for them; ``frame`` holds rows as text, and ``_row``."""

    def __init__(self, file: Path, above: int, frame: pd.DataFrame, of: int) -> None:
        self.file, self.above, self.frame, self.of, self.sheets, self.hidden = file, above, frame, of, [], []
        self.headers = list(frame.columns[:-1])
        self.meant = meant(self.headers)
        years = [header for header in self.headers if re.search(VALUES["years"], words(header))]
        self.years = years if len(years) > 1 else []  # columns of yes and no, one a year of follow-up

    def table(self, name: str, blocks: list[dict]) -> str:
        """Return of which table the rows are, by headers, then by the file's name. Raises InputError where both leave it open."""
        if "prepared" in self.meant or self.years or {"days", "event"} <= self.meant.keys():
            return "detainers" if "prepared" in self.meant else "follow_up"
        marks = {"releases": {"released"}, "arrests": {"arrested", "booked"}, "exits": {"date"}}
        fits = [table for table, columns in marks.items() if columns & self.meant.keys()]
        called = f"{self.file.stem} {self.sheets}".casefold()
        named = [table for table in fits if re.search(VALUES["files"][table], called)]
        if len(named) == 1 or len(fits) == 1:
            return (named or fits)[0]
        if "releases" in fits and all(block.get("table") != "releases" for block in blocks):
            return "releases"
        why = f"It could be {' or '.join(fits)}" if fits else "No header says what its rows are"
        ask = NOTES["table"].format(why=why, name=name, file=self.file, such=[*fits, "releases"][len(fits) - 1])
        raise InputError(f"{' '.join([self.file.name, *self.sheets]).strip()}: {ask}")

    def lines(self, name: str, table: str, blocks: list[dict]) -> Iterator[str]:
        """Yield the lines of the block, above its columns first."""
        table, meant = table or self.table(name, blocks), self.meant
        columns, hidden = TABLES[table].columns, [h for key in (*NAMES, "sensitive") for h in meant.get(key, ())]
        mapped, born = self.mapped(table, hidden), meant.get("birth_date", [""])[0]
        named = next((keys for keys in (NAMES[:2], NAMES[2:3]) if meant.keys() >= {*keys}), ())
        person = {key: meant[key][0] for key in named}
        linked, ids = bool(person and born), "person_id" in mapped
        yield from (NOTES["hidden"].format(sheet=as_toml(sheet)) for sheet in self.hidden)
        yield from ("[[files]]", toml_line("table", table), toml_line("path", self.file.name))
        yield from [toml_line("sheets", self.sheets)] if self.sheets[0] and len(self.sheets) < self.of else []
        yield from [toml_line("skip_rows", self.above)] if self.above else []
        yield from [toml_line("sensitive", list(dict.fromkeys(hidden)), NOTES["sensitive"])] if hidden else []
        again = any(block.get("table") == table for block in blocks)
        place = re.sub(VALUES["no_place"], "", words(self.file.stem)).strip() or "other"
        yield from [NOTES["ids"].format(place=as_toml(place))] if again else []
        yield from self.only(hidden) if table == "arrests" else []
        if linked:
            link = {**person, "birth_date": self.dated(born)[0]}
            yield "# " * ids + toml_line("link", link, NOTES["link_ids" if ids else "link"])
        yield from (toml_line("vocabulary", known) for to, known in VALUES["vocabularies"].items() if to == table)
        yield from ("", "[files.columns]")
        yield from (self.column(column, header, table, blocks) for column, header in mapped.items())
        by_year = {"days": {"years": self.years}, "event": {"value": "rearrest"}} if self.years else {}
        yield from (toml_line(column, rule) for column, rule in by_year.items() if column not in mapped)
        yield from (text for column, text in UNMAPPED.items() if column in columns and column not in mapped)
        given = {*mapped, *by_year, *(["person_id"] if linked else [])}
        yield from (NOTES["needed"].format(column=column) for column in TABLES[table].required if column not in given)
        yield from self.also(table, mapped) if ids or linked else []
        if rest := [header for header in self.headers if header not in {*mapped.values(), *self.years, *hidden}]:
            yield from ("", NOTES["rest"], *(f"#   {as_toml(header)[1:-1]}" for header in rest))
            yield NOTES["free"].format(table=table, free=", ".join(c for c in columns if c not in mapped))

    def mapped(self, table: str, hidden: list[str]) -> dict[str, str]:
        """Return the header of each column that one means; a year of birth is taken from its day or from an age too."""
        found: dict[str, str] = {}
        more = {"arrested": ["booked"], "birth_year": ["birth_date", *(["age"] if table != "follow_up" else [])]}
        for column in TABLES[table].columns:
            fits = [h for key in (column, *more.get(column, ())) for h in self.meant.get(key, ())]
            free = [h for h in fits if h not in found.values() and (column == "birth_year" or h not in hidden)]
            found |= {column: free[0]} if free else {}
        return found

    def column(self, column: str, header: str, table: str, blocks: list[dict]) -> str:
        """Return the line of one column: its header, and how its values are written."""
        known = {*map(fold, meanings(VALUES["vocabularies"].get(table), "").get(column, ()))}
        kind, counts = TABLES[table].columns[column], self.frame[header].value_counts()
        values = [value for value in counts.index if value and fold(value) not in known]
        if kind == "date" or header in self.meant.get("birth_date", ()):
            rule, note = self.dated(header)
            rule = {"from": rule, "date": ["%Y-%m-%d"]} if kind != "date" and isinstance(rule, str) else rule
            return toml_line(column, rule, note)
        if column == "birth_year" and header in self.meant.get("age", ()):
            return toml_line(column, {"from": header, "of": TABLES[table].required[-1]}, NOTES["age"])
        if kind == "id" and values and all(value.isascii() and value.isdecimal() for value in values):
            given = (block.get("columns", {}).get(column) for block in blocks)
            wanted = max((rule.get("digits", 0) for rule in given if isinstance(rule, dict)), default=0)
            longest = max(map(len, values))
            digits = longest if any(value[0] == "0" for value in values) else wanted if longest <= wanted else 0
            if digits:
                return toml_line(column, {"from": header, "digits": digits}, NOTES["digits"] * (digits != wanted))
        if column == "jurisdiction":
            states = {text for state in self.meant.get("state", ()) for text in self.frame[state]}
            return _place(header, values, states)
        if column == "days" and not self.frame[header].all():
            return toml_line(column, header, NOTES["blank"])
        labels = kind if isinstance(kind, tuple) else ()
        if (labels or column == "event") and 0 < len(values) <= MANY:
            note = NOTES["labels"].format(labels=", ".join(labels)) if labels else NOTES["event"]
            given = {value: _label(value, labels, words(header)) for value in values}
            return toml_line(column, {"from": header, "values": given}, note)
        return toml_line(column, header)

    def dated(self, header: str) -> tuple[dict | str, str]:
        """Return a column with the formats by which its texts are days, none for ISO; and what a person has to look at."""
        known = self.frame[~self.frame[header].str.casefold().isin(VALUES["missing"])]
        texts = known.drop_duplicates(header).head(TRIED)
        serial = ["serial"] if self.file.suffix.lower() in TEXTS else []  # a workbook says itself from when days count
        formats, note = proposed(dict(zip(texts[header], texts["_row"], strict=True)), VALUES["dates"] + serial)
        return {"from": header, "date": formats} if formats else header, note and f"TODO: {note}"

    def only(self, hidden: list[str]) -> list[str]:
        """Return the line that keeps arrests alone, where a column of kinds holds what is none."""
        for header in (h for h in self.headers if re.search(VALUES["kinds"], words(h)) and h not in hidden):
            kinds = [kind for kind in self.frame[header].unique() if kind]
            other = [kind for kind in kinds if re.search(VALUES["no_arrest"], kind.casefold())]
            kept = {header: [kind for kind in kinds if kind not in other]}
            if len(kinds) <= MANY and other and kept[header]:
                return [toml_line("only", kept, NOTES["only"].format(other=", ".join(map(as_toml, other))))]
        return []

    def also(self, table: str, mapped: dict[str, str]) -> Iterator[str]:
        """Yield the further tables that the rows feed: exits by reason or date, and later arrests in columns of their own."""
        who = {"person_id": mapped["person_id"]} if "person_id" in mapped else {}
        for header in self.headers if table == "releases" and "released" in mapped else ():
            kinds = self.frame[header].unique() if re.search(VALUES["reasons"], words(header)) else ()
            to_ice = [kind for kind in kinds if re.search(VALUES["to_ice"], kind, re.IGNORECASE)]
            if 0 < len(to_ice) <= MANY:
                day = {"date": self.dated(mapped["released"])[0], "kind": {"value": "ice_custody"}}
                yield from ("", NOTES["to_ice"], "[[files.also]]", toml_line("table", "exits"))
                yield from (toml_line("only", {header: to_ice}), toml_line("columns", {**who, **day}))
        for key, header in [(one, header) for one in VALUES["also"][table] for header in self.meant.get(one, ())]:
            kind = next((k for k, text in VALUES["exits"].items() if re.search(text, words(header))), "removed")
            left, later = key == "date", key == "date" or re.search(VALUES["later"], words(header))
            columns = {**who, "date" if left else "arrested": self.dated(header)[0]}
            columns |= {"kind": {"value": kind}} if left else {}
            to = toml_line("table", "exits" if left else "arrests")
            lines = ("[[files.also]]", to, toml_line("columns", columns))
            yield from ("", NOTES["later" if later else "earlier"], *(line if later else f"# {line}" for line in lines))


def _label(value: str, labels: tuple[str, ...], header: str) -> str:
    bare = re.sub(r"[^a-z_ ]", "", value.casefold()).strip()
    fits = [label for label in labels if label == value.casefold() or (bare and label.startswith(bare))]
    happened = value.casefold() in VALUES["no" if header.startswith("cens") else "yes"]
    event = "return_to_prison" if "return" in header else "rearrest"
    return [*fits, "unknown" if "unknown" in labels else event if happened and not labels else ""][0]


def _place(header: str, values: list[str], states: set[str]) -> str:
    """Return the line of a column of places: codes, codes that lost a zero, or names of counties and their state."""
    if all(map(str.isdecimal, values)):
        lost = {len(value) for value in values} & {1, 4}
        return toml_line("jurisdiction", {"from": header, "digits": 5 if 4 in lost else 2} if lost else header)
    fits = [state for state in states_of(values) if not states or states == {state}]
    one = len(fits) == 1
    note = NOTES["state" if one else "states"].format(states=", ".join(fits[:8]) or "not all are of one")
    rule = {"from": header, "as": "county name", "state": fits[0] if one else "??"}
    return "# " * (not one) + toml_line("jurisdiction", rule, note)
