"""Kaplan-Meier and Aalen-Johansen curves from a life table, what is read from them, and the log-rank test.

One minus Kaplan-Meier of a cause treats the other causes as censoring; Aalen-Johansen gives the share of everyone whose
first event is that cause. Where Greenwood's formula does not hold, standard errors are the infinitesimal jackknife's: the
influence of a person or cluster on a curve combines a few functions of time with coefficients that change only when a
member enters or leaves, so that squared influences are summed in one pass over the cells.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtri

from analysis.data import rounding
from analysis.recidivism.cohort import Cohort
from analysis.recidivism.life_table import (
    OWN,
    Cells,
    each_stratum,
    follow_up,
    life_table,
    names,
    one_cause,
    read_rows,
    require,
    strata_of,
    strata_slices,
)

KINDS = ("log-log", "log", "plain")
_BEGINS = {"survival": 1.0, "incidence": 0.0, "mean": 0.0}  # a curve's value before its first event
_EQUAL = 1.5e-8
_ROUNDING = 1e-11


def kaplan_meier(
    life: pd.DataFrame, cause: str | None = None, ci: str = "log-log", level: float = 0.95
) -> pd.DataFrame:
    """Kaplan-Meier: the share without the event, other causes taken as censoring, as R's ``survfit``.

    Standard errors are Greenwood's; from a weighted or clustered life table sandwich errors over rows or clusters, as
    with ``robust = TRUE``. Source: Kalbfleisch and Prentice (2002), section 1.4.

    Parameters
    ----------
    life : pandas.DataFrame
        A life table (``life_table``).
    cause : str
        A cause of the table, else KeyError; where there is only one it may be left out, else ValueError.
    ci, level : ``"log-log"``, ``"log"`` or ``"plain"``, and a number between 0 and 1, else ValueError

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events, survival, se, lower, upper``; ``se`` is that of survival. Where
        survival is 1 a log-log interval is missing, where it is 0 every interval is, as in R.

    Examples
    --------
    >>> life = life_table(pd.DataFrame({"days": [5, 8, 9], "event": ["rearrest", None, None]}))
    >>> kaplan_meier(life)["survival"].round(3).tolist()
    [0.667, 0.667, 0.667]
    """
    return _curve(life, cause, "survival", ci, level)


def cumulative_incidence(
    life: pd.DataFrame, cause: str | None = None, ci: str = "log", level: float = 0.95
) -> pd.DataFrame:
    """Aalen-Johansen: the share whose first event is this cause, competing events taken as such, as R's ``survfit``.

    Standard errors are the infinitesimal jackknife's; with weights or clusters sandwich errors. Parameters and errors are
    those of ``kaplan_meier``. Source: Aalen and Johansen (1978).

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events, incidence, se, lower, upper``. While the incidence is 0 a log or
        log-log interval is missing.

    Examples
    --------
    >>> life = life_table(pd.DataFrame({"days": [5, 6, 9], "event": ["rearrest", "died", "rearrest"]}))
    >>> cumulative_incidence(life, "rearrest")["incidence"].round(3).tolist()
    [0.333, 0.333, 0.667]
    """
    return _curve(life, cause, "incidence", ci, level)


def _curve(life: pd.DataFrame, cause: str | None, name: str, ci: str, level: float) -> pd.DataFrame:
    by, causes = strata_of(life)
    cause = one_cause(cause, causes)
    code, cells = causes.index(cause), life.attrs.get("cells")
    curve = life[[*by, "time", "at_risk"]].assign(events=life[cause])
    time, at_risk, counts = (life[columns].to_numpy() for columns in ("time", "at_risk", ["censored", *causes]))
    estimate, se = np.zeros(len(life)), np.zeros(len(life))
    robust = name == "incidence" or (cells is not None and cells.robust)
    for label, rows in strata_slices(life, by):
        n, own = at_risk[rows], counts[rows, 1 + code]
        if not robust:
            estimate[rows] = np.cumprod(_left(n, own) / n)
            se[rows] = np.where(estimate[rows] == 0, np.nan, estimate[rows] * np.sqrt(_greenwood(n, own)))
            continue
        members = Members.from_table(counts[rows]) if cells is None else Members.of(cells, by, label, time[rows])
        every = counts[rows, 1:].sum(axis=1) if name == "incidence" else own
        estimate[rows], influence = _incidence(members, n, every, own, code, name == "incidence")
        se[rows] = np.sqrt(sum_of_squares(members, *influence))
        if name == "survival":
            estimate[rows] = np.cumprod(_left(n, own) / n)
            se[rows] = np.where(estimate[rows] == 0, 0.0, se[rows])
    if "exact" in life.attrs:
        se = _over_people(life, name, cause)
    lower, upper = interval(estimate, se, ci, level)
    curve = curve.assign(**{name: estimate, "se": se, "lower": lower, "upper": upper})
    curve.attrs = {**life.attrs, "cause": cause, "ci": ci, "level": level}
    return curve


def _over_people(life: pd.DataFrame, name: str, cause: str) -> np.ndarray:
    """Standard errors over dependent people for a rounded life table: two digits, and none for a stratum under 500 people."""
    curve = _curve(life.attrs["exact"].life, cause, name, "log", 0.95)
    by, se = strata_of(life)[0], np.full(len(life), np.nan)
    blocks = dict(strata_slices(curve, by))
    for label, rows in strata_slices(life, by):
        whole = curve.iloc[blocks[label]]
        if life["at_risk"].iloc[rows].max() >= rounding.LEAST_MODEL:
            place = np.searchsorted(whole["time"], life["time"].iloc[rows], side="right") - 1
            se[rows] = rounding.significant(whole["se"].to_numpy()[place])
    return se


def _left(n: np.ndarray, d: np.ndarray) -> np.ndarray:
    """At risk less events, exactly 0 where they differ by rounding alone."""
    left = n - d
    return np.where(left < _ROUNDING * n, 0.0, left)


def _greenwood(n: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Running sum of d / (n (n - d)), 0 added where everyone had the event."""
    left = _left(n, d)
    return np.cumsum(np.divide(d, n * left, out=np.zeros(len(left)), where=left > 0))


