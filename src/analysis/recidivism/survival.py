"""Kaplan-Meier and Aalen-Johansen curves from a life table, what is read from them, and the log-rank test.

One minus Kaplan-Meier of a cause treats the other causes as censoring; Aalen-Johansen gives the share of everyone whose
first event is that cause. Where Greenwood's formula does not hold, standard errors are the infinitesimal jackknife's: the
influence of a person or cluster on a curve combines a few functions of time with coefficients that change only when a
member enters or leaves, so that squared influences are summed in one pass over the cells.
"""

from collections import namedtuple
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri

from analysis.data import rounding
from analysis.recidivism.cohort import Cohort
from analysis.recidivism.life_table import (
    OWN,
    Cells,
    follow_up,
    label_columns,
    life_table,
    names,
    one_cause,
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
        A cause of the table; may be left out where there is only one.
    ci : ``"log-log"``, ``"log"`` or ``"plain"``
    level : float

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events, survival, se, lower, upper``; ``se`` is that of survival. Where
        survival is 1 a log-log interval is missing, where it is 0 every interval is, as in R.

    Raises
    ------
    KeyError, ValueError
        An unknown or unnamed cause, an unknown ``ci``.

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
    over the members of a ``unit`` and squared. ``size`` is the length of the grid.
    """

    cause: np.ndarray
    unit: np.ndarray
    load: np.ndarray
    enter: np.ndarray
    leave: np.ndarray
    size: int

    @classmethod
    def of(cls, cells: Cells, by: list[str], label: tuple, time: np.ndarray) -> "Members":
        """The members of one stratum of the cells, on the grid of its distinct times."""
        here = cells.of(by, label)
        leave = np.searchsorted(time, cells.time[here])
        enter = np.searchsorted(time, cells.entry[here], side="right")
        unit = np.arange(len(leave)) if cells.unit is None else cells.unit[here]
        load = np.sqrt(cells.square[here]) if cells.unit is None else cells.weight[here].astype(float)
        return cls(cells.cause[here], unit, load, enter, leave, len(time))

    @classmethod
    def from_table(cls, block: np.ndarray) -> "Members":
        """Members for one stratum's counts by time (rows), censored first and then by cause, all at risk from the start."""
        row, column = np.nonzero(block)
        load = np.sqrt(block[row, column])
        return cls(column - 1, np.arange(len(row)), load, np.zeros(len(row), dtype=int), row, len(block))

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
        return np.zeros(members.size)
    unit, row, jump = unit[first], row[first], np.add.reduceat(jump, first, axis=0)
    # coefficients of a unit after each of its jumps, and before it
    start = np.diff(unit, prepend=-1) != 0
    level = jump.cumsum(axis=0)
    level -= (level - jump)[start][np.cumsum(start) - 1]
    previous = level - jump
    previous[start] = 0
    total = np.zeros(members.size)
    width = functions.shape[1]
    for i in range(width):
        for j in range(i, width):
            change = level[:, i] * level[:, j] - previous[:, i] * previous[:, j]
            gram = np.bincount(row, weights=change, minlength=members.size)[: members.size].cumsum()
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
    curve : pandas.DataFrame
        From ``kaplan_meier``, ``cumulative_incidence`` or ``mean_cumulative``.
    times : number or numbers
        0 or more, in the curve's unit; kept in the order given. Any other raises ValueError.

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
    name = estimate_of(curve)
    wanted = np.atleast_1d(np.asarray(times, dtype=float))
    if wanted.ndim != 1 or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise ValueError(f"times must be finite and 0 or more, found {times!r}")
    by = list(curve.columns[: curve.columns.get_loc("time")])
    blocks = [_read(curve.iloc[rows], by, label, wanted, name, curve.attrs) for label, rows in strata_slices(curve, by)]
    if not blocks:
        return curve.iloc[:0].assign(beyond_follow_up=np.zeros(0, dtype=bool))
    out = label_columns(pd.concat(blocks, ignore_index=True), by, curve)
    out.attrs = dict(curve.attrs)
    return out


def _read(block: pd.DataFrame, by: list[str], label: tuple, wanted: np.ndarray, name: str, attrs: dict) -> pd.DataFrame:
    time, n, ci = block["time"].to_numpy(), block["at_risk"].to_numpy(), attrs.get("ci")
    last = np.searchsorted(time, wanted, side="right")  # 0 before the first step
    beyond = wanted > time[-1]
    out: dict[str, object] = {column: [value] * len(wanted) for column, value in zip(by, label, strict=True)}
    out["time"] = wanted
    cells = attrs.get("cells")
    if cells is not None and cells.delayed:  # between two steps people may enter
        out["at_risk"] = np.where(beyond, 0, cells.at_risk(cells.of(by, label), wanted)).astype(n.dtype)
    else:
        out["at_risk"] = np.where(beyond, 0, np.append(n, 0)[np.searchsorted(time, wanted)])
    events = np.concatenate([[0], block["events"].to_numpy().cumsum()])[last]
    out["events"] = np.where(beyond, np.nan, events) if beyond.any() else events
    begin = _BEGINS[name]
    limit = begin if ci == "plain" or (ci == "log" and name == "survival") else np.nan
    for column, start in ((name, begin), ("se", 0.0), ("lower", limit), ("upper", limit)):
        out[column] = np.where(beyond, np.nan, np.concatenate([[start], block[column].to_numpy()])[last])
    out["beyond_follow_up"] = beyond
    return pd.DataFrame(out)


def quantile(curve: pd.DataFrame, q: float | Iterable[float] = 0.5) -> pd.DataFrame:
    """The time by which a share q has had the event, with the interval read off the curve's own limits.

    As ``quantile`` of R's ``survfit`` (Brookmeyer and Crowley 1982).

    Parameters
    ----------
    curve : pandas.DataFrame
        From ``kaplan_meier`` or ``cumulative_incidence``; any other raises ValueError.
    q : number or numbers
        Shares between 0 and 1.

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
    by = list(curve.columns[: curve.columns.get_loc("time")])
    sides = (name, "lower", "upper") if name == "survival" else (name, "upper", "lower")
    shares = curve[[*sides]].to_numpy(dtype=float)
    shares, time = 1 - shares if name == "survival" else shares, curve["time"].to_numpy(dtype=float)
    rows = [
        (*label, share, *(_first(column, time[here], share) for column in shares[here].T))
        for label, here in strata_slices(curve, by)
        for share in wanted
    ]
    out = label_columns(pd.DataFrame(rows, columns=[*by, "q", "time", "lower", "upper"]), by, curve)
    out.attrs = dict(curve.attrs)
    return out


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
    z = quantile_of_level(level)
    by, areas = _areas(life, cause, horizon)
    rows = [(*each.label, each.area, each.se, each.area - z * each.se, each.area + z * each.se) for each in areas]
    out = label_columns(pd.DataFrame(rows, columns=[*by, "rmst", "se", "lower", "upper"]), by, life)
    out.attrs = {**life.attrs, "horizon": horizon, "level": level}
    return out


def rmst_difference(
    life: pd.DataFrame, cause: str | None = None, horizon: float = 365, between: str | None = None,
    level: float = 0.95, ratio: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Differences, or ratios, of restricted mean times between the levels of a by column.

    Parameters
    ----------
    life, cause, horizon, level
        As for ``rmst``, with its errors.
    between : str
        A by column; may be left out where there is only one. Each level is compared with the first.
        Clusters that have members in both groups are taken into account.
    ratio : bool
        The level's mean divided by the reference's, with an interval on the log scale.

    Returns
    -------
    pandas.DataFrame
        The other by columns, then ``level, reference, estimate, se, lower, upper, p_value``; the estimate
        is the level's mean less the reference's, in the table's unit.

    Examples
    --------
    >>> frame = pd.DataFrame({"days": [2, 5, 9, 9], "event": [1, 1, 0, 0], "group": ["a", "a", "b", "b"]})
    >>> rmst_difference(life_table(frame, by="group"), horizon=5)["estimate"].tolist()
    [1.5]
    """
    z = quantile_of_level(level)
    by, areas = _areas(life, cause, horizon)
    between = by[0] if between is None and len(by) == 1 else between
    if between is None:
        raise ValueError(f"say between which by column: there are {', '.join(by) or 'none'}")
    require(by, [between], "between", "the by columns")
    place, groups, rows = by.index(between), {}, []
    for each in areas:
        groups.setdefault(each.label[:place] + each.label[place + 1 :], []).append(each)
    for others, (first, *rest) in groups.items():
        for each in rest:
            a, b = (each.area, first.area) if ratio else (1.0, 1.0)
            if not (a > 0 and b > 0):
                rows.append((*others, each.label[place], first.label[place], *[np.nan] * 5))
                continue
            gap = np.log(a / b) if ratio else each.area - first.area
            se = float(np.hypot(each.se / a, first.se / b))
            if each.influence is not None and first.influence is not None:  # clusters in both taken together
                se = float(np.linalg.norm(each.influence / a - first.influence / b))
            p_value = 2 * ndtr(-abs(gap / se)) if se > 0 else np.nan
            values = np.array([gap, gap - z * se, gap + z * se])
            estimate, lower, upper = np.exp(values) if ratio else values
            scale = estimate if ratio else 1.0
            rows.append((*others, each.label[place], first.label[place], estimate, scale * se, lower, upper, p_value))
    others = [name for name in by if name != between]
    columns = [*others, "level", "reference", "estimate", "se", "lower", "upper", "p_value"]
    out = label_columns(pd.DataFrame(rows, columns=columns), others, life)
    out.attrs = {**life.attrs, "horizon": horizon, "level": level, "between": between}
    return out


# The area under one stratum's curve, its standard error, and the influence of each cluster on it (None without clusters).
_Area = namedtuple("_Area", "label area se influence", defaults=[None])


def _areas(life: pd.DataFrame, cause: str | None, horizon: float) -> tuple[list[str], list[_Area]]:
    if not 0 < horizon < np.inf:
        raise ValueError(f"horizon must be a positive time in the table's unit, found {horizon!r}")
    by, causes = strata_of(life)
    code, cells, areas = causes.index(one_cause(cause, causes)), life.attrs.get("cells"), []
    for label, rows in strata_slices(life, by):
        block = life.iloc[rows]
        time, n, d = block["time"].to_numpy(dtype=float), block["at_risk"].to_numpy(), block[causes[code]].to_numpy()
        survival = np.cumprod(_left(n, d) / n)
        if horizon > time[-1] and survival[-1] > 0:
            areas.append(_Area(label, np.nan, np.nan))
            continue
        width = np.diff(np.minimum(np.append(time, max(horizon, time[-1])), horizon))
        area = float(min(time[0], horizon) + survival @ width)
        if cells is None or not cells.robust:
            rest = (survival * width)[::-1].cumsum()[::-1]  # by which an event at each time shortens the mean
            areas.append(_Area(label, area, float(rest**2 @ np.diff(_greenwood(n, d), prepend=0.0)) ** 0.5))
            continue
        members = Members.of(cells, by, label, time)
        _, (at_risk, afterwards, functions) = _incidence(members, n, d, d, code, competing=False)
        total = np.vstack([np.zeros(3), (functions * width[:, None]).cumsum(axis=0)])
        enter, leave = total[members.enter], total[members.leave]
        each = members.load * (at_risk * (leave - enter) + afterwards * (total[-1] - leave)).sum(axis=1)
        if cells.unit is not None:
            each = np.bincount(members.unit, weights=each, minlength=int(cells.unit.max()) + 1)
        areas.append(_Area(label, area, float(each @ each) ** 0.5, None if cells.unit is None else each))
    return by, areas


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
    life : pandas.DataFrame
        A life table of counts, with delayed entry or without. Weights or clusters raise ValueError: the test does not hold
        for them (use ``cox``).
    cause : str
        The event; other causes are taken as censoring, so that hazards of this cause are compared.
    strata : column or columns
        By columns within which the others are compared; their levels themselves are not.

    Returns
    -------
    LogRank
        ``.statistic .df .p_value`` and ``.table`` (groups, n, observed, expected).

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
    time, at_risk, d = life["time"].to_numpy(dtype=float), life["at_risk"].to_numpy(), life[cause].to_numpy(dtype=float)
    layers: dict[tuple, list[tuple]] = {}  # the groups of each stratum of the test
    for label, rows in strata_slices(life, by):
        key = tuple(value for name, value in zip(by, label, strict=True) if name in strata)
        layers.setdefault(key, []).append((label, rows))
    observed, expected, variance = np.zeros(size), np.zeros(size), np.zeros((size, size))
    for layer in layers.values():
        events = np.unique(np.concatenate([time[rows][d[rows] > 0] for _, rows in layer]))
        n, dead = np.zeros((len(events), size)), np.zeros(len(events))
        for label, rows in layer:
            following = np.searchsorted(time[rows], events)
            risk = np.append(at_risk[rows], 0)[following]
            n[:, code[rows.start]] = risk if cells is None else cells.at_risk(cells.of(by, label), events)
            seen = d[rows] > 0
            dead[np.searchsorted(events, time[rows][seen])] += d[rows][seen]
            observed[code[rows.start]] += d[rows].sum()
        total = n.sum(axis=1)
        share = n / total[:, None]
        spread = np.divide(dead * (total - dead), total - 1, out=np.zeros(len(total)), where=total > 1)
        expected += dead @ share
        variance += np.diag(spread @ share) - (share * spread[:, None]).T @ share  # hypergeometric
    used = expected > 0
    gap, inverse = (observed - expected)[used][:-1], np.linalg.pinv(variance[np.ix_(used, used)][:-1, :-1])
    df = int(used.sum()) - 1
    statistic = float(gap @ inverse @ gap) if df > 0 else 0.0
    leaving = life[["censored", *causes]].to_numpy().sum(axis=1)  # everyone leaves exactly once
    n = np.bincount(code, weights=leaving, minlength=size).astype(np.int64)
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
    cohort : Cohort or pandas.DataFrame
        One row a person, or counts that ``Cohort.count`` made.
    cause : str
        The event; may be left out where there is only one. Other causes are competing events.
    horizon : float
        In the unit of ``time``.
    time, event, entry, count
        Columns, as for ``life_table``. With ``count`` the values are those of one of the rows counted.

    Returns
    -------
    pandas.Series
        One value a row, with the frame's index.

    Raises
    ------
    KeyError, ValueError
        As for ``life_table``; a horizon that is not positive, or past the last person at risk.

    Examples
    --------
    >>> frame = pd.DataFrame({"days": [5, 8, 20, 30], "event": ["rearrest", None, "died", "rearrest"]})
    >>> pseudo_values(frame, "rearrest", horizon=25).round(2).tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    frame = cohort
    if isinstance(cohort, Cohort):
        frame, cause = cohort.frame, cause or cohort.event
        frame.attrs, count = cohort.meaning(), count or ("count" if "count" in frame else None)
    entry = ("entry" if "entry" in frame.columns else None) if entry == OWN else entry
    life = life_table(
        frame, None, time, event, entry, count, exact=True
    )  # values of people; what is shown of them is rounded
    stop, start, codes, causes = follow_up(frame, time, event, entry)
    code, grid = causes.index(one_cause(cause, causes)), life["time"].to_numpy()
    if not 0 < horizon < np.inf:
        raise ValueError(f"horizon must be a positive time in the cohort's unit, found {horizon!r}")
    n, d = life["at_risk"].to_numpy(), life[causes].to_numpy()
    if not len(grid) or (horizon > grid[-1] and d[-1].sum() < n[-1]):
        raise ValueError(f"nobody was followed to {horizon:g}: pseudo-values are not defined there")
    enter = np.zeros(len(stop), dtype=int) if start is None else np.searchsorted(grid, start, side="right")
    leave = np.searchsorted(grid, stop).clip(max=len(grid) - 1)  # rows counted 0 times may lie after the grid
    members = Members(codes, np.arange(len(stop)), np.ones(len(stop)), enter, leave, len(grid))
    estimate, (at_risk, afterwards, functions) = _incidence(members, n, d.sum(axis=1), d[:, code], code, True)
    row = np.searchsorted(grid, horizon, side="right") - 1
    if row < 0:
        return pd.Series(0.0, index=frame.index, name=causes[code])
    moved = np.where(leave > row, at_risk @ functions[row], afterwards @ functions[row])
    people = life[["censored", *causes]].to_numpy().sum()
    values = estimate[row] + people * np.where(enter > row, 0.0, moved)
    return pd.Series(values, index=frame.index, name=causes[code])
