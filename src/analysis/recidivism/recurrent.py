"""Events that happen again: how many re-arrests there are, in which years, and whether releases or people are counted.

A first event says who is ever re-arrested. The mean cumulative function says how many arrests there are.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.data.errors import InputError
from analysis.recidivism.cohort import Cohort, add_events, add_spells, checked, needed, steps_of
from analysis.recidivism.life_table import (
    amounts,
    follow_up,
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
    cause: str | None = None, ci: str = "log", level: float = 0.95, count: str | None = None,
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
        The person. Intervals of one person that overlap raise ValueError, and so does, without ``entry``, one in two strata.
    time, event, entry, by, cause, ci, level
        As for ``life_table`` and ``kaplan_meier``, with their errors; ``ci`` is ``"log"`` or ``"plain"``.
    count : column
        How many people with the same history a person stands for, the same in all rows of a person.

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events, mean, se, lower, upper``; one row a stratum and distinct time.

    Examples
    --------
    >>> rows = pd.DataFrame({"who": list("aaab"), "days": [3, 3, 9, 5], "event": ["arrest", "arrest", None, None]})
    >>> mean_cumulative(rows, "who", "days", "event")["mean"].tolist()
    [1.0, 1.0, 1.0]
    """
    if ci not in ("log", "plain"):
        raise ValueError(f"ci must be 'log' or 'plain', found {ci!r}")
    by = names(by)
    require(frame.columns, [*by, id, time, event, *filter(None, (entry, count))])
    refuse_reserved(by, "by column")
    stop, start, codes, causes = follow_up(frame, time, event, entry)
    cause, (stratum, strata) = one_cause(cause, causes), number_strata(frame, by)
    intervals = pd.DataFrame({
        "stratum": stratum, "person": label_codes(frame[id], "person")[0], "time": stop,
        "events": (codes == causes.index(cause)) * 1, "number": 1 if count is None else amounts(frame[count], "count"),
    })  # fmt: skip
    people = intervals.groupby("person")
    if count is not None and people["number"].nunique().gt(1).any():
        raise ValueError(f"count {count!r} differs between rows of one person")
    if entry is None:
        # one interval a person and distinct time, each from the time before; events on one day are counted together
        if people["stratum"].nunique().gt(1).any():
            raise ValueError("a person is in two strata: give entry, so that the time at risk in each is known")
        intervals = intervals.groupby(["stratum", "person", "time", "number"], as_index=False)["events"].sum()
        intervals["entry"] = intervals.groupby("person")["time"].shift().astype(float).fillna(-np.inf)
    else:
        intervals["entry"] = -np.inf if start is None else start
        order = intervals.sort_values(["person", "entry", "time"], kind="stable")
        over = (order["person"].diff() == 0) & (order["entry"] < order["time"].shift())
        if over.any():
            raise ValueError(
                f"intervals of one person overlap in {rows_text(over.sort_index().to_numpy(), frame.index)}"
            )
    blocks = [block for _, block in intervals[intervals["number"] > 0].groupby("stratum")] or [intervals[:0]]
    out = pd.concat([_mean(block, ci, level) for block in blocks], ignore_index=True)
    labels = strata.take(out.pop("stratum").to_numpy()).reset_index(drop=True)
    out = pd.concat([labels, out], axis=1)
    out.attrs = {**frame.attrs, "cause": cause, "ci": ci, "level": level}
    return out


def _mean(block: pd.DataFrame, ci: str, level: float) -> pd.DataFrame:
    """The function in one stratum.

    The estimate is the running sum of d / n. A person's influence is the running sum of
    (dN - Y d / n) / n, which is linear in 1 and H, the running sum of d / n^2.
    """
    time, leave = np.unique(block["time"].to_numpy(), return_inverse=True)
    enter = np.searchsorted(time, block["entry"].to_numpy(), side="right")
    size, events, number, zero = len(time), block["events"].to_numpy(), block["number"].to_numpy(), np.zeros(len(block))
    coming, going, d = (
        np.bincount(place, weights=values, minlength=size)[:size].astype(np.int64)
        for place, values in ((enter, number), (leave, number), (leave, number * events))
    )
    n = coming.cumsum() - going.cumsum() + going
    h = np.cumsum(d / n**2)
    members = Members(events, block["person"].to_numpy(), np.sqrt(number), enter, leave)
    begun = members.before(h)
    afterwards = np.column_stack([events / n[leave] - h[leave] + begun, zero])
    functions = np.column_stack([np.ones(size), h])
    se = np.sqrt(sum_of_squares(members, np.column_stack([begun, zero - 1]), afterwards, functions))
    if step := rounding.step():  # the function ends as a rounded life table does; errors rest on people
        n, total = rounding.midpoint(n, step), rounding.midpoint(d.cumsum(), step)
        most = n.max(initial=0)
        enough = np.flatnonzero(n >= rounding.LEAST_AT_RISK) if most >= rounding.LEAST_CURVE else np.empty(0)
        size = int(enough.max(initial=-1)) + 1
        time, n, d = time[:size], n[:size].astype(np.int64), np.diff(total, prepend=0).astype(np.int64)[:size]
        se = (rounding.significant(se) if most >= rounding.LEAST_MODEL else np.full(len(se), np.nan))[:size]
    mean = np.cumsum(d / n)
    lower, upper = interval(mean, se, ci, level, ceiling=np.inf)
    columns = {"time": time, "at_risk": n, "events": d, "mean": mean, "se": se, "lower": lower, "upper": upper}
    return pd.DataFrame({"stratum": block["stratum"].iloc[0] if size else 0, **columns})


