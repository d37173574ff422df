"""The rules in force at a place, day by day: which of several holds, under a stated definition of policy.

In: checked rules and the places of interest. Out: a timeline, one row a place and stretch of days on which the same
rule holds, covering all days. Looking a date up in it is a search in a sorted list, so that 600,000 rows cost no more
than a few.

The order, first that is in force: 1. a city's rule, then a county's, then the state's; 2. at one level by basis.
``direction``: court, law, practice (the higher authority). ``law``: court, law (a ruling binds as
   a law does), no practice. ``practice``: practice, court, law, and a rule that was not followed
   (``practice_disagrees``) counts as none.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.sanctuary.policy_file import FIRST, LAST, LEVELS

ORDER = {
    "direction": ("court", "law", "practice"),
    "law": ("court", "law"),
    "practice": ("practice", "court", "law"),
}
NOT_LISTED = "not_listed"
_SPAN = 1 << 22  # more days than there are from year 1 to year 9999
ADDED = ("policy", "policy_basis", "policy_cluster")
COLUMNS = ("jurisdiction", "start", "end", *ADDED, "rule")


def timeline(places: Iterable[str], policies: pd.DataFrame, definition: str = "direction") -> pd.DataFrame:
    """Return for each place the stretches of days on which one rule holds.

    Parameters
    ----------
    places
        FIPS codes as text: two digits for a state, five for a county. A state's own code is governed by the state's
        rules only.
    policies
        What ``read_policies`` returned.
    definition
        ``direction``, ``law`` or ``practice``; see the head of this module.

    Returns
    -------
    DataFrame
        Columns jurisdiction, start, end (dates, both included; the first stretch starts on 0001-01-01 and the last
        ends on 9999-12-31), policy, policy_basis, policy_cluster, and rule (position in ``policies``, -1 where none
        is listed); sorted by place and start.

    Raises
    ------
    InputError
        For an unknown definition, or a place that is not a FIPS code as text.
    """
    if definition not in ORDER:
        raise InputError(f"definition = {definition!r}.{nearest(definition, [*ORDER, 'observed'])}")
    wanted = sorted({checked_place(place) for place in places})
    by_place: dict[str, list[tuple]] = {}
    for i, row in enumerate(policies.itertuples(index=False)):
        if row.basis in ORDER[definition]:
            rank = (LEVELS.index(row.level), ORDER[definition].index(row.basis))
            for place in (row.state,) if row.level == "state" else row.counties:
                by_place.setdefault(place, []).append((rank, row.start, row.end, i))
    values = [_values(row, definition) for row in policies.itertuples(index=False)]
    rows = []
    for place in wanted:
        rules = sorted(by_place.get(place, []) + (by_place.get(place[:2], []) if len(place) == 5 else []))
        rows += [
            (place, start, end, *(values[i] if i >= 0 else ("none", NOT_LISTED, place)), i)
            for start, end, i in _stretches(rules)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def checked_place(place: str) -> str:
    """Return a FIPS code, or raise InputError where it is not two or five digits as text."""
    if not isinstance(place, str) or not re.fullmatch(r"[0-9]{2}|[0-9]{5}", place):
        raise InputError(
            f"jurisdiction {place!r}: expected a FIPS code as text, two digits for a state, five for a county, with leading zeros."
        )
    return place


def cluster(row: tuple) -> str:
    """Return where a rule is set: the state's code, the county's, or state and name of a city or group of counties."""
    if row.level == "state":
        return row.state
    return row.counties[0] if len(row.counties) == 1 else f"{row.state} {row.jurisdiction}"


def coded(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return each row's position (-1: missing) in the sorted list of places, and that list."""
    values = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    used = values.cat.remove_unused_categories()
    names = [checked_place(name) for name in used.cat.categories]
    order = np.argsort(np.array(names, dtype=object), kind="stable") if names else np.array([], dtype=int)
    rank = np.empty(len(names) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(names)), -1
    return rank[used.cat.codes.to_numpy()], sorted(names)


def days(column: pd.Series, on: str) -> np.ndarray:
    """Return days since 1970 as integers, and NaT's integer where missing."""
    try:
        return pd.to_datetime(column).to_numpy().astype("datetime64[D]").astype(np.int64)
    except (ValueError, TypeError) as error:
        raise InputError(f"with_policy: the column '{on}' does not hold dates ({error}).") from None


def look_up(spans: pd.DataFrame, codes: np.ndarray, on: np.ndarray) -> np.ndarray:
    """Return each row's position in the timeline, -1 where place or day is missing."""
    unknown = (codes < 0) | (on == np.iinfo(np.int64).min)
    if not len(spans):
        return np.full(len(codes), -1)
    first = np.array(spans["start"].tolist(), dtype="datetime64[D]").astype(np.int64)
    zero = int(np.datetime64("0001-01-01", "D").astype(np.int64))
    starts = pd.factorize(spans["jurisdiction"])[0].astype(np.int64) * _SPAN + (first - zero)
    wanted = codes * _SPAN + (np.where(unknown, zero, on) - zero)
    return np.where(unknown, -1, np.searchsorted(starts, wanted, side="right") - 1)


def _values(row: tuple, definition: str) -> tuple[str, str, str]:
    if definition == "practice" and row.practice_disagrees:
        return "none", "practice", cluster(row)
    return row.direction, row.basis, cluster(row)


def _stretches(rules: list[tuple]) -> list[tuple[date, date, int]]:
    """Return (first day, last day, rule) covering all days; ``rules`` are (rank, start, end, rule) with the strongest first."""
    starts = {FIRST, *(start for _, start, _, _ in rules)}
    starts |= {end + timedelta(days=1) for _, _, end, _ in rules if end < LAST}
    ordered = sorted(starts)
    found: list[tuple[date, date, int]] = []
    for i, day in enumerate(ordered):
        until = ordered[i + 1] - timedelta(days=1) if i + 1 < len(ordered) else LAST
        rule = next((rule for _, start, end, rule in rules if start <= day <= end), -1)
        if found and found[-1][2] == rule:
            found[-1] = (found[-1][0], until, rule)
        else:
            found.append((day, until, rule))
    return found
