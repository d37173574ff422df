"""Rows with equal stratum, time, cause, entry and cluster, counted once.

A life table needs no more than these cells, and they hold what a variance needs when people enter
late, carry weights or come in clusters. A million rows followed by the day give a few thousand cells.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.numbering import number_groups, number_times, snap, tally


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
