"""Distinct raw values to canonical ones: texts, days, numbers, labels, states, yes and no.

Each function takes the distinct texts of a column ("" where there is none) and returns for each the value, missing where
there is none or it could not be read, and which of them could not be read. Cleaning asks once for each distinct value of a
column, however many rows repeat it.
"""

import csv
import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.data.dates import SERIAL, is_compact, other_way_round
from analysis.data.place_names import county_code
from analysis.data.spec import Column, fold

EARLIEST, LATEST = (
    pd.Timestamp("1900-01-02"),
    pd.Timestamp("2100-12-31"),
)  # the day before is what a database writes for none
BIRTHS = (1880, 2100)
NOTHING = frozenset(("", "na", "n/a", "null", "none", "unknown", "-", "?"))  # in identifiers and dates, in every file
WORDS = {**dict.fromkeys(("yes", "y", "true", "t", "1"), True), **dict.fromkeys(("no", "n", "false", "f", "0"), False)}
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
_ZONE = r" ?(Z|UTC|[+-][0-9]{2}:?([0-9]{2})?)"
_ISO = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T]{_CLOCK}({_ZONE})?)?")
_ZONED = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_CLOCK}{_ZONE}")
_SERIAL = re.compile(r"[0-9]{5}(\.[0-9]+)?")
_DAY_0 = {
    1900: pd.Timestamp("1899-12-30"),
    1904: pd.Timestamp("1904-01-01"),
}  # Excel's, with its 29 February 1900 that never was
Read = tuple[pd.Series, np.ndarray]


def texts(values: Iterable[object]) -> np.ndarray:
    """Return raw values of any type as text: white space folded, "" for none, whole numbers without a point, days as 2018-01-31."""
    found = [_text(value) for value in values]
    out = np.empty(len(found), dtype=object)
    out[:] = found
    return out


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)
    if isinstance(value, (datetime, date)):
        return value.strftime("%Y-%m-%d")
    return " ".join((value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).split())


