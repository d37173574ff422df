"""One raw column: its values found, blanks and redactions made missing, identities taken out, and converted.

What ``clean`` does for each column of a map, in the order in which it does it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.data.coded import Coded, RawColumns, coded, constant
from analysis.data.day_texts import as_date
from analysis.data.errors import InputError, nearest
from analysis.data.place_names import county_code
from analysis.data.scrub import Names, Own, scrub
from analysis.data.spec import Column, Source, fold
from analysis.data.states import as_state
from analysis.data.tables import Table
from analysis.data.values import as_category, as_number, as_text, categorical

NOTHING = frozenset(("na", "n/a", "null", "none", "unknown", "-", "?"))  # in identifiers and dates, in every file
_WRITTEN = ("text", "category", "state")  # kinds whose raw texts are kept or listed somewhere


@dataclass
class Changes:
    """What became unknown, (column, raw value) -> rows, and what was made missing, (column, why) -> rows."""

    unknown: Counter = field(default_factory=Counter)
    changed: Counter = field(default_factory=Counter)


def found_values(
    raw: RawColumns, rule: Column, source: Source, own: list[Own | Names], changes: Changes, where: str
) -> Coded | pd.Series:
    """Return a column's raw values, "" where there is none (dates of typed sources as they are).

    ``own`` holds the raw identifiers and names of the rows: a text that holds one is made missing and counted, as is one
    that the block calls redacted. Raises InputError for a header that is not there.
    """
    if rule.value is not None:
        return constant(rule.value, len(raw))
    if rule.years:
        return _by_year(raw, rule, source, changes, where)
    header = next((header for header in rule.headers if header in raw.columns), None)
    if header is None:
        if rule.optional:
            return constant("", len(raw))
        expected = " or ".join(f"'{header}'" for header in rule.headers)
        raise InputError(
            f"{where}: the header {expected} (for {rule.name}) is not there.{nearest(rule.headers[0], raw.columns)}"
        )
    if rule.kind == "date" and rule.blank is None and pd.api.types.is_datetime64_any_dtype(raw[header]):
        return raw[header]
    found = _shown(raw.coded(header), rule, source, changes)
    if rule.fill in raw.columns:
        found = found.filled(_shown(raw.coded(rule.fill), rule, source, changes))
    if rule.kind in _WRITTEN and rule.name != "event":
        found = scrubbed(found, rule.name, own, changes)
    return found


def _by_year(raw: RawColumns, rule: Column, source: Source, changes: Changes, where: str) -> Coded:
    """Return the first year with a yes, else the number of years, as text; what is neither yes nor no before it as it is."""
    days = constant(str(len(rule.years)), len(raw))
    for year, header in reversed(list(enumerate(rule.years, 1))):
        if header not in raw.columns:
            raise InputError(f"{where}: the header '{header}' (for days) is not there.{nearest(header, raw.columns)}")
        found = _shown(raw.coded(header), rule, source, changes)
        words = {True: str(year), False: ""}
        ends = found.replaced(np.array([words.get(WORDS.get(fold(text)), text or "not known") for text in found.texts]))
        days = ends.filled(days)
    return days.replaced(np.where(days.texts == "not known", "", days.texts))


def plain(found: Coded | pd.Series, rule: Column) -> Coded | pd.Series:
    """Return identifiers and dates without what always means missing, and with the leading zeros that ``digits`` asks for."""
    if isinstance(found, pd.Series) or not (rule.kind in ("id", "date") or rule.digits):
        return found
    return found.once((rule.kind, rule.digits), lambda: _plain(found, rule))


def _plain(found: Coded, rule: Column) -> Coded:
    nothing = NOTHING if rule.kind in ("id", "date") else ()
    texts = np.array(["" if fold(text) in nothing else text for text in found.texts], dtype=object)
    if rule.digits:
        texts = np.array([text.zfill(rule.digits) if text.isdecimal() else text for text in texts], dtype=object)
    return found.replaced(texts) if (texts != found.texts).any() else found


def scrubbed(found: Coded, name: str, own: list[Own | Names], changes: Changes) -> Coded:
    """Return a column with texts that hold an identity made blank, and counted."""
    kept, hits = scrub(found, own)
    if hits:
        changes.changed[name, "identifying"] += hits.total()
    return kept


def _shown(found: Coded, rule: Column, source: Source, changes: Changes) -> Coded:
    """Return a raw column with what the block calls nothing or redacted blank."""
    shown, redacted = found.once((source.nulls, source.redacted), lambda: _blanked(found, source))
    changes.changed.update({(rule.name, "redacted"): redacted} if redacted else {})
    return shown


def _blanked(found: Coded, source: Source) -> tuple[Coded, int]:
    """Return a raw column with what the block calls nothing or redacted blank, and the number of rows redacted."""
    nothing = np.array([text in source.nulls for text in found.texts], dtype=bool)
    redacted = 0
    if source.redacted is not None:
        hit = np.array([source.redacted.search(text) is not None for text in found.texts], dtype=bool)
        redacted = int(found.counts[hit].sum())
        nothing |= hit
    return (found.replaced(np.where(nothing, "", found.texts)) if nothing.any() else found), redacted


def converted(
    rule: Column, found: Coded | pd.Series, changes: Changes, hashed: Callable[[pd.Series], pd.Series], ids: str | None
) -> tuple[pd.Series, np.ndarray | None]:
    """Return the canonical values and, for kinds that can fail, which of them could not be read.

    Equal identifiers of two spaces (``ids``) become different ones.
    """
    if rule.kind == "date":
        return as_date(found, rule.formats, rule.tz)
    if rule.kind == "number" and rule.formats:  # a birth year from a date of birth
        dates, bad = as_date(found, rule.formats)
        return dates.dt.year.astype("float64"), bad
    if rule.kind == "number":
        return as_number(found)
    if rule.kind == "flag":
        return as_flag(found, rule)
    if rule.kind == "id":
        return pd.Series(found.once((hashed, ids), lambda: _hashes(found, hashed, ids)).take(found.codes)), None
    if rule.kind == "state":
        return as_state(found, changes.unknown, rule=rule)
    if rule.kind == "category":
        return as_category(found, rule, changes.unknown)
    if rule.written:
        return as_county(found, rule, changes.unknown)
    return as_text(found, rule, strict=rule.name == "event")


def as_county(found: Coded, rule: Column, unknown: Counter) -> tuple[pd.Series, None]:
    """Return counties of the rule's state by their code; any other text is missing, and counted in ``unknown``."""
    labels = [(rule.values or {}).get(fold(text)) or county_code(text, rule.state) or None for text in found.texts]
    for text, label, rows in zip(found.texts, labels, found.counts, strict=True):
        if label is None and text != "":
            unknown[rule.name, text] += int(rows)
    return categorical(found, labels), None


