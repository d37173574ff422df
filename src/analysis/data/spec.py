"""What a dataset is: ``dataset.toml`` and the layouts under ``formats/``, read and checked.

In: a path to a ``dataset.toml``. Out: a :class:`Spec`, all of it frozen. The models are the keys that a file may hold
(what they mean: ``keys.toml``); fields with ``exclude`` are worked out from them. Every key is checked here, so that
nothing later has to ask whether a map makes sense.
"""

import codecs
import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from analysis.data import keys
from analysis.data.dates import date_formats
from analysis.data.errors import InputError, nearest
from analysis.data.keys import (
    Entries,
    Items,
    Keys,
    OneOrMore,
    Texts,
    checked,
    folded,
    listed,
    load_toml,
    noun,
    refuse,
    shown,
)
from analysis.data.place_names import plain, state_codes
from analysis.data.tables import EVENTS, LINEAGE, MADE, TABLES, Table

TIME_UNITS = ("day", "week", "month", "year")
MOST_LAG = 3660
ENGINES = ("duckdb", "spark")
DISCLOSURES = ("restricted", "internal", "public")
INTERNAL = "Internal: exact counts, not for release"
STEP = 6  # of the rounding of restricted counts (`analysis.data.rounding`)
THRESHOLD = 0.95  # match probability from which two records are taken as one person
KINDS = ("text", "number", "date", "flag", "id", "category", "state")
FORMATS = Path(__file__).parent / "formats"
VOCABULARIES = Path(__file__).parent / "vocabularies"
_RESERVED = (*LINEAGE, *MADE, "entry")  # columns that the project itself adds


def fold(text: str) -> str:
    """Return a raw value as it is compared: white space folded, case ignored."""
    return " ".join(str(text).split()).casefold()


def _pattern(raw: Any, info: ValidationInfo) -> re.Pattern | None:
    try:
        return re.compile(raw) if raw else None
    except (re.error, TypeError) as error:
        raise InputError(f"{info.context}: {info.field_name} = {raw!r} is not a regular expression: {error}.") from None


def _only(raw: Any, info: ValidationInfo) -> Any:
    for header, values in raw.items() if isinstance(raw, dict) else ():
        wrong = not isinstance(values, list) or not values or not all(isinstance(value, str | int) for value in values)
        refuse(
            info.context, (wrong, f'only.{header} = {shown(values)}, expected the values to take, such as ["ARREST"].')
        )
    if not isinstance(raw, dict):
        return raw
    return {folded([header])[0]: frozenset(map(fold, values)) for header, values in raw.items()}


Pattern = Annotated[re.Pattern | None, BeforeValidator(_pattern)]
Only = Annotated[dict[str, frozenset[str]], BeforeValidator(_only), Field(default_factory=dict)]
Filled = Annotated[str, Field(min_length=1)]
Header = Annotated[
    str, BeforeValidator(lambda raw: " ".join(raw.split()) if isinstance(raw, str) else raw), Field(min_length=1)
]


# ---- how one raw column becomes one canonical column


class Column(Keys):
    """A canonical column's rule: the raw headers it may come from, and what happens to their values.

    ``kind`` is one of KINDS; ``values`` maps raw text (spaces folded, case ignored) to a label, None meaning missing;
    ``labels`` is the closed vocabulary, empty where there is none.
    """

    headers: Annotated[tuple, BeforeValidator(listed)] = Field((), alias="from")
    fill: Header | None = None
    value: Any = None
    formats: Annotated[tuple, BeforeValidator(listed)] = Field((), alias="date")
    values: Any = None
    key: Pattern = None
    blank: Any = None
    optional: bool = False
    type: str | None = None
    digits: int | None = None
    years: Texts = ()
    of: str | None = None
    written: Literal["county name"] | None = Field(None, alias="as")
    state: str | None = None
    tz: str | None = None
    name: str = Field("", exclude=True)
    kind: str = Field("text", exclude=True)
    labels: tuple[str, ...] = Field((), exclude=True)
    explicit: bool = Field(False, exclude=True)

    @property
    def read(self) -> tuple[str, ...]:
        """Every raw header that the rule may read."""
        return (*self.headers, *([self.fill] if self.fill else []), *self.years)

    def looked_up(self, text: str) -> str:
        """Return what of a raw text is looked up in ``values``."""
        match = self.key.search(text) if self.key else None
        return fold(match[0] if match else text)


