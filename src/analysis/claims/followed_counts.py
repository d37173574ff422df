"""Two groups counted by kind of row, day and cause, and followed with weights for those lost before the horizon.

In: a row's kind (place, stratum, facility), day and cause, or a selection of such rows. Out: counts that many specifications
share, and, for a selection, what each row adds to the risk by the horizon, its weights those of a Kaplan-Meier curve of loss.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array, csr_array

CAUSES = 3  # censored, event, competing


@dataclass(frozen=True, eq=False)
class Counts:
    """People by kind of row and by day and cause: one sparse matrix a group, columns day * 3 + cause, days 0 to horizon + 1.

    The last day stands for everyone followed beyond the horizon. ``split`` is the first row of group 1 where rows of
    both groups stand in one array.
    """

    groups: tuple[csr_array, csr_array]
    horizon: int

    @property
    def split(self) -> int:
        """How many kinds of row group 0 has."""
        return self.groups[0].shape[0]

    @cached_property
    def by_column(self) -> tuple:
        """The matrices turned, for sums over rows: turning one costs more than the sum."""
        return tuple(cells.T for cells in self.groups)

    def by_row(self, none: np.ndarray, one: np.ndarray) -> np.ndarray:
        """Sum each row over columns, with weights a column for group 0 and for group 1."""
        return np.concatenate([self.groups[0] @ none, self.groups[1] @ one])

    def after(self, gap: int) -> "Counts":
        """Return the counts of those still followed and without an event after a minimum gap in days."""
        if gap == 0:
            return self
        later = np.repeat((np.arange(self.horizon + 2) > gap).astype(float), CAUSES)
        return Counts(tuple(_kept(cells, later) for cells in self.groups), self.horizon)


@dataclass(frozen=True, eq=False)
class Followed:
    """A selection of rows, with the weights that stand for those lost before the horizon.

    ``people``, ``weight`` and ``cases`` are sums a row: everyone, weights of those seen, weights of those with the event.
    """

    rows: np.ndarray
    people: np.ndarray
    weight: np.ndarray
    cases: np.ndarray
    events: tuple[int, int]
    losses: tuple["Losses", "Losses"]


@dataclass(frozen=True, eq=False)
class Losses:
    """What follow-up was lost in one group: ``seen`` and ``case`` weigh columns, the rest are by day (Kaplan-Meier of loss)."""

    seen: np.ndarray
    case: np.ndarray
    lost: np.ndarray  # which columns are lost before the horizon
    hazard: np.ndarray
    per_person: np.ndarray

    def correction(self, linear: np.ndarray) -> np.ndarray:
        """What each column adds through the weights; ``linear`` is the part of the influence in proportion to them, by day."""
        after = np.concatenate([np.cumsum(linear[::-1])[::-1][1:], [0.0]])
        own = after * self.per_person
        until = np.cumsum(own * self.hazard)
        before = np.concatenate([[0.0], until[:-1]])
        return np.where(self.lost.reshape(-1, CAUSES), (own - until)[:, None], -before[:, None]).ravel()


def count(rows: np.ndarray, kinds: int, split: int, time: np.ndarray, cause: np.ndarray, horizon: int) -> Counts:
    """Count people by kind of row (kinds of group 0 first), day and cause; ``time`` is at most ``horizon`` + 1."""
    columns = time * CAUSES + cause
    whole = coo_array((np.ones(len(rows)), (rows, columns)), shape=(kinds, (horizon + 2) * CAUSES)).tocsr()
    return Counts((whole[:split], whole[split:]), horizon)


def follow(counts: Counts, rows: np.ndarray, censored: bool) -> Followed:
    """Follow a selection of rows (booleans); ``censored`` takes competing events as loss."""
    h, split = counts.horizon, counts.split
    every = np.ones((h + 2) * CAUSES)
    people = counts.by_row(every, every) * rows
    parts = (rows[:split].astype(float), rows[split:].astype(float))
    found = [cells @ part for part, cells in zip(parts, counts.by_column, strict=True)]
    losses = tuple(_losses(here.reshape(-1, CAUSES), h, censored) for here in found)
    events = tuple(int(here.reshape(-1, CAUSES)[: h + 1, 1].sum()) for here in found)
    sums = [counts.by_row(*(getattr(one, name) for one in losses)) * rows for name in ("seen", "case")]
    return Followed(rows, people, *sums, events, losses)


def _kept(cells: csr_array, columns: np.ndarray) -> csr_array:
    kept = csr_array((cells.data * columns[cells.indices], cells.indices, cells.indptr), shape=cells.shape, copy=True)
    kept.eliminate_zeros()
    return kept


def _losses(cells: np.ndarray, horizon: int, censored: bool) -> Losses:
    """The Kaplan-Meier curve of being lost in one group, from its counts by day and cause."""
    gone = [0, 2] if censored else [0]
    lost = np.zeros(cells.shape, dtype=bool)
    lost[:horizon, gone] = True
    left = (cells * lost).sum(axis=1)
    events = (cells * ~lost).sum(axis=1)
    # events of a day come before its losses: whoever has one is not at risk of being lost that day
    at_risk = cells.sum(axis=1)[::-1].cumsum()[::-1] - np.where(np.arange(len(cells)) < horizon, events, 0)
    hazard = np.divide(left, at_risk, out=np.zeros(len(cells)), where=left > 0)
    before = np.concatenate([[1.0], np.cumprod(1 - hazard)[:-1]])
    inverse = np.divide(1.0, before, out=np.zeros(len(cells)), where=before > 0)
    seen = np.where(lost, 0.0, inverse[:, None])
    case = np.zeros(cells.shape)
    case[: horizon + 1, 1] = seen[: horizon + 1, 1]
    stay = at_risk - left
    per_person = np.divide(1.0, stay, out=np.zeros(len(cells)), where=(left > 0) & (stay > 0))
    return Losses(seen.ravel(), case.ravel(), lost.ravel(), hazard, per_person)
