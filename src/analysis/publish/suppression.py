"""Which cells of a table of counts must be withheld so that no small count can be read or worked out.

Input: counts as a matrix, the sums that a reader knows (a total and its parts) and the pairs in which one
count is a part of another. Output: a boolean mask of the same shape. The rule is the usual one of official
statistics (Hundepool et al. 2012, *Statistical Disclosure Control*, chapter 4): small cells are suppressed
first, then further cells until no sum or difference gives a suppressed one away.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from analysis.publish.audit import Cell, Pair, Sum, nearest_shown, ranges


def withheld(
    counts: np.ndarray,
    threshold: int,
    sums: Iterable[Sum] = (),
    pairs: Iterable[Pair] = (),
) -> np.ndarray:
    """Return True for each cell of ``counts`` (rows by columns, NaN where there is none) to withhold.

    A cell under ``threshold`` is withheld, zero too. For each pair ``(part, whole)`` the part is withheld where
    the whole less the part is under ``threshold``. For each sum, the cells withheld from it are at least two
    and add up to at least ``threshold``. Where all relations together still bound a small cell to within less than
    ``threshold``, more cells join it.
    """
    mask = np.nan_to_num(counts, nan=np.inf) < threshold
    sums, pairs = list(sums), list(pairs)
    while True:
        before = mask.copy()
        for part, whole in pairs:
            _break_pair(counts, mask, part, whole, threshold)
        for total, parts in sums:
            _break_sum(counts, mask, total, parts, threshold)
        if (mask == before).all() and not _break_ranges(counts, mask, sums, pairs, threshold):
            return mask


def _break_pair(counts: np.ndarray, mask: np.ndarray, part: Cell, whole: Cell, threshold: int) -> None:
    if mask[part] or mask[whole]:
        return
    if counts[whole] - counts[part] < threshold:
        mask[part] = True


def _break_sum(counts: np.ndarray, mask: np.ndarray, total: Cell | None, parts: Sequence[Cell], threshold: int) -> None:
    """Withhold the smallest of the remaining cells until what the sum reveals is no small count."""
    present = [cell for cell in parts if not np.isnan(counts[cell])]
    if total is not None and mask[total]:
        return
    while True:
        hidden = [cell for cell in present if mask[cell]]
        if not hidden or (len(hidden) >= 2 and sum(counts[cell] for cell in hidden) >= threshold):
            return
        shown = [cell for cell in present if not mask[cell]]
        if shown:
            mask[min(shown, key=lambda cell: (counts[cell], cell))] = True
        elif total is not None:
            mask[total] = True
            return
        else:
            return


def _break_ranges(
    counts: np.ndarray, mask: np.ndarray, sums: Sequence[Sum], pairs: Sequence[Pair], threshold: int
) -> bool:
    """Withhold one more cell where a small one is still known to within less than ``threshold``; True if one was added."""
    groups = [[*parts, *([] if total is None else [total])] for total, parts in sums]
    tied = _tied(mask, groups, pairs)
    small = np.nan_to_num(counts, nan=np.inf) < threshold
    for part, whole in pairs:
        small[part] |= counts[whole] - counts[part] < threshold
    guarded = [cell for cell in (tuple(map(int, c)) for c in np.argwhere(mask & small)) if cell in tied]
    if not guarded:
        return False
    for cell, (least, most) in ranges(counts, mask, sums, pairs, guarded).items():
        if most - least < threshold - 1e-6:
            found = nearest_shown(mask, counts, cell, [*groups, *pairs])
            if found is not None:
                mask[found] = True
                return True
    return False


def _tied(mask: np.ndarray, groups: Sequence[Sequence[Cell]], pairs: Sequence[Pair]) -> set[Cell]:
    """Return the withheld cells that more than one relation speaks of; the others are safe by the rule of one sum."""
    times: dict[Cell, int] = {}
    for group in [*groups, *pairs]:
        hidden = [cell for cell in group if mask[cell]]
        for cell in hidden:
            times[cell] = times.get(cell, 0) + 1
    linked = {cell for cell, count in times.items() if count > 1}
    return {cell for group in [*groups, *pairs] if linked & set(group) for cell in group if mask[cell]}