@dataclass(frozen=True)
class Members:
    """Cells (or intervals) of one stratum on the grid of its times.

    ``enter`` and ``leave`` are rows of the grid: a member is at risk in rows ``enter`` to ``leave``, and
    has the event ``cause`` (-1: none) in the last. ``load`` multiplies an influence before it is summed
    over the members of a ``unit`` and squared.
    """

    cause: np.ndarray
    unit: np.ndarray
    load: np.ndarray
    enter: np.ndarray
    leave: np.ndarray

    @classmethod
    def of(cls, cells: Cells, by: list[str], label: tuple, time: np.ndarray) -> "Members":
        """The members of one stratum of the cells, on the grid of its distinct times."""
        here = cells.of(by, label)
        leave = np.searchsorted(time, cells.time[here])
        enter = np.searchsorted(time, cells.entry[here], side="right")
        unit = np.arange(len(leave)) if cells.unit is None else cells.unit[here]
        load = np.sqrt(cells.square[here]) if cells.unit is None else cells.weight[here].astype(float)
        return cls(cells.cause[here], unit, load, enter, leave)

    @classmethod
    def from_table(cls, block: np.ndarray) -> "Members":
        """Members for one stratum's counts by time (rows), censored first and then by cause, all at risk from the start."""
        row, column = np.nonzero(block)
        load = np.sqrt(block[row, column])
        return cls(column - 1, np.arange(len(row)), load, np.zeros(len(row), dtype=int), row)

    def before(self, values: np.ndarray) -> np.ndarray:
        """A function of time at each member's entry: its value at the last row not after it, 0 before the first."""
        return np.concatenate([[0.0], values])[self.enter]


