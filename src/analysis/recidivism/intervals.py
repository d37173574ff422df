"""Pointwise confidence intervals from an estimate and its standard error, with R survfit's conventions."""

import numpy as np
from scipy.special import ndtri

KINDS = ("log-log", "log", "plain")


def quantile_of_level(level: float) -> float:
    """The standard normal quantile of a two-sided interval at this level (.95 gives 1.959964)."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, found {level!r}")
    return float(ndtri(0.5 + level / 2))


def interval(
    estimate: np.ndarray, se: np.ndarray, ci: str, level: float, ceiling: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limits on the transformed scale ``ci``, carried back.

    Parameters
    ----------
    estimate, se : arrays
        On the same (untransformed) scale.
    ci : ``"log-log"``, ``"log"`` or ``"plain"``
        Plain and log limits are cut at 0 and ``ceiling``.

    Returns
    -------
    tuple of arrays
        NaN where the transformation is undefined: at 0 for log, at 0 and 1 for log-log; and wherever
        the standard error is NaN.

    References
    ----------
    ``survfit_confint`` of R's survival 3.5; Kalbfleisch and Prentice (2002), section 1.4.
    """
    z = quantile_of_level(level)
    estimate, se = np.asarray(estimate, dtype=float), np.asarray(se, dtype=float)
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
    # log p < 0, so factor < 1: the smaller power of p < 1 is the larger limit
    return p ** (1 / factor), p**factor
