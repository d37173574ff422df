"""The strata of a life table: its by columns, its causes, the rows of each stratum and the cells behind them."""

import numpy as np
import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.cells import Cells
from analysis.recidivism.influence import Members


def strata_of(life: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The by columns (left of ``time``) and the causes (right of ``censored``) of a life table."""
    inputs.require(life.columns, ["time", "at_risk", "censored"], where="the life table")
    columns = list(life.columns)
    return columns[: columns.index("time")], columns[columns.index("censored") + 1 :]


def strata_slices(life: pd.DataFrame, by: list[str]) -> list[tuple[tuple, slice]]:
    """The consecutive rows of each stratum, as (labels, slice)."""
    if not by:
        return [((), slice(0, len(life)))] if len(life) else []
    changed = np.zeros(len(life), dtype=bool)
    changed[:1] = True
    for name in by:
        codes = pd.factorize(life[name])[0]
        changed |= np.diff(codes, prepend=-1) != 0
    starts = np.flatnonzero(changed).tolist()
    labels = life[by].iloc[starts].itertuples(index=False, name=None)
    spans = zip(starts, [*starts[1:], len(life)], strict=False)
    return [(label, slice(i, j)) for label, (i, j) in zip(labels, spans, strict=True)]


def members_of(life: pd.DataFrame, by: list[str], label: tuple, time: np.ndarray) -> Members | None:
    """The cells behind one stratum of a life table, or None where the table alone says everything."""
    cells: Cells | None = life.attrs.get("cells")
    if cells is None:
        return None
    return Members.of(cells, stratum_number(cells, by, label), time)


def stratum_number(cells: Cells, by: list[str], label: tuple) -> int:
    """The number that a stratum has among the cells. Raises ValueError where the table was edited."""
    same = np.full(len(cells.strata), list(cells.strata.columns) == by)
    for name, value in zip(by, label, strict=True):
        same &= (cells.strata[name] == value).to_numpy() if name in cells.strata else False
    if same.sum() != 1:
        raise ValueError("the life table's strata are not those it was counted by: build it again with life_table")
    return int(np.flatnonzero(same)[0])


def members_from_table(block: np.ndarray) -> Members:
    """Members for the counts of one stratum by time (rows), censored first and then by cause, if everyone is at risk from the start."""
    row, column = np.nonzero(block)
    return Members(
        cause=column - 1, unit=np.arange(len(row)), load=np.sqrt(block[row, column]), enter=np.zeros(len(row), dtype=int),
        leave=row, size=len(block),
    )  # fmt: skip


def label_columns(out: pd.DataFrame, by: list[str], life: pd.DataFrame) -> pd.DataFrame:
    """Give the by columns of a result the types they have in the life table."""
    for name in by:
        out[name] = out[name].astype(life[name].dtype)
    return out