def column(name: str, raw: object, table: Table, values: dict | None, where: str) -> Column:
    """Check one entry of ``[files.columns]`` and return its rule. Raises InputError."""
    where = f"{where}, column '{name}'"
    raw = {"from": raw} if isinstance(raw, str) else raw
    if not isinstance(raw, dict):
        raise InputError(f'{where}: {shown(raw)} is {noun(raw)}, expected a header or {{ from = "header", ... }}.')
    rule = checked(Column, raw, where)
    named = bool(rule.headers) and all(isinstance(header, str) and header.strip() for header in rule.headers)
    refuse(where,
        (len({"from", "value", "years"} & raw.keys()) != 1, 'say either from = "<header>" or value = "<constant>".'),
        ("from" in raw and not named, f"from = {shown(raw.get('from'))}, expected a header, or a list of headers."),
        ("fill" in raw and not rule.headers, "fill is the header to take where the one in from is blank: add from = ..."),
    )  # fmt: skip
    numbers = isinstance(rule.values, dict) and any(not isinstance(value, str) for value in rule.values.values())
    refuse(
        where,
        (
            name == "days" and numbers,
            'values are texts. Columns of yes and no, one a year, are { years = ["Year1", "Year2", "Year3"] }, with time_unit = "year".',
        ),
    )
    kind, labels = _kind(name, raw, table, where)
    formats, birth = date_formats(rule.formats, where), name == "birth_year"
    mapped = _values(raw.get("values", values), labels, where)
    if name == "event" and "from" in raw and mapped is None:  # only a map knows which raw values are no event
        mapped = {fold(label): label for label in EVENTS}
    states = state_codes() if rule.state else {}
    refuse(where,
        (formats and kind != "date" and not birth, f"date = ... belongs to a column of dates, and '{name}' is {kind}."),
        (rule.of and (not birth or formats or table.columns.get(rule.of) != "date"),
         f'of = {shown(rule.of)}: only birth_year is taken from an age, such as {{ from = "Age", of = "released" }}.'),
        (rule.digits is not None and not (kind == "id" or name == "jurisdiction"),
         f"digits belongs to identifiers and jurisdiction, and '{name}' is {kind}."),
        (rule.digits is not None and not 1 <= rule.digits <= 40,
         f"digits = {rule.digits}, expected how many digits a whole one has, such as 9."),
        ("years" in raw and (name != "days" or len(rule.years) < 2),
         f'years = {shown(raw.get("years"))}: only days is taken from columns by year, two or more: {{ years = ["Year1", "Year2"] }}.'),
        (bool(rule.written) != bool(rule.state) or (rule.written and name != "jurisdiction"),
         'as and state go together, such as jurisdiction = { from = "County", as = "county name", state = "CA" }.'),
        (rule.state and plain(rule.state) not in states, f"state = {shown(rule.state)}.{nearest(str(rule.state), states)}"),
        (rule.tz and not (kind == "date" and _works(ZoneInfo, rule.tz)),
         f"tz = {shown(rule.tz)}, expected a time zone of a column of dates, such as 'America/New_York'."),
        ("key" in raw and mapped is None and kind != "id", "key picks what is looked up in values, and there are no values. Add them."),
    )  # fmt: skip
    for key, constant in (("value", rule.value), ("blank", rule.blank)):
        fits = isinstance(constant, str | int | float | date) and not isinstance(constant, bool)
        refuse(where,
            (constant is not None and not fits,
             f"{key} = {shown(constant)} is {noun(constant)}, expected a text, a number or a date."),
            (constant is not None and labels and str(constant) not in labels,
             f"{key} = {shown(constant)} is not one of its labels.{nearest(str(constant), labels)}"),
        )  # fmt: skip
    return rule.model_copy(update={
        "name": name, "headers": folded(rule.headers), "kind": kind, "labels": labels, "formats": formats, "values": mapped,
        "value": None if rule.value is None else str(rule.value), "blank": None if rule.blank is None else str(rule.blank),
        "explicit": "type" in raw,
    })  # fmt: skip


