"""Two-way fixed effects: one coefficient for "has adopted", after unit and period means are taken out.

A benchmark and no more: where effects differ between cohorts or grow with time it compares adopters with earlier
adopters, and can have the wrong sign (Goodman-Bacon 2021).
"""

import numpy as np

from analysis.recidivism.survival import quantile_of_level
from analysis.sanctuary.adoption_panel import Panel

_ROUNDS, _CLOSE = 10_000, 1e-13


def two_way(panel: Panel, level: float) -> dict[str, float]:
    """Return estimate, se, lower, upper, observations; the error is clustered and corrected as fixest does."""
    seen = ~np.isnan(panel.outcome)
    unit, period = np.nonzero(seen)
    y = panel.outcome[seen]
    adopted = (panel.time[period] >= panel.adopted[unit]).astype(float)
    weight = panel.weight[unit]
    x = _without_means(adopted, unit, period, weight)
    squares = float(weight @ x**2)
    nothing = {"estimate": np.nan, "se": np.nan, "lower": np.nan, "upper": np.nan, "observations": len(y)}
    if squares < 1e-10 * len(y):
        return nothing
    y = _without_means(y, unit, period, weight)
    estimate = float(weight @ (x * y) / squares)
    scores = np.bincount(panel.cluster[unit], weights=weight * x * (y - estimate * x))
    clusters = int((np.bincount(panel.cluster[unit]) > 0).sum())
    parameters = 1 + seen.any(axis=0).sum()  # units lie within clusters and are not counted
    if clusters < 2 or len(y) <= parameters:
        return nothing | {"estimate": estimate}
    correction = clusters / (clusters - 1) * (len(y) - 1) / (len(y) - parameters)
    se = float(np.sqrt(correction * (scores @ scores)) / squares)
    z = quantile_of_level(level)
    return nothing | {"estimate": estimate, "se": se, "lower": estimate - z * se, "upper": estimate + z * se}


def _without_means(values: np.ndarray, unit: np.ndarray, period: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Take out weighted unit and period means in turn until nothing moves."""
    totals = [np.bincount(code, weights=weight) for code in (unit, period)]
    values = values - values.mean()
    scale = max(float(np.abs(values).max()), 1e-300)
    for _ in range(_ROUNDS):
        before = values
        for code, total in zip((unit, period), totals, strict=True):
            values = values - (np.bincount(code, weights=weight * values) / np.where(total > 0, total, 1))[code]
        if np.abs(values - before).max() < _CLOSE * scale:
            break
    return values
