"""Random draws of the coverage scenarios, each by inversion of uniform numbers.

Only uniform numbers are drawn: their stream is the same in every version of numpy, which those of other
distributions are not, so that the first simulations of a stored table can be drawn again anywhere.
"""

import zlib

import numpy as np
import pandas as pd
from scipy.special import gammaincinv, ndtr, ndtri

SEED = 20_180_615
SHAPE, SCALE = 0.7, 1592.0  # Weibull, in days: a hazard that falls, and a risk of .3 within a year


def generator(scenario: str, number: int) -> np.random.Generator:
    """The stream of one simulation of one scenario, whatever else is run."""
    return np.random.default_rng([SEED, zlib.crc32(scenario.encode()), number])


def exponential(u: np.ndarray, rate: np.ndarray | float) -> np.ndarray:
    """Waiting times with a constant hazard."""
    return -np.log1p(-u) / rate


def weibull(u: np.ndarray, ratio: np.ndarray | float = 1.0) -> np.ndarray:
    """Waiting times with a falling hazard, ``ratio`` times that of everyone else."""
    return SCALE * (-np.log1p(-u) / ratio) ** (1 / SHAPE)


def weibull_survival(time: np.ndarray | float, ratio: float = 1.0) -> np.ndarray:
    """The share of them without the event by a time."""
    return np.exp(-ratio * (np.asarray(time, dtype=float) / SCALE) ** SHAPE)


def gamma_mean_one(u: np.ndarray, variance: float) -> np.ndarray:
    """Gamma frailties of mean 1."""
    return gammaincinv(1 / variance, u) * variance


def exchangeable(rng: np.random.Generator, groups: int, size: int, correlation: float) -> np.ndarray:
    """Uniform numbers (groups x size, flat), dependent within a group by a Gaussian copula: each alone is uniform."""
    shared, own = ndtri(rng.random((groups, 1))), ndtri(rng.random((groups, size)))
    return ndtr(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own).ravel()


def whole(time: np.ndarray, unit: int = 1) -> np.ndarray:
    """Times as they are recorded: the day (or the last day of the week) within which they fall."""
    return (np.ceil(time / unit) * unit).astype(np.int64)


def whole_uniform(rng: np.random.Generator, n: int, first: int, last: int) -> np.ndarray:
    """Whole numbers from first to last, all as likely."""
    return first + np.floor(rng.random(n) * (last - first + 1)).astype(np.int64)


def observed(causes: dict[str, np.ndarray], censored: np.ndarray, unit: int | None = 1, **columns) -> pd.DataFrame:
    """Follow-up as a cohort holds it: the first of several latent times, or ``censored``, the last that could be seen.

    Times are recorded by ``unit`` days, or as they are where it is None; ``columns`` are added.
    """
    latent = np.vstack(list(causes.values()))
    first, time = latent.argmin(axis=0), latent.min(axis=0)
    time, end = (time, censored) if unit is None else (whole(time, unit), whole(censored, unit))
    event = pd.Categorical.from_codes(np.where(time <= end, first, -1), categories=list(causes))
    return pd.DataFrame({"days": np.minimum(time, end), "event": event, **columns})