def _incidence(
    members: Members, n: np.ndarray, d: np.ndarray, dj: np.ndarray, cause: int, competing: bool
) -> tuple[np.ndarray, tuple]:
    """The share F with a cause, and each member's influence on it, as ``sum_of_squares`` takes it.

    Other causes end follow-up (``competing``: Aalen-Johansen) or are censoring (one minus Kaplan-Meier). A member's
    weight moves F(t) by the sum over s <= t of S(s-) (dN_j - Y d_j / n) / n, the direct part, and of g(s-) S(s-) d_j / n,
    through survival, where g is the derivative of log S: with H the running sum of d / (n (n - d)), it is H(t) - H(entry)
    while at risk, and stays as it is after leaving. Everything is linear in 1, F and K.
    """
    left, h = _left(n, d), _greenwood(n, d)
    before = np.concatenate([[1.0], np.cumprod(left / n)[:-1]])
    ended = np.divide(1.0, left, out=np.zeros(len(left)), where=left > 0)
    f = np.cumsum(before * dj / n)
    k = np.cumsum(before * dj / n * (np.concatenate([[0.0], h[:-1]]) - 1 / n))
    leave, start, zero = members.leave, members.before(h), np.zeros(len(members.leave))
    own = members.cause == cause
    constant = start * members.before(f) - members.before(k)
    g = h[leave] - start - np.where(members.cause >= 0 if competing else own, ended[leave], 0.0)
    final = k[leave] + constant - start * f[leave] + np.where(own, (before / n)[leave], 0.0) - g * f[leave]
    at_risk, afterwards = np.column_stack([constant, -start, zero + 1]), np.column_stack([final, g, zero])
    return f, (at_risk, afterwards, np.column_stack([np.ones(len(f)), f, k]))


def sum_of_squares(members: Members, at_risk: np.ndarray, afterwards: np.ndarray, functions: np.ndarray) -> np.ndarray:
    """Sum over units of squared influence, at each time.

    ``at_risk`` and ``afterwards`` (members, functions) are coefficients of the ``functions`` (times, functions): the
    first apply in rows ``enter`` to ``leave - 1``, the second from then on; before entry the influence is 0.
    """
    load = members.load[:, None]
    unit = np.concatenate([members.unit, members.unit])
    row = np.concatenate([members.enter, members.leave])
    jump = np.concatenate([load * at_risk, load * (afterwards - at_risk)])
    order = np.lexsort((row, unit))
    unit, row, jump = unit[order], row[order], jump[order]
    first = np.flatnonzero((np.diff(unit, prepend=-1) != 0) | (np.diff(row, prepend=-1) != 0))
    if not len(first):
        return np.zeros(len(functions))
    unit, row, jump = unit[first], row[first], np.add.reduceat(jump, first, axis=0)
    # coefficients of a unit after each of its jumps, and before it
    start = np.diff(unit, prepend=-1) != 0
    level = jump.cumsum(axis=0)
    level -= (level - jump)[start][np.cumsum(start) - 1]
    previous = level - jump
    previous[start] = 0
    size, width = functions.shape
    total = np.zeros(size)
    for i in range(width):
        for j in range(i, width):
            change = level[:, i] * level[:, j] - previous[:, i] * previous[:, j]
            gram = np.bincount(row, weights=change, minlength=size)[:size].cumsum()
            total += (1 if i == j else 2) * gram * functions[:, i] * functions[:, j]
    return np.maximum(total, 0)


def quantile_of_level(level: float) -> float:
    """The standard normal quantile of a two-sided interval at this level (.95 gives 1.959964)."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, found {level!r}")
    return float(ndtri(0.5 + level / 2))


def interval(
    estimate: np.ndarray, se: np.ndarray, ci: str, level: float, ceiling: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Limits on the transformed scale ``ci``, carried back, as R's ``survfit_confint``.

    Plain and log limits are cut at 0 and ``ceiling``. NaN where the transformation is undefined: at 0 for log, at 0 and
    1 for log-log; and wherever the standard error is NaN.
    """
    z = quantile_of_level(level)
    if ci not in KINDS:
        raise ValueError(f"ci must be one of {', '.join(KINDS)}, found {ci!r}")
    if ci == "plain":
        return np.maximum(estimate - z * se, 0), np.minimum(estimate + z * se, ceiling)
    undefined = (estimate <= 0) | ((estimate >= 1) & (ci == "log-log"))
    p = np.where(undefined, np.nan, estimate)
    if ci == "log":
        factor = np.exp(z * se / p)
        return p / factor, np.minimum(p * factor, ceiling)
    factor = np.exp(z * se / (p * np.log(p)))
    return p ** (1 / factor), p**factor  # log p < 0, so factor < 1: the smaller power of p < 1 is the larger limit


