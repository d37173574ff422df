"""How strong something unseen would have to be: E-values for confounding, bounds for people who could not be followed."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from analysis.data.errors import nearest
from analysis.recidivism.proportions import proportion
from analysis.recidivism.survival import quantile_of_level

MEASURES = ("risk ratio", "rate ratio", "hazard ratio", "odds ratio")


@dataclass(frozen=True)
class EValue:
    """``estimate`` for the point estimate, ``limit`` for the limit of its interval nearer to 1 (1 where the interval holds 1)."""

    estimate: float
    limit: float


@dataclass(frozen=True)
class Bounds:
    """The share if none, and if all, of those not followed had the event, and the interval of the share itself."""

    lower: float
    upper: float
    ci_lower: float
    ci_upper: float
    level: float


def e_value(ratio: float, limit: float | None = None, measure: str = "risk ratio", common: bool = False) -> EValue:
    """The E-value: how strongly something unmeasured would have to go with both policy and outcome to explain a ratio away.

    It is the smallest risk ratio that an unmeasured confounder would need with the policy and with the outcome,
    beyond the covariates adjusted for.

    Parameters
    ----------
    ratio : float
        Above 0. A ratio under 1 is inverted first.
    limit : float
        The limit of its interval that is nearer to 1. Where it lies on the other side of 1 the result is 1; without it
        the result is NaN.
    measure : ``"risk ratio"``, ``"rate ratio"``, ``"hazard ratio"`` or ``"odds ratio"``
    common : bool
        True where more than about 15 % have the outcome: a hazard ratio h then stands for the risk ratio
        (1 - .5^sqrt(h)) / (1 - .5^sqrt(1/h)), an odds ratio for its square root.

    Raises
    ------
    ValueError
        A ratio that is not positive and finite, an unknown measure, a limit beyond the ratio.

    References
    ----------
    VanderWeele and Ding (2017), Annals of Internal Medicine 167: 268-274; VanderWeele (2017), Biometrics 73: 1048.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure = {measure!r}.{nearest(measure, MEASURES)}")
    for value, name in ((ratio, "ratio"), (limit, "limit")):
        if value is not None and not 0 < value < np.inf:
            raise ValueError(f"{name} must be above 0 and finite, found {value!r}")
    if limit is not None and ((ratio > 1 and limit > ratio) or (ratio < 1 and limit < ratio)):
        raise ValueError(
            f"limit = {limit} lies farther from 1 than the ratio {ratio}: give the limit that is nearer to 1"
        )
    up = ratio >= 1
    risk = _as_risk_ratio(ratio, measure, common)
    found = _e_value(risk if up else 1 / risk)
    if limit is None:
        return EValue(found, float("nan"))
    if ratio == 1 or (limit <= 1 if up else limit >= 1):
        return EValue(found, 1.0)
    near = _as_risk_ratio(limit, measure, common)
    return EValue(found, _e_value(near if up else 1 / near))


def bounds(events: int, n: int, unknown: int, level: float = 0.95) -> Bounds:
    """Worst-case bounds of a share when some people could not be followed.

    Parameters
    ----------
    events : int
        People seen to have the event.
    n : int
        Everyone, those not followed included.
    unknown : int
        People not followed.
    level : float
        The interval covers the share itself, wherever in the bounds it lies, with at least this probability: Clopper and
        Pearson's limit at either bound, at Imbens and Manski's quantile. It does not shrink to a point at 0 or at 1.

    Raises
    ------
    ValueError
        Counts that are no whole numbers, are negative, or do not fit together.

    References
    ----------
    Manski (1990); Imbens and Manski (2004), Econometrica 72: 1845-1857; Clopper and Pearson (1934).
    """
    for value, name in ((events, "events"), (n, "n"), (unknown, "unknown")):
        if value != value or value < 0 or value != int(value):
            raise ValueError(f"{name} must be a whole number of 0 or more, found {value!r}")
    if n < 1 or events + unknown > n:
        raise ValueError(f"events ({events}) and unknown ({unknown}) must be part of n ({n}), at least 1")
    lower, upper = events / n, (events + unknown) / n
    c = _quantile_between(upper - lower, max(np.sqrt(p * (1 - p) / n) for p in (lower, upper)), level)
    below, above = (proportion(k, n, "exact", 2 * ndtr(c) - 1) for k in (events, events + unknown))
    return Bounds(lower, upper, below.lower, above.upper, level)


def imbens_manski(
    lower: float, upper: float, se_lower: float, se_upper: float, level: float = 0.95
) -> tuple[float, float]:
    """The interval that covers a value that lies between two bounds, wherever between them, with the level's probability."""
    c = _quantile_between(upper - lower, max(se_lower, se_upper), level)
    return float(lower - c * se_lower), float(upper + c * se_upper)


def _quantile_between(width: float, error: float, level: float) -> float:
    """Imbens and Manski's quantile: two-sided where the bounds meet, one-sided where they lie far apart."""
    z = quantile_of_level(level)
    if width <= 0:
        return z
    apart = width / error if error > 0 else np.inf
    return float(brentq(lambda c: ndtr(c + apart) - ndtr(-c) - level, 0.0, z + 1e-9, xtol=1e-14))


def _e_value(ratio: float) -> float:
    return float(ratio + np.sqrt(ratio * (ratio - 1)))


def _as_risk_ratio(ratio: float, measure: str, common: bool) -> float:
    if common and measure == "hazard ratio":
        return float((1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio)))
    return float(np.sqrt(ratio)) if common and measure == "odds ratio" else ratio
