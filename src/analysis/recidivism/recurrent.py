"""Events that happen again: how many re-arrests there are, in which years, and whether releases or people are counted.

A first event says who is ever re-arrested. The mean cumulative function says how many arrests there are.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.data.errors import InputError
from analysis.recidivism.cohort import Cohort, checked, event_dates, spells_of
from analysis.recidivism.life_table import (
    follow_up as read_follow_up,
)
from analysis.recidivism.life_table import (
    label_codes,
    names,
    number_strata,
    one_cause,
    refuse_reserved,
    require,
    rows_text,
)
from analysis.recidivism.proportions import proportion
from analysis.recidivism.survival import Members, interval, sum_of_squares

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset


def mean_cumulative(
    frame: pd.DataFrame, id: str, time: str, event: str, entry: str | None = None, by: str | Iterable[str] = (),
    cause: str | None = None, ci: str = "log", level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Nelson's mean cumulative function of recurrent events, with the robust variance over people.

    As ``survfit(..., id = )`` of R (``cumhaz`` and ``std.chaz``). Source: Lawless and Nadeau (1995), Technometrics 37: 158.

    Parameters
    ----------
    frame : pandas.DataFrame
        Several rows a person. With ``entry`` each row is an interval ``(entry, time]`` at risk that ends in an event or not.
        Without it, a person is at risk from the start to the last of their rows, and every row with an event is one: give
        the end of follow-up as a row with a missing event.
    id : column
        The person.
    time, event, entry, by, cause
        As for ``life_table`` and ``kaplan_meier``.
    ci : ``"log"`` or ``"plain"``
    level : float

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events, mean, se, lower, upper``; one row a stratum and distinct time.

    Raises
    ------
    KeyError, ValueError
        As for ``life_table``; intervals of one person that overlap; without ``entry``, a person in two strata.

    Examples
    --------
    >>> rows = pd.DataFrame({"who": list("aaab"), "days": [3, 3, 9, 5], "event": ["arrest", "arrest", None, None]})
    >>> mean_cumulative(rows, "who", "days", "event")["mean"].tolist()
    [1.0, 1.0, 1.0]
    """
    if ci not in ("log", "plain"):
        raise ValueError(f"ci must be 'log' or 'plain', found {ci!r}")
    by = names(by)
    require(frame.columns, [*by, id, time, event, *filter(None, (entry,))])
    refuse_reserved(by, "by column")
    stop, start, codes, causes = read_follow_up(frame, time, event, entry)
    code = causes.index(one_cause(cause, causes))
    person, (stratum, strata) = label_codes(frame[id], "person")[0], number_strata(frame, by)
    intervals = pd.DataFrame({"stratum": stratum, "person": person, "time": stop, "events": (codes == code) * 1})
    if entry is None:
        intervals = _successive(intervals)
    else:
        intervals["entry"] = -np.inf if start is None else start
        _refuse_overlap(intervals, frame.index)
    blocks = [block for _, block in intervals.groupby("stratum")] or [intervals]
    out = pd.concat([_mean(block, ci, level) for block in blocks], ignore_index=True)
    labels = strata.take(out.pop("stratum").to_numpy()).reset_index(drop=True)
    out = pd.concat([labels, out], axis=1)
    out.attrs = {**frame.attrs, "cause": causes[code], "ci": ci, "level": level}
    return out


def _successive(intervals: pd.DataFrame) -> pd.DataFrame:
    """One interval a person and distinct time, each from the time before; events on one day are counted together."""
    if intervals.groupby("person")["stratum"].nunique().gt(1).any():
        raise ValueError("a person is in two strata: give entry, so that the time at risk in each is known")
    out = intervals.groupby(["stratum", "person", "time"], as_index=False)["events"].sum()
    return out.assign(entry=out.groupby("person")["time"].shift().astype(float).fillna(-np.inf))


def _refuse_overlap(intervals: pd.DataFrame, index: pd.Index) -> None:
    order = intervals.sort_values(["person", "entry", "time"], kind="stable")
    over = (order["person"].diff() == 0) & (order["entry"] < order["time"].shift())
    if over.any():
        raise ValueError(f"intervals of one person overlap in {rows_text(over.sort_index().to_numpy(), index)}")