def estimate_of(curve: pd.DataFrame) -> str:
    """The name of a curve's estimate: survival, incidence or mean."""
    found = [name for name in _BEGINS if name in curve.columns]
    if len(found) != 1 or "time" not in curve.columns:
        raise ValueError("expected a curve of kaplan_meier, cumulative_incidence or mean_cumulative")
    return found[0]


def at(curve: pd.DataFrame, times: float | Iterable[float]) -> pd.DataFrame:
    """A curve at given times: the value of its last step at or before each; nothing is carried forward.

    Parameters
    ----------
    curve, times : pandas.DataFrame, and number or numbers
        From ``kaplan_meier``, ``cumulative_incidence`` or ``mean_cumulative``; 0 or more, in the curve's unit, kept in the
        order given. Any other raises ValueError.

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events``, the estimate, ``se, lower, upper, beyond_follow_up``; one row a stratum and time.
        ``at_risk`` is the number with ``entry < t <= time``, ``events`` the number up to and including t. Past
        the last person at risk the estimates are NaN and ``beyond_follow_up`` is True.

    Examples
    --------
    >>> life = life_table(pd.DataFrame({"days": [5, 8, 9], "event": ["rearrest", None, None]}))
    >>> at(kaplan_meier(life), [0, 7, 30])["survival"].round(3).tolist()
    [1.0, 0.667, nan]
    """
    name, ci, cells = estimate_of(curve), curve.attrs.get("ci"), curve.attrs.get("cells")
    wanted = np.atleast_1d(np.asarray(times, dtype=float))
    if wanted.ndim != 1 or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise ValueError(f"times must be finite and 0 or more, found {times!r}")
    by, begin = list(curve.columns[: curve.columns.get_loc("time")]), _BEGINS[name]
    limit = begin if ci == "plain" or (ci == "log" and name == "survival") else np.nan
    first = {"events": 0, name: begin, "se": 0.0, "lower": limit, "upper": limit}

    def read(label: tuple, rows: slice) -> dict[str, np.ndarray]:
        block = curve.iloc[rows]
        time, n = block["time"].to_numpy(), block["at_risk"].to_numpy()
        last, beyond = np.searchsorted(time, wanted, side="right"), wanted > time[-1]
        # people may enter between two steps
        late = cells is not None and cells.delayed
        following = np.append(n, 0)[np.searchsorted(time, wanted)]
        n = cells.at_risk(cells.of(by, label), wanted).astype(n.dtype) if late else following
        steps = block.assign(events=block["events"].cumsum())
        out = {column: np.append(start, steps[column].to_numpy())[last] for column, start in first.items()}
        out = {column: np.where(beyond, np.nan, values) if beyond.any() else values for column, values in out.items()}
        return {"time": wanted, "at_risk": np.where(beyond, 0, n), **out, "beyond_follow_up": beyond}

    columns = ["time", "at_risk", "events", name, "se", "lower", "upper", "beyond_follow_up"]
    return each_stratum(curve, columns, read).astype({"beyond_follow_up": bool})


