"""From a short window to years: what each kind of projection makes of one published figure.

A short-window figure fixes one point of a curve. A constant hazard, the shape of a cohort whose later years are known, and
models in which only some people ever have the event all pass through that point and part ways after it. The long term
is not identified by the short window: these are a set, never one number.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from analysis.claims.context import comparisons
from analysis.data.published import published

YEAR = 365.25
YEARS = (1, 3, 5, 9)
EVER = (0.25, 0.5, 0.75, 1.0)
LATEST_FIRST = 366  # days: a shape whose first published horizon is later says nothing about a short window
COLUMNS = ["projection", "family", "years", "projected", "reaches"]


def constant_hazard(share: float, window: float, times: Iterable[float]) -> np.ndarray:
    """Return 1 - (1 - share)^(t / window): the share with the event by each time under one hazard for all times."""
    _check(share, window)
    return -np.expm1(np.log1p(-share) * np.asarray(list(times), dtype=float) / window)


def split_population(share: float, window: float, times: Iterable[float], ever: float) -> np.ndarray:
    """Return the share with the event where only ``ever`` of everyone can have it, at one hazard among them.

    Missing where ``ever`` is not above ``share``. As ``ever`` comes down to ``share`` the curve is flat after the
    window; at 1 it is the constant hazard: both fit the one figure exactly.
    """
    _check(share, window)
    times = np.asarray(list(times), dtype=float)
    if ever <= share:
        return np.full(len(times), np.nan)
    return ever * constant_hazard(share / ever, window, times)


def scaled_shape(share: float, window: float, shape: pd.DataFrame, times: Iterable[float]) -> np.ndarray:
    """Return the share with the event where the hazard is that of a known cohort, times whatever makes its figure ``share``.

    ``shape`` has columns time and share, the cohort's cumulative figures; between two of them its hazard is constant,
    from 0 at time 0. The share by t is 1 - (1 - F(t))^r with r = log(1 - share) / log(1 - F(window)). Missing past the
    cohort's last time.
    """
    _check(share, window)
    times = np.asarray(list(times), dtype=float)
    known = shape.sort_values("time")
    at = np.concatenate([[0.0], known["time"].to_numpy(dtype=float)])
    hazard = np.concatenate([[0.0], -np.log1p(-known["share"].to_numpy(dtype=float))])
    ratio = -np.log1p(-share) / np.interp(window, at, hazard)
    return np.where(times <= at[-1] + 2, -np.expm1(-ratio * np.interp(times, at, hazard)), np.nan)


def published_shapes() -> dict[str, pd.DataFrame]:
    """Return the curves of published populations known early and late: short name -> time (days), share, population, source.

    Cumulative figures for any arrest, of populations with a figure within the first year and one after it. Where two
    reports on one population give a figure for one horizon, the one with more digits stands.
    """
    rows = published("benchmarks")
    rows = rows[
        (rows["outcome_class"] == "arrest") & (rows["measure"] == "cumulative") & rows["horizon_days"].str.isdigit()
    ]
    rows = rows.assign(time=rows["horizon_days"].astype("float64"), share=rows["percent"].astype("float64") / 100)
    rows = rows.assign(digits=rows["percent"].str.len()).sort_values(
        ["time", "digits"], ascending=[True, False], kind="stable"
    )
    found = {}
    for population, part in rows.groupby("population", sort=False):
        part = part.drop_duplicates("time")
        if part["time"].min() <= LATEST_FIRST < part["time"].max():
            short = comparisons()["short"].get(part["benchmark_id"].iloc[0], str(population))
            found[short] = part[["time", "share", "population", "source"]].reset_index(drop=True)
    return found


def projections(
    share: float, window: float, shapes: dict[str, pd.DataFrame] | None = None, years: Sequence[float] = YEARS
) -> pd.DataFrame:
    """Return what each kind of projection makes of a share seen over a window.

    Parameters
    ----------
    share, window : float
        The share with the event by ``window`` days, between 0 and 1.
    shapes
        Curves of real cohorts, time in days; by default those of ``published_shapes``.
    years : numbers
        Horizons, in years of 365.25 days.

    Returns
    -------
    DataFrame
        ``projection, family, years, projected, reaches``. Families: ``constant hazard``, ``shape of a real cohort``,
        ``split population``. ``projected`` is missing past the last figure of a cohort, which ``reaches`` gives in days.
    """
    times = [YEAR * year for year in years]
    lines = {("Constant hazard", "constant hazard", np.inf): constant_hazard(share, window, times)}
    for name, shape in (published_shapes() if shapes is None else shapes).items():
        lines[(name, "shape of a real cohort", float(shape["time"].max()))] = scaled_shape(share, window, shape, times)
    for ever in EVER[:-1]:
        if ever > share:
            name = f"Only {100 * ever:g} in 100 ever have the event"
            lines[(name, "split population", np.inf)] = split_population(share, window, times, ever)
    rows = [
        (*labels[:2], year, value, labels[2])
        for labels, values in lines.items()
        for year, value in zip(years, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _check(share: float, window: float) -> None:
    if not (0 < share < 1 and 0 < window < np.inf):
        raise ValueError(
            f"a projection needs a share between 0 and 1 and a positive window; found {share!r}, {window!r}"
        )
