"""The short window: the share re-arrested within a fixed number of days, read in every way it is read.

The same cohort gives several figures, depending on what is counted, who is in the denominator and how
unequal follow-up and competing events are taken. They stand side by side, each with what it assumes.
"""

from collections.abc import Callable

import pandas as pd

from analysis.recidivism.window_lines import LeftOut, Reading

COLUMNS = ["estimand", "numerator", "denominator", "unit", "estimate", "lower", "upper", "assumes"]


def short_window(cohort, days: float = 105, later: pd.DataFrame | None = None, level: float = 0.95) -> pd.DataFrame:
    """The share re-arrested within a window, by every definition the cohort supports.

    Parameters
    ----------
    cohort : pandas.DataFrame or ibis Table
        One row a person, release, detainer or episode, with ``days`` and ``event``, and where there are
        any ``person_id``, ``released``, ``outcome``, ``entry`` and ``follow_up`` (how long each was to be
        followed, from origin and data end alone). ``attrs`` gives ``event`` (the event of interest),
        ``time_unit``, ``row`` and a common ``follow_up``.
    days : float
        The window; converted to the cohort's unit by ``window`` (the rule is in ``attrs["rule"]``).
    later : pandas.DataFrame
        The same cohort without competing events, for "any later" events; needed where there are any.
    level : float

    Returns
    -------
    pandas.DataFrame
        ``estimand, numerator, denominator, unit, estimate, lower, upper, assumes``. Shares lie between 0
        and 1; the rate is per year; lines that begin with "moved by" are differences in share and carry
        no interval. Lines that the cohort cannot give are left out, with the reason in
        ``attrs["not_shown"]``. Past the last person at risk an estimate is missing.

    Raises
    ------
    ValueError, KeyError
        An empty cohort, an event of interest that is not said, a unit of time that is not known, a
        window shorter than one whole unit.
    """
    reading = Reading(_as_frame(cohort), days, None if later is None else _as_frame(later), level)
    rows, not_shown = [], {}
    for name, line in _lines(reading).items():
        try:
            rows.append({"estimand": name, **line()})
        except LeftOut as reason:
            not_shown[name] = str(reason)
    out = pd.DataFrame(rows, columns=COLUMNS)
    out.attrs = {
        **reading.frame.attrs, "days": days, "window": reading.window.length,
        "rule": reading.window.rule, "not_shown": not_shown, "level": level,
    }  # fmt: skip
    return out


def headline(window: pd.DataFrame) -> pd.Series | None:
    """The line of a short-window table that a report leads with, or None where nobody was followed for the whole window.

    Aalen-Johansen's where there are competing events, else one minus Kaplan-Meier. Where nobody (or everybody) had the event
    these have no interval, and the plain share of those followed for the whole window stands in.
    """
    for name in ("aalen-johansen", "one minus kaplan-meier", "complete follow-up"):
        line = window[(window["estimand"].str.lower() == name) & window["lower"].notna()]
        if len(line):
            return line.iloc[0]
    return None


def _as_frame(cohort) -> pd.DataFrame:
    return cohort if isinstance(cohort, pd.DataFrame) else cohort.to_pandas()


def _lines(reading: "Reading") -> dict[str, Callable[[], dict]]:
    rows = reading.rows
    return {
        f"events over {rows}": reading.events_over_rows,
        "people over people released": reading.people_over_released,
        "complete follow-up": reading.complete_follow_up,
        "one minus Kaplan-Meier": reading.one_minus_kaplan_meier,
        "Aalen-Johansen": reading.aalen_johansen,
        "rate per person-year": reading.per_year,
        "any later event": reading.any_later,
        "moved by counting people": reading.moved_by_people,
        "moved by unequal follow-up": reading.moved_by_follow_up,
        "moved by competing events": reading.moved_by_competing,
        "range for the unknown share released": reading.unknown_release,
    }
