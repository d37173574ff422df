"""Dates as whole days, and columns that a frame must have: what the modules on custody share."""

import numpy as np
import pandas as pd

OPEN = int(np.datetime64("9999-12-31", "D").astype("int64"))  # the day on which a spell that has not ended ends


def day_numbers(values: pd.Series, missing: int = 0) -> np.ndarray:
    """Return dates as days since 1970, missing ones as ``missing``."""
    there = values.notna().to_numpy()
    days = pd.to_datetime(values).to_numpy().astype("datetime64[D]").astype("int64")
    return np.where(there, days, missing)


def day_dates(days: pd.Series) -> pd.Series:
    """Return day numbers as dates, OPEN as missing."""
    found = days.where(days != OPEN, 0).to_numpy().astype("datetime64[D]").astype("datetime64[s]")
    return pd.Series(found, index=days.index).where(days != OPEN)


def require(columns: object, what: str, *needed: str) -> None:
    """Raise KeyError where one of the needed columns is absent."""
    missing = [name for name in needed if name not in columns]
    if missing:
        raise KeyError(f"{what} have no column {', '.join(map(repr, missing))}; needed are {', '.join(needed)}")
