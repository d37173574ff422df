"""Effects of adoption on each cohort of adopters in each period, with what each unit contributes to them.

Each is a difference of two differences: the change of the adopters since the period before adoption (before adoption:
since the period before), less that of units that had not adopted. Callaway and Sant'Anna (2021), Journal of
Econometrics 225: 200-230, without covariates.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.sanctuary.adoption_panel import Panel


@dataclass(frozen=True, eq=False)
class GroupTimes:
    """``table``: cohort, time, event_time, base, estimate, adopters, controls; ``influence``: (units, effects).

    An estimate less its expectation is about the mean over units of its influence, so that the variance is the sum of
    squares over clusters divided by the squared number of units.
    """

    table: pd.DataFrame
    influence: np.ndarray


def group_times(panel: Panel, control: str) -> GroupTimes:
    """Return the effects that can be estimated; ``control`` is ``"never"`` or ``"not_yet"``."""
    rows, influence = [], []
    for cohort in panel.cohorts:
        adopters = panel.adopted == cohort
        before = np.flatnonzero(panel.time < cohort)
        for t in range(1, len(panel.time)):
            base = t - 1 if panel.time[t] < cohort else int(before[-1])
            controls = panel.adopted > (np.finfo(float).max if control == "never" else panel.time[t])
            change = panel.outcome[:, t] - panel.outcome[:, base]
            found = _difference(change, adopters, controls & ~adopters, panel.weight)
            if found is None:
                continue
            estimate, each, n1, n0 = found
            rows.append((cohort, panel.time[t], panel.time[t] - cohort, panel.time[base], estimate, n1, n0))
            influence.append(each)
    names = ["cohort", "time", "event_time", "base", "estimate", "adopters", "controls"]
    table = pd.DataFrame(rows, columns=names)
    return GroupTimes(table, np.column_stack(influence) if influence else np.zeros((len(panel.adopted), 0)))


def _difference(
    change: np.ndarray, adopters: np.ndarray, controls: np.ndarray, weight: np.ndarray
) -> tuple[float, np.ndarray, int, int] | None:
    """Weighted mean change of adopters less that of controls, and each unit's influence; None where a side is empty."""
    seen = ~np.isnan(change)
    one, none = adopters & seen, controls & seen
    if not (one.any() and none.any()):
        return None
    change = np.where(seen, change, 0.0)
    parts, means = [], []
    for side in (one, none):
        load = np.where(side, weight, 0.0)
        mean = float(load @ change / load.sum())
        parts.append(load * (change - mean) / load.mean())
        means.append(mean)
    return means[0] - means[1], parts[0] - parts[1], int(one.sum()), int(none.sum())
