"""Read a panel of places by period into arrays, and say which places cannot take part and why.

In: a long frame, one row a unit and period. Out: a matrix of outcomes (units by periods), when each unit adopted, its
weight and its cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.data.errors import nearest
from analysis.recidivism.life_table import amounts, label_codes, numbers, require, rows_text
from analysis.sanctuary.contrast import coded

REPEALS, UNBALANCED = ("leave out", "until"), ("pairs", "complete")
_OF_A_UNIT = ("adopted", "repealed", "weight", "cluster")


@dataclass(frozen=True, eq=False)
class Panel:
    """A panel as arrays.

    ``outcome`` (units, periods), missing where not observed; ``time`` of each period as a number (the period's position
    where times are dates); ``adopted`` a unit on the same scale, infinite where it never does within the data;
    ``weight`` a unit, with mean 1; ``cluster`` a unit, as codes; ``covariates`` (units, periods, an intercept and terms),
    missing where a row is. ``left_out`` counts units by reason, ``named`` gives their labels, ``labels`` those of the
    periods; ``notes`` are sentences on how values were read.
    """

    outcome: np.ndarray
    time: np.ndarray
    adopted: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray
    labels: pd.Index
    units: pd.Index
    left_out: dict[str, int]
    named: dict[str, list]
    covariates: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def cohorts(self) -> np.ndarray:
        """The times of adoption, sorted."""
        return np.unique(self.adopted[np.isfinite(self.adopted)])

    def label(self, time: float) -> object:
        """A time as the user's own label."""
        place = np.searchsorted(self.time, time)
        exact = place < len(self.time) and self.time[place] == time
        return self.labels[place] if exact else float(time)


def read_panel(
    frame: pd.DataFrame, names: dict[str, str | None], covariates: Sequence[str] = (), repeals: str = "leave out",
    anticipation: int = 0, unbalanced: str = "pairs",
) -> Panel:  # fmt: skip
    """Return the panel of a frame.

    ``names`` gives the columns of outcome, unit, time and adopted, and of cluster, weight and repealed where there are; see
    ``adoption_effect`` for them, the other parameters and the errors.
    """
    for value, known, what in ((repeals, REPEALS, "repeals"), (unbalanced, UNBALANCED, "unbalanced")):
        if value not in known:
            raise ValueError(f"{what} = {value!r}.{nearest(str(value), known)}")
    if anticipation < 0 or anticipation != int(anticipation):
        raise ValueError(f"anticipation must be a whole number of periods, 0 or more, found {anticipation!r}")
    given = {what: name for what, name in names.items() if name is not None}
    plain = [name for name in covariates if str(name).isidentifier()]
    require(frame.columns, [*given.values(), *plain])
    frame = frame.loc[frame[given["outcome"]].notna() & frame[given["time"]].notna()]
    code, units = label_codes(frame[given["unit"]], "unit")
    present, code = np.unique(code, return_inverse=True)
    units = units[present]
    when = as_times(frame[given["time"]], "time")
    labels = pd.Index(np.sort(when.unique()))
    if len(labels) < 2:
        raise ValueError(
            f"the outcome is known in {'one period' if len(labels) else 'no period'}: an effect of adoption needs at least one before "
            "and one after"
        )
    period = labels.get_indexer(when)
    _refuse_repeated(code * len(labels) + period, frame, given["unit"], given["time"])
    cells = len(units), len(labels)
    values = np.full(cells, np.nan)
    values[code, period] = _finite(frame[given["outcome"]])
    each = {what: _one_a_unit(frame[given[what]], code, what) for what in _OF_A_UNIT if what in given}
    scale = labels.to_numpy(float) if pd.api.types.is_numeric_dtype(labels) else np.arange(len(labels), dtype=float)
    start, notes = adoption_times(each["adopted"], labels, scale, "adopted")
    end = (
        adoption_times(each["repealed"], labels, scale, "repealed")[0]
        if "repealed" in each
        else np.full(len(units), NEVER)
    )
    matrix = None
    if covariates:
        columns = coded(frame, covariates)[0]
        matrix = np.full((*cells, columns.shape[1]), np.nan)
        matrix[code, period] = columns
    panel = Panel(
        values, scale, start, amounts(each["weight"], "weight") if "weight" in each else np.ones(len(units)),
        label_codes(each["cluster"], "cluster")[0] if "cluster" in each else np.arange(len(units)),
        labels, units, {}, {}, matrix, notes,
    )  # fmt: skip
    return usable(panel, end, repeals, anticipation, unbalanced)


