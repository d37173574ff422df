"""Periods and times of adoption, however a panel writes them: numbers, dates, pandas periods or text of these."""

import numpy as np
import pandas as pd

from analysis.recidivism.life_table import numbers

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
