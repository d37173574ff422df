"""The cells of a life table counted in the query engine: a hundred million rows become a few thousand."""

import pandas as pd

from analysis.recidivism import inputs
from analysis.recidivism.cells import Cells, count_cells


def count_in_engine(
    table,
    by: list[str],
    time: str,
    event: str,
    entry: str | None,
    count: str | None,
    weight: str | None,
    cluster: str | None,
    causes: list[str] | None = None,
    unknown: str | None = None,
) -> Cells:
    """Group an Ibis table by everything that cells are told apart by, then check and number the groups here.

    ``causes`` are the events that could have happened, where they are known; ``unknown`` labels missing strata.
    """
    inputs.require(table.columns, [*by, time, event, *filter(None, (entry, count, weight, cluster))])
    keys = list(dict.fromkeys([*by, time, event, *filter(None, (entry, cluster))]))
    times = table.count() if count is None else table[count].sum()
    sums = {"n_": times.cast("int64")}
    if count is not None:
        sums["least_"] = table[count].min()
        sums["odd_"] = (
            (table[count].isnull() | (table[count] != table[count].floor())).cast("int64").sum().cast("int64")
        )
    if weight is not None:
        # decimals, so that sums do not depend on how the engine splits the rows
        load = table[weight].cast("float64")
        number = 1.0 if count is None else table[count].cast("float64")
        sums["weight_"] = (load * number).cast("decimal(38, 18)").sum().cast("float64")
        sums["square_"] = (load * load * number).cast("decimal(38, 22)").sum().cast("float64")
        sums["least_weight_"] = load.min()
        sums["no_weight_"] = load.isnull().cast("int64").sum().cast("int64")
    groups = table.group_by(keys).aggregate(**sums).to_pandas()
    _check_sums(groups, count, weight)
    groups = inputs.labelled(groups, by, unknown)
    if causes is not None:
        groups[event] = pd.Categorical(groups[event], categories=causes)
    if weight is not None:
        return count_cells(groups, by, time, event, entry, None, "weight_", cluster, square="square_")
    return count_cells(groups, by, time, event, entry, "n_", None, cluster)


def _check_sums(groups: pd.DataFrame, count: str | None, weight: str | None) -> None:
    if count is not None and ((groups["least_"] < 0) | (groups["odd_"] > 0)).any():
        raise ValueError(f"count {count!r} holds values that are not whole numbers of 0 or more")
    if weight is not None and ((groups["least_weight_"] < 0) | (groups["no_weight_"] > 0)).any():
        raise ValueError(f"weight {weight!r} holds missing or negative values")
