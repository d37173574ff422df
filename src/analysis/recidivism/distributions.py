"""Standard distributions of a logarithm of time: extreme value (Weibull), logistic and normal."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, log_ndtr, logit, ndtri


@dataclass(frozen=True)
class Family:
    """A distribution of z = (log t - location) / scale.

    ``log_density``, ``log_survival``; ``density_slope``, the derivative of the log density; ``hazard``, that
    of minus the log survival; and ``quantile``, z at a cumulative probability.
    """

    log_density: Callable
    log_survival: Callable
    density_slope: Callable
    hazard: Callable
    quantile: Callable


FAMILIES = {
    "weibull": Family(
        lambda z: z - np.exp(z),
        lambda z: -np.exp(z),
        lambda z: 1 - np.exp(z),
        np.exp,
        lambda p: np.log(-np.log1p(-p)),
    ),
    "log-logistic": Family(
        lambda z: z + 2 * log_expit(-z),
        lambda z: log_expit(-z),
        lambda z: 1 - 2 * expit(z),
        expit,
        logit,
    ),
    "log-normal": Family(
        lambda z: -0.5 * (z * z + np.log(2 * np.pi)),
        lambda z: log_ndtr(-z),
        lambda z: -z,
        lambda z: np.exp(-0.5 * (z * z + np.log(2 * np.pi)) - log_ndtr(-z)),
        ndtri,
    ),
}
