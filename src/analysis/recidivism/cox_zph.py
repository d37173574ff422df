"""The test of proportional hazards: does a coefficient change with time?

A score test of coefficient + theta x g(time) for theta = 0, with g the transformed time.
"""

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from analysis.recidivism.cox_design import Design
from analysis.recidivism.risk_sets import RiskSets

TRANSFORMS = ("km", "identity", "log", "rank")


def zph(
    risk: RiskSets, beta: np.ndarray, design: Design, clock: np.ndarray, transform: str = "km", terms: bool = True
) -> pd.DataFrame:
    """Score tests of proportional hazards.

    Parameters
    ----------
    risk, beta, design, clock
        The state of a ``CoxFit``; call ``fit.zph()``.
    transform : ``"km"``, ``"identity"``, ``"log"`` or ``"rank"``
        The function of time: one minus Kaplan-Meier just before it, time, its logarithm, or its rank
        among all rows.
    terms : bool
        One test a term of the formula, or one a coefficient.

    Returns
    -------
    pandas.DataFrame
        ``term, chi_square, df, p_value``, the last row (``GLOBAL``) for all of them.

    Raises
    ------
    ValueError
        An unknown transform; log of a time 0.

    References
    ----------
    Grambsch and Therneau (1994); ``cox.zph`` of R's survival 3.5.
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform must be one of {', '.join(TRANSFORMS)}, found {transform!r}")
    g = _transformed(risk, clock, transform)
    g = g - np.average(g, weights=risk.deaths)
    sums = risk.terms(beta)
    p = len(beta)
    moved = g @ (risk.dying @ risk.matrix - risk.expected(sums))
    plain, once, twice = (risk.information(sums, power) for power in (np.ones(len(g)), g, g * g))
    information = np.block([[plain, once], [once, twice]])
    groups = design.terms if terms else {name: [i] for i, name in enumerate(design.names)}
    rows = [(name, *_score_test(information, moved, columns, p)) for name, columns in groups.items()]
    rows.append(("GLOBAL", *_score_test(information, moved, list(range(p)), p)))
    return pd.DataFrame(rows, columns=["term", "chi_square", "df", "p_value"])


def _score_test(information: np.ndarray, moved: np.ndarray, columns: list[int], p: int) -> tuple[float, int, float]:
    keep = [*range(p), *(p + i for i in columns)]
    score = np.concatenate([np.zeros(p), moved[columns]])
    statistic = float(score @ np.linalg.solve(information[np.ix_(keep, keep)], score))
    return statistic, len(columns), float(chdtrc(len(columns), statistic))


def _transformed(risk: RiskSets, clock: np.ndarray, transform: str) -> np.ndarray:
    """The function of time at each event time."""
    time = clock[risk.time].astype(float)
    if transform == "identity":
        return time
    if transform == "log":
        if time.min() <= 0:
            raise ValueError("an event at time 0 has no logarithm: use another transform")
        return np.log(time)
    if transform == "rank":
        codes, n = risk.records.time, risk.records.count
        total = np.bincount(codes, weights=n, minlength=len(clock))
        return (np.cumsum(total) - (total - 1) / 2)[risk.time]
    return 1 - _kaplan_meier_before(risk, len(clock))[risk.time]


def _kaplan_meier_before(risk: RiskSets, size: int) -> np.ndarray:
    """Kaplan-Meier of all rows together, whatever their stratum or weight, just before each time."""
    records = risk.records
    out = np.bincount(records.time, weights=records.count, minlength=size)
    late = records.entry >= 0
    entered = np.bincount(records.entry[late], weights=records.count[late], minlength=size)
    n = out[::-1].cumsum()[::-1] - entered[::-1].cumsum()[::-1]
    events = records.status > 0
    d = np.bincount(records.time[events], weights=records.count[events], minlength=size)
    steps = 1 - np.divide(d, n, out=np.zeros(size), where=n > 0)
    return np.concatenate([[1.0], np.cumprod(steps)[:-1]])
