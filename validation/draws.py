"""Random draws of the coverage scenarios, each by inversion of uniform numbers.

Only uniform numbers are drawn: their stream is the same in every version of numpy, which those of other
distributions are not, so that the first simulations of a stored table can be drawn again anywhere.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import expon, norm, weibull_min

SEED = 20_180_615
SHAPE, SCALE = 0.7, 1592.0  # Weibull, in days: a hazard that falls, and a risk of .3 within a year
HAZARDS = {"rearrest": 0.0009, "ice_custody": 0.0005, "died": 0.00005}  # a day, of three causes
SIZE, CORRELATION = 4, 0.5  # of the people of one place


def falling(ratio: np.ndarray | float = 1.0):
    """The distribution of waiting times with a falling hazard, ``ratio`` times that of everyone else."""
    return weibull_min(SHAPE, scale=SCALE * ratio ** (-1 / SHAPE))


def constant(hazard: np.ndarray | float):
    """The distribution of waiting times with a constant hazard."""
    return expon(scale=1 / hazard)


def exchangeable(rng: np.random.Generator, groups: int, size: int, correlation: float) -> np.ndarray:
    """Uniform numbers (groups x size, flat), dependent within a group by a Gaussian copula: each alone is uniform."""
    shared, own = norm.ppf(rng.random((groups, 1))), norm.ppf(rng.random((groups, size)))
    return norm.cdf(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own).ravel()


def whole(u: np.ndarray, first: int, last: int) -> np.ndarray:
    """Whole numbers from first to last, all as likely."""
    return first + np.floor(u * (last - first + 1)).astype(np.int64)


def people(
    rng: np.random.Generator, n: int, columns: dict[str, Callable | str | np.ndarray], unit: int | None = 1
) -> pd.DataFrame:
    """A cohort: its columns, and ``days`` and ``event`` as they are recorded, by ``unit`` days or (None) as they are.

    ``columns`` come in the order in which they are drawn: each is a function of uniform numbers and of the columns
    before it, an expression of these, or an array. Those named like a cause are latent times, dependent where people
    have a ``place``; ``end`` is the last time that could be seen. With ``entry``, people are seen only from then on.
    """
    drawn = pd.DataFrame(index=range(n))
    for name, column in columns.items():
        if callable(column):
            together = name in HAZARDS and "place" in drawn
            u = exchangeable(rng, n // SIZE, SIZE, CORRELATION) if together else rng.random(n)
            column = column(u, drawn)
        drawn[name] = drawn.eval(column) if isinstance(column, str) else column
    causes = [name for name in columns if name in HAZARDS]
    time, end = drawn[causes].to_numpy(), drawn["end"].to_numpy()
    first, time = time.argmin(axis=1), time.min(axis=1)
    if unit:  # the day, or the last day of the week, within which a time falls
        time, end = ((np.ceil(each / unit) * unit).astype(np.int64) for each in (time, end))
    event = pd.Categorical.from_codes(np.where(time <= end, first, -1), causes)
    cohort = drawn.drop(columns=[*causes, "end"]).assign(days=np.minimum(time, end), event=event)
    return cohort[~(cohort["entry"] >= cohort["days"])].reset_index(drop=True) if "entry" in cohort else cohort
