"""The infinitesimal jackknife: sums of squared influences over people or clusters, at every time at once.

The influence of one unit on a curve is, at each time, a combination of a few functions of time with
coefficients that change only when a member of the unit enters or leaves. So the sum over units of
the squared influence needs one pass over the cells and never a matrix of units by times.
"""

from dataclasses import dataclass

import numpy as np

from analysis.recidivism.cells import Cells


@dataclass(frozen=True)
class Members:
    """Cells (or intervals) of one stratum on the grid of its times.

    ``enter`` and ``leave`` are rows of the grid: a member is at risk in rows ``enter`` to ``leave``, and
    has the event ``cause`` (-1: none) in the last. ``load`` multiplies an influence before it is summed
    over the members of a ``unit`` and squared. ``size`` is the length of the grid.
    """

    cause: np.ndarray
    unit: np.ndarray
    load: np.ndarray
    enter: np.ndarray
    leave: np.ndarray
    size: int

    @classmethod
    def of(cls, cells: Cells, stratum: int, time: np.ndarray) -> "Members":
        """The members of one stratum of the cells, on the grid of its distinct times."""
        here = cells.stratum == stratum
        leave = np.searchsorted(time, cells.time[here])
        enter = np.searchsorted(time, cells.entry[here], side="right")
        if cells.unit is None:
            unit, load = np.arange(len(leave)), np.sqrt(cells.square[here])
        else:
            unit, load = cells.unit[here], cells.weight[here].astype(float)
        return cls(cells.cause[here], unit, load, enter, leave, len(time))

    def before(self, values: np.ndarray) -> np.ndarray:
        """A function of time at each member's entry: its value at the last row not after it, 0 before the first."""
        return np.concatenate([[0.0], values])[self.enter]


def sum_of_squares(members: Members, at_risk: np.ndarray, afterwards: np.ndarray, functions: np.ndarray) -> np.ndarray:
    """Sum over units of squared influence, at each time.

    Parameters
    ----------
    members : Members
    at_risk, afterwards : arrays (members, functions)
        Coefficients while at risk and after leaving; before entry the influence is 0. A member's
        coefficients while at risk apply in rows ``enter`` to ``leave - 1``.
    functions : array (times, functions)

    Returns
    -------
    array (times)
    """
    load = members.load[:, None]
    unit = np.concatenate([members.unit, members.unit])
    row = np.concatenate([members.enter, members.leave])
    jump = np.concatenate([load * at_risk, load * (afterwards - at_risk)])
    order = np.lexsort((row, unit))
    unit, row, jump = unit[order], row[order], jump[order]
    new = (np.diff(unit, prepend=-1) != 0) | (np.diff(row, prepend=-1) != 0)
    first = np.flatnonzero(new)
    if not len(first):
        return np.zeros(members.size)
    unit, row, jump = unit[first], row[first], np.add.reduceat(jump, first, axis=0)
    level, previous = _levels(unit, jump)
    total = np.zeros(members.size)
    width = functions.shape[1]
    for i in range(width):
        for j in range(i, width):
            change = level[:, i] * level[:, j] - previous[:, i] * previous[:, j]
            gram = np.bincount(row, weights=change, minlength=members.size)[: members.size].cumsum()
            total += (1 if i == j else 2) * gram * functions[:, i] * functions[:, j]
    return np.maximum(total, 0)


def _levels(unit: np.ndarray, jump: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of a unit after and before each of its jumps."""
    start = np.diff(unit, prepend=-1) != 0
    level = jump.cumsum(axis=0)
    offset = (level - jump)[start][np.cumsum(start) - 1]
    level = level - offset
    previous = level - jump
    previous[start] = 0
    return level, previous