def _kind(name: str, raw: dict, table: Table, where: str) -> tuple[str, tuple[str, ...]]:
    known = table.columns.get(name)
    fixed = "category" if isinstance(known, tuple) else "state" if name == "state" else None
    kind = fixed or raw.get("type", known or ("date" if "date" in raw else "text"))
    refuse(where,
        (fixed and "type" in raw, f"'{name}' has its own kind of values: leave type out."),
        (kind not in KINDS, f"type = {kind!r}.{nearest(str(kind), ('text', 'number', 'date'))}"),
        (known and not fixed and kind != known, f"type = '{kind}', but '{name}' is always {known}."),
    )  # fmt: skip
    return kind, known if isinstance(known, tuple) else ()


def _values(raw: object, labels: tuple[str, ...], where: str) -> dict[str, str | None] | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or not raw:
        raise InputError(f'{where}: values = {shown(raw)}, expected {{ "raw value" = "label", ... }}.')
    mapped: dict[str, str | None] = {}
    for key, target in raw.items():
        if not isinstance(target, str):
            raise InputError(f'{where}: values.{key} = {shown(target)}, expected a text ("" means missing).')
        twice = mapped.setdefault(fold(key), target or None) != (target or None)
        refuse(where,
            (labels and target and target not in labels, f"'{target}' is not one of its labels.{nearest(target, labels)}"),
            (twice, f"the raw value '{key}' is mapped twice, to different labels (case and spaces are ignored)."),
        )  # fmt: skip
    return mapped


def _works(call: Callable[[str], object], name: str) -> bool:
    try:
        return bool(call(name))
    except (LookupError, ValueError, OSError):
        return False


# ---- which columns hold names and dates of birth, for linking


class Born(Keys):
    """The column of dates of birth."""

    header: Header = Field(alias="from")
    formats: OneOrMore = Field((), alias="date")


class LinkColumns(Keys):
    """The raw headers of one ``[[files]]`` block that linking reads; all of them are sensitive."""

    last_name: Header | None = None
    first_name: Header | None = None
    name: Header | None = None
    born: Born | None = Field(None, alias="birth_date")

    @field_validator("born", mode="before")
    @classmethod
    def _born(cls, raw: object, info: ValidationInfo) -> Born:
        where = f"{info.context}, birth_date"
        born = checked(Born, {"from": raw} if isinstance(raw, str) else raw, where)
        date_formats(born.formats, where)
        return born

    @property
    def birth_date(self) -> str:
        """The header of dates of birth."""
        return self.born.header

    @property
    def formats(self) -> tuple[str, ...]:
        """How dates of birth are written."""
        return self.born.formats

    @property
    def headers(self) -> tuple[str, ...]:
        """Every raw header read, to be added to the block's ``sensitive``."""
        return tuple(header for header in (self.last_name, self.first_name, self.name, self.birth_date) if header)


def read_link_columns(raw: object, where: str) -> LinkColumns:
    """Check a block's ``[files.link]`` table. Raises InputError for a misspelt or missing key or a wrong date format."""
    where = f"{where}, link"
    link = checked(LinkColumns, raw, where)
    parts = bool(link.last_name) + bool(link.first_name)
    named = (parts == 2 and not link.name) or (link.name and not parts)
    if not (link.born and link.born.header and named):
        raise InputError(
            f"{where}: expected birth_date, and either last_name and first_name or name, each a header of the file; "
            f"found {', '.join(raw) or 'nothing'}."
        )
    return link


# ---- the blocks of files, and the layouts that they may name


class Map(Keys):
    """How the rows of a file become the rows of one canonical table."""

    table: str
    columns: dict[str, Column]
    only: Annotated[
        dict[str, frozenset[str]], Field(default_factory=dict)
    ]  # raw header -> the values, folded, of the rows that are rows of the table
    secondary: bool = False  # fed beside the file's main table: a row without its keys is not a row of it


class Also(Keys):
    """A further table fed by the same rows."""

    table: str = ""
    columns: Entries
    values: Entries
    only: Only


