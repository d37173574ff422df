"""Restricted mean time: how long people stay free of the event, on average, within a horizon.

It is the area under Kaplan-Meier up to the horizon, needs no model, and two of them can be subtracted
or divided.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.recidivism import inputs
from analysis.recidivism.intervals import quantile_of_level
from analysis.recidivism.strata import label_columns, members_of, strata_of, strata_slices
from analysis.recidivism.survival import greenwood, survivors


class _Area:
    """The area under one stratum's curve, its variance, and the influence of each cluster on it."""

    def __init__(
        self, life: pd.DataFrame, by: list[str], label: tuple, rows: slice, cause: str, horizon: float
    ) -> None:
        time = life["time"].to_numpy(dtype=float)[rows]
        n, d = life["at_risk"].to_numpy()[rows], life[cause].to_numpy()[rows]
        self.label, self.influence = label, None
        self.area = self.variance = np.nan
        if horizon > time[-1]:
            return
        inside = time <= horizon
        survival = np.concatenate([[1.0], np.cumprod(survivors(n, d) / n)[inside]])
        pieces = survival * np.diff(np.concatenate([[0.0], time[inside], [horizon]]))
        self.area = pieces.sum()
        # the area that is left after each time, by which an event at that time shortens the mean
        rest = np.zeros(len(time))
        rest[inside] = pieces[::-1].cumsum()[::-1][1:]
        steps = np.diff(greenwood(n, d), prepend=0.0)
        members = members_of(life, by, label, time)
        if members is None or not life.attrs["cells"].robust:
            self.variance = float((rest**2 * steps).sum())
            return
        left = survivors(n, d)
        own = np.divide(rest, left, out=np.zeros(len(left)), where=left > 0)
        moved = np.cumsum(steps * rest)
        code = life.attrs["cells"].causes.index(cause)
        each = moved[members.leave] - members.before(moved)
        each = members.load * (each - np.where(members.cause == code, own[members.leave], 0.0))
        units = life.attrs["cells"].unit
        if units is None:
            self.variance = float((each**2).sum())
            return
        self.influence = np.bincount(members.unit, weights=each, minlength=int(units.max()) + 1)
        self.variance = float((self.influence**2).sum())


def _areas(life: pd.DataFrame, cause: str | None, horizon: float) -> tuple[list[str], list[_Area]]:
    if not 0 < horizon < np.inf:
        raise ValueError(f"horizon must be a positive time in the table's unit, found {horizon!r}")
    by, causes = strata_of(life)
    cause = inputs.one_cause(cause, causes)
    return by, [_Area(life, by, label, rows, cause, horizon) for label, rows in strata_slices(life, by)]


def rmst(life: pd.DataFrame, cause: str | None = None, horizon: float = 365, level: float = 0.95) -> pd.DataFrame:
    """Restricted mean time free of the event, other causes taken as censoring.

    Parameters
    ----------
    life : pandas.DataFrame
        A life table. From a weighted or clustered one, standard errors are sandwich errors.
    cause : str
        A cause of the table; may be left out where there is only one.
    horizon : float
        In the table's unit.
    level : float

    Returns
    -------
    pandas.DataFrame
        ``*by, rmst, se, lower, upper`` in the table's unit. NaN where nobody of the stratum was followed
        to the horizon.

    Raises
    ------
    KeyError, ValueError
        An unknown or unnamed cause, a horizon that is not positive.

    References
    ----------
    Royston and Parmar (2013); Uno and others (2014), ``survRM2``; ``print(survfit, rmean=)`` of R.
    """
    by, areas = _areas(life, cause, horizon)
    z = quantile_of_level(level)
    rows = [
        (*a.label, a.area, a.variance**0.5, a.area - z * a.variance**0.5, a.area + z * a.variance**0.5) for a in areas
    ]
    out = label_columns(pd.DataFrame(rows, columns=[*by, "rmst", "se", "lower", "upper"]), by, life)
    out.attrs = {**life.attrs, "horizon": horizon, "level": level}
    return out


def rmst_difference(
    life: pd.DataFrame, cause: str | None = None, horizon: float = 365, between: str | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Differences of restricted mean times between the levels of a by column.

    Parameters
    ----------
    life, cause, horizon, level
        As for ``rmst``.
    between : str
        A by column; may be left out where there is only one. Each level is compared with the first.
        Clusters that have members in both groups are taken into account.

    Returns
    -------
    pandas.DataFrame
        The other by columns, then ``level, reference, estimate, se, lower, upper, p_value``; the estimate
        is the level's mean less the reference's, in the table's unit.

    Raises
    ------
    KeyError, ValueError
        As for ``rmst``; a ``between`` that is no by column.
    """
    z = quantile_of_level(level)

    def difference(first: _Area, second: _Area) -> tuple[float, ...]:
        gap, se = first.area - second.area, _variance(first, second, 1.0, 1.0) ** 0.5
        return gap, se, gap - z * se, gap + z * se, _two_sided(gap, se)

    return _pairs(life, cause, horizon, between, level, difference)


def rmst_ratio(
    life: pd.DataFrame, cause: str | None = None, horizon: float = 365, between: str | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Ratios of restricted mean times between the levels of a by column; intervals on the log scale.

    Parameters, columns and errors are those of ``rmst_difference``; the estimate is the level's mean
    divided by the reference's.
    """
    z = quantile_of_level(level)

    def ratio(first: _Area, second: _Area) -> tuple[float, ...]:
        if not (first.area > 0 and second.area > 0):
            return (np.nan,) * 5
        log, se = np.log(first.area / second.area), _variance(first, second, first.area, second.area) ** 0.5
        return np.exp(log), np.exp(log) * se, np.exp(log - z * se), np.exp(log + z * se), _two_sided(log, se)

    return _pairs(life, cause, horizon, between, level, ratio)


def _variance(first: _Area, second: _Area, a: float, b: float) -> float:
    """Variance of first / a less second / b, clusters in both taken together."""
    if first.influence is None or second.influence is None:
        return first.variance / a**2 + second.variance / b**2
    return float(((first.influence / a - second.influence / b) ** 2).sum())


def _two_sided(estimate: float, se: float) -> float:
    return float(2 * ndtr(-abs(estimate / se))) if se > 0 else np.nan


def _pairs(life, cause, horizon, between, level, contrast) -> pd.DataFrame:
    by, areas = _areas(life, cause, horizon)
    if between is None and len(by) == 1:
        between = by[0]
    if between is None:
        raise ValueError(f"say between which by column: there are {', '.join(by) or 'none'}")
    inputs.require(by, [between], "between", "the by columns")
    place, groups = by.index(between), {}
    for area in areas:
        groups.setdefault(area.label[:place] + area.label[place + 1 :], []).append(area)
    rows = [
        (*rest, area.label[place], members[0].label[place], *contrast(area, members[0]))
        for rest, members in groups.items()
        for area in members[1:]
    ]
    others = [name for name in by if name != between]
    columns = [*others, "level", "reference", "estimate", "se", "lower", "upper", "p_value"]
    out = label_columns(pd.DataFrame(rows, columns=columns), others, life)
    out.attrs = {**life.attrs, "horizon": horizon, "level": level, "between": between}
    return out
