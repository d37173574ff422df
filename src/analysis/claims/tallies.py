"""Life tables shared by many specifications: counted once by group and day, then added up.

What a specification chooses among rows (facilities, rows without a person, complete follow-up) is a sum over
groups; a minimum gap is the later part of the same table; two ways of taking competing events read one table. Only
the choices that change a person's own days are counted anew.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.claims.choices import choices, days_of
from analysis.claims.histories import NEVER, Histories, episode_starts
from analysis.data.tables import OPERATORS

CAUSES = ("censored", "event", "competing")


def facilities(option: str) -> list[int]:
    """Return the places in ``OPERATORS`` of those who run the facilities of an option."""
    return [OPERATORS.index(name) for name in choices()["choice"]["facilities"]["operators"][option]]


@dataclass(frozen=True)
class Tally:
    """Counts of one set of days: operator x without a person x complete follow-up x day x cause."""

    counts: np.ndarray

    def table(self, choice: dict[str, str], days: int) -> pd.DataFrame:
        """Return the life table of a choice among rows: time, at_risk, censored, event, competing, up to the end of the window.

        The last row holds everyone followed beyond the window, as censored after it.
        """
        operators = facilities(choice.get("facilities", "all"))
        people = slice(None) if choice.get("missing_ids") == "own_person" else slice(0, 1)
        complete = slice(1, 2) if choice["followed"] == "complete" else slice(None)
        counts = self.counts[operators][:, people, complete].sum(axis=(0, 1, 2))
        left = counts.sum(axis=1)
        at_risk = left[::-1].cumsum()[::-1]
        gap = days_of(choice["minimum_gap"])
        time = np.arange(len(left))
        kept = (left > 0) & ((time > gap) | (gap == 0))
        columns = {"time": time[kept].astype(float), "at_risk": at_risk[kept]}
        return pd.DataFrame(columns | dict(zip(CAUSES, counts[kept].T, strict=True)))


def lag_of(option: str, stated: int) -> int:
    """Return the reporting lag in days that an option means."""
    return 0 if option == "none" else stated + days_of(option)


@dataclass(frozen=True)
class Courses:
    """What happened first to each start: ``time`` in days, at most one more than the window, ``cause`` a place in ``CAUSES``.

    ``follow_up`` is in days, negative where follow-up would start after its end.
    """

    time: np.ndarray
    cause: np.ndarray
    follow_up: np.ndarray


def courses(held: Histories, choice: dict[str, str], days: int) -> Courses:
    """Follow every start: the choices of lag, ties, same day, what competing events do, episode gap and duplicates."""
    follow_up = held.end - lag_of(choice.get("lag", "as_stated"), held.lag) - held.start
    events, least = held.events, 0 if choice.get("same_day") == "counted" else 1
    if "episode_gap" in choice:
        events = episode_starts(events, held.flagged, days_of(choice["episode_gap"]), choice["duplicates"] == "kept")
    event = held.next_after(events, least)
    leaving = np.full(len(event), NEVER) if choice["competing"] == "any_later" else held.next_after(held.exits, 0)
    time = np.minimum(np.minimum(event, leaving), follow_up)
    before = event < leaving if choice.get("tie") == "custody_first" else event <= leaving
    happened = before & (event <= follow_up)
    cause = np.where(happened, 1, np.where((leaving <= event) & (leaving <= follow_up), 2, 0))
    beyond = time > days
    return Courses(np.where(beyond, days + 1, time), np.where(beyond, 0, cause), follow_up)


def tally(held: Histories, choice: dict[str, str], days: int) -> Tally:
    """Count one set of days."""
    found = courses(held, choice, days)
    eligible = found.follow_up >= 0
    shape = (len(OPERATORS), 2, 2, days + 2, len(CAUSES))
    whole = (found.follow_up >= days).astype(np.int64)
    places = (held.operator, (held.person < 0).astype(np.int64), whole, found.time, found.cause)
    cells = np.ravel_multi_index(tuple(place[eligible] for place in places), shape)
    return Tally(np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape))
