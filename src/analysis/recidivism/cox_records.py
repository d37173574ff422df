"""From the rows of a frame to the cells of a Cox model."""

import numpy as np
import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.cells import number_strata, number_times, snap, tally
from analysis.recidivism.cox_design import Design
from analysis.recidivism.risk_sets import Records


def records_of(
    frame: pd.DataFrame,
    columns: Design,
    time: str,
    event: str,
    cause: str | None,
    entry: str | None,
    count: str | None,
    weight: str | None,
    strata: list[str],
    cluster: str | None,
) -> tuple[Records, np.ndarray]:
    """The cells of the model, and the times that their codes stand for."""
    stop = inputs.times(frame[time])
    codes, causes = inputs.event_codes(frame[event])
    status = (codes == causes.index(inputs.one_cause(cause, causes))).astype(np.int64)
    start = None if entry is None or frame[entry].isna().all() else inputs.entries(frame[entry], stop)
    stop, start = snap(stop, start)
    stratum, labels = number_strata(frame, strata, "stratum")
    if start is None:
        time_code, clock = number_times(stop)
        entry_code = None
    else:
        inside = np.isfinite(start)
        pooled, clock = number_times(np.concatenate([stop.astype(float), start[inside]]))
        time_code, entry_code = pooled[: len(stop)], np.full(len(stop), -1)
        entry_code[inside] = pooled[len(stop) :]
    unit, units = (None, 0) if cluster is None else _units(frame[cluster])
    number = None if count is None else inputs.counts(frame[count])
    load = None if weight is None else inputs.weights(frame[weight])
    if not columns.grouped:
        n = np.ones(len(frame), dtype=np.int64) if number is None else number
        w = n if load is None else n * load
        square = n if load is None else n * load**2
        kept = w > 0
        early = np.full(len(frame), -1) if entry_code is None else entry_code
        whole = Records(stratum, columns.pattern, early, time_code, status, n, w, square, unit)
        return _subset(whole, kept), clock
    parts, levels = [stratum, columns.pattern, time_code, status], [len(labels), len(columns.matrix), len(clock), 2]
    if entry_code is not None:
        parts, levels = [*parts, entry_code + 1], [*levels, len(clock) + 1]
    if unit is not None:
        parts, levels = [*parts, unit], [*levels, units]
    if load is not None:
        # the number of rows behind a cell is a third sum beside those of weights and squares
        weights, load_code = np.unique(load, return_inverse=True)
        parts, levels = [*parts, load_code], [*levels, len(weights)]
    found, (n, _) = tally(parts, levels, number, None, None)
    w = np.ones(len(n)) if load is None else weights[found[-1]]
    early = np.full(len(n), -1) if entry_code is None else found[4] - 1
    where = None if unit is None else found[4 if entry_code is None else 5]
    cells = Records(found[0], found[1], early, found[2], found[3], n, n * w, n * w**2, where)
    return _subset(cells, cells.weight > 0), clock


def _units(column: pd.Series) -> tuple[np.ndarray, int]:
    codes, levels = inputs.label_codes(column, "cluster")
    return codes.astype(np.int64), len(levels)


def _subset(records: Records, kept: np.ndarray) -> Records:
    if kept.all():
        return records
    return Records(*(None if part is None else part[kept] for part in vars(records).values()))
