"""The life table: how many were at risk, had each event and were censored, at each time.

It is the narrow waist of the project. Before it may stand a hundred million people in a query engine;
after it, everything is a few thousand rows.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.recidivism import inputs
from analysis.recidivism.cells import Cells, count_cells
from analysis.recidivism.cells_in_engine import count_in_engine
from analysis.recidivism.followed import LazyCohort

OWN = "the cohort's own"


def life_table(
    cohort,
    by: str | Iterable[str] | None = None,
    time: str = "days",
    event: str = "event",
    entry: str | None = OWN,
    count: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    unknown: str | None = None,
    exact: bool = False,
) -> pd.DataFrame:
    """Count people at risk, events by cause and people censored at each distinct time of each stratum.

    At risk at time t are those with ``entry < t <= time``; a missing entry is at risk from the start,
    events at time 0 included. Zero rows give a table without rows.

    Parameters
    ----------
    cohort : pandas.DataFrame, ibis Table or LazyCohort
        One row a person (release, episode, interval). Ibis tables, and cohorts made with ``lazy=True``, are counted
        in their own engine.
    by : column or columns
        Strata. Combinations that do not occur have no rows.
    time : column
        Follow-up in any unit, 0 or more. ``attrs["time_unit"]`` of the frame travels on.
    event : column
        A text or categorical label, missing where censored; or booleans or 0/1, one cause named ``"event"``.
    entry : column or None
        Delayed entry, missing where at risk from the start. By default the column named ``entry`` where
        there is one; None ignores it.
    count : column
        Frequencies (whole numbers): the same as repeating the row.
    weight : column
        Sampling weights: counts become sums of weights, and standard errors sandwich errors.
    cluster : column
        Rows of one cluster are taken as dependent: standard errors become clustered.
    unknown : label
        The stratum of rows whose by column is missing, such as ``"unknown"``. By default they are refused.

    exact : bool
        False rounds the counts where the run is restricted (`analysis.data.rounding.life_table`); True is not for sharing.

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, censored``, one column a cause (alphabetical); one row a stratum and
        distinct time, whatever happened at it. ``attrs["cells"]`` holds what variances need where
        people enter late, carry weights or come in clusters; such a table is not for editing.

    Raises
    ------
    KeyError
        A column that is not there.
    ValueError
        A missing, negative or infinite time, an interval of no length, a missing stratum, an event that
        is no label, a count that is no whole number, a stratum or cause named like an output column.

    References
    ----------
    Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, section 1.4.
    """
    by = inputs.names(by)
    columns = cohort.columns
    if entry == OWN:
        entry = "entry" if "entry" in columns else None
    if isinstance(cohort, pd.DataFrame):
        labelled = inputs.labelled(cohort, by, unknown)
        cells = count_cells(labelled, by, time, event, entry, count, weight, cluster)
        return _shown(table_of(cells, cohort.attrs), cells, exact)
    attrs, table, causes = {}, cohort, None
    if isinstance(cohort, LazyCohort):
        attrs, table = cohort.attrs, cohort.table
        causes = cohort.causes if event == "event" else None
    cells = count_in_engine(table, by, time, event, entry, count, weight, cluster, causes, unknown)
    return _shown(table_of(cells, attrs), cells, exact)


def _shown(table: pd.DataFrame, cells: Cells, exact: bool) -> pd.DataFrame:
    """The table as this run may show it; standard errors over dependent people need the exact one."""
    step = rounding.step()
    return table if exact or not step else rounding.life_table(table, step, table if cells.robust else None)


def table_of(cells: Cells, attrs: dict) -> pd.DataFrame:
    """The life table of cells, with the attributes of the frame they were counted from."""
    new_row = (np.diff(cells.stratum, prepend=-1) != 0) | (np.diff(cells.time, prepend=np.nan) != 0)
    row = np.cumsum(new_row) - 1
    first = np.flatnonzero(new_row)
    whole = cells.weight.dtype.kind == "i"
    out = np.bincount(row, weights=cells.weight, minlength=len(first))
    stratum, time = cells.stratum[first], cells.time[first]
    at_risk = np.empty(len(first))
    for _, rows in slices(stratum):
        at_risk[rows] = out[rows][::-1].cumsum()[::-1]
    if cells.delayed:
        at_risk -= _not_yet_entered(cells, stratum, time)
    table = cells.strata.take(stratum).reset_index(drop=True)
    table["time"] = time
    table["at_risk"] = _counts(at_risk, whole)
    for code, label in enumerate(("censored", *cells.causes), start=-1):
        here = cells.cause == code
        table[label] = _counts(np.bincount(row[here], weights=cells.weight[here], minlength=len(first)), whole)
    table.attrs = {**attrs, "cells": cells} if cells.robust or cells.delayed else dict(attrs)
    return table


def slices(stratum: np.ndarray) -> list[tuple[int, slice]]:
    """The rows of each stratum of a sorted table, as (stratum, slice)."""
    starts = np.flatnonzero(np.diff(stratum, prepend=-1)).tolist()
    ends = [*starts[1:], len(stratum)]
    return [(int(stratum[i]), slice(i, j)) for i, j in zip(starts, ends, strict=False)]


def _counts(values: np.ndarray, whole: bool) -> np.ndarray:
    return np.rint(values).astype(np.int64) if whole else values.astype(np.float64)


def _not_yet_entered(cells: Cells, stratum: np.ndarray, time: np.ndarray) -> np.ndarray:
    """For each row of the table, the weight of those with entry >= time."""
    later = np.zeros(len(time))
    for number, rows in slices(stratum):
        here = (cells.stratum == number) & np.isfinite(cells.entry)
        # entry >= t for the rows up to and including the last t that is not after the entry
        last = np.searchsorted(time[rows], cells.entry[here], side="right") - 1
        inside = last >= 0
        added = np.bincount(last[inside], weights=cells.weight[here][inside], minlength=len(time[rows]))
        later[rows] = added[::-1].cumsum()[::-1]
    return later
