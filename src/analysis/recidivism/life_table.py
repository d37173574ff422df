"""The life table: how many were at risk, had each event and were censored, at each time.

It is the narrow waist of the project. Before it may stand a hundred million people in a query engine; after it,
everything is a few thousand rows. Here too are the checks of columns, and the cells (equal rows counted once), that
every estimator of the room starts from.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.recidivism.cohort import Cohort

OWN = "the cohort's own"
RESERVED = frozenset(
    (
        "time", "at_risk", "censored", "events", "survival", "incidence", "mean", "se", "lower", "upper", "q", "rmst",
        "beyond_follow_up", "year", "cumulative", "annual_first", "conditional", "complete", "model", "estimand",
        "estimate", "level", "reference",
    )
)  # fmt: skip
_DENSE = 2**22  # a table of this many counters is cheaper to fill than its keys are to sort
_TIED = 1.5e-8  # times closer than this, relative to their mean, are one time: R's timefix


def life_table(
    cohort, by: str | Iterable[str] | None = None, time: str = "days", event: str = "event", entry: str | None = OWN,
    count: str | None = None, weight: str | None = None, cluster: str | None = None, unknown: str | None = None,
    exact: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Count people at risk, events by cause and people censored at each distinct time of each stratum.

    At risk at time t are those with ``entry < t <= time``; a missing entry is at risk from the start, events at time 0
    included (Kalbfleisch and Prentice 2002, The Statistical Analysis of Failure Time Data, section 1.4).

    Parameters
    ----------
    cohort : Cohort, pandas.DataFrame or ibis Table
        One row a person (release, episode, interval). Ibis tables, and cohorts made with ``lazy=True``, are counted
        in their own engine; counts that ``Cohort.count`` made are taken as such.
    by : column or columns
        Strata. Combinations that do not occur have no rows.
    time : column
        Follow-up in any unit, 0 or more. ``attrs["time_unit"]`` of the frame travels on.
    event : column
        A text or categorical label, missing where censored; or booleans or 0/1, one cause named ``"event"``.
        A category, or an event that a cohort says it follows, has a column though nobody had it.
    entry : column or None
        Delayed entry, missing where at risk from the start. By default the column named ``entry`` where there is one.
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
        ``*by, time, at_risk, censored``, one column a cause (alphabetical); one row a stratum and distinct time,
        whatever happened at it; none for no rows. ``attrs["cells"]`` holds what variances need where people enter late,
        carry weights or come in clusters; such a table is not for editing.

    Raises
    ------
    KeyError, ValueError
        A column that is not there; a missing, negative or infinite time, an interval of no length, a missing stratum, an
        event that is no label, a count that is no whole number, a stratum or cause named like an output column.

    Examples
    --------
    >>> import pandas as pd
    >>> life_table(pd.DataFrame({"days": [5, 8, 8], "event": ["rearrest", "rearrest", None]}))
       time  at_risk  censored  rearrest
    0     5        3         0         1
    1     8        2         1         1
    """
    by = names(by)
    attrs, table = cohort.attrs if isinstance(cohort, pd.DataFrame) else {}, cohort
    if isinstance(cohort, Cohort):
        attrs, table, count = cohort.meaning(), cohort.rows, count or ("count" if "count" in cohort.columns else None)
    if entry == OWN:
        entry = "entry" if "entry" in cohort.columns else None
    columns = {"time": time, "event": event, "entry": entry, "count": count, "weight": weight, "cluster": cluster}
    require(cohort.columns, [*by, *filter(None, columns.values())])
    if isinstance(table, pd.DataFrame):
        table = table.copy(deep=False)
    else:
        table = table.group_by([*dict.fromkeys([*by, *filter(None, columns.values())])]).aggregate(n_=table.count())
        table, columns["count"] = table.to_pandas(), "n_"
        table["n_"] *= 1 if count is None else amounts(table[count], "count")
    table.attrs = attrs
    cells = _count_cells(_labelled(table, by, unknown), by, **columns)
    life, step = _table_of(cells, attrs), rounding.step()
    # standard errors over dependent people need the exact table
    return life if exact or not step else rounding.life_table(life, step, life if cells.robust else None)


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
    causes: list[str]
    robust: bool

    def __deepcopy__(self, memo: dict) -> "Cells":
        return self

    @property
    def delayed(self) -> bool:
        """True where someone enters after the start."""
        return bool(np.isfinite(self.entry).any())

    def of(self, by: list[str], label: tuple) -> np.ndarray:
        """Which cells are those of a stratum. Raises ValueError where the table was edited."""
        same = np.full(len(self.strata), list(self.strata.columns) == by)
        for name, value in zip(by, label, strict=True):
            same &= (self.strata[name] == value).to_numpy() if name in self.strata else False
        if same.sum() != 1:
            raise ValueError("the life table's strata are not those it was counted by: build it again with life_table")
        return self.stratum == np.flatnonzero(same)[0]

    def at_risk(self, here: np.ndarray, times: np.ndarray) -> np.ndarray:
        """The weight of those of some cells with ``entry < t <= time``, at any times."""
        return _below(self.entry[here], self.weight[here], times) - _below(self.time[here], self.weight[here], times)