class Reading(Keys):
    """What both a layout and a block may say."""

    table: str | None = None
    columns: Entries
    values: Entries
    also: Items
    only: Only
    sheets: Annotated[Texts, BeforeValidator(lambda raw: () if raw == "*" else raw)] = ()
    skip_rows: int = 0
    header_row: Literal["found"] | None = None
    underscores: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    nulls: Annotated[Texts, AfterValidator(frozenset)] = frozenset()
    redacted: Pattern = None
    keep: Texts = ()
    sensitive: Texts = ()
    vocabulary: str | None = None


class Layout(Reading):
    """A known layout, as its file under ``formats/`` has it."""

    title: str = ""
    source: str = ""
    headers: Texts = ()
    optional: Texts = ()


class Source(Reading):
    """One ``[[files]]`` block: where its files are, how they are laid out, and the tables they feed."""

    path: str | None = None
    url: str | None = None
    sha256: str | None = None
    package: str | None = None
    format: str | None = None
    ids: Filled | None = None
    link: LinkColumns | None = None
    allow_outside: bool = False  # links may lead out of the dataset's folder
    maps: tuple[Map, ...] = Field((), exclude=True)
    headers: frozenset[str] = Field(frozenset(), exclude=True)  # by which a header row is found; empty: by skip_rows
    recognized: bool = Field(False, exclude=True)  # the format was not named but recognized
    open: tuple[dict, str] | None = Field(None, exclude=True)  # a block still to be recognized, and its place

    @field_validator("link", mode="before")
    @classmethod
    def _link(cls, raw: object, info: ValidationInfo) -> LinkColumns:
        return read_link_columns(raw, info.context)

    @property
    def label(self) -> str:
        """The name by which messages and lineage call this block before a file is opened."""
        return self.path or self.package or str(self.url)

    @property
    def named(self) -> frozenset[str]:
        """Every raw header that the block names."""
        mapped = (header for part in self.maps for rule in part.columns.values() for header in rule.read)
        chosen = (header for part in self.maps for header in part.only)
        return frozenset((*mapped, *chosen, *self.keep, *self.sensitive))

    @property
    def download(self) -> str:
        """The file name under which a download is kept."""
        return self.path or Path(unquote(urlsplit(str(self.url)).path)).name


def names() -> list[str]:
    """Return the names of the known layouts."""
    return sorted(path.stem for path in FORMATS.glob("*.toml"))


def layout(name: str, where: str) -> dict:
    """Return a layout as its file has it. Raises InputError for a name that is not there, or a misspelt key."""
    refuse(where, (name not in names(), f"unknown format '{name}'.{nearest(name, names())}"))
    found = load_toml(FORMATS / f"{name}.toml", f"formats/{name}.toml")
    checked(Layout, found, f"formats/{name}.toml")
    return found


def meanings(name: str | None, where: str) -> dict[str, dict]:
    """Return a vocabulary: for each canonical column, raw value (or key) -> label."""
    if name is None:
        return {}
    known = sorted(path.stem for path in VOCABULARIES.glob("*.toml"))
    refuse(where, (name not in known, f"unknown vocabulary '{name}'.{nearest(name, known)}"))
    return load_toml(VOCABULARIES / f"{name}.toml", f"vocabularies/{name}.toml")


def read_source(block: object, where: str) -> Source:
    """Check one ``[[files]]`` block, merged with its layout, and return it. Raises InputError."""
    source = checked(Source, block, where)
    _check_place(source, where)
    digest = {"sha256": source.sha256 and source.sha256.lower()}
    if not {"format", "columns", "package"} & block.keys():
        return source.model_copy(update={**digest, "open": (block, where)})
    base = layout(source.format, where) if source.format is not None else {}
    both = {key: {**base.get(key, {}), **block.get(key, {})} for key in ("columns", "values")}
    # what a layout calls sensitive stays so, whatever a block adds
    hidden = (*base.get("sensitive", ()), *source.sensitive, *(source.link.headers if source.link else ()))
    shared = {key: value for key, value in base.items() if key in Reading.allowed()}
    merged = checked(Source, {**shared, **block, **both, "sensitive": list(dict.fromkeys(folded(hidden)))}, where)
    refuse(where, (merged.table is None, f"the key 'table' is missing.{nearest('', TABLES)}"))
    known = meanings(merged.vocabulary, where)
    maps = [_map(merged, known, where, linked=merged.link is not None)]
    for extra in merged.also:
        part = _map(
            checked(Also, extra, f"{where}, [[also]]"), known, f"{where}, [[also]]", linked=merged.link is not None
        )
        maps.append(part.model_copy(update={"secondary": True}))
    _check_kept(maps, merged, where)
    searched = "skip_rows" not in block and merged.header_row
    found = base.get("headers") or [header for rule in maps[0].columns.values() for header in rule.headers]
    return merged.model_copy(
        update={**digest, "maps": tuple(maps), "headers": frozenset(folded(found) if searched else ())}
    )


