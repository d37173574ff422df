"""What a coverage trial is: a setting that worlds are drawn from, and the intervals that are put to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.worlds.draws import generator

LEVEL = 0.95
APPROXIMATE, AT_LEAST, SHOWN = "approximate", "at least", "none"
COVERED, ABOVE, BELOW, UNDEFINED = range(4)


@dataclass(frozen=True)
class Interval:
    """One interval of the package.

    ``estimator`` names it, ``truth`` is what it should cover, in closed form or by summation, and
    ``limits`` takes what a setting drew and gives the lower and the upper limit. ``claim`` is what its
    coverage is held to: about the level (``"approximate"``), the level or more (``"at least"``, exact
    intervals), or nothing (``"none"``: shown, because fewer than twenty events are expected, which is too
    few for it, or because it ignores how the data came about).
    """

    estimator: str
    truth: float
    limits: Callable[[Any], tuple[float, float]]
    claim: str = APPROXIMATE


@dataclass(frozen=True)
class Setting:
    """Worlds of one kind: how they are drawn, how they are described, and the intervals put to them."""

    name: str
    people: int
    censoring: str
    ties: str
    draw: Callable[[np.random.Generator], Any]
    intervals: tuple[Interval, ...]


def limits(setting: Setting, first: int, last: int) -> np.ndarray:
    """The limits of each interval in the worlds ``first`` to ``last - 1``: array (intervals, worlds, 2)."""
    found = np.empty((len(setting.intervals), last - first, 2))
    for world in range(first, last):
        drawn = setting.draw(generator(setting.name, world))
        for place, each in enumerate(setting.intervals):
            found[place, world - first] = each.limits(drawn)
    return found


def outcomes(found: np.ndarray, truth: float) -> np.ndarray:
    """What became of an interval in each world.

    Parameters
    ----------
    found : array (worlds, 2)
        Its limits.
    truth : float

    Returns
    -------
    array (worlds)
        0: it covers the truth; 1: it lies above it; 2: it lies below it; 3: a limit is not defined.
    """
    lower, upper = found.T
    return np.select([~(lower <= upper), lower > truth, upper < truth], [UNDEFINED, ABOVE, BELOW], COVERED)


def not_rejected(p_value: float) -> tuple[float, float]:
    """A test as an interval: it holds 1 - level where the test does not reject at the level."""
    return 0.0, p_value


def limits_of(table: pd.DataFrame, row: int = 0) -> tuple[float, float]:
    """The limits in one row of a result."""
    return table["lower"].iat[row], table["upper"].iat[row]
