"""A window in days as a length in a cohort's own time unit, by a rule that can be printed."""

import math
from dataclasses import dataclass

DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "quarter": 91.3125, "year": 365.25}
_CLOSE = 1.5  # days: 90 days are three months and 365 are twelve; 105 are not


@dataclass(frozen=True)
class Window:
    """A window: ``days`` as asked for, ``length`` in the cohort's unit, and ``rule``, how one became the other."""

    days: float
    length: float
    unit: str
    rule: str


def units_per_year(unit: str) -> float:
    """How many of a unit make a year of 365.25 days. Raises ValueError for an unknown unit."""
    return DAYS["year"] / _days_in(unit)


def window(days: float, unit: str, whole: bool) -> Window:
    """Convert a window in days.

    Parameters
    ----------
    days : float
        Above 0.
    unit : str
        day, week, month, quarter or year.
    whole : bool
        True where the cohort's times are whole numbers of the unit. Within such data only whole windows
        are observed: a window within a day and a half of a whole number of units is taken as that,
        any other is cut to the last whole unit inside it, and the rule says so. An event is then never
        counted that may have come after the window.

    Raises
    ------
    ValueError
        An unknown unit, days that are not positive, a window shorter than one whole unit.
    """
    if not 0 < days < math.inf:
        raise ValueError(f"a window has a positive number of days, found {days!r}")
    size = _days_in(unit)
    if unit == "day":
        length = float(math.floor(days)) if whole else float(days)
        return Window(days, length, unit, f"{days:g} days")
    exact = days / size
    said = f"{days:g} days are {exact:.4g} {unit}s of {size:g} days"
    if not whole:
        return Window(days, exact, unit, said)
    nearest = round(exact)
    if nearest and abs(exact - nearest) * size <= _CLOSE:
        return Window(days, float(nearest), unit, f"{days:g} days are taken as {nearest} {unit}s (of {size:g} days)")
    length = math.floor(exact)
    if length == 0:
        raise ValueError(f"{said}: the data are in whole {unit}s, so no window shorter than one {unit} can be read")
    rule = f"{said}; the data are in whole {unit}s, so the figure is at {length} {unit}s ({length * size:.4g} days)"
    return Window(days, float(length), unit, rule)


def _days_in(unit: str) -> float:
    if unit not in DAYS:
        raise ValueError(f"time_unit must be one of {', '.join(DAYS)}, found {unit!r}")
    return DAYS[unit]