def usable(panel: Panel, end: np.ndarray, repeals: str, anticipation: int = 0, unbalanced: str = "pairs") -> Panel:
    """Set aside units that say nothing about adoption: adopted before the data begin, without weight, repealed.

    ``end`` is the time of repeal a unit, infinite for never. Raises ValueError where no unit is left.
    """
    scale, values = panel.time, panel.outcome
    start = np.where(panel.adopted > scale[-1], NEVER, panel.adopted)
    gone = np.isfinite(end) & np.isfinite(start) & (end <= scale[-1])
    first = scale[min(anticipation, len(scale) - 1)]
    early = "adopted by the first period: never seen before adoption"
    reasons = {early if not anticipation else f"{early} and {anticipation} periods of anticipation": start <= first}
    reasons["weight 0"] = panel.weight == 0
    if unbalanced == "complete":
        reasons["not seen in every period"] = np.isnan(values).any(axis=1)
    if repeals == "until":
        values = np.where(gone[:, None] & (scale >= end[:, None]), np.nan, values)
    else:
        reasons["repealed within the data"] = gone & (start > first)
    out = np.any(list(reasons.values()), axis=0)
    named = {reason: panel.units[mask].tolist() for reason, mask in reasons.items() if mask.any()}
    left_out = {reason: len(names) for reason, names in named.items()}
    if repeals == "until" and (gone & ~out).any():
        named["used until repealed"] = panel.units[gone & ~out].tolist()
    kept = ~out
    if not kept.any():
        raise ValueError(f"no unit is left: {'; '.join(f'{n} {reason}' for reason, n in left_out.items())}")
    return replace(
        panel, outcome=values[kept], adopted=start[kept], weight=panel.weight[kept] / panel.weight[kept].mean(),
        cluster=np.unique(panel.cluster[kept], return_inverse=True)[1], units=panel.units[kept], left_out=left_out, named=named,
        covariates=None if panel.covariates is None else panel.covariates[kept],
    )  # fmt: skip


def _finite(outcome: pd.Series) -> np.ndarray:
    values = numbers(outcome, "outcome")
    if (bad := ~np.isfinite(values)).any():
        raise ValueError(f"outcome {outcome.name!r} is not finite in {rows_text(bad, outcome.index)}")
    return values


def _refuse_repeated(key: np.ndarray, frame: pd.DataFrame, unit: str, time: str) -> None:
    seen, first, count = np.unique(key, return_index=True, return_counts=True)
    if len(seen) < len(key):
        row = frame.iloc[first[count > 1][0]]
        raise ValueError(
            f"{unit!r} {row[unit]!r} has more than one row at {time!r} {row[time]!r}: expected one row a unit and period"
        )


def _one_a_unit(column: pd.Series, code: np.ndarray, what: str) -> pd.Series:
    """The value of each unit, in the order of the codes; it must be the same in all its rows."""
    whole = pd.Series(column.to_numpy(), name=column.name) if not isinstance(column.dtype, pd.CategoricalDtype) else (
        pd.Series(column.astype(object).to_numpy(), name=column.name)
    )  # fmt: skip
    groups = whole.groupby(code, sort=True)
    first, last, count = groups.first(), groups.nunique(), groups.count()
    size = groups.size()
    uneven = (last > 1) | ((count > 0) & (count < size))
    if uneven.any():
        raise ValueError(
            f"{what} {column.name!r} differs between rows of one unit: it must be the same in every period of a unit"
        )
    return first


# ---- periods and times of adoption, however a panel writes them: numbers, dates, pandas periods or text of these


NEVER = np.inf


def as_times(column: pd.Series, what: str) -> pd.Series:
    """A column of numbers or of dates. Raises ValueError where it is neither."""
    kind = column.dtype
    if isinstance(kind, pd.PeriodDtype):
        return column.dt.to_timestamp()
    if isinstance(kind, pd.CategoricalDtype):
        column = column.astype(kind.categories.dtype)
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return column
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or column.isna().all():
        return column
    if column.dropna().map(lambda value: isinstance(value, pd.Period)).all():
        return column.map(lambda value: value.to_timestamp(), na_action="ignore").astype("datetime64[s]")
    for read in (pd.to_numeric, pd.to_datetime):
        try:
            return read(column)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{what} {column.name!r} must hold numbers, dates or periods, found {column.dropna().iloc[0]!r}")


def adoption_times(
    column: pd.Series, labels: pd.Index, scale: np.ndarray, what: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Times of adoption as numbers on the scale of the periods, infinite for never; and what must be said of them.

    A date within a period counts from the next one. Raises ValueError where the column is not on the scale of the periods.
    """
    column = as_times(column, what)
    if column.isna().all():
        return np.full(len(column), NEVER), ()
    numeric = pd.api.types.is_numeric_dtype(labels)
    if numeric != pd.api.types.is_numeric_dtype(column.dtype):
        kinds = {True: "numbers", False: "dates"}
        raise ValueError(
            f"{what} {column.name!r} holds {kinds[not numeric]} and the periods are {kinds[numeric]}: both must be alike"
        )
    if not numeric:
        place = labels.searchsorted(pd.to_datetime(column).to_numpy())
        return np.where(column.isna(), NEVER, np.append(scale, len(scale))[place]), ()
    values = np.asarray(numbers(column, what), dtype=float)
    missing, zero = np.isnan(values), values == 0
    if not zero.any() or labels[0] <= 0:
        return np.where(missing, NEVER, values), ()
    if missing.any():
        raise ValueError(
            f"{what} {column.name!r} is 0 in {int(zero.sum())} units and missing in {int(missing.sum())}, and the periods start at {labels[0]}: "
            "say never in one way, as a missing value"
        )
    note = f"{int(zero.sum())} units with 0 as their {what} are taken as never."
    return np.where(zero, NEVER, values), (note,)