def as_date(found: np.ndarray, formats: tuple[str, ...], zone: str | None = None, day_0: int | None = None) -> Read:
    """Return dates (datetime64[s], at midnight).

    A text is tried as ISO (2018-01-31, with or without a time and zone: the day is the one written), then by each format in
    turn, then, where ``day_0`` (1900 or 1904) says from when they are counted, as a spreadsheet's serial day. Dates before
    1900 or after 2100 count as unreadable: no record of this field is that old. With a ``zone`` a moment that names its own
    is the day that it was there.
    """
    column = pd.Series(found, dtype="str")
    read = _parsed(column.where(_fits(column, _ISO)).str.slice(0, 10), "%Y-%m-%d")
    if zone and (zoned := _fits(column, _ZONED)).any():
        moments = column.where(zoned).str.replace(" ?UTC$", "Z", regex=True)
        there = pd.to_datetime(moments, utc=True, format="ISO8601", errors="coerce").dt.tz_convert(zone)
        read = there.dt.tz_localize(None).astype("datetime64[s]").fillna(read)
    for text in formats:
        left = read.isna() & (column != "")
        if text == SERIAL or not left.any():
            continue
        parsed = _parsed(column.where(left), text)
        if is_compact(text):  # "201811" is not the first day of 2018
            parsed = parsed.where(parsed.dt.strftime(text) == column)
        read = read.fillna(parsed)
    # beside a format of digits alone, five digits are a date with some missing
    day_0 = day_0 or 1900 if SERIAL in formats else None if any(map(is_compact, formats)) else day_0
    serial = read.isna() & _fits(column, _SERIAL) if day_0 else np.zeros(len(column), dtype=bool)
    if serial.any():
        days = pd.to_timedelta(pd.to_numeric(column.where(serial), errors="coerce") // 1, unit="D")
        read = read.fillna((_DAY_0[day_0] + days).astype("datetime64[s]"))
    read = read.dt.floor("D")
    read = read.where(read.between(EARLIEST, LATEST)).astype("datetime64[s]")
    return read, ((column != "") & read.isna()).to_numpy(dtype=bool)


def swapped(found: np.ndarray, formats: tuple[str, ...]) -> np.ndarray:
    """Return which unreadable dates can be read with day and month the other way round."""
    return ~as_date(found, tuple(map(other_way_round, formats)))[1] & (found != "")


def _fits(column: pd.Series, pattern: re.Pattern) -> pd.Series:
    return column.str.fullmatch(pattern).fillna(value=False).astype(bool)


def _parsed(column: pd.Series, text: str) -> pd.Series:
    return pd.to_datetime(column, format=text, errors="coerce").astype("datetime64[s]")


def as_number(found: np.ndarray) -> Read:
    """Return float64. A comma may group thousands; where one is a decimal mark, no number with groups of three can be told."""
    column = pd.Series(found, dtype="str")
    plain = column.str.replace(r"(?<=\d),(?=\d{3}\b)", "", regex=True)
    numbers = pd.to_numeric(plain.where(plain != ""), errors="coerce").astype("float64")
    comma = column.str.fullmatch(r"-?\d+(\.\d{3})*,(\d{1,2}|\d{4,})|-?\d{1,3}(\.\d{3})+,\d+").any()
    if comma and not column.str.fullmatch(r"-?[\d,]*\.(\d{1,2}|\d{4,})").any():
        numbers = numbers.mask(column.str.fullmatch(r"-?\d{1,3}([.,]\d{3})+").astype(bool))
    numbers = numbers.where(np.isfinite(numbers))
    return numbers, ((column != "") & numbers.isna()).to_numpy(dtype=bool)


def as_birth_year(found: np.ndarray, formats: tuple[str, ...], *, age: bool = False) -> Read:
    """Return years of birth, of dates where formats are given; or ages. A year that nobody was born in is unreadable."""
    if formats:
        dates, bad = as_date(found, formats)
        return dates.dt.year.astype("float64"), bad
    numbers, bad = as_number(found)
    wrong = (numbers.notna() & ~numbers.between(*((0, 130) if age else BIRTHS))).to_numpy()
    return numbers.mask(wrong), bad | wrong


def as_text(found: np.ndarray, rule: Column | None = None, *, strict: bool = False) -> Read:
    """Return text; with a rule's ``values``, raw texts replaced as it says.

    A text that the rule does not name stays as it is, unless ``strict``: then it counts as unreadable.
    """
    named = rule.values if rule and rule.values is not None else {}
    keys = [rule.looked_up(text) if named else "" for text in found]
    bad = np.array(
        [bool(strict and named and text and key not in named) for text, key in zip(found, keys, strict=True)],
        dtype=bool,
    )
    labels = [named.get(key, text) for text, key in zip(found, keys, strict=True)]
    return _labels([None if wrong else label for label, wrong in zip(labels, bad, strict=True)]), bad


def as_category(found: np.ndarray, rule: Column) -> Read:
    """Return labels of the closed vocabulary: by the map, else what is itself a label.

    A blank, and any other value, is ``unknown``, or missing where the vocabulary has no such label.
    """
    own, named = {fold(label): label for label in rule.labels}, rule.values or {}
    fallback = "unknown" if "unknown" in rule.labels else None
    labels, bad = [], np.zeros(len(found), dtype=bool)
    for i, text in enumerate(found):
        key = rule.looked_up(text) if named else ""
        known = key in named or fold(text) in own
        labels.append((named[key] if key in named else own.get(fold(text))) or fallback)
        bad[i] = not known and text != ""
    return _labels(labels), bad


def as_flag(found: np.ndarray, rule: Column) -> Read:
    """Return true and false (nullable boolean). A rule's ``values`` replace a raw text first: "signed by a judge" may be "J"."""
    named = [(rule.values or {}).get(rule.looked_up(text), text) or "" for text in found]
    labels = [WORDS.get(fold(text)) for text in named]
    bad = np.array([label is None and text != "" for label, text in zip(labels, named, strict=True)], dtype=bool)
    return pd.Series(labels, dtype="boolean"), bad


def as_place(found: np.ndarray, rule: Column) -> Read:
    """Return states by their abbreviation, or counties of the rule's state by their code, from any of their names."""
    known = rule.values or {}
    if rule.kind == "state":
        known = {**states(), **known}
        labels = [known.get(fold(text)) for text in found]
    else:
        labels = [known.get(fold(text)) or (county_code(text, rule.state) if text else None) or None for text in found]
    return _labels(labels), np.array(
        [label is None and text != "" for label, text in zip(labels, found, strict=True)], dtype=bool
    )


@cache
def states() -> dict[str, str]:
    """Return folded names, abbreviations and FIPS codes of states and territories mapped to their abbreviation."""
    with (Path(__file__).parent / "states.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {fold(row[key]): row["abbreviation"] for row in rows for key in ("name", "abbreviation", "fips")}


def _labels(labels: list[str | None]) -> pd.Series:
    return pd.Series([label or None for label in labels], dtype="str")
