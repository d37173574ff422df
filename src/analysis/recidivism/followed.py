"""The query behind a cohort: from the arguments to rows in the query engine, and to what was left out.

In: a dataset and a question. Out: the follow-ups as an Ibis table, which nothing has computed yet, and the rows that
each reason leaves out. ``cohort`` makes either a pandas frame or a :class:`LazyCohort` of it.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.data.tables import LINEAGE
from analysis.recidivism.follow import event_dates, exit_dates, first_events
from analysis.recidivism.held import spells_of
from analysis.recidivism.origins import Left, counts_by_place, in_order, starts_of_follow_up
from analysis.recidivism.requests import Choice

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from analysis.data.dataset import Dataset


@dataclass(frozen=True)
class Question:
    """What decides a cohort besides the dataset."""

    origin: str
    event: str
    kinds: tuple[str, ...]  # competing events that the dataset can show
    unit: str
    min_days: int
    severity: str
    end: date
    choice: Choice
    custody: bool
    keep: tuple[str, ...]


@dataclass(frozen=True)
class Followed:
    """Follow-ups as an expression, with ``place`` and lineage, the rows left out, and whether custody was known."""

    rows: "ibis.Table"
    left: Left
    held: bool


def followed(
    ds: "Dataset",
    asked: Question,
    place: str = "",
    *,
    every_place: bool = False,
    stage: Callable[["ibis.Table"], "ibis.Table"] = lambda table: table,
) -> Followed:
    """Return the follow-ups that start in a place, or in every place with a code as long.

    ``stage`` may compute and keep the two results that rows and counts are both made from.
    """
    spells = spells_of(ds) if asked.custody else None
    # put in order once: where follow-up starts at detainers, starts and repeat detainers are both taken from it
    ordered = stage(in_order(ds, asked.choice, asked.keep)) if asked.origin == "prepared" else None
    events = event_dates(ds, asked.event, asked.severity, asked.choice, spells, ordered)
    starts, left = starts_of_follow_up(
        ds, asked.origin, asked.unit, asked.end, asked.choice, spells, len(place), asked.keep, stage, ordered
    )
    if place and not every_place:
        starts = starts.filter(starts.place == place)
    exits = exit_dates(ds, list(asked.kinds))
    rows, more = first_events(starts, events, exits, asked.event, list(asked.kinds), asked.end, asked.min_days, stage)
    return Followed(rows, [*left, *more], spells is not None)


def collected(
    ds: "Dataset", asked: Question, place: str, *, every_place: bool
) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Return the follow-ups (with ``place``, in order of lineage) and the counts left out by place, as pandas."""
    from analysis.data.engine import staged

    with ExitStack() as kept:  # tables that the engine keeps until both are made
        found = followed(
            ds, asked, place, every_place=every_place, stage=lambda table: kept.enter_context(staged(table))
        )
        frame = found.rows.order_by(list(LINEAGE)).to_pandas()
        counts = counts_by_place(found.left)
    frame = frame.drop(columns=[name for name in LINEAGE if name not in asked.keep])
    frame.attrs["custody"] = found.held
    return frame, counts


@dataclass(frozen=True, eq=False)
class LazyCohort:
    """A cohort that stays in the query engine: an Ibis table with a cohort's columns, and how it was made.

    ``table`` is an expression: nothing is computed until a life table (or anything else) is made of it. ``attrs`` says
    what a pandas cohort's attributes say, but for ``left_out``, whose counts cost a pass over the data of their own and
    are made when the property ``left_out`` is first read. Label columns are text, not categories.
    """

    table: "ibis.Table"
    attrs: dict
    origins: "ibis.Table"  # where its places are listed at little cost
    left: Left = field(repr=False)
    place: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.table.columns)

    @property
    def causes(self) -> list[str]:
        """The event and the competing events, whether or not they happened."""
        return [self.attrs["event"], *self.attrs["competing"]]

    @cached_property
    def left_out(self) -> dict[str, int]:
        """How many rows and events were left out, by why; computed when first read."""
        counts = counts_by_place(self.left).reindex([self.place], fill_value=0).iloc[0]
        return {name: int(n) for name, n in counts.items() if n}

    def with_table(self, table: "ibis.Table", **attrs: object) -> "LazyCohort":
        """Return the cohort with further columns or fewer rows, and what is to be said of them."""
        return LazyCohort(table, {**self.attrs, **attrs}, self.origins, self.left, self.place)
