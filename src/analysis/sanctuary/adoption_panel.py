"""Read a panel of places by period into arrays, and say which places cannot take part and why.

In: a long frame, one row a unit and period. Out: a matrix of outcomes (units by periods), when each unit adopted, its
weight and its cluster.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.recidivism import inputs

NEVER = np.inf
REPEALS = ("leave out", "until")


@dataclass(frozen=True, eq=False)
class Panel:
    """A panel as arrays.

    ``outcome`` (units, periods), missing where not observed; ``time`` of each period as a number (the period's position
    where times are dates); ``adopted`` a unit on the same scale, infinite where it never does within the data;
    ``weight`` a unit, with mean 1; ``cluster`` a unit, as codes. ``left_out`` counts units by reason, ``named`` gives
    their labels, ``labels`` those of the periods.
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
    frame: pd.DataFrame, outcome: str, unit: str, time: str, adopted: str,
    cluster: str | None, weight: str | None, repealed: str | None, repeals: str,
) -> Panel:  # fmt: skip
    """Return the panel of a frame; see ``adoption_effect`` for its columns and errors."""
    if repeals not in REPEALS:
        raise ValueError(f"repeals must be 'leave out' or 'until', found {repeals!r}")
    wanted = [outcome, unit, time, adopted, *filter(None, (cluster, weight, repealed))]
    inputs.require(frame.columns, wanted)
    frame = frame.loc[frame[outcome].notna() & frame[time].notna()]
    code, units = inputs.label_codes(frame[unit], "unit")
    present, code = np.unique(code, return_inverse=True)
    units = units[present]
    labels = pd.Index(np.sort(frame[time].unique()))
    if len(labels) < 2:
        raise ValueError(
            f"{time!r} has {len(labels)} period: an effect of adoption needs at least one before and one after"
        )
    period = labels.get_indexer(frame[time])
    _refuse_repeated(code * len(labels) + period, frame, unit, time)
    values = np.full((len(units), len(labels)), np.nan)
    values[code, period] = inputs.numbers(frame[outcome], "outcome")
    scale = labels.to_numpy(float) if pd.api.types.is_numeric_dtype(labels) else np.arange(len(labels), dtype=float)
    start = _when(_one_a_unit(frame[adopted], code, "adopted"), labels, scale, "adopted")
    end = np.full(len(units), NEVER)
    if repealed is not None:
        end = _when(_one_a_unit(frame[repealed], code, "repealed"), labels, scale, "repealed")
    load = np.ones(len(units))
    if weight is not None:
        load = inputs.weights(_one_a_unit(frame[weight], code, "weight"))
    group = np.arange(len(units))
    if cluster is not None:
        group = inputs.label_codes(_one_a_unit(frame[cluster], code, "cluster"), "cluster")[0]
    return _usable(values, scale, start, end, load, group, labels, units, repeals)


def _usable(
    values: np.ndarray, scale: np.ndarray, start: np.ndarray, end: np.ndarray, load: np.ndarray, group: np.ndarray,
    labels: pd.Index, units: pd.Index, repeals: str,
) -> Panel:  # fmt: skip
    """Set aside units that say nothing about adoption: adopted before the data begin, without weight, repealed."""
    start = np.where(start > scale[-1], NEVER, start)
    gone = np.isfinite(end) & np.isfinite(start) & (end <= scale[-1])
    reasons = {"adopted by the first period: never seen before adoption": start <= scale[0], "weight 0": load == 0}
    if repeals == "until":
        values = np.where(gone[:, None] & (scale >= end[:, None]), np.nan, values)
    else:
        reasons["repealed within the data"] = gone & (start > scale[0])
    out = np.any(list(reasons.values()), axis=0)
    named = {reason: units[mask].tolist() for reason, mask in reasons.items() if mask.any()}
    if repeals == "until" and (gone & ~out).any():
        named["used until repealed"] = units[gone & ~out].tolist()
    kept = ~out
    if not kept.any():
        raise ValueError(f"no unit is left: {'; '.join(f'{len(names)} {reason}' for reason, names in named.items())}")
    mean = load[kept].mean()
    return Panel(
        values[kept], scale, start[kept], load[kept] / mean, np.unique(group[kept], return_inverse=True)[1],
        labels, units[kept], {reason: len(names) for reason, names in named.items()}, named,
    )  # fmt: skip


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


def _when(column: pd.Series, labels: pd.Index, scale: np.ndarray, what: str) -> np.ndarray:
    """Times of adoption as numbers on the scale of the periods; infinite where missing: never."""
    if pd.api.types.is_numeric_dtype(labels):
        values = inputs.numbers(column, what) if not column.isna().all() else np.full(len(column), np.nan)
        values = np.asarray(values, dtype=float)
        if (values == 0).any() and labels[0] > 1:
            raise ValueError(
                f"{what} {column.name!r} is 0 in {int((values == 0).sum())} units, and the periods start at {labels[0]}: never is a missing value"
            )
        return np.where(np.isnan(values), NEVER, values)
    place = labels.searchsorted(pd.to_datetime(column).to_numpy())
    return np.where(column.isna(), NEVER, np.append(scale, len(scale))[place])
