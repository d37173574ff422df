"""Rows with equal stratum, time, cause, entry and cluster, counted once.

A life table needs no more than these cells, and they hold what a variance needs when people enter
late, carry weights or come in clusters. A million rows followed by the day give a few thousand cells.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.recidivism import inputs

_DENSE = 2**22  # a table of this many counters is cheaper to fill than its keys are to sort
_TIED = 1.5e-8  # times closer than this, relative to their mean, are one time: R's timefix


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of a life table, one array element a cell, sorted by stratum, time, cause, entry and unit.

    ``cause`` is -1 where censored, ``entry`` minus infinity where at risk from the start. ``weight`` is
    the sum of count x weight, ``square`` the sum of count x weight squared. ``unit`` numbers the clusters
    over all strata, or is None where each row stands for itself. ``robust`` asks for sandwich errors.
    Cells never change, so that copies of a frame share them.
    """

    stratum: np.ndarray
    time: np.ndarray
    cause: np.ndarray
    entry: np.ndarray
    weight: np.ndarray
    square: np.ndarray
    unit: np.ndarray | None
    strata: pd.DataFrame
    causes: tuple[str, ...]
    robust: bool

    def __deepcopy__(self, memo: dict) -> "Cells":
        return self

    @property
    def delayed(self) -> bool:
        """True where someone enters after the start."""
        return bool(np.isfinite(self.entry).any())

    def at_risk(self, stratum: int, times: np.ndarray) -> np.ndarray:
        """The weight of those with ``entry < t <= time`` in one stratum, at any times."""
        here = self.stratum == stratum
        return _below(self.entry[here], self.weight[here], times) - _below(self.time[here], self.weight[here], times)


def _below(values: np.ndarray, weight: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The summed weight of the values below each of the times."""
    order = np.argsort(values, kind="stable")
    total = np.concatenate([np.zeros(1, dtype=weight.dtype), weight[order].cumsum()])
    return total[np.searchsorted(values[order], times, side="left")]


def count_cells(
    frame: pd.DataFrame,
    by: list[str],
    time: str,
    event: str,
    entry: str | None,
    count: str | None,
    weight: str | None,
    cluster: str | None,
    square: str | None = None,
) -> Cells:
    """Count the cells of a frame. ``square`` names sums of squared weights where ``weight`` is already summed."""
    inputs.require(frame.columns, [*by, time, event, *filter(None, (entry, count, weight, cluster))])
    stop = inputs.times(frame[time])
    cause, causes = inputs.event_codes(frame[event])
    inputs.refuse_reserved(by, "by column")
    inputs.refuse_reserved(causes, "cause")
    if clash := set(by) & set(causes):
        raise ValueError(f"{sorted(clash)[0]!r} is both a by column and a cause: rename one")
    start = None if entry is None or frame[entry].isna().all() else inputs.entries(frame[entry], stop)
    stop, start = snap(stop, start)
    stratum, strata = number_strata(frame, by)
    codes, levels = [stratum], [len(strata)]
    time_code, time_levels = number_times(stop)
    codes += [time_code, cause + 1]
    levels += [len(time_levels), len(causes) + 1]
    entry_levels = unit_levels = None
    if start is not None:
        entry_code, entry_levels = number_times(start)
        codes.append(entry_code)
        levels.append(len(entry_levels))
    if cluster is not None:
        unit_code, unit_levels = inputs.label_codes(frame[cluster], "cluster")
        codes.append(unit_code)
        levels.append(len(unit_levels))
    times = None if count is None else inputs.counts(frame[count])
    load = None if weight is None else inputs.weights(frame[weight])
    squares = None if square is None else frame[square].to_numpy(np.float64)
    parts, sums = tally(codes, levels, times, load, squares)
    unit = None if unit_levels is None else parts[-1]
    return Cells(
        stratum=parts[0],
        time=time_levels[parts[1]],
        cause=parts[2] - 1,
        entry=np.full(len(parts[0]), -np.inf) if entry_levels is None else entry_levels[parts[3]],
        weight=sums[0],
        square=sums[1],
        unit=unit,
        strata=strata,
        causes=tuple(causes),
        robust=weight is not None or cluster is not None,
    )


def number_strata(frame: pd.DataFrame, by: list[str], what: str = "by column") -> tuple[np.ndarray, pd.DataFrame]:
    """Number the combinations of the by columns that occur, in sorted order, and list them."""
    if not by:
        return np.zeros(len(frame), dtype=np.int64), pd.DataFrame(index=pd.RangeIndex(1))
    coded = [inputs.label_codes(frame[name], what) for name in by]
    number, parts = number_groups([codes for codes, _ in coded], [len(levels) for _, levels in coded])
    columns = {}
    for name, (_, levels), part in zip(by, coded, parts, strict=True):
        values = levels.take(part)
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            values = pd.Categorical(values, dtype=frame[name].dtype)
        columns[name] = values
    return number, pd.DataFrame(columns)


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
