"""How a published number is written: rounded once, in one place, and worded the same way everywhere.

Every number that reaches a page, a CSV or a JSON file goes through :func:`publish`, so that two builds on
different processors publish the same digits. The other functions word numbers for prose.
"""

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real

import numpy as np
import pandas as pd

DIGITS = 6
OPTIMIZER_DIGITS = 4
NBSP = "\u00a0"


def publish(value: object, digits: int = DIGITS) -> object:
    """Return ``value`` as it may be written to JSON: rounded, plain Python types, missing as None.

    Real numbers are rounded to ``digits`` significant digits (`OPTIMIZER_DIGITS` for the results of an
    optimizer); counts stay whole. Frames become a list of records, mappings and sequences keep their shape.
    An infinite number raises ``ValueError``: JSON has no word for it.
    """
    if isinstance(value, pd.DataFrame):
        return [publish(row, digits) for row in value.to_dict("records")]
    if isinstance(value, pd.Series):
        return publish(value.to_dict(), digits)
    if isinstance(value, Mapping):
        return {str(key): publish(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray | pd.Index):
        return [publish(item, digits) for item in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return significant(float(value), digits)
    if isinstance(value, pd.Timestamp | dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def significant(x: float, digits: int = DIGITS) -> float | None:
    """Return ``x`` rounded to ``digits`` significant digits; NaN as None, and never a negative zero."""
    if math.isnan(x):
        return None
    if math.isinf(x):
        raise ValueError("an infinite number cannot be published; leave the value out or give a finite one")
    return float(f"{x:.{digits}g}") + 0.0


def thousands(n: float) -> str:
    """Return a count with thousands separators: ``1,445``."""
    return f"{int(n):,}"


def percent(share: float, decimals: int = 1) -> str:
    """Return a share (0 to 1) as a percentage with ``decimals`` decimals: ``9.1 %``; a missing one is said."""
    return "not available" if math.isnan(share) else f"{100 * share:z,.{decimals}f}{NBSP}%"


def interval(lower: float, upper: float, decimals: int = 1, scale: float = 100.0) -> str:
    """Return limits in words, in percent unless ``scale`` is 1: ``6.7 to 12.1``; not defined is said."""
    if math.isnan(lower) or math.isnan(upper):
        return "not defined"
    return f"{scale * lower:z,.{decimals}f} to {scale * upper:z,.{decimals}f}"


def span(time: float, unit: str) -> str:
    """Return a length of time in words: ``1 day``, ``105 days``."""
    return f"{time:,g} {unit}" if time == 1 else f"{time:,g} {unit}s"


def periods(dates: Iterable[dt.date]) -> str:
    """Return the format that names ``dates`` as the years or months they begin; empty where they are days."""
    dates = list(dates)
    if all(date.day == 1 for date in dates):
        return "%Y" if len(dates) > 1 and all(date.month == 1 for date in dates) else "%B %Y"
    return ""


def day(value: dt.date) -> str:
    """Return a date in words: ``30 September 2026``."""
    return f"{value.day} {value:%B %Y}"


def plainly(value: object, digits: int = DIGITS) -> str:
    """Return any single value as text for a table or for prose that names no format."""
    value = publish(value, digits) if not isinstance(value, dt.date) else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return thousands(value)
    if isinstance(value, float):
        return f"{value:,.{digits}g}" if "e" not in f"{value:.{digits}g}" else f"{value:.{digits}g}"
    return day(value) if isinstance(value, dt.date) else str(value)
