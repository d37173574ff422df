"""Exploring a dataset: choose who is followed, to what and how long, and see curve, table and the line of Python.

A `Choice` is everything that is chosen; its ``code`` is one line of Python, and what the widgets (`analysis.explore_widgets`) show
is what that line gives. For people at their own machine: figures keep the release rule all the same, raw rows set aside are shown whole.
"""

from dataclasses import dataclass

import pandas as pd

import analysis
from analysis.data import rounding, state
from analysis.data.dataset import Dataset
from analysis.data.errors import InputError
from analysis.data.sources import locate
from analysis.data.tables import EVENTS
from analysis.publish import figures
from analysis.publish.figures.drawing import banner_of
from analysis.recidivism.cohort import Cohort
from analysis.recidivism.durations import possible

DEFINITIONS = {
    "first event, others ending the wait (Aalen-Johansen)": "first",
    "as if other events did not exist (one minus Kaplan-Meier)": "censored",
    "any later event, whatever came between": "later",
}
LEVELS = range(2, 13)  # how many groups a figure can tell apart


@dataclass(frozen=True)
class Choice:
    """One specification: dataset, follow-up, group, window (in the dataset's unit of time) and definition of the event."""

    dataset: str
    origin: str = "released"
    event: str | None = None
    by: str = ""
    window: int = 105
    definition: str = "first"

    @property
    def code(self) -> str:
        """The line of Python whose value is the table."""
        event = f', event="{self.event}"' if self.event else ""
        competing = ", competing=()" if self.definition == "later" else ""
        people = f'analysis.cohort(analysis.open_dataset("{self.dataset}"), origin="{self.origin}"{event}{competing})'
        by = f', by=["{self.by}"]' if self.by else ""
        label = self.event or self.cohort().event
        return f'analysis.at(analysis.{self._estimator}(analysis.life_table({people}{by}), "{label}"), [{self.window}])'

    @property
    def _estimator(self) -> str:
        return "kaplan_meier" if self.definition == "censored" else "cumulative_incidence"

    @property
    def value(self) -> str:
        """The column of the curve that is drawn."""
        return "survival" if self.definition == "censored" else "incidence"

    def cohort(self) -> Cohort:
        """Return the people followed. Raises InputError where the dataset does not give them."""
        ds = analysis.open_dataset(self.dataset)
        competing = {"competing": ()} if self.definition == "later" else {}
        return analysis.cohort(ds, origin=self.origin, event=self.event, **competing)

    def curve(self) -> pd.DataFrame:
        """Return the curve up to the last person at risk."""
        people = self.cohort()
        life = analysis.life_table(people, by=[self.by] if self.by else [])
        return getattr(analysis, self._estimator)(life, people.event)

    def table(self) -> pd.DataFrame:
        """Return what ``code`` evaluates to: the curve read at the end of the window, one row a group."""
        return analysis.at(self.curve(), [self.window])

    def drawing(self, ds: Dataset) -> figures.Drawing:
        """Return the figure of the curve within the window, as it may be shown."""
        event = self.event or self.cohort().event
        drawn = figures.curve(
            self.curve(), value=self.value, by=self.by or None, unit=ds.time_unit, horizon=self.window,
            event=EVENTS.get(event, (event, ""))[0], since="release" if self.origin == "released" else "preparation",
        )  # fmt: skip
        return drawn.released(ds.disclosure, banner_of(ds.kind, ds.disclosure))


def datasets() -> list[str]:
    """Return the names of the datasets that were built and whose people can be followed."""
    found = []
    for name in state.dataset_names(state.home()):
        spec, root = state.find_spec(name)
        try:
            built = state.is_current(state.processed_folder(spec, root), state.expected(spec, locate(spec)))
        except InputError:
            continue
        with rounding.exactly():  # to look is not to work with it
            if built and possible(analysis.open_dataset(name)):
                found.append(name)
    return found


def groups(people: Cohort) -> list[str]:
    """Return the columns of a cohort by which a figure can show groups."""
    left_out = ("event", "person_id", "follow_up", "days", "entry", "prepared", "released")
    frame = people.frame
    return [name for name in frame if name not in left_out and frame[name].nunique() in LEVELS]


def set_aside(dataset: str) -> pd.DataFrame:
    """Return the raw rows that were set aside, each with its reason; from the private folder, so not for publication."""
    spec, root = state.find_spec(dataset)
    file = state.private_folder(spec, root) / "set_aside.parquet"
    return pd.read_parquet(file) if file.is_file() else pd.DataFrame({"reason": pd.Series(dtype="str")})