def _map(part: Source | Also, known: dict[str, dict], where: str, *, linked: bool) -> Map:
    table, columns, values = part.table, part.columns, part.values
    refuse(where, (table not in TABLES, f"unknown table '{table}'.{nearest(str(table), TABLES)}"))
    canonical = TABLES[table]
    for name in values:
        message = f"values are given for '{name}', which is not a mapped column.{nearest(name, columns)}"
        refuse(where, (name not in columns, message))
    parsed: dict[str, Column] = {}
    for name, raw in columns.items():
        own, new = values.get(name), name not in canonical.columns
        refuse(where,
            (new and not canonical.free, f"table '{table}' has no column '{name}'.{nearest(name, canonical.columns)}"),
            (new and (name in _RESERVED or not re.fullmatch(r"[^\W\d]\w*", name)),
             f"'{name}' cannot be the name of a covariate. Choose letters, digits and _, and none of {', '.join(_RESERVED)}."),
        )  # fmt: skip
        # a column takes its meanings from the vocabulary where it names a header
        listed_too = known.get(name) and (isinstance(raw, str) or (isinstance(raw, dict) and "value" not in raw))
        meaning = {**known.get(name, {}), **(own or {})} if own or listed_too else None
        parsed[name] = column(name, raw, canonical, meaning, where)
    for name in canonical.required:
        if name not in parsed and not (linked and name == "person_id"):  # people may be known by their names alone
            close = nearest(name, [n for n in parsed if n not in canonical.columns]) if canonical.free else ""
            raise InputError(
                f"{where}: table '{table}' needs the column '{name}': add {name} = \"<header>\" to its columns.{close}"
            )
    for name, rule in parsed.items():
        missing = rule.of is not None and rule.of not in parsed
        refuse(
            where, (missing, f"column '{name}': of = '{rule.of}', which is not mapped.{nearest(str(rule.of), parsed)}")
        )
    return Map(table=table, columns=parsed, only=part.only)


def _check_kept(maps: list[Map], source: Source, where: str) -> None:
    """A sensitive column is used for linking alone, and a kept one must not take a canonical column's name."""
    taken = {*TABLES[maps[0].table].columns, *maps[0].columns, *LINEAGE, *MADE}
    for header in source.keep:
        refuse(where,
            (header in source.sensitive,
             f"'{header}' stands in both keep and sensitive. A sensitive column is used for linking and nothing else."),
            (header in taken or header.removesuffix("_raw") in taken,
             f"keep names '{header}', which is the name of a column of the table {maps[0].table}. Map it instead: "
             f'{header} = "{header}".'),
        )  # fmt: skip
    for part in maps:
        used = [(header, name) for name, rule in part.columns.items() for header in rule.read
                if rule.kind != "id" and not (name == "birth_year" and rule.formats)]  # fmt: skip
        for header, name in (*used, *((header, "only") for header in part.only)):
            message = f"'{header}' is sensitive and mapped to '{name}'. A sensitive column is used for linking and nothing else"
            refuse(where, (header in source.sensitive, f"{message}: take it out of one of the two."))


# ---- settings that no file can have, refused before any file is opened


