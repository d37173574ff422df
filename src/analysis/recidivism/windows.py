"""The short window: the share re-arrested within a fixed number of days, read in every way it is read.

The same cohort gives several figures, depending on what is counted, who is in the denominator and how unequal follow-up
and competing events are taken. They stand side by side, each with what it assumes. Three of them ask something else, and
are estimands: re-arrested before anything else happened (first event, Aalen-Johansen); if competing events did not exist
(one minus Kaplan-Meier); re-arrested at some time, whatever came between (any later event).
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.data.rounding import pooled, rounded
from analysis.recidivism.cohort import Cohort, checked
from analysis.recidivism.life_table import event_codes, label_codes, life_table, names, require, times
from analysis.recidivism.proportions import Estimate, proportion, rate
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier

DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "quarter": 91.3125, "year": 365.25}
READ = ["numerator", "denominator", "unit", "estimate", "lower", "upper", "assumes"]
COLUMNS = ["estimand", *READ[:2], "person_years", *READ[2:]]
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
    if unit not in DAYS:
        raise ValueError(f"time_unit must be one of {', '.join(DAYS)}, found {unit!r}")
    return DAYS["year"] / DAYS[unit]


def window(days: float, unit: str, whole: bool) -> Window:
    """Convert a window of so many days to a cohort's unit.

    ``whole``: the cohort's times are whole numbers of the unit, so that only whole windows are observed. A window within a
    day and a half of a whole number of units is then taken as that, any other is cut to the last whole unit inside it, and
    the rule says so: no event is counted that may have come after the window. Raises ValueError for an unknown unit, days
    that are not positive, and a window shorter than one whole unit.
    """
    if not 0 < days < math.inf:
        raise ValueError(f"a window has a positive number of days, found {days!r}")
    size = DAYS["year"] / units_per_year(unit)
    if unit == "day":
        return Window(days, float(math.floor(days) if whole else days), unit, f"{days:g} days")
    exact = days / size
    rule = f"{days:g} days are {exact:.4g} {unit}s of {size:g} days"
    if not whole:
        return Window(days, exact, unit, rule)
    nearest, length = round(exact), math.floor(exact)
    if nearest and abs(exact - nearest) * size <= _CLOSE:
        return Window(days, float(nearest), unit, f"{days:g} days are taken as {nearest} {unit}s (of {size:g} days)")
    if length == 0:
        raise ValueError(f"{rule}: the data are in whole {unit}s, so no window shorter than one {unit} can be read")
    rule += f"; the data are in whole {unit}s, so the figure is at {length} {unit}s ({length * size:.4g} days)"
    return Window(days, float(length), unit, rule)


def window_of(cohort: Cohort, days: float) -> Window:
    """Convert a window of so many days to the unit of a cohort."""
    time = times(cohort.frame["days"])
    return window(days, cohort.time_unit, bool((time == np.floor(time)).all()))


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
        ``estimand, numerator, denominator, person_years, unit, estimate, lower, upper, assumes``. Shares lie between 0
        and 1; the rate is events over ``person_years``; lines that begin with "moved by" are differences in share and
        carry no interval. Lines that the cohort cannot give are left out, with the reason in
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
    0  events over people          1            3
    """
    read = _Read(checked(cohort, "short_window"), window_of(cohort, days), level)
    found = dict(_lines(read, later))
    lines = [{"estimand": name, **line} for name, line in found.items() if isinstance(line, dict)]
    out = pd.DataFrame(lines, columns=COLUMNS).astype(
        {"numerator": "Int64", "denominator": "Int64", "person_years": "float64"}
    )
    not_shown = {name: why for name, why in found.items() if isinstance(why, str)}
    about = {
        "days": days,
        "window": read.window.length,
        "rule": read.window.rule,
        "not_shown": not_shown,
        "level": level,
    }
    out.attrs = {**cohort.meaning(), **about}
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


