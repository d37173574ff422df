"""The short window: the share re-arrested within a fixed number of days, read in every way it is read.

The same cohort gives several figures, depending on what is counted, who is in the denominator and how unequal follow-up
and competing events are taken. They stand side by side, each with what it assumes. Three of them ask something else, and
are estimands: re-arrested before anything else happened (first event, Aalen-Johansen); if competing events did not exist
(one minus Kaplan-Meier); re-arrested at some time, whatever came between (any later event).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.data.rounding import rounded
from analysis.recidivism.cohort import Cohort, checked
from analysis.recidivism.life_table import event_codes, label_codes, life_table, names, require, times
from analysis.recidivism.proportions import proportion, rate
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier

DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "quarter": 91.3125, "year": 365.25}
COLUMNS = ["estimand", "numerator", "denominator", "unit", "estimate", "lower", "upper", "assumes"]
ESTIMANDS = ("first event", "competing events censored", "any later event")
_CLOSE = 1.5  # days: 90 days are three months and 365 are twelve; 105 are not
_PLURAL = {"person": "people", "release": "releases", "detainer": "detainers", "episode": "episodes"}


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


def short_window(cohort: Cohort, days: float = 105, later: Cohort | None = None, level: float = 0.95) -> pd.DataFrame:
    """The share re-arrested within a window, by every definition the cohort supports.

    Parameters
    ----------
    cohort : Cohort
        Of people, releases, detainers or episodes, or counts of them (``count``). ``follow_up`` (how long each was to be
        followed, from origin and data end alone), ``released``, ``outcome`` and ``person_id`` are used where they are known.
    days : float
        The window; converted to the cohort's unit by ``window`` (the rule is in ``attrs["rule"]``).
    later : Cohort
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
    TypeError
        A frame, which does not say what its rows mean.
    ValueError
        An empty cohort, a unit of time that is not known, a window shorter than one whole unit.

    Examples
    --------
    >>> import analysis, pandas as pd
    >>> people = pd.DataFrame({"days": [30, 200, 400], "event": ["rearrest", None, None], "follow_up": [400, 200, 400]})
    >>> window = analysis.short_window(analysis.as_cohort(people, event="rearrest"), days=105)
    >>> window[["estimand", "numerator", "denominator"]].head(1)
                 estimand  numerator  denominator
    0  events over people          1          3.0
    """
    reading = Reading(checked(cohort, "short_window"), days, later, level)
    rows, not_shown = [], {}
    for name, line in reading.lines().items():
        try:
            rows.append({"estimand": name, **line()})
        except LeftOut as reason:
            not_shown[name] = str(reason)
    out = pd.DataFrame(rows, columns=COLUMNS).astype({"numerator": "Int64", "denominator": "float64"})
    window = reading.window
    out.attrs = {
        **cohort.meaning(),
        "days": days,
        "window": window.length,
        "rule": window.rule,
        "not_shown": not_shown,
        "level": level,
    }
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


class LeftOut(Exception):  # noqa: N818 - not an error: the reason a line cannot be had from a cohort
    """The cohort does not support a line of the table."""


def _cleaned(difference: float) -> float:
    """A difference without the rounding error that two equal shares leave."""
    return 0.0 if abs(difference) < 1e-12 else float(difference)


class Reading:
    """One cohort read at one window: a method a line of the table."""

    def __init__(self, cohort: Cohort, days: float, later: Cohort | None, level: float) -> None:
        frame = cohort.frame
        if not len(frame):
            raise ValueError("the cohort has no rows: there is nobody to count")
        self.cohort, self.frame, self.later, self.level = cohort, frame, later, level
        self.count = frame["count"].to_numpy() if "count" in frame else np.ones(len(frame), dtype="int64")
        time = times(frame["days"])
        codes, causes = event_codes(frame["event"])
        self.cause = cohort.event
        code = causes.index(self.cause) if self.cause in causes else len(causes)
        whole = bool((time == np.floor(time)).all())
        self.window: Window = window(days, cohort.time_unit, whole)
        self.time = time
        self.hit = (codes == code) & (time <= self.window.length)
        self.others = [c for i, c in enumerate(causes) if c != self.cause and (codes == i).any()]
        self.row = cohort.row
        self.rows = _PLURAL.get(self.row, f"{self.row}s")
        self.given = " given the first part of follow-up without an event;" if self._delayed() else ""

    def lines(self) -> dict[str, Callable[[], dict]]:
        """The lines of the table by name, in order."""
        return {
            f"events over {self.rows}": self.events_over_rows,
            "people over people released": self.people_over_released,
            "complete follow-up": self.complete_follow_up,
            "one minus Kaplan-Meier": self.one_minus_kaplan_meier,
            "Aalen-Johansen": self.aalen_johansen,
            "rate per person-year": self.per_year,
            "any later event": self.any_later,
            "moved by counting people": self.moved_by_people,
            "moved by unequal follow-up": self.moved_by_follow_up,
            "moved by competing events": self.moved_by_competing,
            "range for the unknown share released": self.unknown_release,
        }

    def events_over_rows(self) -> dict:
        """Events within the window over every row, as a press release counts."""
        return self._share(
            self._n(self.hit), self._n(), self.rows,
            f"everyone was followed for the whole window; counts {self.rows}; those censored early count as free of it",
        )  # fmt: skip

    def people_over_released(self) -> dict:
        """People with the event over people known to have been released."""
        hit, released, count = self._people()
        assumes = "everyone was followed for the whole window; each person counts once"
        if not released.all():
            assumes += "; only people known to have been released, which policy itself decides: descriptive"
        return self._share(int(count[hit & released].sum()), int(count[released].sum()), "people", assumes)

    def complete_follow_up(self) -> dict:
        """The share among those whose planned follow-up covers the window."""
        planned = self._planned()
        able = planned >= self.window.length
        if not able.any():
            raise LeftOut("nobody was to be followed for the whole window")
        return self._share(
            self._n(self.hit & able), self._n(able), self.rows,
            f"only {self.rows} whose follow-up, by origin and data end alone, covers the window; those who left "
            "through a competing event stay in the denominator",
        )  # fmt: skip

    def one_minus_kaplan_meier(self) -> dict:
        """Competing events as censoring."""
        assumes = "censoring tells nothing about risk"
        if self.others:
            assumes += f"; {', '.join(self.others)} taken as censoring, as if they did not exist"
        return self._from_curve(kaplan_meier, assumes)

    def aalen_johansen(self) -> dict:
        """Competing events as events of their own."""
        if not self.others:
            raise LeftOut("no competing event was seen: it equals one minus Kaplan-Meier")
        return self._from_curve(
            cumulative_incidence,
            f"censoring tells nothing about risk; {', '.join(self.others)} first means never counted",
        )

    def per_year(self) -> dict:
        """First events over the time at risk within the window, exact Poisson."""
        events, exposure = self._rounded_exposure() if rounding.step() else (self._n(self.hit), self._exposure())
        years = exposure / units_per_year(self.window.unit)
        if years == 0:
            raise LeftOut("no time at risk within the window")
        unit = "person" if self.row == "row" else self.row
        found = rate(events, years, self.level)
        return self._line(found, f"per {unit}-year", f"a constant rate within the window; first events;{self.given}")

    def any_later(self) -> dict:
        """The event at any time, whatever came between."""
        if self.later is None:
            if not self.others:
                raise LeftOut("no competing event was seen: it equals one minus Kaplan-Meier")
            raise LeftOut("needs the same cohort followed through competing events (competing=())")
        other = Reading(self.later, self.window.days, None, self.level)
        if (other.cause, other.row, other.window) != (self.cause, self.row, self.window):
            raise ValueError("later must be the same cohort, followed through competing events (competing=())")
        assumes = (
            "follow-up goes on through competing events, to the data end of the event's own source; they are ignored"
        )
        return other._from_curve(kaplan_meier, assumes)

    def moved_by_people(self) -> dict:
        """What counting people and not rows adds."""
        if self.row == "person":
            raise LeftOut("each row is a person")
        hit, _, count = self._people()
        return self._move(
            rounded(count[hit].sum()) / rounded(count.sum()) - self._crude,
            f"share of people less share of {self.rows}; both over everyone",
        )

    def moved_by_follow_up(self) -> dict:
        """What the early end of some people's follow-up hides."""
        curve, name = (
            (self.aalen_johansen(), "Aalen-Johansen")
            if self.others
            else (self.one_minus_kaplan_meier(), "one minus Kaplan-Meier")
        )
        return self._move(curve["estimate"] - self._crude, f"{name} less events over {self.rows}")

    def moved_by_competing(self) -> dict:
        """What taking competing events as censoring adds."""
        gap = self.one_minus_kaplan_meier()["estimate"] - self.aalen_johansen()["estimate"]
        return self._move(gap, "one minus Kaplan-Meier less Aalen-Johansen")

    def unknown_release(self) -> dict:
        """The share among those known to have been released, and among these and those of unknown release."""
        if "released" not in self.frame:
            raise LeftOut("the records give no date of release")
        known = self.frame["released"].notna().to_numpy()
        outcome = self.frame.get("outcome")
        unknown = ~known if outcome is None else ~known & (outcome.isna() | (outcome == "unknown")).to_numpy()
        if not unknown.any():
            raise LeftOut("whether they were released is known for all")
        if not known.any():
            raise LeftOut("nobody is known to have been released")
        whole, sure = (rounded(self._n(self.hit & of)) / rounded(self._n(of)) for of in (known | unknown, known))
        line = self._move(
            np.nan, f"one end: all {rounded(self._n(unknown)):,} of unknown release were released; other end: none was"
        )
        return {**line, "unit": self.rows, "lower": min(whole, sure), "upper": max(whole, sure)}

    def _n(self, rows: np.ndarray | None = None) -> int:
        """How many these rows stand for."""
        return int(self.count.sum() if rows is None else self.count[rows].sum())

    @property
    def _crude(self) -> float:
        """The share of all rows with the event, as this run may show it."""
        return rounded(self._n(self.hit)) / rounded(self._n())

    def _exposure(self) -> float:
        start = np.maximum(self._entry(), 0)
        return float(((np.minimum(self.time, self.window.length) - start).clip(min=0) * self.count).sum())

    def _rounded_exposure(self) -> tuple[int, float]:
        """The events and the time at risk of a rounded life table, up to the end of the window or of the table."""
        life = life_table(self.cohort)
        time = life["time"].clip(upper=self.window.length).to_numpy()
        steps = np.diff(time, prepend=np.maximum(self._entry(), 0).min())
        events = life.loc[life["time"] <= self.window.length, self.cause].sum()
        return int(events), float(life["at_risk"].to_numpy() @ steps)

    def _people(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each person whether the event was seen within the window and whether a release was; how many each stands for."""
        frame = self.frame
        released = frame["released"].notna() if "released" in frame and frame["released"].notna().any() else None
        if released is None:
            released = pd.Series(self.cohort.origin == "released", index=frame.index)
        if not released.any():
            raise LeftOut("nobody is known to have been released")
        if "person_id" not in frame or frame["person_id"].isna().all():
            if self.row != "person":
                raise LeftOut("there is no person identifier: rows cannot be joined into people")
            return self.hit, released.to_numpy(), self.count
        person = label_codes(frame["person_id"], "person identifier")[0]
        hit, free = (np.bincount(person, weights=each) > 0 for each in (self.hit, released))
        return hit, free, np.ones(len(hit), dtype="int64")

    def _planned(self) -> np.ndarray:
        column = self.frame.get("follow_up")
        if column is not None and column.notna().any():
            return column.to_numpy(dtype=float, na_value=np.nan)
        if (common := self.cohort.follow_up) is not None:
            return np.full(len(self.frame), float(common))
        raise LeftOut("how long each was to be followed is not known, and outcomes must not decide who is eligible")

    def _entry(self) -> np.ndarray:
        if not self._delayed():
            return np.zeros(len(self.frame))
        return self.frame["entry"].fillna(0).to_numpy(dtype=float)

    def _delayed(self) -> bool:
        return "entry" in self.frame and bool(self.frame["entry"].notna().any())

    def _from_curve(self, estimator: Callable, assumes: str) -> dict:
        repeated = "person_id" in self.frame and self.frame["person_id"].dropna().duplicated().any()
        cluster = "person_id" if repeated and self.frame["person_id"].notna().all() else None
        life = life_table(self.cohort, cluster=cluster)
        curve = estimator(life, self.cause, level=self.level)
        if curve.empty:
            raise LeftOut(f"fewer than {rounding.LEAST_CURVE} {self.rows}, and the data are restricted")
        point = at(curve, self.window.length).iloc[0]
        if estimator is kaplan_meier:
            estimate, lower, upper = 1 - point["survival"], 1 - point["upper"], 1 - point["lower"]
        else:
            estimate, lower, upper = point["incidence"], point["lower"], point["upper"]
        if point["beyond_follow_up"]:
            assumes += "; the window is longer than anyone was followed"
        if cluster:
            assumes += "; the interval takes the rows of one person as dependent"
        return {
            "numerator": rounded(self._n(self.hit)), "denominator": rounded(self._n()), "unit": self.rows, "estimate": estimate,
            "lower": lower, "upper": upper, "assumes": f"{self.given} {assumes}".lstrip(),
        }  # fmt: skip

    def _share(self, k: int, n: int, unit: str, assumes: str) -> dict:
        return self._line(
            proportion(rounded(k), rounded(n), level=self.level), unit, f"{self.given} {assumes}".lstrip()
        )

    @staticmethod
    def _line(found, unit: str, assumes: str) -> dict:
        return {
            "numerator": found.numerator, "denominator": found.denominator, "unit": unit, "estimate": found.estimate,
            "lower": found.lower, "upper": found.upper, "assumes": assumes.rstrip(";"),
        }  # fmt: skip

    @staticmethod
    def _move(estimate: float, assumes: str) -> dict:
        return {
            "numerator": None, "denominator": None, "unit": "difference in share", "estimate": _cleaned(estimate),
            "lower": np.nan, "upper": np.nan, "assumes": assumes,
        }  # fmt: skip


def estimands(
    cohort: Cohort, times: float | Iterable[float], later: Cohort | None = None, by: str | Iterable[str] | None = None,
    level: float = 0.95, cluster: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The three estimands side by side at given times.

    Parameters
    ----------
    cohort : Cohort
        With competing events as events.
    times : number or numbers
        In the cohort's unit.
    later : Cohort
        The same cohort followed through competing events (``competing=()``); without it the third
        estimand has no rows.
    by : column or columns
    level : float
        Of log-log intervals.
    cluster : column
        Rows that intervals take as dependent, as for ``life_table``.

    Returns
    -------
    pandas.DataFrame
        ``estimand, *by, time, at_risk, events, estimate, se, lower, upper, beyond_follow_up``.
    """
    by = names(by)
    cause = checked(cohort, "estimands").event
    life = life_table(cohort, by=by, cluster=cluster)
    blocks = [_shares(cumulative_incidence(life, cause, "log-log", level), times)]
    blocks.append(_shares(kaplan_meier(life, cause, level=level), times))
    if later is not None:
        blocks.append(_shares(kaplan_meier(life_table(later, by=by, cluster=cluster), cause, level=level), times))
    named = [block.assign(estimand=name) for name, block in zip(ESTIMANDS, blocks, strict=False)]
    out = pd.concat(named, ignore_index=True)
    columns = ["estimand", *by, "time", "at_risk", "events", "estimate", "se", "lower", "upper", "beyond_follow_up"]
    out = out[columns]
    out.attrs = {**life.attrs, "cause": cause, "level": level}
    return out


def _shares(curve: pd.DataFrame, times: float | Iterable[float]) -> pd.DataFrame:
    """A curve at the times, as a share with the event."""
    read = at(curve, times)
    if "incidence" in read:
        return read.rename(columns={"incidence": "estimate"})
    return read.assign(estimate=1 - read["survival"], lower=1 - read["upper"], upper=1 - read["lower"])


def readings(cohort: Cohort, time: float, id: str = "person_id", level: float = 0.95) -> pd.DataFrame:
    """The share with the event by a time: each release once, each person once, first releases alone.

    A cohort of releases over-represents those who come back often: someone released five times counts five times.
    Whether "half return" describes releases or people is a choice, and both are shown.

    Parameters
    ----------
    cohort : Cohort
        One row a release (or episode), several a person, with the person and the day of origin.
    time : float
        In the cohort's unit.
    id : column
    level : float

    Returns
    -------
    pandas.DataFrame
        ``reading, numerator, denominator, unit, estimate, lower, upper, assumes``; one minus Kaplan-Meier,
        log-log intervals clustered by person. In "each person once" a release weighs 1 over the number
        of the person's releases in the cohort; its numerator and denominator are sums of these weights.

    Raises
    ------
    KeyError, ValueError
        A column that is not there, a missing person.

    References
    ----------
    Rhodes and others (2016), Crime & Delinquency 62: 1003-1025.
    """
    require(checked(cohort, "readings").columns, [id])
    known, cause = cohort.frame, cohort.event
    person = label_codes(known[id], "person")[0]
    weight = 1 / np.bincount(person)[person]
    hit = (known["event"] == cause).to_numpy() & (times(known["days"]) <= time)
    unit = _PLURAL.get(cohort.row, "rows")
    frame = known[[name for name in ("days", "event", "entry") if name in known]].assign(person=person, weight=weight)
    rows = [
        (f"each of the {unit} once", hit.sum(), len(frame), unit, *_risk(frame, cause, time, level, None),
         f"the share of {unit} that end in the event: people who return often count often"),
        ("each person once", (hit * weight).sum(), weight.sum(), "people", *_risk(frame, cause, time, level, "weight"),
         f"a person's {unit} share a weight of 1: the mean over people of their own share"),
    ]  # fmt: skip
    first = _first(known, cohort.origin, person)
    if first is not None:
        rows.append(
            (f"first of each person's {unit}", hit[first].sum(), first.sum(), "people",
             *_risk(frame[first], cause, time, level, None), "the first in the cohort's own years, not in a life")
        )  # fmt: skip
    out = pd.DataFrame(rows, columns=["reading", *COLUMNS[1:]])
    out.attrs = {**cohort.meaning(), "time": time, "level": level}
    return out


def _risk(frame: pd.DataFrame, cause: str, time: float, level: float, weight: str | None) -> tuple[float, float, float]:
    life = life_table(frame, weight=weight, cluster="person")
    point = at(kaplan_meier(life, cause, level=level), time).iloc[0]
    return 1 - point["survival"], 1 - point["upper"], 1 - point["lower"]


def _first(known: pd.DataFrame, origin: str, person: np.ndarray) -> np.ndarray | None:
    """Which rows are the first of their person, by the day of origin; None where it is not known."""
    if origin not in known or known[origin].isna().any():
        return None
    order = np.lexsort((np.arange(len(known)), known[origin].to_numpy(), person))
    first = np.zeros(len(known), dtype=bool)
    first[order[np.diff(person[order], prepend=-1) != 0]] = True
    return first
