"""Dates of people as sorted numbers, so that the next event after any start is found by bisection.

In: a dataset's tables. Out: starts of follow-up, one row a person, and for each kind of event a sorted list of person
and day. Everything a specification needs is read off these; no table is joined again. What counts as a start or an event
is what ``cohort`` counts; a test holds the two together.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.claims.held import free_arrests, free_releases, let_go, spells_of
from analysis.data.errors import InputError
from analysis.data.tables import OPERATORS
from analysis.recidivism.cohort import HOLDS

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

SPAN = 1 << 21  # days: more than any date, so that person * SPAN + day orders by person and then by day
NEVER = 1 << 20  # days until an event that does not come
FLAG = "duplicate_likely"


@dataclass(frozen=True)
class Histories:
    """Starts of follow-up (person -1 where there is no identifier), and events and exits as sorted keys."""

    person: np.ndarray
    start: np.ndarray  # days since 1970
    operator: np.ndarray  # place in OPERATORS
    events: np.ndarray  # keys; for repeat detainers, all detainers of known people
    flagged: np.ndarray  # for repeat detainers, whether each is a likely duplicate
    exits: np.ndarray
    starts: pd.DataFrame  # the row behind each start
    end: int  # the earliest data end of the sources needed, no lag taken off
    lag: int

    def next_after(self, keys: np.ndarray, least: int) -> np.ndarray:
        """Return the days from each start to the person's first key at least ``least`` days later; NEVER where there is none."""
        wanted = self.person * SPAN + self.start + least
        at = np.searchsorted(keys, wanted)
        found = keys[np.minimum(at, len(keys) - 1)] if len(keys) else np.zeros_like(wanted)
        same = (at < len(keys)) & (found // SPAN == self.person) & (self.person >= 0)
        return np.where(same, found % SPAN - self.start, NEVER)


def histories(ds: "Dataset", origin: str, event: str, custody: bool = True) -> Histories:
    """Return the histories of everyone released or with a detainer, from the first row of each person.

    ``custody`` leaves out releases within a longer stay and arrests of people who were held, where booking days are known.

    Raises InputError for a dataset without the tables or data ends that this needs.
    """
    sources = _sources(ds, origin, event)
    spells = spells_of(ds) if custody else None
    rows = _starts(ds, origin, spells)
    if origin == "released" and custody and "exits" in ds.tables:
        rows = let_go(rows, ds.frame("exits"))
    rows = _in_order(rows, origin)
    arrests = free_arrests(ds.frame("arrests"), spells) if event == "rearrest" else None
    exits = ds.frame("exits") if "exits" in sources else None
    moments = [frame for frame in (arrests, exits) if frame is not None]
    people = pd.factorize(pd.concat([rows["person_id"], *(frame["person_id"] for frame in moments)]))[0]
    own, *others = np.split(people.astype(np.int64), np.cumsum([len(rows), *(len(frame) for frame in moments)])[:-1])
    start = _days(rows[origin])
    if arrests is None:
        known = own >= 0
        events, flagged = _with_flags(own[known] * SPAN + start[known], rows[known])
    else:
        events, flagged = _keys(others.pop(0), arrests["arrested"]), np.empty(0, dtype=bool)
    leaving = np.empty(0, dtype=np.int64) if exits is None else _keys(others.pop(0), exits["date"])
    first = ~pd.Series(own).duplicated().to_numpy() | (own < 0)
    end = min(_day(ds.data_end[source]) for source in sources)
    return Histories(
        own[first], start[first], _operators(rows)[first], events, flagged, leaving, rows[first], end, ds.lag_days
    )


def episode_starts(detainers: np.ndarray, flagged: np.ndarray, gap: int, duplicates: bool) -> np.ndarray:
    """Return the keys that start an episode: more than ``gap`` days after the person's detainer before.

    ``duplicates`` keeps those that are flagged as likely duplicates; else they are left out first.
    """
    kept = detainers if duplicates else detainers[~flagged]
    return kept[np.diff(kept, prepend=-SPAN) > gap]


def _starts(ds: "Dataset", origin: str, spells: pd.DataFrame | None) -> pd.DataFrame:
    if origin == "released" and "releases" in ds.tables:
        rows = free_releases(ds.frame("releases"), spells)
    else:
        rows = ds.frame("detainers")
        if "request" in rows:
            rows = rows[rows["request"].isin(HOLDS)]
    if "person_id" not in rows or rows["person_id"].isna().all():
        raise InputError(f"{ds.name}: no row names a person, so no later event can be linked to it.")
    return rows


def _with_flags(keys: np.ndarray, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The sorted keys of detainers and which are likely duplicates: flagged in the tables, else at most a day after the one before."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    return keys, rows[FLAG].to_numpy(dtype=bool)[order] if FLAG in rows else np.diff(keys, prepend=-SPAN) <= 1


def _sources(ds: "Dataset", origin: str, event: str) -> list[str]:
    needed = ["detainers" if event == "repeat_detainer" else "arrests"]
    if origin == "prepared" and "detainers" not in ds.tables:
        raise InputError(f"{ds.name} has no table 'detainers', and this question follows people from a detainer.")
    if needed[0] not in ds.tables or not {"detainers", "releases"} & set(ds.tables):
        raise InputError(f"{ds.name} has no table '{needed[0]}' linked to people, which this question needs.")
    sources = [*needed, *(["exits"] if "exits" in ds.tables else [])]
    if missing := [source for source in sources if source not in ds.data_end]:
        raise InputError(f"{ds.name}: data_end has no date for {missing[0]}. Add it to dataset.toml.")
    return sources


def _in_order(rows: pd.DataFrame, origin: str) -> pd.DataFrame:
    """Rows with a date, by date and then by their lineage: nothing is ordered by a hashed identifier."""
    rows = rows[rows[origin].notna()]
    codes = [pd.factorize(rows[name].astype(str), sort=True)[0] for name in ("source_file", "source_sheet")]
    return rows.iloc[np.lexsort((rows["source_row"], codes[1], codes[0], rows[origin]))]


def _operators(rows: pd.DataFrame) -> np.ndarray:
    if "operator" not in rows:
        return np.full(len(rows), OPERATORS.index("unknown"))
    codes = pd.Categorical(rows["operator"].astype(str), categories=OPERATORS).codes.astype(np.int64)
    return np.where(codes < 0, OPERATORS.index("unknown"), codes)


def _keys(person: np.ndarray, on: pd.Series) -> np.ndarray:
    known = (person >= 0) & on.notna().to_numpy()
    return np.sort(person[known] * SPAN + _days(on[known]))


def _days(dates: pd.Series) -> np.ndarray:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


def _day(value: date) -> int:
    return int(np.datetime64(value, "D").astype(np.int64))