def _lines(read: "_Read", later: Cohort | None) -> Iterator[tuple[str, dict | str]]:
    """The lines of the table by name, in order; where the cohort cannot give one, the reason."""
    rows, everyone = read.rows, np.ones(len(read.frame), dtype=bool)
    crude = rounded(read.n(read.hit)) / rounded(read.n(everyone))  # as this run may show it
    yield f"events over {rows}", read.share(
        read.hit, everyone, f"everyone was followed for the whole window; counts {rows}; those censored early count as free of it"
    )  # fmt: skip
    people = read.people()
    if isinstance(people, str):
        yield "people over people released", people
    else:
        hit, free, count = people
        assumes = "everyone was followed for the whole window; each person counts once"
        if not free.all():
            assumes += "; only people known to have been released, which policy itself decides: descriptive"
        yield "people over people released", read.share(hit, free, assumes, count, "people")
    yield "complete follow-up", read.complete()
    assumes = "censoring tells nothing about risk"
    competing = f"; {', '.join(read.others)} taken as censoring, as if they did not exist" if read.others else ""
    free_of = read.curve(kaplan_meier, assumes + competing)
    yield "one minus Kaplan-Meier", free_of
    none_seen = "no competing event was seen: it equals one minus Kaplan-Meier"
    first = none_seen
    if read.others:
        first = read.curve(cumulative_incidence, f"{assumes}; {', '.join(read.others)} first means never counted")
    yield "Aalen-Johansen", first
    found = per_year(read.cohort, read.window.days, read.level)
    per, given = f"per {'person' if read.cohort.row == 'row' else read.cohort.row}-year", read.given
    yield (
        "rate per person-year",
        "no time at risk within the window" if found is None
        else {**_line(found, per, f"a constant rate within the window; first events;{given}"), "denominator": None, "person_years": found.denominator},
    )  # fmt: skip
    if later is None:
        any_later = (
            "needs the same cohort followed through competing events (competing=())" if read.others else none_seen
        )
    else:
        through = _Read(later, window_of(later, read.window.days), read.level)
        if (later.event, later.row, through.window) != (read.cohort.event, read.cohort.row, read.window):
            raise ValueError("later must be the same cohort, followed through competing events (competing=())")
        any_later = through.curve(
            kaplan_meier, "follow-up goes on through competing events, to the data end of the event's own source; they are ignored"
        )  # fmt: skip
    yield "any later event", any_later
    if read.cohort.row == "person":
        yield "moved by counting people", "each row is a person"
    elif isinstance(people, str):
        yield "moved by counting people", people
    else:
        share = rounded(count[hit].sum()) / rounded(count.sum())
        yield (
            "moved by counting people",
            _moved(share - crude, f"share of people less share of {rows}; both over everyone"),
        )
    curve, name = (first, "Aalen-Johansen") if read.others else (free_of, "one minus Kaplan-Meier")
    if isinstance(curve, str):
        yield "moved by unequal follow-up", curve
    else:
        yield "moved by unequal follow-up", _moved(curve["estimate"] - crude, f"{name} less events over {rows}")
    if isinstance(first, str):
        yield "moved by competing events", first
    else:
        gap = free_of["estimate"] - first["estimate"]
        yield "moved by competing events", _moved(gap, "one minus Kaplan-Meier less Aalen-Johansen")
    yield "range for the unknown share released", read.unknown_release()