def _check_place(source: Source, where: str) -> None:
    """Refuse a block whose file cannot be found, checked, taken or read."""
    given = {key: value for key in ("path", "url", "package") if (value := getattr(source, key)) is not None}
    path, mark, digits = source.path or "", source.delimiter, source.sha256
    parts = Path(path).parts
    refuse(where,
        (not given or ("package" in given and len(given) > 1) or not all(map(str.strip, given.values())),
         "say where the file is: path = ..., url = ... with sha256 = ..., or package = ..."),
        (digits is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", digits),
         f"sha256 = {digits!r}, expected 64 hexadecimal digits."),
        (Path(path).is_absolute() or ".." in parts or "~" in parts,
         f"path = '{path}' leaves the dataset's folder. Put the file beside dataset.toml."),
        (source.skip_rows < 0, f"skip_rows = {source.skip_rows}, expected 0 or the number of rows above the header."),
        (mark is not None and (len(mark) != 1 or not mark.isascii() or mark in '"\r\n\0'),
         f'delimiter = {mark!r}, expected one character, such as "," or ";" or "\\t".'),
        (source.encoding is not None and not _works(lambda name: codecs.lookup(name)._is_text_encoding, source.encoding),
         f"unknown encoding '{source.encoding}'. Expected one such as 'utf-8', 'cp1252' or 'latin-1'."),
    )  # fmt: skip
    if source.url is None:
        return
    try:
        name = path or Path(unquote(urlsplit(source.url).path)).name
    except ValueError as error:
        raise InputError(f"{where}: url = {source.url!r} is not an address ({error}).") from None
    refuse(where,
        (not may_be_fetched(source.url),
         f"url = {source.url!r}: only https addresses are downloaded (http only from this machine)."),
        (digits is None, 'a url needs sha256 = "..." (64 hexadecimal digits), so that what arrives can be checked.'),
        (name in ("", ".", "..", "dataset.toml") or re.search(r"[*?\[]", name),
         'the download needs a file name of its own. Add path = "name.csv" beside the url.'),
    )  # fmt: skip


def may_be_fetched(address: str) -> bool:
    """Return whether an address is one of https, or of http on this machine."""
    url = urlsplit(address)
    local = url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1")
    return bool(url.hostname) and (url.scheme == "https" or local)


# ---- the dataset


class DataEnd(Keys):
    """The last day on which an event of each source could have been seen, and the lag of reporting."""

    arrests: date | None = None
    exits: date | None = None
    detainers: date | None = None
    lag_days: int = 0


class Link(Keys):
    """From when on two records are one person."""

    threshold: float = THRESHOLD


class Spec(Keys):
    """A dataset as its ``dataset.toml`` describes it."""

    title: Filled
    kind: Literal["real", "synthetic"]
    source: Filled
    disclosure: Literal[DISCLOSURES] = "restricted"
    rounding: int = STEP
    area: str = "the area and sources named by the dataset"
    data_end: Entries
    time_unit: Literal[TIME_UNITS] = "day"
    follow_up: float | None = None
    one_row_per: Literal["person", "release", "detainer"] = "person"
    groups: Texts = ()
    engine: Literal[ENGINES] = "duckdb"
    place_names: Entries
    link: Entries
    files: Annotated[list, Field(min_length=1)]
    name: str = Field("", exclude=True)
    file: Path = Field(Path(), exclude=True)
    sources: tuple[Source, ...] = Field((), exclude=True)
    lag_days: int = Field(0, exclude=True)
    link_threshold: float = Field(THRESHOLD, exclude=True)

    @property
    def folder(self) -> Path:
        """The folder that holds the raw files."""
        return self.file.parent

    @property
    def todo(self) -> list[str]:
        """The keys that every page shows and that still say TODO, as a first draft does."""
        shown = {"title": self.title, "source": self.source, "area": self.area, "place_names": str(self.place_names)}
        return [key for key, text in shown.items() if "TODO" in text]