def _below(values: np.ndarray, weight: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The summed weight of the values below each of the times."""
    order = np.argsort(values, kind="stable")
    total = np.concatenate([np.zeros(1, dtype=weight.dtype), weight[order].cumsum()])
    return total[np.searchsorted(values[order], times, side="left")]


def _count_cells(
    frame: pd.DataFrame, by: list[str], time: str, event: str, entry: str | None, count: str | None,
    weight: str | None, cluster: str | None,
) -> Cells:  # fmt: skip
    stop, start, cause, causes = follow_up(frame, time, event, entry)
    refuse_reserved(by, "by column")
    refuse_reserved(causes, "cause")
    if clash := set(by) & set(causes):
        raise ValueError(f"{sorted(clash)[0]!r} is both a by column and a cause: rename one")
    stratum, strata = number_strata(frame, by)
    axes = [(stratum, strata.index), number_times(stop), (cause + 1, ["censored", *causes])]
    axes += [] if start is None else [number_times(start)]
    axes += [] if cluster is None else [label_codes(frame[cluster], "cluster")]
    number = None if count is None else amounts(frame[count], "count")
    load = None if weight is None else amounts(frame[weight], "weight")
    sizes = [len(levels) for _, levels in axes]
    parts, (weights, squared) = tally([codes for codes, _ in axes], sizes, number, load)
    return Cells(
        stratum=parts[0], time=axes[1][1][parts[1]], cause=parts[2] - 1, weight=weights, square=squared,
        entry=np.full(len(parts[0]), -np.inf) if start is None else axes[3][1][parts[3]],
        unit=None if cluster is None else parts[-1], strata=strata, causes=causes,
        robust=weight is not None or cluster is not None,
    )  # fmt: skip


def _table_of(cells: Cells, attrs: dict) -> pd.DataFrame:
    """The life table of cells, with the attributes of the frame they were counted from."""
    new_row = (np.diff(cells.stratum, prepend=-1) != 0) | (np.diff(cells.time, prepend=np.nan) != 0)
    row, first = np.cumsum(new_row) - 1, np.flatnonzero(new_row)
    whole = cells.weight.dtype.kind == "i"
    out = np.bincount(row, weights=cells.weight, minlength=len(first))
    stratum, time = cells.stratum[first], cells.time[first]
    at_risk = np.empty(len(first))
    starts = np.flatnonzero(np.diff(stratum, prepend=-1)).tolist()
    for i, j in zip(starts, [*starts[1:], len(stratum)], strict=False):
        at_risk[i:j] = out[i:j][::-1].cumsum()[::-1]
        if not cells.delayed:
            continue
        late = (cells.stratum == stratum[i]) & np.isfinite(cells.entry)
        # not yet at risk: entry >= t for the rows up to and including the last t that is not after the entry
        last = np.searchsorted(time[i:j], cells.entry[late], side="right") - 1
        early = last >= 0
        later = np.bincount(last[early], weights=cells.weight[late][early], minlength=j - i)
        at_risk[i:j] -= later[::-1].cumsum()[::-1]
    table = cells.strata.take(stratum).reset_index(drop=True)
    columns = {"time": time, "at_risk": at_risk}
    for code, label in enumerate(("censored", *cells.causes), start=-1):
        here = cells.cause == code
        columns[label] = np.bincount(row[here], weights=cells.weight[here], minlength=len(first))
    for name, values in columns.items():
        table[name] = values if name == "time" else np.rint(values).astype(np.int64) if whole else values.astype(float)
    table.attrs = {**attrs, "cells": cells} if cells.robust or cells.delayed else dict(attrs)
    return table


def strata_of(life: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The by columns (left of ``time``) and the causes (right of ``censored``) of a life table."""
    require(life.columns, ["time", "at_risk", "censored"], where="the life table")
    columns = list(life.columns)
    return columns[: columns.index("time")], columns[columns.index("censored") + 1 :]


def strata_slices(life: pd.DataFrame, by: list[str]) -> list[tuple[tuple, slice]]:
    """The consecutive rows of each stratum, as (labels, slice)."""
    if not by:
        return [((), slice(0, len(life)))] if len(life) else []
    changed = np.arange(len(life)) == 0
    for name in by:
        changed |= np.diff(pd.factorize(life[name])[0], prepend=-1) != 0
    starts = np.flatnonzero(changed).tolist()
    labels = life[by].iloc[starts].itertuples(index=False, name=None)
    return [(each, slice(*ends)) for each, *ends in zip(labels, starts, [*starts[1:], len(life)], strict=False)]


def label_columns(out: pd.DataFrame, by: list[str], life: pd.DataFrame) -> pd.DataFrame:
    """Give the by columns of a result the types they have in the life table."""
    for name in by:
        out[name] = out[name].astype(life[name].dtype)
    return out


def number_strata(frame: pd.DataFrame, by: list[str], what: str = "by column") -> tuple[np.ndarray, pd.DataFrame]:
    """Number the combinations of the by columns that occur, in sorted order, and list them."""
    if not by:
        return np.zeros(len(frame), dtype=np.int64), pd.DataFrame(index=pd.RangeIndex(1))
    coded = [label_codes(frame[name], what) for name in by]
    number, parts = number_groups([codes for codes, _ in coded], [len(levels) for _, levels in coded])
    columns = {}
    for name, (_, levels), part in zip(by, coded, parts, strict=True):
        values, kind = levels.take(part), frame[name].dtype
        columns[name] = pd.Categorical(values, dtype=kind) if isinstance(kind, pd.CategoricalDtype) else values
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
    codes: list[np.ndarray], levels: list[int], count: np.ndarray | None, weight: np.ndarray | None = None
) -> tuple[list[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Combinations that occur with a positive count, with their sums of weights and of squared weights."""
    key, total = _key(codes, levels)
    if total <= max(_DENSE, 4 * len(key)) and weight is None:
        n = np.bincount(key, weights=count, minlength=total)  # counts below 2**53 are exact as floats
        present = np.flatnonzero(n)
        sums = n[present].astype(np.int64)
        return list(np.unravel_index(present, [max(size, 1) for size in levels])), (sums, sums)
    times = np.ones(len(key), dtype=np.int64) if count is None else count
    load = times if weight is None else times * weight
    loads = load if weight is None else times * weight**2
    # sorted by weight too, so that no sum depends on the order of the rows
    order = np.argsort(key, kind="stable") if weight is None else np.lexsort((loads, load, key))
    order = order[load[order] > 0]
    first = np.flatnonzero(np.diff(key[order], prepend=-1))
    empty = np.zeros(0, dtype=load.dtype)
    sums = [np.add.reduceat(values[order], first) if len(first) else empty for values in (load, loads)]
    return [code[order[first]] for code in codes], (sums[0], sums[1])


def _key(codes: list[np.ndarray], levels: list[int]) -> tuple[np.ndarray, int]:
    """One whole number a row for a combination of codes, in lexicographic order, and how many there could be."""
    key, total = codes[0].astype(np.int64), max(levels[0], 1)
    for code, size in zip(codes[1:], levels[1:], strict=True):
        if size <= 1:
            continue
        if total * size >= 2**62:
            seen, key = np.unique(key, return_inverse=True)
            total = len(seen)
        key *= size
        key += code
        total *= size
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


def follow_up(
    frame: pd.DataFrame, time: str, event: str, entry: str | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, list[str]]:
    """Checked times, entries (minus infinity where missing; None where all are), codes of the causes, and the causes.

    Times that differ by rounding alone become one, across entry and time, as R's timefix does. Raises ValueError for a
    time that is missing, negative or not finite, and for an interval of no length.
    """
    stop = times(frame[time])
    declared = [frame.attrs.get("event"), *frame.attrs.get("competing", ())] if event == "event" else []
    codes, causes = event_codes(frame[event], [cause for cause in declared if cause])
    if entry is None or frame[entry].isna().all():
        return _snapped(stop), None, codes, causes
    start = numbers(frame[entry], "entry").astype(float)
    start[np.isnan(start)] = -np.inf
    late = np.isfinite(start)
    pooled = np.concatenate([stop, start[late]])
    if not _whole(pooled):
        pooled = _snapped(pooled)
        stop, start[late] = pooled[: len(stop)], pooled[len(stop) :]
    if (empty := start >= stop).any():
        raise ValueError(
            f"an interval of no length: entry {entry!r} is not before the time in {rows_text(empty, frame.index)}; "
            "a person at risk from the start has a missing entry"
        )
    return stop, start, codes, causes


def _snapped(values: np.ndarray) -> np.ndarray:
    if not len(values) or _whole(values):
        return values
    levels, codes = np.unique(values, return_inverse=True)
    apart = np.diff(levels, prepend=-np.inf) > _TIED * max(1.0, float(np.abs(levels).mean()))
    return levels[apart][np.cumsum(apart) - 1][codes]


def times(column: pd.Series) -> np.ndarray:
    """Times of follow-up: finite, present and not negative."""
    values = numbers(column, "time")
    if (bad := ~np.isfinite(values)).any():
        raise ValueError(f"time {column.name!r} is missing or not finite in {rows_text(bad, column.index)}")
    if len(values) and values.min() < 0:
        where = rows_text(values < 0, column.index)
        raise ValueError(f"time {column.name!r} is negative in {where}: follow-up starts at 0")
    return values


def event_codes(column: pd.Series, declared: Iterable[str] = ()) -> tuple[np.ndarray, list[str]]:
    """Codes of the causes, -1 where censored, and the causes in alphabetical order.

    Text and categorical labels are causes and a missing label is censored; booleans and 0/1 are one
    cause named ``"event"``. ``declared`` are causes that need not have happened. Anything else raises ValueError.
    """
    kind = column.dtype
    number = pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)
    if isinstance(kind, pd.CategoricalDtype):
        codes, levels = column.cat.codes.to_numpy(), list(column.cat.categories)
    elif number and not (len(column) and column.isna().all()):
        return _status(column.to_numpy(dtype=float, na_value=np.nan), column), ["event"]
    else:
        codes, levels = pd.factorize(column)
        levels = list(levels)
    if levels and all(isinstance(level, (bool, int, float, np.bool_, np.number)) for level in levels):
        return _status(np.append(np.array(levels, dtype=float), np.nan)[codes], column), ["event"]
    for level in levels:
        if not isinstance(level, str) or not level:
            raise ValueError(
                f"event {column.name!r} holds {level!r}: expected text labels with missing for censored, booleans, or "
                "0 and 1"
            )
    causes = sorted({*levels, *declared})
    if causes == levels:
        return codes.astype(np.int64), causes
    return np.array([*(causes.index(level) for level in levels), -1])[codes], causes


def _status(values: np.ndarray, column: pd.Series) -> np.ndarray:
    if (bad := (values != 0) & (values != 1)).any():
        raise ValueError(
            f"event {column.name!r} is a number other than 0 and 1, or missing, in {rows_text(bad, column.index)}: "
            "use text labels with missing for censored, booleans, or 0 and 1"
        )
    return np.where(values == 1, 0, -1)


def one_cause(cause: str | None, causes: Sequence[str]) -> str:
    """The cause asked for, or the only one there is. Raises KeyError (unknown) or ValueError (not said)."""
    if cause is None and len(causes) != 1:
        raise ValueError(f"say which cause: there are {', '.join(causes) or 'none'}")
    require(causes, [cause or causes[0]], "cause", "the events")
    return cause or causes[0]


def amounts(column: pd.Series, what: str) -> np.ndarray:
    """A ``"count"`` (whole numbers: a row with count 3 is the same as three rows) or ``"weight"``, 0 or more."""
    values = numbers(column, what)
    bad = ~(np.isfinite(values) & (values >= 0) & ((what == "weight") | (values == np.floor(values))))
    if bad.any():
        rule = "missing, negative or not finite" if what == "weight" else "not a whole number of 0 or more"
        hint = "" if what == "weight" else ": sampling weights go to weight="
        raise ValueError(f"{what} {column.name!r} is {rule} in {rows_text(bad, column.index)}{hint}")
    return values.astype(float if what == "weight" else np.int64)


def numbers(column: pd.Series, what: str) -> np.ndarray:
    """A numeric column as integers or floats (missing is NaN); dates, lengths of dates and text are refused."""
    kind = column.dtype
    if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        hint = ": subtract dates and take .dt.days first" if kind.kind in "mM" else ""
        raise ValueError(f"{what} {column.name!r} must hold numbers, found {kind}{hint}")
    if pd.api.types.is_integer_dtype(kind) and not column.isna().any():
        return column.to_numpy(dtype=np.int64)
    return column.to_numpy(dtype=float, na_value=np.nan)


def label_codes(column: pd.Series, what: str) -> tuple[np.ndarray, pd.Index]:
    """Codes 0, 1, ... and the sorted levels they stand for; a categorical keeps the order of its categories.

    Raises ValueError where a value is missing: a group that nobody named is a decision for the analyst.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, levels = column.cat.codes.to_numpy(), column.cat.categories
    else:
        codes, levels = pd.factorize(column, sort=True)
    if (missing := codes < 0).any():
        raise ValueError(
            f"{what} {column.name!r} is missing in {rows_text(missing, column.index)}: "
            "give these rows a label of their own (such as 'unknown') or leave them out before the call"
            + ("; life_table does the first with unknown='unknown'" if what == "by column" else "")
        )
    return codes, pd.Index(levels)


def _labelled(frame: pd.DataFrame, columns: list[str], label: str | None) -> pd.DataFrame:
    """A frame whose missing values in some columns have a label, the last of a categorical's; as it is without a label."""
    for name in columns if label is not None else []:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            more = column if label in column.cat.categories else column.cat.add_categories([label])
            frame = frame.assign(**{name: more.fillna(label)}) if column.isna().any() else frame
        elif column.isna().any():
            frame = frame.assign(**{name: column.astype("object").fillna(label).astype("str")})
    return frame


def names(columns: str | Iterable[str] | None) -> list[str]:
    """Column names as a list: one name, several, or none."""
    return [columns] if isinstance(columns, str) else list(columns or ())


def require(available: Iterable[str], wanted: Iterable[str], what: str = "column", where: str = "the frame") -> None:
    """Raise KeyError naming the first wanted name that is not available, with the nearest one that is."""
    available = [str(name) for name in available]
    for name in wanted:
        if name not in available:
            near = difflib.get_close_matches(str(name), available, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(available) or 'none'}"
            raise KeyError(f"{what} {name!r} is not in {where}: {hint}")


def refuse_reserved(labels: Iterable[str], what: str) -> None:
    """Raise ValueError where a stratum or cause has the name of an output column."""
    for label in labels:
        if label in RESERVED:
            raise ValueError(f"{what} {label!r} has the name of an output column: rename it")


def rows_text(mask: np.ndarray, index: pd.Index | None = None) -> str:
    """The rows where a mask holds, as text: their labels, at most five, and how many there are."""
    positions = np.flatnonzero(mask)
    labels = positions if index is None else index[positions]
    more = f" and {len(positions) - 5:,} more" if len(positions) > 5 else ""
    return f"row{'s' if len(positions) > 1 else ''} {', '.join(str(label) for label in labels[:5])}{more}"