def quantile(curve: pd.DataFrame, q: float | Iterable[float] = 0.5) -> pd.DataFrame:
    """The time by which a share q has had the event, with the interval read off the curve's own limits.

    As ``quantile`` of R's ``survfit`` (Brookmeyer and Crowley 1982).

    Parameters
    ----------
    curve, q : pandas.DataFrame, and number or numbers
        From ``kaplan_meier`` or ``cumulative_incidence``; shares between 0 and 1. Any other raises ValueError.

    Returns
    -------
    pandas.DataFrame
        ``*by, q, time, lower, upper``. Where the curve is flat at exactly q the midpoint of the flat
        stretch, or of what follow-up shows of it, is given, as in R. NaN where the share is not reached within follow-up.

    Examples
    --------
    >>> life = life_table(pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 1, 1, 1]}))
    >>> quantile(kaplan_meier(life), [0.5, 0.6])["time"].tolist()
    [2.5, 3.0]
    """
    name = estimate_of(curve)
    if name == "mean":
        raise ValueError("quantiles are defined for kaplan_meier and cumulative_incidence curves")
    wanted = np.atleast_1d(np.asarray(q, dtype=float))
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise ValueError(f"q must lie between 0 and 1, found {q!r}")
    time, shares = curve["time"].to_numpy(dtype=float), curve[[name, "upper", "lower"]].to_numpy(dtype=float)
    shares = 1 - shares[:, [0, 2, 1]] if name == "survival" else shares
    return each_stratum(
        curve, ["q", "time", "lower", "upper"],
        lambda _, rows: [(one, *(_first(side, time[rows], one) for side in shares[rows].T)) for one in wanted],
    )  # fmt: skip


def _first(share: np.ndarray, time: np.ndarray, q: float) -> float:
    """The first time at which the share is q or more; where it stays at exactly q, the middle of that stretch."""
    known = ~np.isnan(share)
    share, time = np.concatenate([[0.0], share[known]]), np.concatenate([[0.0], time[known]])
    reached = np.flatnonzero(share > q - _EQUAL)
    if not len(reached):
        return np.nan
    first, beyond = reached[0], np.flatnonzero(share > q + _EQUAL)
    if q == 0 or abs(share[first] - q) >= _EQUAL:
        return time[first]
    return (time[first] + time[beyond[0] if len(beyond) else -1]) / 2  # to the end of follow-up where it never rises


def rmst(life: pd.DataFrame, cause: str | None = None, horizon: float = 365, level: float = 0.95) -> pd.DataFrame:
    """Restricted mean time free of the event, other causes taken as censoring: the area under Kaplan-Meier.

    As ``print(survfit, rmean=)`` of R and ``survRM2`` (Uno and others 2014).

    Parameters
    ----------
    life, cause, level
        As for ``kaplan_meier``. From a weighted or clustered life table, standard errors are sandwich errors.
    horizon : float
        In the table's unit; one that is not positive raises ValueError.

    Returns
    -------
    pandas.DataFrame
        ``*by, rmst, se, lower, upper`` in the table's unit. NaN where nobody of the stratum was followed
        to the horizon, unless everyone had the event before: then nothing is left to see.

    Examples
    --------
    >>> rmst(life_table(pd.DataFrame({"days": [2, 5, 9], "event": [1, 1, 0]})), horizon=6)["rmst"].round(3).tolist()
    [4.333]
    """
    half = np.array([0, 0, -1, 1]) * quantile_of_level(level)
    if not 0 < horizon < np.inf:
        raise ValueError(f"horizon must be a positive time in the table's unit, found {horizon!r}")
    cause = one_cause(cause, strata_of(life)[1])

    def row(label: tuple, rows: slice) -> list[np.ndarray]:
        area, se, _ = area_under(life, cause, horizon, label, rows)
        return [np.array([area, se, area, area]) + half * se]

    return each_stratum(life, ["rmst", "se", "lower", "upper"], row, horizon=horizon, level=level)


