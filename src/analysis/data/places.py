"""Where a facility is and who runs it: county (FIPS) and operator, from the text that an agency wrote.

In: a frame with ``facility``, ``state`` and, where the source has it, ``city``. Out: the same frame with
``jurisdiction`` (the county's FIPS code where it is matched, else the state's) and ``operator``. The rules are data
(``places/``, described in its README). What is not matched stays at the level that is known, and is counted.
"""

import re
from collections import Counter
from collections.abc import Container
from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.data.place_names import (
    county_named_in,
    county_of_town,
    facilities,
    is_a_place,
    operator_rules,
    plain,
    state_codes,
)
from analysis.data.tables import OPERATORS

LEVELS = ("county", "state", "not known")
HOW = ("given", "facility list", "county in the name", "town", "state only", "not known")
_NEEDED = ("facility", "state")
_PLACE = (*_NEEDED, "city", "jurisdiction", "operator")


def places(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the county and the operator of each row's facility.

    Parameters
    ----------
    frame
        Any frame with text columns ``facility`` and ``state`` (name, USPS abbreviation or FIPS code), and ``city``
        where there is one. A ``jurisdiction`` of five digits and an ``operator`` other than ``unknown`` that the
        frame already has are kept: they were stated by the source.

    Returns
    -------
    DataFrame
        The rows and columns of ``frame`` with ``jurisdiction`` (category: five digits for a county, two for a state,
        missing where not even the state is known), ``operator`` (category: local, state_prison, federal, unknown) and
        ``place_from`` (category: given, facility list, county in the name, town, state only, not known): what the
        jurisdiction rests on. A county named in the facility's name goes before the county of its town, since a town
        can reach over a county's border.

    Raises
    ------
    InputError
        Where facility or state is absent.
    """
    for name in _NEEDED:
        if name not in frame:
            raise InputError(f"places: the frame has no column '{name}'.{nearest(name, frame.columns)}")
    columns = [name for name in ("facility", "city", "state", "jurisdiction", "operator") if name in frame]
    distinct, which = _distinct(frame[columns])
    found = pd.DataFrame([_stated(row) for row in distinct], columns=["jurisdiction", "operator", "place_from"])
    out = frame.copy()
    codes = sorted({fips for fips in found["jurisdiction"] if fips})
    for name, labels in (("jurisdiction", codes), ("operator", OPERATORS), ("place_from", HOW)):
        at = pd.Categorical(found[name], categories=pd.Index(labels, dtype="str")).codes
        out[name] = pd.Categorical.from_codes(at[which], categories=pd.Index(labels, dtype="str"))
    out.attrs = dict(frame.attrs)
    return out


def _stated(row: dict[str, str]) -> tuple[str, str, str]:
    """Return jurisdiction, operator and what the jurisdiction rests on; what the source states goes before what is found."""
    fips, operator, how = _place(row["facility"], row.get("city", ""), row["state"])
    given, runs = row.get("jurisdiction", ""), row.get("operator", "")
    if len(given) == 5 or (given and not fips):
        fips, how = given, "given"
    return fips, runs if runs in OPERATORS[:-1] else operator, how


def located(frame: pd.DataFrame, mapped: Container[str]) -> tuple[pd.DataFrame, Counter]:
    """Return canonical rows with places added where their source gives none, and what they rest on.

    In: the distinct facility, city, state, jurisdiction and operator of a table's rows, ``n`` rows of each, and the columns
    that the dataset maps. A mapped jurisdiction or operator is never changed, only a missing one filled; a state alone is the
    jurisdiction. The counts are by (level, how, operator); without facility or city there are none.
    """
    text = pd.DataFrame({name: _as_text(frame[name]) for name in _PLACE})
    if "jurisdiction" not in mapped:
        codes = state_codes()
        text["jurisdiction"] = _as_text(text["state"].map(lambda state: codes.get(plain(state)), na_action="ignore"))
    if not {"facility", "city"} & set(mapped) or frame.empty:
        return text.assign(operator=text["operator"].fillna("unknown")), Counter()
    given = text["jurisdiction"].notna() & ("jurisdiction" in mapped)
    found = places(text.assign(state=text["state"].fillna(text["jurisdiction"].str[:2])))
    where = text["jurisdiction"].where(given, _as_text(found["jurisdiction"]))
    out = text.assign(operator=_as_text(found["operator"]), jurisdiction=where)
    length, how = out["jurisdiction"].str.len(), found["place_from"].astype("str").mask(given, "given")
    level = pd.Series(np.select([length == 5, length == 2], [0, 1], 2)).map(dict(enumerate(LEVELS)))
    counts: Counter = Counter()
    for *key, rows in zip(level, how, out["operator"], frame["n"], strict=True):
        counts[tuple(key)] += int(rows)
    return out, counts


def _as_text(values: pd.Series) -> pd.Series:
    return values.astype("object").where(values.notna(), None).astype("str")


def place_report(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how many rows are known to the county, to the state, and not at all: level, rows, share (of all rows).

    ``frame`` is what ``places`` returned, or any frame with a ``jurisdiction`` of FIPS codes as text.
    """
    if "jurisdiction" not in frame:
        raise InputError("place_report: the frame has no column 'jurisdiction'. Call places(frame) first.")
    length = frame["jurisdiction"].astype("str").str.len()
    rows = [int((length == 5).sum()), int((length == 2).sum())]
    rows.append(len(frame) - sum(rows))
    share = [count / len(frame) if len(frame) else float("nan") for count in rows]
    return pd.DataFrame({"level": LEVELS, "rows": rows, "share": share})


def unmatched(frame: pd.DataFrame, top: int = 20) -> pd.DataFrame:
    """Return the facilities with most rows that are known to no county or no operator: facility, (city,) state, operator, rows."""
    columns = [name for name in ("facility", "city", "state", "operator") if name in frame]
    text = frame[columns].astype("str").fillna("")
    open_ = (frame["jurisdiction"].astype("str").str.len() != 5) | (text["operator"] == "unknown")
    counted = text[open_].groupby(columns).size().rename("rows").reset_index()
    return (
        counted.sort_values(["rows", *columns], ascending=[False, *[True] * len(columns)])
        .head(top)
        .reset_index(drop=True)
    )


def _distinct(text: pd.DataFrame) -> tuple[list[dict[str, str]], np.ndarray]:
    """Return the distinct rows of a frame of text, missing as "", and each row's position among them."""
    key = np.zeros(len(text), dtype=np.int64)
    for name in text:
        codes, values = pd.factorize(text[name])
        key = key * (len(values) + 1) + codes + 1
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    columns = {name: values.take(first).astype("str").fillna("").tolist() for name, values in text.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], which


@lru_cache(maxsize=200_000)
def _place(facility: str, city: str, state: str) -> tuple[str, str, str]:
    """Return jurisdiction (or ""), operator and what the jurisdiction rests on, for one facility as written."""
    name, town, code = plain(facility), plain(city), state_codes().get(plain(state), "")
    listed = next((row for row in facilities().get(code, ()) if row.words in f" {name}"), None)
    operator = listed.operator if listed else _operator(name, code)
    if not code:
        return "", operator, "not known"
    for fips, how in (
        (listed.county if listed else "", "facility list"),
        (county_named_in(name, code), "county in the name"),
        (county_of_town(town, code) if town else "", "town"),
    ):
        if fips:
            return fips, operator, how
    return code, operator, "state only"


def _operator(name: str, state: str) -> str:
    for rule in operator_rules():
        if (not rule.states or state in rule.states) and re.search(rule.pattern, name):
            return rule.operator
    return "local" if is_a_place(name, state) else "unknown"
