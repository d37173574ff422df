"""Whole numbers for combinations of labels and times, so that rows with equal ones can be counted without sorting."""

import numpy as np

from analysis.recidivism import inputs

_DENSE = 2**22  # a table of this many counters is cheaper to fill than its keys are to sort
_TIED = 1.5e-8  # times closer than this, relative to their mean, are one time: R's timefix


def number_groups(codes: list[np.ndarray], levels: list[int]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The number of each row's combination of codes, in lexicographic order, and the codes of each combination."""
    key, total = _key(codes, levels)
    if total <= max(_DENSE, 4 * len(key)):
        seen = np.bincount(key, minlength=total) > 0
        parts = np.unravel_index(np.flatnonzero(seen), [max(size, 1) for size in levels])
        return key if seen.all() else (np.cumsum(seen) - 1)[key], list(parts)
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    return number, [code[first] for code in codes]


def tally(
    codes: list[np.ndarray],
    levels: list[int],
    count: np.ndarray | None,
    weight: np.ndarray | None,
    square: np.ndarray | None,
) -> tuple[list[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Combinations that occur with a positive count, with their sums of weights and of squared weights."""
    key, total = _key(codes, levels)
    if total <= max(_DENSE, 4 * len(key)) and weight is None:
        # counts below 2**53 are exact as floats
        n = np.bincount(key, weights=count, minlength=total)
        present = np.flatnonzero(n)
        sums = n[present].astype(np.int64)
        return list(np.unravel_index(present, [max(size, 1) for size in levels])), (sums, sums)
    times = np.ones(len(key), dtype=np.int64) if count is None else count
    load = times if weight is None else times * weight
    loads = load if weight is None else (times * weight**2 if square is None else square)
    # sorted, so that no sum depends on the order of the rows
    order = (
        np.argsort(key, kind="stable")
        if weight is None
        else np.lexsort((load, key) if count is None and square is None else (loads, load, key))
    )
    order = order[load[order] > 0]
    if not len(order):
        empty = np.zeros(0, dtype=load.dtype)
        return [np.zeros(0, dtype=np.int64) for _ in codes], (empty, empty)
    first = np.flatnonzero(np.diff(key[order], prepend=-1))
    sums = np.add.reduceat(load[order], first), np.add.reduceat(loads[order], first)
    return [code[order[first]] for code in codes], sums


def _key(codes: list[np.ndarray], levels: list[int]) -> tuple[np.ndarray, int]:
    """One whole number a row for a combination of codes, in lexicographic order, and how many there could be."""
    key, total = codes[0].astype(np.int64), max(levels[0], 1)
    for code, size in zip(codes[1:], levels[1:], strict=True):
        if total * max(size, 1) >= 2**62:
            seen, key = np.unique(key, return_inverse=True)
            total = len(seen)
        key *= max(size, 1)
        key += code
        total *= max(size, 1)
    return key, total


def number_times(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and sorted levels of times. Whole numbers in a small range need no sorting."""
    if len(values) and _whole(values):
        low, high = int(values.min()), int(values.max())
        if high - low < max(_DENSE // 64, 2 * len(values)):
            return values.astype(np.int64) - low, np.arange(low, high + 1).astype(values.dtype)
    levels, codes = np.unique(values, return_inverse=True)
    return codes, levels


def _whole(values: np.ndarray) -> bool:
    return values.dtype.kind == "i" or bool((np.isfinite(values) & (values == np.floor(values))).all())


def snap(stop: np.ndarray, start: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Times that differ by rounding alone become one, across entry and time, as R's timefix does."""
    finite = np.zeros(0, dtype=bool) if start is None else np.isfinite(start)
    pooled = stop if start is None else np.concatenate([stop, start[finite]])
    if not len(stop) or _whole(pooled):
        return stop, start
    levels, codes = np.unique(pooled, return_inverse=True)
    apart = np.diff(levels, prepend=-np.inf) > _TIED * max(1.0, float(np.abs(levels).mean()))
    snapped = levels[apart][np.cumsum(apart) - 1][codes]
    if start is None:
        return snapped, None
    start = start.copy()
    start[finite] = snapped[len(stop) :]
    empty = start >= snapped[: len(stop)]
    if empty.any():
        raise ValueError(f"an interval of no length: entry equals time but for rounding in {inputs.rows_text(empty)}")
    return snapped[: len(stop)], start
