"""The life table: how many were at risk, had each event and were censored, at each time.

It is the narrow waist of the project. Before it may stand a hundred million people in a query engine; after it,
everything is a few thousand rows. Here too are the checks of columns, and the cells (equal rows counted once), that
every estimator of the room starts from.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.recidivism.cohort import Cohort

OWN = "the cohort's own"
RESERVED = {
    "time", "at_risk", "censored", "events", "survival", "incidence", "mean", "se", "lower", "upper", "q", "rmst",
    "beyond_follow_up", "year", "cumulative", "annual_first", "conditional", "complete", "model", "estimand", "estimate",
    "level", "reference",
}  # fmt: skip
_DENSE = 2**22  # a table of this many counters is cheaper to fill than its keys are to sort
_LABELS = "text labels with missing for censored, booleans, or 0 and 1"
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
    by, unknown : column or columns, and a label
        Strata, of those combinations that occur, and the stratum of rows whose by column is missing, which are else refused.
    time, entry : columns
        Follow-up in any unit, 0 or more (``attrs["time_unit"]`` of the frame travels on), and delayed entry, missing where at
        risk from the start; by default the column named ``entry`` where there is one.
    event : column
        A text or categorical label, missing where censored; or booleans or 0/1, one cause named ``"event"``.
        A category, or an event that a cohort says it follows, has a column though nobody had it.
    count, weight, cluster : columns
        Frequencies (whole numbers): the same as repeating the row. Sampling weights: counts become sums of weights, and
        standard errors sandwich errors. Clusters, whose rows are dependent: standard errors become clustered.
    exact : bool
        False rounds the counts where the run is restricted (`analysis.data.rounding.life_table`); True is not for sharing.

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, censored``, one column a cause (alphabetical); one row a stratum and distinct time,
        whatever happened at it. ``attrs["cells"]`` holds what variances need where people enter late, carry weights or come
        in clusters; such a table is not for editing.

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
    table, entry, count = read_rows(cohort, [*by, time, event, *filter(None, (weight, cluster))], entry, count)
    for name in by if unknown is not None else ():
        column = table[name]
        if not isinstance(column.dtype, pd.CategoricalDtype):
            table[name] = column.astype("object").fillna(unknown).astype("str") if column.isna().any() else column
        elif column.isna().any():  # the last of the labels, where it is none of them
            new = [] if unknown in column.cat.categories else [unknown]
            table[name] = column.cat.add_categories(new).fillna(unknown)
    followed, strata = follow_up(table, time, event, entry), number_strata(table, by)
    refuse_reserved(by, "by column")
    refuse_reserved(followed[-1], "cause")
    if clash := set(by) & set(followed[-1]):
        raise ValueError(f"{sorted(clash)[0]!r} is both a by column and a cause: rename one")
    cells = count_cells(table, followed, strata, count, weight, cluster)
    life, step = _table_of(cells, table.attrs), rounding.step()
    # standard errors over dependent people need the exact table
    return life if exact or not step else rounding.life_table(life, step, life if cells.robust else None)


def read_rows(
    cohort, columns: list[str], entry: str | None, count: str | None
) -> tuple[pd.DataFrame, str | None, str | None]:
    """The rows of a cohort, frame or Ibis table, which is counted in its engine, and their columns of entries and counts."""
    table, attrs = cohort, getattr(cohort, "attrs", {})
    if isinstance(cohort, Cohort):
        table, attrs, count = cohort.rows, cohort.meaning(), count or ("count" if "count" in cohort.columns else None)
    if entry == OWN:
        entry = "entry" if "entry" in cohort.columns else None
    used = list(dict.fromkeys([*columns, *filter(None, (entry, count))]))
    require(cohort.columns, used)
    if isinstance(table, pd.DataFrame):
        table = table.copy(deep=False)
    else:
        table = table.group_by(used).aggregate(n_=table.count()).to_pandas()
        table["n_"] *= 1 if count is None else amounts(table[count], "count")
        count = "n_"
    table.attrs = attrs
    return table, entry, count


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows that agree, counted once: one array element a cell, sorted by stratum, time, cause, entry, pattern and unit.

    ``cause`` is -1 where censored, ``entry`` minus infinity where at risk from the start. ``number`` counts rows; ``weight``
    and ``square`` sum their weights and squared weights. ``unit`` numbers the clusters over all strata, or is None where each
    row stands for itself; ``pattern`` the covariates of a model, or is None. ``robust`` asks for sandwich errors. Cells never
    change, so that copies of a frame share them.
    """

    stratum: np.ndarray
    time: np.ndarray
    cause: np.ndarray
    entry: np.ndarray
    pattern: np.ndarray | None
    unit: np.ndarray | None
    number: np.ndarray
    weight: np.ndarray
    square: np.ndarray
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


