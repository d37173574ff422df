"""Read the columns of a frame into checked arrays: strata, times, entries, events, counts and weights.

Every estimator of this room starts here, so that a missing stratum, a date where a length of time
was expected or a misspelt column gives the same clear message everywhere.
"""

import difflib
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

RESERVED = frozenset(
    (
        "time", "at_risk", "censored", "events", "survival", "incidence", "mean", "se", "lower", "upper", "q",
        "rmst", "beyond_follow_up", "year", "cumulative", "annual_first", "conditional", "complete", "model",
        "estimand", "estimate", "level", "reference",
    )
)  # fmt: skip
_SHOWN = 5


def names(columns: str | Iterable[str] | None) -> list[str]:
    """Column names as a list: one name, several, or none."""
    if columns is None:
        return []
    return [columns] if isinstance(columns, str) else list(columns)


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
    shown = ", ".join(str(label) for label in labels[:_SHOWN])
    more = f" and {len(positions) - _SHOWN:,} more" if len(positions) > _SHOWN else ""
    return f"row{'s' if len(positions) > 1 else ''} {shown}{more}"


def label_codes(column: pd.Series, what: str) -> tuple[np.ndarray, pd.Index]:
    """Codes 0, 1, ... and the sorted levels they stand for; a categorical keeps the order of its categories.

    Raises ValueError where a value is missing: a group that nobody named is a decision for the analyst.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, levels = column.cat.codes.to_numpy(), column.cat.categories
    else:
        codes, levels = pd.factorize(column, sort=True)
        levels = pd.Index(levels)
    missing = codes < 0
    if missing.any():
        raise ValueError(
            f"{what} {column.name!r} is missing in {rows_text(missing, column.index)}: "
            "give these rows a label of their own (such as 'unknown') or leave them out before the call"
            + ("; life_table does the first with unknown='unknown'" if what == "by column" else "")
        )
    return codes, levels


def labelled(frame: pd.DataFrame, columns: Iterable[str], label: str | None) -> pd.DataFrame:
    """A frame whose missing values in some columns have a label, the last of a categorical's; as it is without a label."""
    given = {}
    for name in [] if label is None else columns:
        column = frame.get(name)
        if column is None or not column.isna().any():
            continue
        if isinstance(column.dtype, pd.CategoricalDtype) and label not in column.cat.categories:
            column = column.cat.add_categories([label])
        given[name] = (
            column.fillna(label)
            if isinstance(column.dtype, pd.CategoricalDtype)
            else column.astype("object").fillna(label).astype("str")
        )
    return frame.assign(**given) if given else frame


def numbers(column: pd.Series, what: str) -> np.ndarray:
    """A numeric column as integers or floats (missing is NaN); dates, lengths of dates and text are refused."""
    kind = column.dtype
    if (
        isinstance(kind, pd.CategoricalDtype)
        or not pd.api.types.is_numeric_dtype(kind)
        or pd.api.types.is_bool_dtype(kind)
    ):
        hint = ": subtract dates and take .dt.days first" if kind.kind in "mM" else ""
        raise ValueError(f"{what} {column.name!r} must hold numbers, found {kind}{hint}")
    if pd.api.types.is_integer_dtype(kind) and not column.isna().any():
        return column.to_numpy(dtype=np.int64)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def times(column: pd.Series) -> np.ndarray:
    """Times of follow-up: finite, present and not negative."""
    values = numbers(column, "time")
    if values.dtype.kind == "f":
        bad = ~np.isfinite(values)
        if bad.any():
            raise ValueError(f"time {column.name!r} is missing or not finite in {rows_text(bad, column.index)}")
    if len(values) and values.min() < 0:
        raise ValueError(
            f"time {column.name!r} is negative in {rows_text(values < 0, column.index)}: follow-up starts at 0"
        )
    return values


def entries(column: pd.Series, time: np.ndarray) -> np.ndarray:
    """Entry times, minus infinity where missing (at risk from the start); every entry lies before its time."""
    values = numbers(column, "entry").astype(np.float64)
    values = np.where(np.isnan(values), -np.inf, values)
    empty = values >= time
    if empty.any():
        raise ValueError(
            f"an interval of no length: entry {column.name!r} is not before the time in "
            f"{rows_text(empty, column.index)}; a person at risk from the start has a missing entry"
        )
    return values


def event_codes(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Codes of the causes, -1 where censored, and the causes in alphabetical order.

    Text and categorical labels are causes and a missing label is censored; booleans and 0/1 are one
    cause named ``"event"``. Anything else raises ValueError.
    """
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return _categorical_events(column)
    if len(column) and column.isna().all():
        return np.full(len(column), -1), []
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        return _status_events(column)
    codes, levels = pd.factorize(column, sort=False)
    levels = list(levels)
    if levels and all(isinstance(level, (bool, np.bool_)) for level in levels):
        return _status_events(column.astype("boolean"))
    return _sorted_causes(codes, levels, column.name)


def _categorical_events(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    categories = list(column.cat.categories)
    if categories and not any(isinstance(category, str) for category in categories):
        return _status_events(pd.Series(column.to_numpy(), index=column.index, name=column.name).astype("Float64"))
    return _sorted_causes(column.cat.codes.to_numpy(), categories, column.name)


def _sorted_causes(codes: np.ndarray, levels: list, name: object) -> tuple[np.ndarray, list[str]]:
    for level in levels:
        if not isinstance(level, str) or not level:
            raise ValueError(
                f"event {name!r} holds {level!r}: expected text labels with missing for censored, booleans, or 0 and 1"
            )
    if levels == sorted(levels):
        return codes.astype(np.int64), levels
    order = np.argsort(np.array(levels, dtype=object), kind="stable").astype(np.int64)
    rank = np.empty(len(levels) + 1, dtype=np.int64)
    rank[order] = np.arange(len(levels))
    rank[-1] = -1
    return rank[codes], [levels[i] for i in order]


def _status_events(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = (values != 0) & (values != 1)
    if bad.any():
        raise ValueError(
            f"event {column.name!r} is a number other than 0 and 1, or missing, in {rows_text(bad, column.index)}: "
            "use text labels with missing for censored, booleans, or 0 and 1"
        )
    return np.where(values == 1, 0, -1), ["event"]


def counts(column: pd.Series) -> np.ndarray:
    """Frequencies: whole numbers, 0 or more; a row with count 3 is the same as three rows."""
    values = numbers(column, "count")
    bad = ~(np.isfinite(values) & (values >= 0) & (values == np.floor(values)))
    if bad.any():
        raise ValueError(
            f"count {column.name!r} is not a whole number of 0 or more in {rows_text(bad, column.index)}: "
            "sampling weights go to weight="
        )
    return values.astype(np.int64)


def weights(column: pd.Series) -> np.ndarray:
    """Sampling weights: finite, 0 or more."""
    values = numbers(column, "weight").astype(np.float64)
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        raise ValueError(f"weight {column.name!r} is missing, negative or not finite in {rows_text(bad, column.index)}")
    return values


def one_cause(cause: str | None, causes: Sequence[str]) -> str:
    """The cause asked for, or the only one there is. Raises KeyError (unknown) or ValueError (not said)."""
    if cause is None:
        if len(causes) != 1:
            raise ValueError(f"say which cause: there are {', '.join(causes) or 'none'}")
        return causes[0]
    require(causes, [cause], "cause", "the events")
    return cause