def read_spec(file: Path) -> Spec:
    """Read and check a ``dataset.toml``.

    Raises InputError for TOML that cannot be read, a misspelt or missing key, a value of the wrong
    type, an unknown table, column, format or label.
    """
    where = f"{file.parent.name}/{file.name}"
    raw = load_toml(file, where)
    spec = checked(Spec, raw, where)
    end = checked(DataEnd, spec.data_end, f"{where}, data_end")
    threshold = checked(Link, spec.link, f"{where}, link").threshold
    sources = tuple(read_source(block, f"{where}, [[files]] block {i}") for i, block in enumerate(spec.files, 1))
    maps = [part for source in sources for part in source.maps]
    by_year = any(rule.years for part in maps for rule in part.columns.values())
    places = [(not (code.isdecimal() and len(code) in (2, 5) and isinstance(name, str) and name.strip()),
               f"place_names has {code} = {name!r}; expected a code of two (state) or five digits (county) and its name.")
              for code, name in spec.place_names.items()]  # fmt: skip
    refuse(where,
        (spec.rounding < STEP,
         f"rounding = {spec.rounding}, expected a whole number of {STEP} or more. Public data are not rounded."),
        *places,
        (not 0 <= end.lag_days <= MOST_LAG, f"data_end.lag_days = {end.lag_days}, expected 0 to {MOST_LAG} days."),
        (not 0.5 <= threshold < 1, f"link.threshold = {threshold}, expected a match probability from 0.5 to below 1."),
        (end.arrests is None and any(part.table == "arrests" for part in maps),
         "arrests are mapped but data_end has no date for them. Add data_end = { arrests = 2026-09-30 }, "
         "the last day on which an arrest could have been seen: the largest date found is not it."),
        (spec.follow_up is not None and not 0 < spec.follow_up < float("inf"),
         f"follow_up = {spec.follow_up}, expected a number of {spec.time_unit}s above 0."),
        (by_year and spec.time_unit != "year", 'days = { years = ... } counts whole years. Add time_unit = "year".'),
        *_groups(spec.groups, sources),
    )  # fmt: skip
    # ANALYSIS_RELEASE (`make report RELEASE=1`) makes what is internal restricted
    released = spec.disclosure == "internal" and os.environ.get("ANALYSIS_RELEASE") == "1"
    disclosure = "restricted" if released else spec.disclosure
    return spec.model_copy(update={
        "name": file.parent.name, "file": file, "sources": sources, "lag_days": end.lag_days, "link_threshold": threshold,
        "follow_up": raw.get("follow_up"),  # a whole number stays one
        "disclosure": disclosure, "rounding": spec.rounding if disclosure == "restricted" else 0,
        "data_end": {key: day for key, day in spec.data_end.items() if key != "lag_days"},
    })  # fmt: skip


def _groups(groups: tuple[str, ...], sources: tuple[Source, ...]) -> list[tuple[bool, str]]:
    """Return, for each column by which pages break figures down, whether no block gives it to a table, and what to do."""
    if any(source.open for source in sources):  # a layout that is still to be recognized may map it
        return []
    given = {
        name: None for source in sources for name in (*source.keep, *(c for part in source.maps for c in part.columns))
    }
    return [
        (
            name not in given,
            f"groups names '{name}', which is neither kept nor mapped: add it to keep.{nearest(name, given)}",
        )
        for name in groups
    ]


def chosen(named: str = "duckdb") -> str:
    """Return the engine that ANALYSIS_ENGINE names, else the one that a dataset names. Raises InputError for another."""
    name = os.environ.get("ANALYSIS_ENGINE") or named
    if name not in ENGINES:
        raise InputError(f"ANALYSIS_ENGINE = '{name}', expected one of {', '.join(ENGINES)}.{nearest(name, ENGINES)}")
    return name


# ---- the list of keys in CONTRIBUTING


def key_table() -> str:
    """Return the keys of ``dataset.toml`` as Markdown: one table a model, with what ``keys.toml`` says of each key."""
    parts = []
    for title, model in (
        ("In `dataset.toml`", Spec), ("In a `[[files]]` block", Source), ("In a column of `[files.columns]`", Column),
        ("In `[[files.also]]`", Also), ("In `[files.link]`", LinkColumns), ("In `data_end`", DataEnd),
    ):  # fmt: skip
        known = keys.meanings(model.__name__)
        rows = [f"| `{key}` | {known[key][0]} | `{key} = {known[key][1]}` |" for key in model.allowed()]
        parts.append("\n".join([f"{title}:", "", "| key | meaning | for example |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(parts)
