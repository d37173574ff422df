"""The difference of two groups' risks by a horizon, from counts that many specifications share.

In: counts of two groups by kind of row (place, stratum, facility) and by day and cause. Out: the risk difference,
standardized over strata, with its uncertainty clustered where policy is set. The numbers are those of
``analysis.compare`` by standardization over one categorical covariate, where inverse probability weighting, the doubly
robust estimate and standardization are one and the same; a test holds the two together.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis.claims.followed_counts import CAUSES, Counts, Followed, follow
from analysis.sanctuary.adjusted import Arm
from analysis.sanctuary.clustered import uncertainty
from analysis.sanctuary.designs import TRIM

ROUNDS = 12  # halvings that close in on a bootstrap's limit: to less than a hundredth of a percentage point


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
    raised = counts.by_column[code] @ (lift * rows)
    expected = counts.by_column[code] @ (lift * risk * rows)
    linear = (losses.case * raised - losses.seen * expected).reshape(-1, CAUSES).sum(axis=1)
    return (cells @ losses.correction(linear)) * rows