def yearly_any(later: pd.DataFrame, year: float = 365.25, level: float = 0.95) -> pd.DataFrame:
    """The share of people with at least one event in each year of follow-up, first or not.

    Source: Antenangeli and Durose (2021), annual arrest percentages.

    Parameters
    ----------
    later : pandas.DataFrame
        Rows as ``later_events`` gives them: ``person_id, follow_up, days, event``. A person counts in a year that ``follow_up``
        covers to its end, whatever happened to them; one that is missing or differs between their rows raises ValueError.
    year, level
        As for ``yearly`` and ``proportion``.

    Returns
    -------
    pandas.DataFrame
        ``year, people, with_event, share, lower, upper, complete``; Wilson intervals; ``complete`` is True where the year
        is covered for everyone.

    Examples
    --------
    >>> rows = pd.DataFrame({"person_id": list("aab"), "follow_up": 731, "days": [10, 400, 731], "event": ["a", "a", None]})
    >>> yearly_any(rows)[["year", "people", "with_event"]].to_numpy().tolist()
    [[1, 2, 1], [2, 2, 1]]
    """
    planned = later[["person_id", "follow_up"]].drop_duplicates().set_index("person_id")["follow_up"]
    if planned.isna().any() or planned.index.has_duplicates:
        raise ValueError("follow_up is missing or differs between rows of one person")
    ends = np.arange(1 + int(np.floor(planned.max() / year + 1e-9))) * year
    ends = np.floor(ends + 1e-9) if (later["days"] % 1 == 0).all() else ends
    events, rows = later[later["event"].notna()], []
    # an event on the last day of a year belongs to it; one at time 0 belongs to the first
    number = np.maximum(np.searchsorted(ends, events["days"]), 1)
    for n in range(1, len(ends)):
        able = planned.index[planned >= ends[n]]
        k = int(able.isin(events["person_id"][number == n]).sum())
        found = proportion(k, len(able), level=level)
        rows.append((n, len(able), k, found.estimate, found.lower, found.upper, len(able) == len(planned)))
    table = pd.DataFrame(rows, columns=["year", "people", "with_event", "share", "lower", "upper", "complete"])
    table.attrs = dict(later.attrs)
    return table


def later_events(ds: "Dataset", cohort: Cohort, min_days: int = 1, severity: str = "any") -> pd.DataFrame:
    """Every later event of the people in a cohort, not only the first: what ``mean_cumulative`` and ``yearly_any`` take.

    Parameters
    ----------
    ds : Dataset
        The dataset that the cohort was made from; it must hold dates, not durations.
    cohort, min_days, severity
        From ``analysis.cohort`` and as for it, one row a person (``unit="first_release"`` or ``"first_detainer"``), else
        InputError is raised. What counts as a detainer, and whether arrests in custody count, is as it was made.

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
        raise InputError("later events are counted by person: use unit = 'first_release' or 'first_detainer'.")
    origin, event = cohort.origin, cohort.event
    steps = steps_of(ds)
    if cohort.custody:
        add_spells(steps, needed(ds, "releases"))
    add_events(steps, ds, event, severity, cohort.choice, held=cohort.custody)
    dates = steps.frame("SELECT person_id, happened FROM events WHERE NOT held")
    pairs = people[["person_id", origin, "follow_up"]].merge(dates, on="person_id")
    pairs["days"] = (pd.to_datetime(pairs["happened"]) - pairs[origin]).dt.days
    inside = pairs[(pairs["days"] >= max(min_days, 1)) & (pairs["days"] <= pairs["follow_up"])]
    inside = inside.drop_duplicates(["person_id", "days"])[["person_id", "follow_up", "days"]].assign(event=event)
    ends = people[["person_id", "follow_up"]].assign(days=people["follow_up"], event=None)
    out = pd.concat([inside, ends], ignore_index=True)
    order = pd.Index(people["person_id"]).get_indexer(out["person_id"])  # that of the cohort
    out = out.iloc[np.lexsort((out["days"], order))].reset_index(drop=True)
    out["event"] = pd.Categorical(out["event"], categories=[event])
    out.attrs = {"time_unit": cohort.time_unit, "event": event}
    return out