def area_under(
    life: pd.DataFrame, cause: str, horizon: float, label: tuple, rows: slice
) -> tuple[float, float, np.ndarray | None]:
    """The area under one stratum's curve, its standard error, and each cluster's influence on it (None without clusters)."""
    (by, causes), block, cells = strata_of(life), life.iloc[rows], life.attrs.get("cells")
    time, n, d = block["time"].to_numpy(dtype=float), block["at_risk"].to_numpy(), block[cause].to_numpy()
    survival = np.cumprod(_left(n, d) / n)
    if horizon > time[-1] and survival[-1] > 0:
        return np.nan, np.nan, None
    width = np.diff(np.minimum(np.append(time, max(horizon, time[-1])), horizon))
    area = float(min(time[0], horizon) + survival @ width)
    if cells is None or not cells.robust:
        rest = (survival * width)[::-1].cumsum()[::-1]  # by which an event at each time shortens the mean
        return area, float(rest**2 @ np.diff(_greenwood(n, d), prepend=0.0)) ** 0.5, None
    members = Members.of(cells, by, label, time)
    _, (at_risk, afterwards, functions) = _incidence(members, n, d, d, causes.index(cause), competing=False)
    total = np.vstack([np.zeros(3), (functions * width[:, None]).cumsum(axis=0)])
    enter, leave = total[members.enter], total[members.leave]
    each = members.load * (at_risk * (leave - enter) + afterwards * (total[-1] - leave)).sum(axis=1)
    if cells.unit is None:
        return area, float(each @ each) ** 0.5, None
    each = np.bincount(members.unit, weights=each, minlength=int(cells.unit.max()) + 1)
    return area, float(each @ each) ** 0.5, each


@dataclass(frozen=True)
class LogRank:
    """The test's statistic, degrees of freedom and p-value, with observed and expected events by group."""

    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame


def log_rank(life: pd.DataFrame, cause: str | None = None, strata: str | Iterable[str] | None = None) -> LogRank:
    """Log-rank test between the levels of a life table's by columns, as ``survdiff`` of R (Peto and Peto 1972).

    Parameters
    ----------
    life, cause
        As for ``kaplan_meier``: hazards of this cause are compared. Entry may be delayed; weights or clusters raise
        ValueError: the test does not hold for them (use ``cox``).
    strata : column or columns
        By columns within which the others are compared; their levels themselves are not.

    Returns
    -------
    LogRank
        ``.table`` holds the groups, n, observed, expected.

    Examples
    --------
    >>> frame = pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 1, 1, 1], "group": ["a", "a", "b", "b"]})
    >>> round(log_rank(life_table(frame, by="group")).statistic, 3)
    2.882
    """
    by, causes = strata_of(life)
    cause, strata, cells = one_cause(cause, causes), names(strata), life.attrs.get("cells")
    require(by, strata, "stratum", "the by columns")
    groups = [name for name in by if name not in strata]
    if cells is not None and cells.robust:
        raise ValueError("the log-rank test holds for counts: for weights or clusters use cox(..., weight=, cluster=)")
    grouped = life.groupby(groups, observed=True, sort=True) if groups else None
    if grouped is None or grouped.ngroups < 2:
        raise ValueError("the log-rank test needs two or more groups: count the life table by what is compared")
    code, size = grouped.ngroup().to_numpy(), grouped.ngroups
    layer = life.groupby(strata, observed=True).ngroup().to_numpy() if strata else np.zeros(len(life), dtype=int)
    time, at_risk, d = life["time"].to_numpy(dtype=float), life["at_risk"].to_numpy(), life[cause].to_numpy(dtype=float)
    layers: dict[int, list[tuple]] = {}  # the groups of each stratum of the test
    for label, rows in strata_slices(life, by):
        layers.setdefault(layer[rows.start], []).append((label, rows, code[rows.start]))
    expected, variance = np.zeros(size), np.zeros((size, size))
    for parts in layers.values():
        events = np.unique(np.concatenate([time[rows][d[rows] > 0] for _, rows, _ in parts]))
        n, dead = np.zeros((len(events), size)), np.zeros(len(events))
        for label, rows, group in parts:
            risk = np.append(at_risk[rows], 0)[np.searchsorted(time[rows], events)]
            n[:, group] = risk if cells is None else cells.at_risk(cells.of(by, label), events)
            seen = d[rows] > 0
            dead[np.searchsorted(events, time[rows][seen])] += d[rows][seen]
        total = n.sum(axis=1)
        share = n / total[:, None]
        spread = np.divide(dead * (total - dead), total - 1, out=np.zeros(len(total)), where=total > 1)
        expected += dead @ share
        variance += np.diag(spread @ share) - (share * spread[:, None]).T @ share  # hypergeometric
    observed, used = np.bincount(code, d, minlength=size), expected > 0
    gap, inverse = (observed - expected)[used][:-1], np.linalg.pinv(variance[np.ix_(used, used)][:-1, :-1])
    df, statistic = int(used.sum()) - 1, float(gap @ inverse @ gap)
    leaving = life[["censored", *causes]].to_numpy().sum(axis=1)  # everyone leaves exactly once
    n = np.bincount(code, leaving, minlength=size).astype(np.int64)
    table = grouped[[cause]].sum().reset_index()[groups].assign(n=n, observed=observed, expected=expected)
    return LogRank(statistic, df, float(chdtrc(df, statistic)) if df > 0 else np.nan, table)


