"""A first ``dataset.toml`` from a file's headers and values, for a person to mend.

In: a name and a file. Out: ``data/raw/<name>/dataset.toml`` with the file beside it, or a further block in one that is there. What
headers mean (``headers.toml``) is mapped, with how dates and labels are written by what the values are; the rest stands as
comments, and what only a person can know is marked TODO. A file of a known layout needs its name alone.
"""

import json
import re
import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd

from analysis.data.dates import date_formats
from analysis.data.errors import InputError, nearest
from analysis.data.place_names import county_code, state_codes
from analysis.data.read import found_header, stage, top_rows
from analysis.data.recognize import fitting, nearly
from analysis.data.spec import Source, layout, meanings
from analysis.data.tables import TABLES

MANY = 15  # a column with more distinct values than this gets no list of values
LOOKED, TRIED = (
    20_000,
    1_000,
)  # rows of a sheet that are looked at, and distinct texts of a column that are tried as dates
RULES = tomllib.loads(Path(__file__).with_name("headers.toml").read_text(encoding="utf-8"))
VALUES, TOP = RULES.pop("values"), RULES.pop("top")
NAMES = ("last_name", "first_name", "name", "birth_date")
ENDS = {"detainers": "detainers", "releases": "arrests", "arrests": "arrests", "exits": "exits"}


@dataclass
class Part:
    """Sheets with the same headers: ``frame`` holds rows as text by header, and ``_row``; ``all``: the file has no others."""

    sheets: list[str]
    above: int
    frame: pd.DataFrame
    all: bool = False

    @property
    def headers(self) -> list[str]:
        return [header for header in self.frame if header != "_row"]


