"""Events that happen again: the mean number of re-arrests a person has by each time.

A first event says who is ever re-arrested. The mean cumulative function says how many arrests there are.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.recidivism import inputs
from analysis.recidivism.cells import number_strata, snap
from analysis.recidivism.influence import Members, sum_of_squares
from analysis.recidivism.intervals import interval


def mean_cumulative(
    frame: pd.DataFrame,
    id: str,
    time: str,
    event: str,
    entry: str | None = None,
    by: str | Iterable[str] = (),
    cause: str | None = None,
    ci: str = "log",
    level: float = 0.95,
) -> pd.DataFrame:
    """Nelson's mean cumulative function of recurrent events, with the robust variance over people.

    Parameters
    ----------
    frame : pandas.DataFrame
        Several rows a person. With ``entry`` each row is an interval ``(entry, time]`` at risk that ends
        in an event or not. Without it, a person is at risk from the start to the last of their rows,
        and every row with an event is one: give the end of follow-up as a row with a missing event.
    id : column
        The person.
    time, event, entry
        As for ``life_table``.
    by : column or columns
        Strata.
    cause : str
        The label counted; may be left out where there is only one.
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

    References
    ----------
    Nelson (1988); Lawless and Nadeau (1995), Technometrics 37: 158-168; ``survfit(..., id = )`` of R
    (``cumhaz`` and ``std.chaz``).
    """
    if ci not in ("log", "plain"):
        raise ValueError(f"ci must be 'log' or 'plain', found {ci!r}")
    by = inputs.names(by)
    inputs.require(frame.columns, [*by, id, time, event, *filter(None, (entry,))])
    inputs.refuse_reserved(by, "by column")
    stop = inputs.times(frame[time])
    codes, causes = inputs.event_codes(frame[event])
    code = causes.index(inputs.one_cause(cause, causes))
    person = inputs.label_codes(frame[id], "person")[0]
    stratum, strata = number_strata(frame, by)
    start = None if entry is None else inputs.entries(frame[entry], stop)
    stop, start = snap(stop, start)
    intervals = pd.DataFrame({"stratum": stratum, "person": person, "time": stop, "events": (codes == code) * 1})
    if start is None:
        intervals = _successive(intervals, frame)
    else:
        intervals["entry"] = start
        _refuse_overlap(intervals, frame.index)
    out = (
        pd.concat([_curve(block, ci, level) for _, block in intervals.groupby("stratum")], ignore_index=True)
        if len(frame)
        else _curve(intervals, ci, level)
    )
    labels = strata.take(out.pop("stratum").to_numpy()).reset_index(drop=True)
    out = pd.concat([labels, out], axis=1)
    out.attrs = {**frame.attrs, "cause": causes[code], "ci": ci, "level": level}
    return out


def _successive(intervals: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """One interval a person and distinct time, each from the time before; events on one day are counted together."""
    if intervals.groupby("person")["stratum"].nunique().gt(1).any():
        raise ValueError("a person is in two strata: give entry, so that the time at risk in each is known")
    out = intervals.groupby(["stratum", "person", "time"], as_index=False)["events"].sum()
    before = out.groupby("person")["time"].shift()
    return out.assign(entry=before.astype(float).fillna(-np.inf))


def _refuse_overlap(intervals: pd.DataFrame, index: pd.Index) -> None:
    order = intervals.sort_values(["person", "entry", "time"], kind="stable")
    same = order["person"].diff() == 0
    over = (same & (order["entry"] < order["time"].shift())).to_numpy()
    if over.any():
        rows = np.zeros(len(order), dtype=bool)
        rows[order.index.to_numpy()[over]] = True
        raise ValueError(f"intervals of one person overlap in {inputs.rows_text(rows, index)}")


def _curve(block: pd.DataFrame, ci: str, level: float) -> pd.DataFrame:
    """The function in one stratum.

    The estimate is the running sum of d / n. A person's influence is the running sum of
    (dN - Y d / n) / n, which is linear in 1 and H, the running sum of d / n^2.
    """
    time = np.unique(block["time"].to_numpy())
    leave = np.searchsorted(time, block["time"].to_numpy())
    enter = np.searchsorted(time, block["entry"].to_numpy(), side="right")
    size, events = len(time), block["events"].to_numpy()
    coming, going = np.bincount(enter, minlength=size)[:size], np.bincount(leave, minlength=size)
    n = coming.cumsum() - np.concatenate([[0], going.cumsum()[:-1]])[:size]
    d = np.bincount(leave, weights=events, minlength=size).astype(np.int64)
    h = np.cumsum(d / n**2)
    members = Members(events, block["person"].to_numpy(), np.ones(len(block)), enter, leave, size)
    begun = members.before(h)
    at_risk = np.column_stack([begun, -np.ones(len(block))])
    final = events / n[leave] - h[leave] + begun
    afterwards = np.column_stack([final, np.zeros(len(block))])
    squares = sum_of_squares(members, at_risk, afterwards, np.column_stack([np.ones(size), h]))
    se = np.sqrt(squares)
    if rounding.step():
        time, n, d, se, size = _rounded(time, n, d, se)
    mean = np.cumsum(d / n)
    lower, upper = interval(mean, se, ci, level, ceiling=np.inf)
    columns = {"time": time, "at_risk": n, "events": d, "mean": mean, "se": se, "lower": lower, "upper": upper}
    return pd.DataFrame({"stratum": np.full(size, block["stratum"].iloc[0] if size else 0), **columns})


def _rounded(time: np.ndarray, n: np.ndarray, d: np.ndarray, se: np.ndarray) -> tuple:
    """Times, at risk and events as this run may show them, and how many: a function ends as a rounded life table does."""
    step = rounding.step()
    n, total = rounding.midpoint(n, step), rounding.midpoint(d.cumsum(), step)
    size = (
        int(np.flatnonzero(n >= rounding.LEAST_AT_RISK).max(initial=-1)) + 1
        if n.max(initial=0) >= rounding.LEAST_CURVE
        else 0
    )
    shown = rounding.significant(se) if n.max(initial=0) >= rounding.LEAST_MODEL else np.full(len(se), np.nan)
    events = np.diff(total, prepend=0).astype("int64")
    return time[:size], n[:size].astype("int64"), events[:size], shown[:size], size