def count_cells(
    frame: pd.DataFrame, followed: tuple, strata: tuple, count: str | None, weight: str | None, cluster: str | None,
    pattern: tuple[np.ndarray, np.ndarray] | None = None,
) -> Cells:  # fmt: skip
    """The cells of a frame, from its ``follow_up``, its ``number_strata`` and the patterns of covariates with their codes."""
    stop, start, cause, causes = followed
    axes = {"stratum": (strata[0], strata[1].index), "time": number_times(stop), "cause": (cause + 1, [-1, *causes])}
    if start is not None:
        axes["entry"] = number_times(start)
    if pattern is not None:
        axes["pattern"] = pattern
    if cluster is not None:
        axes["unit"] = label_codes(frame[cluster], "cluster")
    sizes = [len(levels) for _, levels in axes.values()]
    row, size, codes_of = _groups([codes for codes, _ in axes.values()], sizes)
    number = None if count is None else amounts(frame[count], "count")
    if weight is not None:
        load = amounts(frame[weight], "weight")
        number = np.ones(len(frame), dtype=np.int64) if number is None else number
        order = np.lexsort((load, number))  # sorted, so that no sum depends on the order of the rows
        row, number, load = row[order], number[order], load[order]
    n = np.bincount(row, number, size).astype(np.int64)  # counts below 2**53 are exact as floats
    weights, squares = (n, n) if weight is None else (np.bincount(row, number * load**p, size) for p in (1, 2))
    seen = np.flatnonzero(weights)
    n, weights, squares, cell = n[seen], weights[seen], squares[seen], dict(zip(axes, codes_of(seen), strict=True))
    return Cells(
        stratum=cell["stratum"], time=axes["time"][1][cell["time"]], cause=cell["cause"] - 1,
        entry=np.full(len(n), -np.inf) if start is None else axes["entry"][1][cell["entry"]],
        pattern=cell.get("pattern"), unit=cell.get("unit"), number=n, weight=weights, square=squares,
        strata=strata[1], causes=causes, robust=weight is not None or cluster is not None,
    )  # fmt: skip


def _table_of(cells: Cells, attrs: dict) -> pd.DataFrame:
    """The life table of cells, with the attributes of the frame they were counted from."""
    new_row = (np.diff(cells.stratum, prepend=-1) != 0) | (np.diff(cells.time, prepend=np.nan) != 0)
    row, first = np.cumsum(new_row) - 1, np.flatnonzero(new_row)
    out = np.bincount(row, weights=cells.weight, minlength=len(first))
    stratum, time = cells.stratum[first], cells.time[first]
    at_risk, delayed = np.empty(len(first)), cells.delayed
    for number in np.unique(stratum):
        rows = slice(*np.searchsorted(stratum, [number, number + 1]))
        at_risk[rows] = out[rows][::-1].cumsum()[::-1]
        if delayed:
            late = (cells.stratum == number) & np.isfinite(cells.entry)
            # not yet at risk: entry >= t for the rows up to and including the last t that is not after the entry
            last = np.searchsorted(time[rows], cells.entry[late], side="right") - 1
            later = np.bincount(last[last >= 0], cells.weight[late][last >= 0], minlength=len(time[rows]))
            at_risk[rows] -= later[::-1].cumsum()[::-1]
    table = cells.strata.take(stratum).reset_index(drop=True).assign(time=time)
    counts = {"at_risk": at_risk}
    for code, label in enumerate(("censored", *cells.causes), start=-1):
        here = cells.cause == code
        counts[label] = np.bincount(row[here], cells.weight[here], minlength=len(first))
    whole = cells.weight.dtype.kind == "i"
    for name, values in counts.items():
        table[name] = np.rint(values).astype(np.int64) if whole else values.astype(float)
    table.attrs = {**attrs, "cells": cells} if cells.robust or delayed else dict(attrs)
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


def each_stratum(
    life: pd.DataFrame, columns: list[str], found: Callable[[tuple, slice], object], **attrs
) -> pd.DataFrame:
    """One table of what is ``found`` for each stratum of a life table or curve, from its labels and rows, as ``columns``.

    The by columns stand first, with their types; ``attrs`` are added to the table's own.
    """
    by = list(life.columns[: life.columns.get_loc("time")])
    parts = [pd.DataFrame(columns=[*by, *columns], dtype=float)]
    for label, rows in strata_slices(life, by):
        part = pd.DataFrame(found(label, rows), columns=columns)
        for place, value in enumerate(label):
            part.insert(place, by[place], value)
        parts.append(part)
    out = pd.concat(parts[1:] or parts, ignore_index=True).astype(life[by].dtypes)
    out.attrs = {**life.attrs, **attrs}
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


