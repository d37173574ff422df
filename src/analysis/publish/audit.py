"""What a reader can work out about withheld counts from those that are shown: the attacker's side of suppression.

Sums and parts make a system of linear equations and inequalities in the withheld cells, none of which is negative.
The smallest and the largest value of a cell that agree with all of it bound what can be known (Hundepool et al. 2012,
*Statistical Disclosure Control*, section 4.4).
"""

from collections.abc import Sequence

import numpy as np

Cell = tuple[int, int]
Sum = tuple[Cell | None, Sequence[Cell]]  # a total (None where it is known from elsewhere) and its parts
Pair = tuple[Cell, Cell]  # a part and its whole


def ranges(
    counts: np.ndarray, mask: np.ndarray, sums: Sequence[Sum], pairs: Sequence[Pair], cells: Sequence[Cell]
) -> dict[Cell, tuple[float, float]]:
    """Return for each of ``cells``, withheld in ``mask``, the least and greatest value that what is shown allows.

    ``counts`` is a matrix; a cell without bound has the greatest value infinity.
    """
    from scipy.optimize import linprog

    unknown = {tuple(map(int, cell)): i for i, cell in enumerate(np.argwhere(mask))}
    equations = [_equation(counts, unknown, total, parts) for total, parts in sums]
    limits = [_difference(counts, unknown, part, whole) for part, whole in pairs]
    system = {}
    if equations := [e for e in equations if e[0].any()]:
        system["A_eq"], system["b_eq"] = np.array([e[0] for e in equations]), [e[1] for e in equations]
    if limits := [e for e in limits if e[0].any()]:
        system["A_ub"], system["b_ub"] = np.array([e[0] for e in limits]), [e[1] for e in limits]
    found = {}
    for cell in cells:
        target = np.zeros(len(unknown))
        target[unknown[cell]] = 1.0
        least, most = (linprog(sign * target, **system, bounds=(0, None), method="highs") for sign in (1, -1))
        found[cell] = (least.fun if least.status == 0 else 0.0, -most.fun if most.status == 0 else np.inf)
    return found


def nearest_shown(mask: np.ndarray, counts: np.ndarray, start: Cell, groups: Sequence[Sequence[Cell]]) -> Cell | None:
    """Return the smallest of the shown cells that fewest ``groups`` (a sum, a pair) part from ``start``; None if none."""
    seen, edge = {start}, {start}
    while edge:
        edge = {cell for group in groups if edge & set(group) for cell in group} - seen
        shown = [cell for cell in edge if not mask[cell] and not np.isnan(counts[cell])]
        if shown:
            return min(shown, key=lambda cell: (counts[cell], cell))
        seen |= edge
    return None


def _equation(
    counts: np.ndarray, unknown: dict[Cell, int], total: Cell | None, parts: Sequence[Cell]
) -> tuple[np.ndarray, float]:
    """Withheld parts less a withheld total are what the shown cells leave over."""
    row = np.zeros(len(unknown))
    parts = [cell for cell in parts if not np.isnan(counts[cell])]
    left_over = -sum(counts[cell] for cell in parts if cell not in unknown)
    for cell in parts:
        if cell in unknown:
            row[unknown[cell]] += 1
    if total in unknown:
        row[unknown[total]] -= 1
    else:
        left_over += sum(counts[cell] for cell in parts) if total is None else counts[total]
    return row, float(left_over)


def _difference(counts: np.ndarray, unknown: dict[Cell, int], part: Cell, whole: Cell) -> tuple[np.ndarray, float]:
    """A part is not larger than its whole."""
    row, right = np.zeros(len(unknown)), 0.0
    for sign, cell in ((1, part), (-1, whole)):
        if cell in unknown:
            row[unknown[cell]] += sign
        else:
            right -= sign * counts[cell]
    return row, right