def new(name: str, file: Path, root: Path, table: str = "") -> Path:
    """Write the first ``dataset.toml`` of a dataset, or a further file's block into the one that is there; return its path.

    ``table`` says what the rows are where headers do not. Raises InputError where the name, file or table cannot be used,
    the file has a block already, or nothing says of which table it is.
    """
    target = root / "data" / "raw" / name / "dataset.toml"
    before = (
        target.read_text(encoding="utf-8-sig")
        if (named := re.fullmatch(r"[a-z0-9][a-z0-9-]*", name)) and target.exists()
        else ""
    )
    try:
        blocks = tomllib.loads(before).get("files", [])
        tomllib.loads(f"{before}\n[[files]]\n")
    except tomllib.TOMLDecodeError as error:
        why = f"a block cannot be added ({error}). Where blocks stand in files = [...], make each of them a [[files]] block."
        raise InputError(f"data/raw/{name}/dataset.toml: {why}") from None
    there = [block.get("path") or str(block.get("url")).rpartition("/")[2] for block in blocks]
    for wrong, message in (
        (not named, f"DATASET={name}: expected a name of small letters, digits and hyphens, such as county-jail."),
        (not file.is_file(), f"FILE={file}: no such file."),
        (table not in ("", *TABLES), f"TABLE={table}: no such table.{nearest(table, TABLES)}"),
        (
            file.name in there,
            f"data/raw/{name}/dataset.toml is there already, with a block for {file.name}. Mend it by hand.",
        ),
    ):
        if wrong:
            raise InputError(message)
    text = draft(name, file, table, blocks, before)
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.resolve() != (target.parent / file.name).resolve():
        shutil.copyfile(file, target.parent / file.name)
    beside = target.with_name(".dataset.toml.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(target)
    return target


def draft(name: str, file: Path, table: str = "", blocks: Iterable[dict] = (), before: str = "") -> str:
    """Return the text of a ``dataset.toml``: what stands there ``before``, with its ``blocks``, and what a further file needs."""
    found = ("" if table else _known(file)) or "\n".join(_parts(file, name, table, list(blocks)))
    fed = (
        {"detainers", "exits"} if "\nformat = " in found else set(re.findall(r'^table = "(\w+)"', found, re.MULTILINE))
    )
    dated = list(dict.fromkeys(ENDS[one] for one in ENDS if one in fed))
    if before:
        absent = [source for source in dated if not re.search(rf"^data_end\b.*\b{source}\b", before, re.MULTILINE)]
        ask = (
            f"# TODO: data_end, above, needs the last day of {' and '.join(absent)}: {{ ..., {absent[0]} = 2000-01-01 }}\n"
            if absent
            else ""
        )
        return f"{before.rstrip()}\n\n{ask}{found}"
    unit = "year" if "years = [" in found else "day"
    when = (
        TOP["dated"].format(ends=", ".join(f"{source} = 2000-01-01" for source in dated))
        if dated
        else TOP["durations"].format(unit=unit)
    )
    return f"{TOP['text'].format(name=name)}{when}\n{found}"


# ---- what a file holds


def _known(file: Path) -> str:
    """Return the block of a file of a known layout, or of one that all but fits one; "" where it fits none."""
    lack: list[str] = []
    try:
        found = fitting(file, file.name, "")
    except InputError:
        found, lack = nearly(file, file.name) or ("", [])
    if not found:
        return ""
    headers, tops = frozenset(layout(found, found)["headers"]), top_rows(file, file.name)
    held = [sheet for sheet, rows in tops.items() if found_header(rows, headers) is not None]
    ask = (
        f"# TODO: the file lacks headers of the layout {found}: {', '.join(map(_toml, lack))}. Is it of that layout?\n"
        if lack
        else ""
    )
    sheets = f"sheets = {_toml(held)}\n" if 0 < len(held) < len(tops) else ""
    return f"{ask}[[files]]\npath = {_toml(file.name)}\nformat = {_toml(found)}\n{sheets}"


def _parts(file: Path, name: str, table: str, blocks: list[dict]) -> Iterable[str]:
    """Yield a block for the sheets of each kind of a file; hidden ones and those without a header that is known are passed over."""
    parts: dict[tuple, Part] = {}
    tops = {sheet: [len(_meant(row)) for row in rows] for sheet, rows in top_rows(file, file.name).items()}
    most = max(max(known, default=0) for known in tops.values())
    with duckdb.connect() as con:
        for sheet, known in tops.items():
            above = known.index(max(known)) if max(known, default=0) > 1 else 0
            source = Source(path=file.name, sheets=(sheet,) if sheet else (), skip_rows=above)
            for staged in stage(con, file, source, file.name) if max(known, default=0) > 1 or most < 2 else ():
                if staged.hidden and len(tops) > 1:
                    yield f"# Sheet {_toml(sheet)} is hidden in the workbook, and left out. TODO: does it count? Then add it to sheets.\n"
                    continue
                texts = ", ".join(f"coalesce({_toml(column)}::VARCHAR, '')" for column in staged.columns.values())
                frame = (
                    con.sql(f"SELECT {texts}, _row FROM {staged.table} LIMIT {LOOKED}")
                    .df()
                    .set_axis([*staged.headers, "_row"], axis=1)
                )
                part = parts.setdefault((above, *staged.headers), Part([], above, frame.iloc[:0]))
                part.frame, part.sheets = pd.concat([part.frame, frame]), [*part.sheets, sheet]
    if not any(len(part.frame) for part in parts.values()):
        raise InputError(f"{file.name}: a header and no rows. A first map needs some rows to look at.")
    for part in parts.values():
        part.all = len(part.sheets) == len(tops)
        yield _block(file, part, table or _table(name, file, part, blocks), blocks)


def _words(header: str) -> str:
    """Return a header as small words: ReleaseDate and release_date are both "release date"."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    return " ".join(re.sub(r"[\W_]+", " ", split).lower().split())


def _meant(headers: Iterable[str]) -> dict[str, list[str]]:
    """Return for each column the headers that may mean it, the likeliest first."""
    words = {header: _words(header) for header in headers if header}
    found = {
        c: [h for text in rule["headers"] for h in words if re.search(text, words[h])] for c, rule in RULES.items()
    }
    return {column: list(dict.fromkeys(fits)) for column, fits in found.items() if fits}


def _years(headers: Iterable[str]) -> list[str]:
    """Return columns of yes and no by year of follow-up: headers about arrests that differ in the number of the year alone."""
    return [h for h in headers if re.fullmatch(r".*(arrest|recid|return|offen).*year ?[1-9]", _words(h))]


def _table(name: str, file: Path, part: Part, blocks: list[dict]) -> str:
    """Return of which table the rows are, by what headers mean, then by the file's name. Raises InputError where both leave it open."""
    found = _meant(part.headers)
    if "prepared" in found:
        return "detainers"
    if len(_years(part.headers)) > 1 or {"days", "event"} <= found.keys():
        return "follow_up"
    marks = {"releases": {"released"}, "arrests": {"arrested", "booked"}, "exits": {"date"}}
    fits = [table for table, columns in marks.items() if columns & found.keys()]
    called = " ".join([file.stem, *part.sheets])
    named = [table for table in fits if re.search(VALUES["files"][table], called, re.IGNORECASE)]
    if len(named) == 1 or len(fits) == 1:
        return (named or fits)[0]
    if "releases" in fits and all(block.get("table") != "releases" for block in blocks):
        return "releases"
    sheet = f", sheet '{part.sheets[0]}'" if part.sheets[0] else ""
    why = f"It could be {' or '.join(fits)}" if fits else "No header says what its rows are"
    say = f"Say it: make new DATASET={name} FILE={file} TABLE={fits[-1] if fits else 'releases'}"
    raise InputError(
        f"{file.name}{sheet}: which table? {why}. {say} (or one of {', '.join(TABLES)}; follow_up is durations)."
    )


# ---- a block, and how its columns are written


def _block(file: Path, part: Part, table: str, blocks: list[dict]) -> str:
    meant, columns, mapped = _meant(part.headers), TABLES[table].columns, {}
    hidden = list(dict.fromkeys(header for key in (*NAMES, "sensitive") for header in meant.get(key, ())))
    person = {key: meant[key][0] for key in NAMES[:2] if key in meant}
    person = person if len(person) == 2 else {"name": meant["name"][0]} if "name" in meant else {}
    born = _dated(part, meant["birth_date"][0])[0] if "birth_date" in meant else None
    for column in columns:
        fits = meant.get(column, []) + (meant.get("booked", []) if (table, column) == ("arrests", "arrested") else [])
        free = [header for header in fits if header not in hidden and header not in mapped.values()]
        mapped |= {column: free[0]} if free else {}
    ice = (
        table == "detainers"
        and "outcome" in mapped
        and bool(_vocabulary() & {*part.frame[mapped["outcome"]].str.casefold()})
    )
    linked, years, known = person and born, _years(part.headers) if table == "follow_up" else [], "person_id" in mapped
    lines = [
        "[[files]]", f'table = "{table}"', f"path = {_toml(file.name)}", _key("sheets", part.sheets, on=not part.all and part.sheets[0]),
        _key("skip_rows", part.above, on=part.above), _key("sensitive", hidden, "used for linking and nothing else", on=hidden),
    ]  # fmt: skip
    if any(block.get("table") == table for block in blocks):
        lines.append(
            f"# ids = {_toml(file.stem)}  # TODO: are these ids another place's own, so that equal ones are other people? Then take the # away"
        )
    lines += [_only(part, [h for h in part.headers if h not in hidden])] if table == "arrests" else []
    if linked:
        why = (
            "people of a file without ids are found by name"
            if known
            else "TODO: the block of the file with ids needs a link too"
        )
        lines.append("# " * known + _key("link", {**person, "birth_date": born}, why))
    lines += [_key("vocabulary", "ice-detainers", on=ice), "", "[files.columns]"]
    for column, header in mapped.items():
        lines.append(
            _column(column, header, part, table, blocks)
            if not (ice and column in meanings("ice-detainers", ""))
            else _key(column, header)
        )
    lines.append(_key("days", {"years": years}, on=len(years) > 1 and "days" not in mapped))
    lines.append(
        _key("event", {"value": "rearrest"}, "TODO: or return_to_prison", on=len(years) > 1 and "event" not in mapped)
    )
    start, age = next((c for c in ("released", "prepared") if c in mapped), None), meant.get("age", [None])[0]
    if "birth_year" in columns and "birth_year" not in mapped and born:
        lines.append(_key("birth_year", {"date": ["%Y-%m-%d"], **(born if isinstance(born, dict) else {"from": born})}))
    elif "birth_year" in columns and "birth_year" not in mapped and age and start:
        lines.append(_key("birth_year", {"from": age, "of": start}, "TODO: is it the age on that day?"))
    if "jurisdiction" in columns and not {"jurisdiction", "facility"} & mapped.keys():
        lines.append(
            '# jurisdiction = { value = "36047" }  # TODO: the FIPS code of the county, where all rows are of one'
        )
    if "operator" in columns and table != "arrests":
        lines.append('# operator = { value = "local" }  # TODO: who runs the facility: local, state_prison or federal')
    given = {*mapped, *(("days", "event") if len(years) > 1 else ()), *(("person_id",) if linked else ())}
    lines += [
        f'# {column} = "?"  # TODO: needed: which header holds it?'
        for column in TABLES[table].required
        if column not in given
    ]
    lines += _also(part, table, mapped, meant) if known or linked else []
    rest = [header for header in part.headers if header not in {*mapped.values(), *years, *hidden}]
    says = "# Not mapped (counted; keep = [...] keeps their values, groups = [...] at the top breaks figures down by them):"
    lines += ["", says, *(f"#   {_toml(header)[1:-1]}" for header in rest)] if rest else []
    lines += (
        [f"# Columns of the table {table} that are still free: {', '.join(c for c in columns if c not in mapped)}"]
        if rest
        else []
    )
    return "\n".join(line for line in lines if line is not None) + "\n"


def _column(column: str, header: str, part: Part, table: str, blocks: list[dict]) -> str:
    """Return the line of one column: its header, and how its values are written."""
    kind, distinct = (
        TABLES[table].columns[column],
        [value for value in part.frame[header].value_counts().index if value],
    )
    if kind == "date":
        return _key(column, *_dated(part, header))
    if kind == "id" and distinct and all(value.isascii() and value.isdecimal() for value in distinct):
        given = (block.get("columns", {}).get(column) for block in blocks)
        wanted = max((rule.get("digits", 0) for rule in given if isinstance(rule, dict)), default=0)
        longest = max(map(len, distinct))
        digits = longest if any(value[0] == "0" for value in distinct) else wanted if longest <= wanted else 0
        ask = "leading zeros are put back. TODO: in the other files too" if digits != wanted else ""
        return _key(column, {"from": header, "digits": digits}, ask) if digits else _key(column, header)
    if column == "jurisdiction":
        return _place(header, distinct)
    if len(distinct) <= MANY and (isinstance(kind, tuple) or column == "event"):
        labels = kind if isinstance(kind, tuple) else ()
        ask = f"TODO: one of {', '.join(labels)}" if labels else 'TODO: a label each; "" means no event'
        return _key(
            column,
            {"from": header, "values": {value: _label(value, labels, _words(header)) for value in distinct}},
            ask,
        )
    return _key(column, header)


def _label(value: str, labels: tuple[str, ...], header: str) -> str:
    if not labels:
        happened = value.casefold() in VALUES["no" if header.startswith("cens") else "yes"]
        return ("return_to_prison" if "return" in header else "rearrest") if happened else ""
    bare = re.sub(r"[^a-z_ ]", "", value.casefold()).strip()
    fits = [label for label in labels if label == value.casefold() or (bare and label.startswith(bare))]
    return fits[0] if fits else "unknown" if "unknown" in labels else ""


def _place(header: str, distinct: list[str]) -> str:
    """Return the line of a column of places: codes, codes that lost a zero, or names of counties and their state."""
    if all(map(str.isdecimal, distinct)):
        lost = {len(value) for value in distinct} & {1, 4}
        return _key("jurisdiction", {"from": header, "digits": 5 if 4 in lost else 2} if lost else header)
    states = sorted(text for text in state_codes() if len(text) == 2 and text.isalpha())
    fits = [state for state in states if all(county_code(value, state) for value in distinct)]
    line = _key("jurisdiction", {"from": header, "as": "county name", "state": fits[0] if len(fits) == 1 else "??"})
    if len(fits) == 1:
        return f"{line}  # TODO: is it this state?"
    return f"# {line}  # TODO: the state of these counties ({', '.join(fits[:8]) or 'not all are of one'}); then take the # away"


def _dated(part: Part, header: str) -> tuple[dict | str, str]:
    """Return a column with the formats by which most of its texts are days, none for ISO; and what a person has to look at."""
    texts = part.frame[~part.frame[header].str.casefold().isin(VALUES["missing"])].drop_duplicates(header).head(TRIED)
    iso = texts[header].str.fullmatch(r"\d{4}-\d\d-\d\d([ T].*)?")
    rows = dict(zip(texts.loc[~iso, header], texts.loc[~iso, "_row"], strict=True))
    if not rows:
        zoned = texts[header].str.contains(r":\d\d(?:\.\d+)? ?(?:Z|UTC|[+-]\d\d:?\d\d)$").any()
        return (
            header,
            "TODO: times name their zone. Add tz, such as America/New_York, or the day is the one written"
            if zoned
            else "",
        )
    read = {form: {text for text in rows if _reads(text, form)} for form in VALUES["dates"]}
    best = max(read, key=lambda form: len(read[form]))
    if not read[best]:
        return header, 'TODO: how are its dates written? { from = "...", date = ["%m/%d/%Y"] }'
    twin = re.sub("%[md]", lambda mark: {"%m": "%d", "%d": "%m"}[mark[0]], best)
    other, formats, left, ask = read.get(twin, set()) if twin != best else set(), [best], rows.keys() - read[best], ""
    for form in read:
        if read[form] & left and form != twin and _agree((*formats, form)):
            formats, left = [*formats, form], left - read[form]
    if other - read[best]:
        at = [
            f"row {min(rows[text] for text in texts):,} is no {form}"
            for form, texts in ((best, other - read[best]), (twin, read[best] - other))
            if texts
        ]
        ask = f"TODO: orders of day and month are mixed ({', '.join(at)}). Ask for the file with ISO dates: no format reads both"
    elif other == read[best]:
        ask = "TODO: no day above 12 says whether month or day comes first"
    elif left:
        ask = f"TODO: {len(left):,} of {len(rows):,} different texts are no such date"
    return {"from": header, "date": formats}, ask


def _reads(text: str, form: str) -> bool:
    try:
        return bool(datetime.strptime(text, form)) and (form != "%Y%m%d" or len(text) == 8)
    except ValueError:
        return False


def _agree(formats: tuple[str, ...]) -> bool:
    try:
        return bool(date_formats(formats, ""))
    except InputError:
        return False


def _only(part: Part, headers: list[str]) -> str | None:
    """Return the line that keeps arrests alone, where a column of kinds holds what is none."""
    for header in (
        h for h in headers if re.search(r"\b(type|kind|event|status|category|reason|disposition|class)$", _words(h))
    ):
        kinds = [kind for kind in part.frame[header].unique() if kind]
        other = [
            kind
            for kind in kinds
            if re.search(VALUES["no_arrest"], kind, re.IGNORECASE) and "arrest" not in kind.casefold()
        ]
        if len(kinds) <= MANY and 0 < len(other) < len(kinds):
            ask = f"TODO: which of these are arrests? Left out: {', '.join(other)}"
            return _key("only", {header: [kind for kind in kinds if kind not in other]}, ask)
    return None


def _also(part: Part, table: str, mapped: dict[str, str], meant: dict[str, list[str]]) -> list[str]:
    """Return the further tables that the rows feed: exits by reason or by date, and later arrests in columns of their own."""
    who, found = {"person_id": mapped["person_id"]} if "person_id" in mapped else {}, []
    for header in part.headers if table == "releases" and "released" in mapped else ():
        kinds = (
            part.frame[header].unique() if re.search(r"reason|disposition|releas\w* (type|to)$", _words(header)) else ()
        )
        to_ice = [kind for kind in kinds if re.search(VALUES["to_ice"], kind, re.IGNORECASE)]
        if 0 < len(to_ice) <= MANY:
            columns = {**who, "date": _dated(part, mapped["released"])[0], "kind": {"value": "ice_custody"}}
            found += [
                "",
                "# TODO: were these people handed over to ICE?",
                "[[files.also]]",
                'table = "exits"',
                _key("only", {header: to_ice}),
            ]
            found += [_key("columns", columns)]
    arrests = [*meant.get("arrested", ()), *meant.get("booked", ())] if table in ("releases", "detainers") else []
    exits = meant.get("date", []) if table != "exits" else []
    for to, column, header in dict.fromkeys(
        [*(("arrests", "arrested", h) for h in arrests), *(("exits", "date", h) for h in exits)]
    ):
        words = _words(header)
        kind = "died" if re.search("death|died", words) else "ice_custody" if "custody" in words else "removed"
        later = to == "exits" or re.search(VALUES["later"], words)
        columns = {**who, column: _dated(part, header)[0], **({"kind": {"value": kind}} if to == "exits" else {})}
        ask = "is this so?" if later else "a later arrest, and not the one that the row is about? Then take the # away:"
        found += ["", f"# TODO: {ask}"]
        found += [
            ("" if later else "# ") + line for line in ("[[files.also]]", f'table = "{to}"', _key("columns", columns))
        ]
    return found


# ---- TOML


@cache
def _vocabulary() -> set[str]:
    return {value.casefold() for value in meanings("ice-detainers", "")["outcome"]}


def _key(key: str, value: object, ask: str = "", *, on: object = True) -> str | None:
    return f"{key} = {_toml(value)}{f'  # {ask}' if ask else ''}" if on else None


def _toml(value: object) -> str:
    """Return a value as TOML writes it: texts by JSON's rules, and DEL escaped too."""
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(
                f"{key if re.fullmatch('[a-z_]+', key) else _toml(key)} = {_toml(one)}" for key, one in value.items()
            )
            + " }"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