def _mean(block: pd.DataFrame, ci: str, level: float) -> pd.DataFrame:
    """The function in one stratum.

    The estimate is the running sum of d / n. A person's influence is the running sum of
    (dN - Y d / n) / n, which is linear in 1 and H, the running sum of d / n^2.
    """
    time = np.unique(block["time"].to_numpy())
    leave = np.searchsorted(time, block["time"].to_numpy())
    enter = np.searchsorted(time, block["entry"].to_numpy(), side="right")
    size, events, one, zero = len(time), block["events"].to_numpy(), np.ones(len(block)), np.zeros(len(block))
    coming, going = np.bincount(enter, minlength=size)[:size], np.bincount(leave, minlength=size)
    n = coming.cumsum() - np.concatenate([[0], going.cumsum()[:-1]])[:size]
    d = np.bincount(leave, weights=events, minlength=size).astype(np.int64)
    h = np.cumsum(d / n**2)
    members = Members(events, block["person"].to_numpy(), one, enter, leave, size)
    begun = members.before(h)
    afterwards = np.column_stack([events / n[leave] - h[leave] + begun, zero])
    functions = np.column_stack([np.ones(size), h])
    se = np.sqrt(sum_of_squares(members, np.column_stack([begun, -one]), afterwards, functions))
    if rounding.step():
        time, n, d, se = _rounded(time, n, d, se)
        size = len(time)
    mean = np.cumsum(d / n)
    lower, upper = interval(mean, se, ci, level, ceiling=np.inf)
    columns = {"time": time, "at_risk": n, "events": d, "mean": mean, "se": se, "lower": lower, "upper": upper}
    return pd.DataFrame({"stratum": np.full(size, block["stratum"].iloc[0] if size else 0), **columns})


def _rounded(time: np.ndarray, n: np.ndarray, d: np.ndarray, se: np.ndarray) -> tuple:
    """Times, at risk, events and errors as this run may show them: a function ends as a rounded life table does."""
    step, most = rounding.step(), rounding.midpoint(n, rounding.step()).max(initial=0)
    n, total = rounding.midpoint(n, step), rounding.midpoint(d.cumsum(), step)
    enough = np.flatnonzero(n >= rounding.LEAST_AT_RISK) if most >= rounding.LEAST_CURVE else np.empty(0)
    size = int(enough.max(initial=-1)) + 1
    shown = rounding.significant(se) if most >= rounding.LEAST_MODEL else np.full(len(se), np.nan)
    events = np.diff(total, prepend=0).astype("int64")
    return time[:size], n[:size].astype("int64"), events[:size], shown[:size]


