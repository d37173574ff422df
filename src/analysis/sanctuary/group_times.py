"""Effects of adoption on each cohort of adopters in each period, with what each unit contributes to them.

Each is a difference of two differences: the change of the adopters since the last period before adoption and any
anticipation of it (up to that period: since the one before), less that of units that had not adopted. Callaway and
Sant'Anna (2021), Journal of Econometrics 225: 200-230. With covariates it is doubly robust: Sant'Anna and Zhao (2020),
Journal of Econometrics 219: 101-122, whose influence function includes that both models are estimated.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.sanctuary.adoption_panel import Panel
from analysis.sanctuary.regression import fit

_APART = 0.999  # a chance of adoption beyond this leaves nobody to compare with
SHOWING = 3  # clusters of a cohort from which on their own variation is taken
Found = tuple[float, np.ndarray, int, int]


@dataclass(frozen=True, eq=False)
class GroupTimes:
    """``table``: cohort, time, event_time, base, estimate, adopters, controls, clean (before adoption and any anticipation of
    it: nothing should be found); ``influence``: (units, effects).

    An estimate less its expectation is about the mean over units of its influence, so that the variance is the sum of
    squares over clusters divided by the squared number of units. ``apart`` counts effects for which the covariates leave
    nobody to compare with. ``borrowed`` (clusters, effects) is of effects on a cohort of fewer than three clusters, and 0 of
    others: how each control cluster's change differs from their mean, scaled so that the sum of squares is the variance of
    the cohort's mean change, were its clusters to vary as the controls do.
    """

    table: pd.DataFrame
    influence: np.ndarray
    borrowed: np.ndarray
    apart: int = 0


def group_times(panel: Panel, control: str, anticipation: int = 0) -> GroupTimes:
    """Return the effects that can be estimated; ``control`` is ``"never"`` or ``"not_yet"``."""
    rows, influence, borrowed, apart = [], [], [], 0
    clusters = int(panel.cluster.max()) + 1
    for cohort in panel.cohorts:
        adopters = panel.adopted == cohort
        start = np.searchsorted(panel.time, cohort)  # the first period under the policy
        before = max(int(start) - 1 - anticipation, 0)
        for t in range(1, len(panel.time)):
            base = min(t - 1, before)  # once they may anticipate, nothing later than the last untouched period will do
            known = panel.time[min(t + anticipation, len(panel.time) - 1)]
            controls = panel.adopted > (np.finfo(float).max if control == "never" else known)
            change = panel.outcome[:, t] - panel.outcome[:, base]
            sides = adopters & ~np.isnan(change), controls & ~adopters & ~np.isnan(change)
            if panel.covariates is None:
                found = _difference(change, *sides, panel.weight)
            else:
                found = _doubly_robust(change, *sides, panel.weight, panel.covariates[:, base])
                apart += found is None and all(side.any() for side in sides)
            if found is None:
                continue
            estimate, each, n1, n0 = found
            rows.append(
                (cohort, panel.time[t], panel.time[t] - cohort, panel.time[base], estimate, n1, n0, t <= before)
            )
            influence.append(each)
            small = small_cohort(panel, adopters)
            borrowed.append(_of_controls(change, *sides, panel) if small else np.zeros(clusters))
    names = ["cohort", "time", "event_time", "base", "estimate", "adopters", "controls", "clean"]
    table = pd.DataFrame(rows, columns=names)
    if not rows:
        return GroupTimes(table, np.zeros((len(panel.adopted), 0)), np.zeros((clusters, 0)), apart)
    return GroupTimes(table, np.column_stack(influence), np.column_stack(borrowed), apart)


def _difference(change: np.ndarray, adopters: np.ndarray, controls: np.ndarray, weight: np.ndarray) -> Found | None:
    """Weighted mean change of adopters less that of controls, and each unit's influence; None where a side is empty."""
    if not (adopters.any() and controls.any()):
        return None
    change = np.where(adopters | controls, change, 0.0)
    parts, means = [], []
    for side in (adopters, controls):
        load = np.where(side, weight, 0.0)
        mean = float(load @ change / load.sum())
        parts.append(load * (change - mean) / load.mean())
        means.append(mean)
    return means[0] - means[1], parts[0] - parts[1], int(adopters.sum()), int(controls.sum())


def small_cohort(panel: Panel, adopters: np.ndarray) -> bool:
    """Whether a cohort has clusters of its own, too few to show their variation: two show one difference between them."""
    own = np.unique(panel.cluster[adopters])
    return len(own) < SHOWING and not np.isin(panel.cluster[~adopters], own).any()


def _of_controls(change: np.ndarray, adopters: np.ndarray, controls: np.ndarray, panel: Panel) -> np.ndarray:
    """How each control cluster's change differs from their mean, scaled as ``borrowed``; missing where there is one."""
    clusters = int(panel.cluster.max()) + 1
    total, weight, own = (
        np.bincount(panel.cluster[side], weights=values[side], minlength=clusters)
        for side, values in ((controls, panel.weight * change), (controls, panel.weight), (adopters, panel.weight))
    )
    seen = weight > 0
    if seen.sum() < 2:
        return np.full(clusters, np.nan)
    means = total[seen] / weight[seen]
    out = np.zeros(clusters)
    out[seen] = (means - means.mean()) / np.sqrt(seen.sum() - 1) * np.sqrt((own**2).sum()) / own.sum()
    return out


def _doubly_robust(
    change: np.ndarray, adopters: np.ndarray, controls: np.ndarray, weight: np.ndarray, covariates: np.ndarray
) -> Found | None:
    """The same less what covariates predict, controls weighted to the adopters' covariates."""
    rows = np.flatnonzero((adopters | controls) & ~np.isnan(covariates).any(axis=1))
    d, y, x, w = adopters[rows].astype(float), change[rows], covariates[rows], weight[rows]
    if not 0 < d.sum() < len(d):
        return None
    chance = fit(x, d, w, "logistic")
    if chance.fitted.max() >= _APART:
        return None
    trend = fit(x, y, w * (1 - d), "linear")
    left = y - trend.fitted
    loads = w * d, w * (1 - d) * chance.fitted / (1 - chance.fitted)
    means = [float(load @ left / load.sum()) for load in loads]
    parts = []
    for load, mean in zip(loads, means, strict=True):
        through = trend.influence @ (load[:, None] * x).mean(axis=0)
        parts.append((load * (left - mean) - through) / load.mean())
    # the odds exp(x beta) weight the controls, and their derivative is the odds times x
    turn = ((loads[1] * (left - means[1]))[:, None] * x).mean(axis=0) / loads[1].mean()
    influence = np.zeros(len(change))
    influence[rows] = (parts[0] - parts[1] - chance.influence @ turn) * len(change) / len(rows)
    return means[0] - means[1], influence, int(d.sum()), int((1 - d).sum())
