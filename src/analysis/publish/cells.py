"""How the cells of a column are written in a table: alike within the column, as a reader of print would expect."""

import datetime as dt

import pandas as pd

from analysis.publish import numbers

NONE = "\u2013"
_YEARS = ("year", "birth_year")  # whole numbers that are never written with a thousands separator
_PLACES = 4  # decimals, unless all of a column is smaller than a hundredth


def column(name: object, values: list, percent: bool = False) -> list[str]:
    """Return the cells of one column: shares as percentages, months as months, decimals all alike, a dash for none."""
    known = [value for value in values if not _missing(value)]
    if percent:
        return [NONE if _missing(value) else f"{100 * value:z.1f}" for value in values]
    if name in _YEARS:
        return [
            NONE if _missing(value) else f"{value:.6g}" if isinstance(value, float) else str(value) for value in values
        ]
    if known and all(isinstance(value, dt.date) for value in known) and (form := numbers.periods(known)):
        return [NONE if _missing(value) else f"{value:{form}}" for value in values]
    places = _places([value for value in known if isinstance(value, float)])
    return [_cell(value, places) for value in values]


def limits(lower: list, upper: list, percent: bool = False) -> list[str]:
    """Return the cells of an interval column, ``6.7 to 12.1``, from its two columns."""
    if percent:
        written = [column("", values, True) for values in (lower, upper)]
    else:
        places = _places([value for value in (*lower, *upper) if isinstance(value, float) and not _missing(value)])
        written = [[_cell(value, places) for value in values] for values in (lower, upper)]
    return [NONE if NONE in pair else " to ".join(pair) for pair in zip(*written, strict=True)]


def _missing(value: object) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _places(values: list[float]) -> int:
    """Return the decimals that show four significant digits of every value, within reason."""
    written = [text for value in values if "e" not in (text := f"{value:.4g}")]
    places = max((len(text.partition(".")[2]) for text in written), default=0)
    return places if values and max(map(abs, values)) < 0.01 else min(places, _PLACES)


def _cell(value: object, places: int) -> str:
    if _missing(value):
        return NONE
    if isinstance(value, float):
        numbers.significant(value)  # refuses what has no digits
        whole = value == int(value) and abs(value) >= 100  # a count beside numbers that are none
        return f"{value:z,.{0 if whole else places}f}"
    return numbers.day(value) if isinstance(value, dt.date) else numbers.plainly(value)