def pseudo_values(
    cohort, cause: str | None = None, horizon: float = 365, time: str = "days", event: str = "event",
    entry: str | None = OWN, count: str | None = None,
) -> pd.Series:  # fmt: skip
    """What each row adds to the Aalen-Johansen estimate at a horizon: an outcome for any regression, nobody left out.

    The estimate plus n times the row's influence on it, as ``pseudo`` of R (Andersen, Klein and Rosthoej 2003, Biometrika
    90: 15-27). Without censoring before the horizon this is 1 for those with the event by then and 0 for the others;
    the mean over everyone is the estimate itself. Censoring must tell nothing about risk in any group compared.

    Parameters
    ----------
    cohort, time, event, entry, count
        As for ``life_table``, with its errors. With ``count`` the values are those of one of the rows counted.
    cause : str
        The event; may be left out where there is only one, or a cohort says it. Other causes are competing events.
    horizon : float
        In the unit of ``time``; one that is not positive, or past the last person at risk, raises ValueError.

    Returns
    -------
    pandas.Series
        One value a row, with the frame's index.

    Examples
    --------
    >>> frame = pd.DataFrame({"days": [5, 8, 20, 30], "event": ["rearrest", None, "died", "rearrest"]})
    >>> pseudo_values(frame, "rearrest", horizon=25).round(2).tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    if isinstance(cohort, Cohort):  # a value a row: the rows are not counted in an engine
        cause, cohort = cause or cohort.event, replace(cohort, rows=cohort.frame)
    frame, entry, count = read_rows(cohort, [time, event], entry, count)
    # exact: values of people; what is shown of them is rounded
    life = life_table(frame, None, time, event, entry, count, exact=True)
    stop, start, codes, causes = follow_up(frame, time, event, entry)
    code, grid = causes.index(one_cause(cause, causes)), life["time"].to_numpy()
    if not 0 < horizon < np.inf:
        raise ValueError(f"horizon must be a positive time in the cohort's unit, found {horizon!r}")
    n, d = life["at_risk"].to_numpy(), life[causes].to_numpy()
    if not len(grid) or (horizon > grid[-1] and d[-1].sum() < n[-1]):
        raise ValueError(f"nobody was followed to {horizon:g}: pseudo-values are not defined there")
    enter = np.zeros(len(stop), dtype=int) if start is None else np.searchsorted(grid, start, side="right")
    leave = np.searchsorted(grid, stop).clip(max=len(grid) - 1)  # rows counted 0 times may lie after the grid
    members = Members(codes, np.arange(len(stop)), np.ones(len(stop)), enter, leave)
    estimate, (at_risk, afterwards, functions) = _incidence(members, n, d.sum(axis=1), d[:, code], code, True)
    row, values = np.searchsorted(grid, horizon, side="right") - 1, np.zeros(len(stop))
    if row >= 0:
        moved = np.where(leave > row, at_risk @ functions[row], afterwards @ functions[row])
        people = life[["censored", *causes]].to_numpy().sum()
        values = estimate[row] + people * np.where(enter > row, 0.0, moved)
    return pd.Series(values, index=frame.index, name=causes[code])