def birth_years(columns: dict[str, pd.Series], rule: Column, table: Table) -> pd.Series:
    """Return years of birth: ages taken from their date, and a year of two digits that lies past the row's dates in its century."""
    years = columns["birth_year"]
    if rule.of:
        return (columns[rule.of].dt.year - years).astype("float64")
    dates = [columns[name].dt.year for name in table.dates if name in columns]
    if not dates or not any("%y" in text for text in rule.formats):
        return years
    return years.mask(years > pd.concat(dates, axis=1).max(axis=1), years - 100)


def _hashes(
    found: Coded, hashed: Callable[[pd.Series], pd.Series], ids: str | None
) -> pd.api.extensions.ExtensionArray:
    """Return the hash of each distinct text, missing for none."""
    distinct = pd.Series(found.texts, dtype="str")
    spaced = distinct if ids is None else ids + "\x1f" + distinct
    return hashed(spaced.where(distinct != "")).array


def typed(rule: Column, raw: RawColumns, *, free: bool) -> Column:
    """A covariate that a typed source holds as numbers is a number, unless the map says otherwise."""
    header = next((header for header in rule.headers if header in raw.columns), None)
    covariate = free and rule.kind == "text" and rule.name != "event" and not rule.explicit and rule.values is None
    numeric = header is not None and pd.api.types.is_numeric_dtype(raw[header])
    if covariate and numeric and not pd.api.types.is_bool_dtype(raw[header]):
        return rule.model_copy(update={"kind": "number"})
    return rule


def noun(rule: Column) -> str:
    """Return what a value of this column should have been, for a reason."""
    return {"date": "date", "number": "number", "category": "known label", "flag": "yes or no"}.get(
        rule.kind, "value of the map"
    )


# ---- yes and no, as files write them


WORDS = {**dict.fromkeys(("yes", "y", "true", "t", "1"), True), **dict.fromkeys(("no", "n", "false", "f", "0"), False)}


def as_flag(found: pd.Series | Coded, rule: Column) -> tuple[pd.Series, np.ndarray]:
    """Return true and false (nullable boolean, blanks missing) and the mask of texts that say neither.

    A rule's ``values`` replace a raw text first: a county's "signed by a judge" may be written "J".
    """
    found = coded(found)
    texts = [(rule.values or {}).get(rule.looked_up(text), text) or "" for text in found.texts]
    labels = [WORDS.get(fold(text)) for text in texts]
    bad = np.array([label is None and text != "" for label, text in zip(labels, texts, strict=True)], dtype=bool)
    return pd.Series(pd.array(labels, dtype="boolean").take(found.codes)), found.rows(bad)
