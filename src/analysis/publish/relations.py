"""How the counts of a table hang together: which is a part of which, and which add up to which.

A reader can subtract and add; these relations are what `analysis.publish.suppression` guards against. They are taken
from the declaration where there is one, and otherwise read off the numbers, on the side of caution.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from analysis.publish.audit import Cell, Sum

_OF_A_CURVE = ("at_risk", "events")


def pairs(columns: Sequence[str], values: np.ndarray, of: Mapping[str, str] | None) -> list[tuple[Cell, Cell]]:
    """Return (part, whole) cells of each row.

    ``of`` maps a column to the column it is a part of. Without it, a column that is nowhere larger than another is
    taken for a part of it.
    """
    if of is None:
        width = range(len(columns))
        related = [(i, j) for i in width for j in width if i != j and _nowhere_larger(values[:, i], values[:, j])]
    else:
        related = [(columns.index(part), columns.index(total)) for part, total in of.items()]
    rows = range(len(values))
    return [((row, i), (row, j)) for i, j in related for row in rows if not np.isnan(values[row, [i, j]]).any()]


def nested(
    columns: Sequence[str], values: np.ndarray, names: Sequence[str] | None, group: np.ndarray
) -> list[tuple[Cell, Cell]]:
    """Return (part, whole) cells of the columns ``names``, in which of any two rows one's count holds the other's.

    Without ``names`` these are the counts of a curve, within the rows of a ``group``: those at risk at one time were
    at risk at every earlier one, and events by one time are among those by a later one.
    """
    found = []
    rows = np.zeros(len(values), dtype=int) if names is not None else group
    for j in (columns.index(name) for name in (_OF_A_CURVE if names is None else names) if name in columns):
        order = [int(row) for row in np.argsort(values[:, j], kind="stable") if not np.isnan(values[row, j])]
        found += [
            ((a, j), (b, j))
            for i, a in enumerate(order)
            for b in order[i + 1 :]
            if rows[a] == rows[b] and values[a, j] < values[b, j]
        ]
    return found


def sums(
    columns: Sequence[str],
    values: np.ndarray,
    declared: Mapping[str, Sequence[str]],
    whole: bool,
    nested: Collection[int] = (),
) -> list[Sum]:
    """Return each total with its parts: declared columns, a column that is the sum of all others, a row of totals.

    With ``whole``, the rows of each column may add up to a total that stands elsewhere, except in columns that are ``nested``.
    """
    lines: list[Sum] = []
    for total, parts in {**_total_column(columns, values), **declared}.items():
        j, others = columns.index(total), [columns.index(part) for part in parts]
        lines += [((row, j), [(row, k) for k in others]) for row in range(len(values))]
    total_row = _total_row(values)
    for j in range(len(columns)):
        body = [(row, j) for row in range(len(values)) if row != total_row]
        if total_row is not None:
            lines.append(((total_row, j), body))
        elif whole and j not in nested and (~np.isnan(values[:, j])).sum() > 1:
            lines.append((None, body))
    return lines


def _nowhere_larger(part: np.ndarray, total: np.ndarray) -> bool:
    known = ~np.isnan(part) & ~np.isnan(total)
    return bool(known.any() and (part[known] <= total[known]).all())


def _total_column(columns: Sequence[str], values: np.ndarray) -> dict[str, list[str]]:
    """Return the column that is in every row the sum of all others, which must be two or more."""
    for j, name in enumerate(columns):
        others = [k for k in range(len(columns)) if k != j]
        if len(others) >= 2 and len(values) and np.array_equal(values[:, others].sum(axis=1), values[:, j]):
            return {name: [columns[k] for k in others]}
    return {}


def _total_row(values: np.ndarray) -> int | None:
    """Return the last row that is in every column the sum of all others, which must be two or more."""
    if len(values) < 3 or not values.shape[1]:
        return None
    filled = np.nan_to_num(values)
    everything = filled.sum(axis=0)
    hits = np.flatnonzero((2 * filled == everything).all(axis=1))
    return int(hits[-1]) if len(hits) and (everything > 0).any() else None
