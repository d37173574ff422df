"""The difference of two groups' risks by a horizon, from counts that many specifications share.

In: counts of two groups by kind of row (place, stratum, facility) and by day and cause. Out: the risk difference,
standardized over strata, with its uncertainty clustered where policy is set. The numbers are those of
``analysis.compare`` by standardization over one categorical covariate, where inverse probability weighting, the doubly
robust estimate and standardization are one and the same; a test holds the two together.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import coo_array, csr_array

from analysis.sanctuary.adjusted import Arm
from analysis.sanctuary.clustered import uncertainty
from analysis.sanctuary.designs import TRIM

CAUSES = 3  # censored, event, competing
ROUNDS = 12  # halvings that close in on a bootstrap's limit: to less than a hundredth of a percentage point


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


@dataclass(frozen=True)
class Difference:
    """Risk in group 1 less risk in group 0 with its limits, and what it rests on, a number a group (0, 1)."""

    estimate: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    risks: tuple[float, float] = (np.nan, np.nan)
    events: tuple[int, int] = (0, 0)
    people: tuple[int, int] = (0, 0)
    clusters: tuple[int, int] = (0, 0)
    left_out: int = 0


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
    found = [part @ cells for part, cells in zip(parts, counts.groups, strict=True)]
    losses = tuple(_losses(here.reshape(-1, CAUSES), h, censored) for here in found)
    events = tuple(int(here.reshape(-1, CAUSES)[: h + 1, 1].sum()) for here in found)
    sums = [counts.by_row(*(getattr(one, name) for one in losses)) * rows for name in ("seen", "case")]
    return Followed(rows, people, *sums, events, losses)


def difference(
    counts: Counts, followed: Followed, stratum: np.ndarray, cluster: np.ndarray, censored: bool, level: float
) -> Difference:  # fmt: skip
    """Return the difference standardized over strata, clustered.

    ``stratum`` and ``cluster`` are codes a row. Strata that one group has none of, or hardly any (``TRIM``), are left out
    of both, counted; so are those of which nobody in a group was seen to an event or the horizon. Missing where a group,
    or any event, is wanting, or nobody in a group was followed so long.
    """
    started = round(followed.people.sum())
    for reason in (_empty, _one_sided):
        out = reason(followed, stratum, counts.split)
        if out.any():
            followed = follow(counts, followed.rows & ~out[stratum], censored)
    split, people = counts.split, followed.people
    sizes = tuple(round(part.sum()) for part in (people[:split], people[split:]))
    none = Difference(people=sizes, events=followed.events, left_out=started - sum(sizes))
    weights = [followed.weight[:split].sum(), followed.weight[split:].sum()]
    if not (all(sizes) and all(weights) and sum(followed.events)) or not _reached(counts, followed):
        return none
    arms, means, sides = _arms(counts, followed, stratum, cluster)
    parts = tuple(part.tobytes() for arm in arms for part in (arm.influence, arm.load))
    limits = _limits(parts, means, sizes[1] / sum(sizes), sides, level)
    return Difference(means[1] - means[0], *limits, means, followed.events, sizes, sides, started - sum(sizes))


@lru_cache(maxsize=1 << 13)
def _limits(
    parts: tuple[bytes, ...], means: tuple[float, float], share: float, sides: tuple[int, int], level: float
) -> tuple[float, float]:  # fmt: skip
    """The limits of a difference; choices that change nothing leave them as they are, and they are found once."""
    none, one = (Arm(mean, *(np.frombuffer(part) for part in parts[2 * i : 2 * i + 2])) for i, mean in enumerate(means))
    found = uncertainty(one, none, share, np.arange(len(none.influence)), sides, level, rounds=ROUNDS)
    return found.lower, found.upper


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


def _sums(followed: Followed, name: str, stratum: np.ndarray, split: int) -> np.ndarray:
    """Sums by group (rows) and stratum (columns)."""
    values, size = getattr(followed, name), int(stratum.max(initial=0)) + 1
    parts = (slice(None, split), slice(split, None))
    return np.array([np.bincount(stratum[part], weights=values[part], minlength=size) for part in parts])


def _empty(followed: Followed, stratum: np.ndarray, split: int) -> np.ndarray:
    """Which strata have people, and one group has none there, or none who was seen."""
    people, weight = (_sums(followed, name, stratum, split) for name in ("people", "weight"))
    return people.any(axis=0) & ((people == 0) | (weight == 0)).any(axis=0)


def _one_sided(followed: Followed, stratum: np.ndarray, split: int) -> np.ndarray:
    people = _sums(followed, "people", stratum, split)
    total = people.sum(axis=0)
    share = np.divide(people[1], total, out=np.full(len(total), 0.5), where=total > 0)
    return (share < TRIM) | (share > 1 - TRIM)


def _reached(counts: Counts, followed: Followed) -> bool:
    """Whether somebody in each group was followed to the horizon, or everyone there had an event."""
    split = counts.split
    last = np.zeros((counts.horizon + 2) * CAUSES)
    last[counts.horizon * CAUSES :] = 1.0
    there = counts.by_row(last, last) * followed.rows
    none_lost = [not (one.hazard > 0).any() for one in followed.losses]
    return all(part.any() or whole for part, whole in zip((there[:split], there[split:]), none_lost, strict=True))


def _arms(
    counts: Counts, followed: Followed, stratum: np.ndarray, cluster: np.ndarray
) -> tuple[list[Arm], tuple[float, float], tuple[int, int]]:
    """The two arms with what each cluster contributes, scaled as if each cluster were a row; the risks; clusters a side."""
    split, n = counts.split, followed.people.sum()
    people, weight, cases = (_sums(followed, name, stratum, split) for name in ("people", "weight", "cases"))
    share = people.sum(axis=0) / n
    risk = np.divide(cases, weight, out=np.zeros_like(cases), where=weight > 0)
    lift = np.divide(share * n, weight, out=np.zeros_like(weight), where=weight > 0)
    halves = (slice(None, split), slice(split, None))
    size = int(cluster.max(initial=0)) + 1
    there = [np.bincount(cluster[part], weights=followed.people[part], minlength=size) > 0 for part in halves]
    used = np.flatnonzero(there[0] | there[1])
    place = np.maximum(np.cumsum(there[0] | there[1])[cluster] - 1, 0)  # rows without people add nothing anywhere
    scale = len(used) / n
    arms, means = [], []
    for code, part in enumerate(halves):
        mean = float(share @ risk[code])
        own_lift, own_risk = lift[code][stratum[part]], risk[code][stratum[part]]
        total = followed.people * (risk[code][stratum] - mean)
        total[part] += own_lift * (followed.cases[part] - own_risk * followed.weight[part])
        total[part] += _through_losses(counts, followed, code, part, own_lift, own_risk)
        load = np.zeros(len(total))
        load[part] = own_lift * followed.weight[part]
        influence, loads = (np.bincount(place, weights=v, minlength=len(used)) * scale for v in (total, load))
        arms.append(Arm(mean, influence, loads))
        means.append(mean)
    return arms, tuple(means), tuple(int(side.sum()) for side in there)


def _through_losses(
    counts: Counts, followed: Followed, code: int, part: slice, lift: np.ndarray, risk: np.ndarray
) -> np.ndarray:
    """What each row of one group adds to the mean through the weights for loss."""
    losses, cells, rows = followed.losses[code], counts.groups[code], followed.rows[part]
    if not losses.hazard.any():
        return np.zeros(cells.shape[0])
    raised = (lift * rows) @ cells
    expected = (lift * risk * rows) @ cells
    linear = (losses.case * raised - losses.seen * expected).reshape(-1, CAUSES).sum(axis=1)
    return (cells @ losses.correction(linear)) * rows
