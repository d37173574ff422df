"""The lines of the short-window table: one cohort read at one window in every way that it supports."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.data.rounding import rounded
from analysis.recidivism import inputs
from analysis.recidivism.curves import at
from analysis.recidivism.life_table import life_table
from analysis.recidivism.proportion import proportion
from analysis.recidivism.rates import rate
from analysis.recidivism.survival import cumulative_incidence, kaplan_meier
from analysis.recidivism.window import Window, units_per_year, window

_PLURAL = {"person": "people", "release": "releases", "detainer": "detainers", "episode": "episodes"}


class LeftOut(Exception):  # noqa: N818 - not an error: the reason a line cannot be had from a cohort
    """The cohort does not support a line of the table."""


def _cleaned(difference: float) -> float:
    """A difference without the rounding error that two equal shares leave."""
    return 0.0 if abs(difference) < 1e-12 else float(difference)


class Reading:
    """One cohort read at one window: a method a line of the table."""

    def __init__(self, frame: pd.DataFrame, days: float, later: pd.DataFrame | None, level: float) -> None:
        inputs.require(frame.columns, ["days", "event"])
        if not len(frame):
            raise ValueError("the cohort has no rows: there is nobody to count")
        self.frame, self.level = frame, level
        self.later = later
        time = inputs.times(frame["days"])
        codes, self.causes = inputs.event_codes(frame["event"])
        self.cause = inputs.one_cause(frame.attrs.get("event"), self.causes)
        whole = bool((time == np.floor(time)).all())
        self.window: Window = window(days, frame.attrs.get("time_unit", "day"), whole)
        self.time = time
        self.hit = (codes == self.causes.index(self.cause)) & (time <= self.window.length)
        self.others = [c for i, c in enumerate(self.causes) if c != self.cause and (codes == i).any()]
        self.row = frame.attrs.get("row", "row")
        self.rows = _PLURAL.get(self.row, f"{self.row}s")
        self.given = " given the first part of follow-up without an event;" if self._delayed() else ""

    def events_over_rows(self) -> dict:
        """Events within the window over every row, as a press release counts."""
        return self._share(
            self.hit.sum(), len(self.frame), self.rows,
            f"everyone was followed for the whole window; counts {self.rows}; those censored early count as free of it",
        )  # fmt: skip

    def people_over_released(self) -> dict:
        """People with the event over people known to have been released."""
        _, hit, released = self._people()
        assumes = "everyone was followed for the whole window; each person counts once"
        if not released.all():
            assumes += "; only people known to have been released, which policy itself decides: descriptive"
        return self._share(hit[released].sum(), released.sum(), "people", assumes)

    def complete_follow_up(self) -> dict:
        """The share among those whose planned follow-up covers the window."""
        planned = self._planned()
        able = planned >= self.window.length
        if not able.any():
            raise LeftOut("nobody was to be followed for the whole window")
        return self._share(
            (self.hit & able).sum(), able.sum(), self.rows,
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
        events, exposure = self._rounded_exposure() if rounding.step() else (int(self.hit.sum()), self._exposure())
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
        _, hit, _ = self._people()
        return self._move(
            rounded(hit.sum()) / rounded(len(hit)) - self._crude(),
            f"share of people less share of {self.rows}; both over everyone",
        )

    def moved_by_follow_up(self) -> dict:
        """What the early end of some people's follow-up hides."""
        curve, name = (
            (self.aalen_johansen(), "Aalen-Johansen")
            if self.others
            else (self.one_minus_kaplan_meier(), "one minus Kaplan-Meier")
        )
        return self._move(curve["estimate"] - self._crude(), f"{name} less events over {self.rows}")

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
        whole, sure = (rounded(self.hit[of].sum()) / rounded(of.sum()) for of in (known | unknown, known))
        line = self._move(
            np.nan, f"one end: all {rounded(unknown.sum()):,} of unknown release were released; other end: none was"
        )
        return {**line, "unit": self.rows, "lower": min(whole, sure), "upper": max(whole, sure)}

    def _people(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Each person, whether the event was seen within the window, and whether a release was."""
        frame = self.frame
        released = frame["released"].notna() if "released" in frame and frame["released"].notna().any() else None
        if released is None:
            released = pd.Series(frame.attrs.get("origin", "released") == "released", index=frame.index)
        if not released.any():
            raise LeftOut("nobody is known to have been released")
        if "person_id" not in frame or frame["person_id"].isna().all():
            if self.row != "person":
                raise LeftOut("there is no person identifier: rows cannot be joined into people")
            return np.arange(len(frame)), self.hit, released.to_numpy()
        person = inputs.label_codes(frame["person_id"], "person identifier")[0]
        hit = np.bincount(person, weights=self.hit) > 0
        return np.unique(person), hit, np.bincount(person, weights=released) > 0

    def _planned(self) -> np.ndarray:
        column = self.frame.get("follow_up")
        if column is not None and column.notna().any():
            return column.to_numpy(dtype=float, na_value=np.nan)
        if (common := self.frame.attrs.get("follow_up")) is not None:
            return np.full(len(self.frame), float(common))
        raise LeftOut("how long each was to be followed is not known, and outcomes must not decide who is eligible")

    def _crude(self) -> float:
        """The share of all rows with the event, as this run may show it."""
        return rounded(self.hit.sum()) / rounded(len(self.frame))

    def _exposure(self) -> float:
        start = np.maximum(self._entry(), 0)
        return float((np.minimum(self.time, self.window.length) - start).clip(min=0).sum())

    def _rounded_exposure(self) -> tuple[int, float]:
        """The events and the time at risk of a rounded life table, up to the end of the window or of the table."""
        life = life_table(self.frame)
        time = life["time"].clip(upper=self.window.length).to_numpy()
        steps = np.diff(time, prepend=np.maximum(self._entry(), 0).min())
        events = life.loc[life["time"] <= self.window.length, self.cause].sum()
        return int(events), float(life["at_risk"].to_numpy() @ steps)

    def _entry(self) -> np.ndarray:
        if not self._delayed():
            return np.zeros(len(self.frame))
        return self.frame["entry"].fillna(0).to_numpy(dtype=float)

    def _delayed(self) -> bool:
        return "entry" in self.frame and bool(self.frame["entry"].notna().any())

    def _from_curve(self, estimator: Callable, assumes: str) -> dict:
        repeated = "person_id" in self.frame and self.frame["person_id"].dropna().duplicated().any()
        cluster = "person_id" if repeated and self.frame["person_id"].notna().all() else None
        life = life_table(self.frame, cluster=cluster)
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
            "numerator": rounded(self.hit.sum()), "denominator": rounded(len(self.frame)), "unit": self.rows, "estimate": estimate,
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
            "numerator": np.nan, "denominator": np.nan, "unit": "difference in share", "estimate": _cleaned(estimate),
            "lower": np.nan, "upper": np.nan, "assumes": assumes,
        }  # fmt: skip