def yearly_any(
    frame: pd.DataFrame, id: str, time: str, event: str, follow_up: str | float, by: str | Iterable[str] = (),
    cause: str | None = None, year: float = 365.25, level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """The share of people with at least one event in each year of follow-up, first or not.

    Source: Antenangeli and Durose (2021), annual arrest percentages.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row an event, and at least one row a person (with a missing event where there was none).
    id, time, event, by, cause
        As for ``mean_cumulative``; a stratum or follow-up that differs between rows of a person raises ValueError.
    follow_up : column or number
        How long each person was to be followed, by origin and data end alone. A person counts in a
        year that this covers to its end, whatever happened to them.
    year, level
        As for ``yearly`` and ``proportion``.

    Returns
    -------
    pandas.DataFrame
        ``*by, year, people, with_event, share, lower, upper, complete``; Wilson intervals; ``complete``
        is True where the year is covered for everyone.

    Examples
    --------
    >>> rows = pd.DataFrame({"who": list("aab"), "days": [10, 400, 800], "event": ["arrest", "arrest", None]})
    >>> yearly_any(rows, "who", "days", "event", follow_up=731)[["year", "people", "with_event"]].to_numpy().tolist()
    [[1, 2, 1], [2, 2, 1]]
    """
    by = names(by)
    planned = frame[follow_up] if isinstance(follow_up, str) else pd.Series(float(follow_up), index=frame.index)
    require(frame.columns, [*by, id, time, event])
    stop, _, codes, causes = read_follow_up(frame, time, event, None)
    code = causes.index(one_cause(cause, causes))
    person, (stratum, strata) = label_codes(frame[id], "person")[0], number_strata(frame, by)
    rows = pd.DataFrame({"person": person, "stratum": stratum, "planned": planned.to_numpy(float)})
    people = rows.drop_duplicates().set_index("person").sort_index()
    if people["planned"].isna().any() or people.index.has_duplicates:
        raise ValueError("follow_up or a stratum is missing or differs between rows of one person")
    ends = np.arange(1 + int(np.floor(people["planned"].max() / year + 1e-9))) * year
    ends = np.floor(ends + 1e-9) if (stop == np.floor(stop)).all() else ends
    # an event on the last day of a year belongs to it; one at time 0 belongs to the first
    number, out = np.maximum(np.searchsorted(ends, stop, side="left"), 1), []
    for s, group in people.groupby("stratum"):
        for n in range(1, len(ends)):
            able = group.index[group["planned"] >= ends[n]]
            if len(able):
                k = int(able.isin(person[(codes == code) & (number == n)]).sum())
                found = proportion(k, len(able), level=level)
                limits = (found.estimate, found.lower, found.upper)
                out.append((s, n, len(able), k, *limits, len(able) == len(group)))
    columns = ["stratum", "year", "people", "with_event", "share", "lower", "upper", "complete"]
    table = pd.DataFrame(out, columns=columns)
    labels = strata.take(table.pop("stratum").to_numpy(dtype=np.int64)).reset_index(drop=True)
    table = pd.concat([labels, table], axis=1)
    table.attrs = {**frame.attrs, "cause": causes[code]}
    return table


def later_events(ds: "Dataset", cohort: Cohort, min_days: int = 1, severity: str = "any") -> pd.DataFrame:
    """Every later event of the people in a cohort, not only the first: what ``mean_cumulative`` and ``yearly_any`` take.

    Parameters
    ----------
    ds : Dataset
        The dataset that the cohort was made from; it must hold dates, not durations.
    cohort : Cohort
        From ``analysis.cohort``, one row a person (``unit="first_release"`` or ``"first_detainer"``), else InputError is
        raised. What counts as a detainer, and whether arrests in custody count, is as it was made.
    min_days, severity
        As for ``cohort``.

    Returns
    -------
    pandas.DataFrame
        person_id, follow_up, days, event: a row a later event, and one with a missing event that ends a person's follow-up.
        Several events of one day are one (a day's charges are one arrest). Custody and removal do not end follow-up here.
    """
    people = checked(cohort, "later_events").frame
    if "follow_up" in ds.tables:
        raise InputError(f"{ds.name} gives the time to one event only: how often it happened is not to be had from it.")
    if people["person_id"].duplicated().any():
        raise InputError(
            "later events are counted by person: make the cohort with unit = 'first_release' or 'first_detainer'."
        )
    origin, event = cohort.origin, cohort.event
    dates = event_dates(ds, event, severity, cohort.choice, spells_of(ds) if cohort.custody else None)
    dates = dates.filter(~dates.held).drop("held").to_pandas()
    pairs = people[["person_id", origin, "follow_up"]].merge(dates, on="person_id")
    pairs["days"] = (pd.to_datetime(pairs["on"]) - pairs[origin]).dt.days
    inside = pairs[(pairs["days"] >= max(min_days, 1)) & (pairs["days"] <= pairs["follow_up"])]
    inside = inside.drop_duplicates(["person_id", "days"])[["person_id", "follow_up", "days"]].assign(event=event)
    ends = people[["person_id", "follow_up"]].assign(days=people["follow_up"], event=None)
    out = pd.concat([inside, ends], ignore_index=True)
    order = pd.Series(range(len(people)), index=people["person_id"])
    out = out.assign(row=out["person_id"].map(order)).sort_values(["row", "days"], kind="stable").drop(columns="row")
    out["event"] = pd.Categorical(out["event"], categories=[event])
    out.attrs = {"time_unit": cohort.time_unit, "event": event}
    return out.reset_index(drop=True)