def number_groups(codes: Sequence[np.ndarray], sizes: Sequence[int]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The number of each row's combination of codes, in lexicographic order, and the codes of each combination."""
    key, total, codes_of = _groups(codes, sizes)
    seen = np.bincount(key, minlength=total) > 0
    return key if seen.all() else (np.cumsum(seen) - 1)[key], list(codes_of(np.flatnonzero(seen)))


def _groups(codes: Sequence[np.ndarray], sizes: Sequence[int]) -> tuple[np.ndarray, int, Callable]:
    """As ``number_groups``, but not all numbers need occur: how many there are, and a function from numbers to codes."""
    key, total = codes[0].astype(np.int64), max(sizes[0], 1)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        if total * size >= 2**62:
            seen, key = np.unique(key, return_inverse=True)
            total = len(seen)
        if size > 1:
            key *= size
            key += code
            total *= size
    if total <= max(_DENSE, 4 * len(key)):
        return key, total, lambda number: np.unravel_index(number, [max(size, 1) for size in sizes])
    levels, key = np.unique(key, return_inverse=True)
    example = np.empty(len(levels), dtype=np.int64)
    example[key] = np.arange(len(key))
    return key, len(levels), lambda number: [code[example[number]] for code in codes]


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
    stop, late = times(frame[time]), np.zeros(len(frame), dtype=bool)
    declared = [frame.attrs.get("event"), *frame.attrs.get("competing", ())] if event == "event" else []
    codes, causes = event_codes(frame[event], filter(None, declared))
    start = None if entry is None or frame[entry].isna().all() else numbers(frame[entry], "entry").astype(float)
    if start is not None:
        start[np.isnan(start)] = -np.inf
        late = np.isfinite(start)
    pooled = stop if start is None else np.concatenate([stop, start[late]])
    if not _whole(pooled):
        levels, place = np.unique(pooled, return_inverse=True)
        apart = np.diff(levels, prepend=-np.inf) > _TIED * max(1.0, float(np.abs(levels).mean()))
        stop, snapped = np.split(levels[apart][np.cumsum(apart) - 1][place], [len(stop)])
        if start is not None:
            start[late] = snapped
    if start is not None and (empty := start >= stop).any():
        where = f"entry {entry!r} is not before the time in {rows_text(empty, frame.index)}"
        raise ValueError(f"an interval of no length: {where}; a person at risk from the start has a missing entry")
    return stop, start, codes, causes


def times(column: pd.Series) -> np.ndarray:
    """Times of follow-up: finite, present and not negative."""
    values = numbers(column, "time")
    for bad, what in ((~np.isfinite(values), "missing or not finite"), (values < 0, "negative")):
        if bad.any():
            raise ValueError(f"time {column.name!r} is {what} in {rows_text(bad, column.index)}: follow-up starts at 0")
    return values


def event_codes(column: pd.Series, declared: Iterable[str] = ()) -> tuple[np.ndarray, list[str]]:
    """Codes of the causes, -1 where censored, and the causes in alphabetical order.

    Text and categorical labels are causes and a missing label is censored; booleans and 0/1 are one
    cause named ``"event"``. ``declared`` are causes that need not have happened. Anything else raises ValueError.
    """
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        codes, levels = column.cat.codes.to_numpy(), list(column.cat.categories)
    else:
        codes, levels = pd.factorize(column)
        levels = list(levels)
    status = all(isinstance(level, (bool, int, float, np.bool_, np.number)) for level in levels)
    if (status and levels) or (pd.api.types.is_numeric_dtype(kind) and not len(column)):
        values = np.append(np.array(levels, dtype=float), np.nan)[codes]
        if (bad := (values != 0) & (values != 1)).any():
            where = (
                f"event {column.name!r} is a number other than 0 and 1, or missing, in {rows_text(bad, column.index)}"
            )
            raise ValueError(f"{where}: use {_LABELS}")
        return np.where(values == 1, 0, -1), ["event"]
    if wrong := [level for level in levels if not isinstance(level, str) or not level]:
        raise ValueError(f"event {column.name!r} holds {wrong[0]!r}: use {_LABELS}")
    causes = sorted({*levels, *declared})
    if causes == levels:
        return codes.astype(np.int64), causes
    return np.array([*(causes.index(level) for level in levels), -1])[codes], causes


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
        hint = "; life_table does the first with unknown='unknown'" if what == "by column" else ""
        where = f"{what} {column.name!r} is missing in {rows_text(missing, column.index)}"
        raise ValueError(f"{where}: give these rows a label of their own or leave them out before the call{hint}")
    return codes, pd.Index(levels)


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