class _Read:
    """A cohort at a window: who had the event within it, and the shares that follow."""

    def __init__(self, cohort: Cohort, window: Window, level: float) -> None:
        self.cohort, self.frame, self.window, self.level = cohort, cohort.frame, window, level
        if not len(self.frame):
            raise ValueError("the cohort has no rows: there is nobody to count")
        self.count = counts_of(self.frame)
        codes, causes = event_codes(self.frame["event"])
        of = causes.index(cohort.event) if cohort.event in causes else len(causes)
        self.hit = (codes == of) & (times(self.frame["days"]) <= window.length)
        self.others = [cause for i, cause in enumerate(causes) if i != of and (codes == i).any()]
        self.rows = _PLURAL.get(cohort.row, f"{cohort.row}s")
        self.given = " given the first part of follow-up without an event;" if _entry(self.frame).any() else ""

    def n(self, rows: np.ndarray) -> int:
        """How many these rows stand for."""
        return int(self.count[rows].sum())

    def share(
        self, hit: np.ndarray, of: np.ndarray, assumes: str, count: np.ndarray | None = None, unit: str = ""
    ) -> dict:
        """The share with the event among some, each standing for so many."""
        count = self.count if count is None else count
        found = proportion(rounded(count[hit & of].sum()), rounded(count[of].sum()), level=self.level)
        return _line(found, unit or self.rows, f"{self.given} {assumes}".lstrip())

    def people(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | str:
        """For each person whether the event was seen within the window and whether a release was; how many each stands for."""
        frame = self.frame
        free = frame["released"].notna() if "released" in frame else pd.Series(False, frame.index)
        free = free if free.any() else pd.Series(self.cohort.origin == "released", frame.index)
        if not free.any():
            return "nobody is known to have been released"
        if "person_id" in frame and frame["person_id"].notna().any():
            person = label_codes(frame["person_id"], "person identifier")[0]
            hit, free = (np.bincount(person, weights=each) > 0 for each in (self.hit, free))
            return hit, free, np.ones(len(hit), dtype="int64")
        if self.cohort.row == "person":
            return self.hit, free.to_numpy(), self.count
        return "there is no person identifier: rows cannot be joined into people"

    def complete(self) -> dict | str:
        """The share among those whose planned follow-up covers the window."""
        planned, common = self.frame.get("follow_up"), self.cohort.follow_up
        if planned is None or planned.isna().all():
            if common is None:
                return "how long each was to be followed is not known, and outcomes must not decide who is eligible"
            planned = pd.Series(float(common), self.frame.index)
        able = (planned >= self.window.length).fillna(value=False).to_numpy(bool)
        if not able.any():
            return "nobody was to be followed for the whole window"
        return self.share(
            self.hit, able, f"only {self.rows} whose follow-up, by origin and data end alone, covers the window; those who left "
            "through a competing event stay in the denominator",
        )  # fmt: skip

    def unknown_release(self) -> dict | str:
        """The share among those known to have been released, and among these and those of unknown release."""
        if "released" not in self.frame:
            return "the records give no date of release"
        known = self.frame["released"].notna().to_numpy()
        outcome = self.frame.get("outcome")
        unknown = ~known if outcome is None else ~known & (outcome.isna() | (outcome == "unknown")).to_numpy()
        if not unknown.any():
            return "whether they were released is known for all"
        if not known.any():
            return "nobody is known to have been released"
        ends = [rounded(self.n(self.hit & of)) / rounded(self.n(of)) for of in (known | unknown, known)]
        assumes = f"one end: all {rounded(self.n(unknown)):,} of unknown release were released; other end: none was"
        return {**_moved(np.nan, assumes), "unit": self.rows, "lower": min(ends), "upper": max(ends)}

    def curve(self, estimator: Callable, assumes: str) -> dict | str:
        """The share that a curve gives at the end of the window; rows of one person are dependent."""
        person = self.frame.get("person_id")
        cluster = "person_id" if person is not None and person.notna().all() and person.duplicated().any() else None
        found = estimator(life_table(self.cohort, cluster=cluster), self.cohort.event, level=self.level)
        if found.empty:
            return f"fewer than {rounding.LEAST_CURVE} {self.rows}, and the data are restricted"
        point = _shares(found, self.window.length).iloc[0]
        if point["beyond_follow_up"]:
            assumes += "; the window is longer than anyone was followed"
        if cluster:
            assumes += "; the interval takes the rows of one person as dependent"
        whole = {
            "numerator": rounded(self.n(self.hit)),
            "denominator": rounded(int(self.count.sum())),
            "unit": self.rows,
        }
        return {**whole, **point[["estimate", "lower", "upper"]], "assumes": f"{self.given} {assumes}".lstrip()}


def per_year(cohort: Cohort, days: float, level: float = 0.95) -> Estimate | None:
    """First events over years of follow-up within a window, exact Poisson; None where nobody was followed for any time."""
    length, frame = window_of(cohort, days).length, cohort.frame
    time, entry = times(frame["days"]), _entry(frame)
    if rounding.step():  # the events and the time at risk of the rounded life table
        life = life_table(cohort)
        steps = np.diff(life["time"].clip(upper=length), prepend=entry.min())
        events, exposure = life.loc[life["time"] <= length, cohort.event].sum(), life["at_risk"].to_numpy() @ steps
    else:
        count = counts_of(frame)
        events = count[(frame["event"] == cohort.event).to_numpy() & (time <= length)].sum()
        exposure = ((np.minimum(time, length) - entry).clip(min=0) * count).sum()
    return rate(int(events), float(exposure) / units_per_year(cohort.time_unit), level) if exposure else None


def counts_of(frame: pd.DataFrame) -> np.ndarray:
    """How many each row of a cohort's frame stands for."""
    return frame["count"].to_numpy() if "count" in frame else np.ones(len(frame), dtype="int64")


def _entry(frame: pd.DataFrame) -> np.ndarray:
    """When each row enters, 0 where that is not delayed."""
    return frame["entry"].fillna(0).to_numpy(float).clip(min=0) if "entry" in frame else np.zeros(len(frame))


def _line(found: Estimate, unit: str, assumes: str) -> dict:
    shown = {name: getattr(found, name) for name in COLUMNS if hasattr(found, name)}
    return {**shown, "unit": unit, "assumes": assumes.rstrip(";")}


def _moved(difference: float, assumes: str) -> dict:
    """A difference in share, without the rounding error that two equal shares leave."""
    estimate = 0.0 if abs(difference) < 1e-12 else float(difference)
    return {"unit": "difference in share", "estimate": estimate, "lower": np.nan, "upper": np.nan, "assumes": assumes}


def estimands(
    cohort: Cohort, times: float | Iterable[float], later: Cohort | None = None, by: str | Iterable[str] | None = None,
    level: float = 0.95, cluster: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The three estimands side by side at given times, in the cohort's unit, with log-log intervals.

    ``later`` is the same cohort followed through competing events (``competing=()``); without it the third estimand has no
    rows. ``by`` and ``cluster`` are those of ``life_table``. Returns ``estimand, *by, time, at_risk, events, estimate, se,
    lower, upper, beyond_follow_up``.
    """
    by, cause = names(by), checked(cohort, "estimands").event
    life = life_table(cohort, by=by, cluster=cluster)
    curves = [cumulative_incidence(life, cause, "log-log", level), kaplan_meier(life, cause, level=level)]
    if later is not None:
        curves.append(kaplan_meier(life_table(later, by=by, cluster=cluster), cause, level=level))
    named = [_shares(curve, times).assign(estimand=name) for name, curve in zip(ESTIMANDS, curves, strict=False)]
    columns = ["estimand", *by, "time", "at_risk", "events", "estimate", "se", "lower", "upper", "beyond_follow_up"]
    out = pd.concat(named, ignore_index=True)[columns]
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

    A cohort of releases (or episodes) over-represents those who come back often: someone released five times counts five
    times. Whether "half return" describes releases or people is a choice, and both are shown (Rhodes and others 2016,
    Crime & Delinquency 62: 1003). ``id`` is the person's column, ``time`` is in the cohort's unit.

    Returns ``reading, numerator, denominator, unit, estimate, lower, upper, assumes``; one minus Kaplan-Meier, log-log
    intervals clustered by person. In "each person once" a release weighs 1 over the number of the person's releases in the
    cohort; its numerator and denominator are sums of these weights. Raises KeyError for a column that is not there and
    ValueError for a missing person.
    """
    require(checked(cohort, "readings").columns, [id])
    known, cause, unit = cohort.frame, cohort.event, _PLURAL.get(cohort.row, "rows")
    person = label_codes(known[id], "person")[0]
    frame = known[[name for name in ("days", "event", "entry") if name in known]].assign(
        person=person, weight=1 / np.bincount(person)[person], hit=(known["event"] == cause) & (times(known["days"]) <= time)
    )  # fmt: skip

    def read(name: str, rows: pd.DataFrame, unit: str, assumes: str, weight: str | None = None) -> dict:
        curve = kaplan_meier(life_table(rows, weight=weight, cluster="person"), cause, level=level)
        load = 1 if weight is None else rows[weight]
        counted = {"numerator": (rows["hit"] * load).sum(), "denominator": (load + 0 * rows["hit"]).sum(), "unit": unit}
        return {"reading": name, **counted, **_shares(curve, time).iloc[0], "assumes": assumes}

    found = [
        read(f"each of the {unit} once", frame, unit,
             f"the share of {unit} that end in the event: people who return often count often"),
        read("each person once", frame, "people",
             f"a person's {unit} share a weight of 1: the mean over people of their own share", "weight"),
    ]  # fmt: skip
    if cohort.origin in known and known[cohort.origin].notna().all():
        first = known.sort_values(cohort.origin, kind="stable").drop_duplicates(id).index.sort_values()
        found.append(
            read(f"first of each person's {unit}", frame.loc[first], "people", "the first in the cohort's own years, not in a life")
        )  # fmt: skip
    out = pd.DataFrame(found)[["reading", *READ]]
    out.attrs = {**cohort.meaning(), "time": time, "level": level}
    return out


def by_group(cohort: Cohort, group: str, times: Iterable[float], level: float = 0.95) -> pd.DataFrame:
    """Return the share with the event in each group by the latest of some times at which more than one group is shown.

    Columns label, numerator, denominator, estimate, lower, upper and time. People without a group are "unknown"; small groups
    of restricted data are joined, and a group with too few events for a curve is not there.
    """
    labels = cohort.frame[group].astype("object").fillna("unknown").astype("category")
    people = pooled(cohort.frame.assign(**{group: labels}), group)
    curves = cumulative_incidence(life_table(replace(cohort, rows=people), by=[group]), cohort.event, level=level)
    known = {time: at(curves, [time]).dropna(subset=["incidence"]) for time in sorted(times)}
    reach = max((time for time, found in known.items() if len(found) > 1), default=max(known))
    found = known[reach].rename(columns={"incidence": "estimate"})
    counts = {"numerator": found["events"].astype("int64"), "label": found[group].astype("str"), "time": reach}
    size = found[group].map(people[group].value_counts()).astype("int64")
    columns = ["label", "numerator", "denominator", "estimate", "lower", "upper", "time"]
    return found.assign(**counts, denominator=size)[columns].reset_index(drop=True)
