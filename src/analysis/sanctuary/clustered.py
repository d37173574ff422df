"""Errors clustered where policy is set: sandwich, wild cluster restricted bootstrap, randomization inference.

A state's law binds all its counties, so that people under one policy are one draw of it. With 40 clusters or more the
sandwich with t quantiles serves; with fewer it is too narrow, and the bootstrap that imposes the tested effect takes
its place (Cameron, Gelbach and Miller 2008; MacKinnon and Webb 2018).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import t as student

from analysis.sanctuary.adjusted import Arm

ENOUGH, FEW = 40, 10  # clusters for the sandwich; clusters on a side below which the headline warns
DRAWS, SEED, ALL_SIGNS = 1_999, 20_141_214, 12
ROUNDS = 30  # halvings that close in on a limit: to the last digit
_TIE = 1e-10


@dataclass(frozen=True)
class Uncertainty:
    """Standard error, interval and how it was made; ``smallest`` is the effect found with 80 % power at the level."""

    se: float
    lower: float
    upper: float
    smallest: float
    method: str


def uncertainty(
    one: Arm, none: Arm, share: float, cluster: np.ndarray, sides: tuple[int, int], level: float, bound: float = 1.0,
    rounds: int = ROUNDS,
) -> Uncertainty:  # fmt: skip
    """Return the uncertainty of a difference of two arms.

    Parameters
    ----------
    one, none : Arm
        Groups 1 and 0.
    share : float
        The share of rows in group 1.
    cluster : array of int
        Codes from 0.
    sides : (int, int)
        Clusters with rows in group 0 and in group 1.
    level : float
    bound : float
        The largest difference that could be: an interval is cut there.
    rounds : int
        Halvings by which the bootstrap's limits are closed in on.
    """
    clusters = int(cluster.max()) + 1
    if min(sides) < 2:
        return Uncertainty(
            np.nan,
            np.nan,
            np.nan,
            np.nan,
            f"no interval: {min(sides)} cluster on a side shows no variation between clusters",
        )
    difference = one.mean - none.mean
    n = len(cluster)
    sums = np.bincount(cluster, weights=one.influence - none.influence, minlength=clusters)
    se = float(np.sqrt(clusters / (clusters - 1) * (sums @ sums)) / n)
    tail, freedom = (1 - level) / 2, min(sides) - 1  # no more than the side with fewer clusters bears out
    smallest = float((student.isf(tail, freedom) + student.isf(0.2, freedom)) * se)
    if clusters >= ENOUGH or not se > 0:
        half = student.isf(tail, freedom) * se
        method = f"sandwich over {clusters} clusters, t with {freedom} degrees of freedom"
        return Uncertainty(se, difference - half, difference + half, smallest, method)
    wild = WildBootstrap(one, none, share, cluster)
    lower, upper = wild.interval(level, bound, rounds)
    method = f"wild cluster restricted bootstrap over {clusters} clusters, {wild.said}"
    if (lower, upper) == (-bound, bound):
        lower, upper, method = np.nan, np.nan, f"{method}, which with so few excludes no effect at all"
    return Uncertainty(se, lower, upper, smallest, method)


class WildBootstrap:
    """The wild cluster restricted bootstrap of a difference of two means, on what clusters contribute to it.

    Without covariates and with everyone followed it is that of the regression of the outcome on the group.
    """

    def __init__(self, one: Arm, none: Arm, share: float, cluster: np.ndarray, draws: int = DRAWS) -> None:
        self.difference = one.mean - none.mean
        clusters = int(cluster.max()) + 1
        signs, self.said = _signs(clusters, draws)
        score = [np.bincount(cluster, weights=arm.influence, minlength=clusters) for arm in (one, none)]
        load = [np.bincount(cluster, weights=arm.load, minlength=clusters) for arm in (one, none)]
        free = score[0] - score[1]  # what clusters contribute to the difference
        shift = (1 - share) * load[0] + share * load[1]  # and what a gap to the tested effect adds to it
        self._seen = 1 / np.sqrt(free @ free)
        # under each draw of signs the moved means are linear in the gap and their spread squared is a square of it:
        # sums over clusters are made once
        n, sides = len(cluster), (1 - share, -share)
        one, none = ((signs @ s / n, signs @ (side * L) / n) for s, L, side in zip(score, load, sides, strict=True))
        across = [(signs @ (free * L), signs @ (shift * L)) for L in load]
        a, b = load
        self._apart = one[0] - none[0], one[1] - none[1]
        # squares of: sign times restricted score, less what the moved means take away
        still = (free @ free, 2 * (free @ shift), shift @ shift)
        crossed = [
            one_way - other for one_way, other in zip(_times(one, across[0]), _times(none, across[1]), strict=True)
        ]
        moved = zip(_times(one, one), _times(one, none), _times(none, none), strict=True)
        self._squares = [
            whole - 2 * c + (a @ a) * oo - 2 * (a @ b) * on + (b @ b) * nn
            for whole, c, (oo, on, nn) in zip(still, crossed, moved, strict=True)
        ]

    def p_value(self, effect: float = 0.0) -> float:
        """The share of bootstrap t statistics at least as far from 0 as the one that is seen, if ``effect`` is true."""
        gap = self.difference - effect
        seen = abs(gap) * self._seen
        apart = self._apart[0] + gap * self._apart[1]
        squares = self._squares[0] + gap * (self._squares[1] + gap * self._squares[2])
        least = max(seen - _TIE * max(seen, 1.0), 0.0)
        return float((apart * apart >= least * least * squares).mean())

    def interval(self, level: float, bound: float = 1.0, rounds: int = ROUNDS) -> tuple[float, float]:
        """The effects that the test does not reject, to the bound where it rejects none on that side."""
        return tuple(edge(self.p_value, self.difference, 1 - level, way, rounds) for way in (-bound, bound))


def _times(one: tuple, other: tuple) -> tuple:
    """The product of two lines in the gap: its coefficients from the constant on."""
    return one[0] * other[0], one[0] * other[1] + one[1] * other[0], one[1] * other[1]


def _signs(clusters: int, draws: int) -> tuple[np.ndarray, str]:
    """All signs of few clusters, else random ones; and how to say it."""
    if clusters <= ALL_SIGNS:
        signs = np.array(list(product((1.0, -1.0), repeat=clusters)))
        return signs, f"all {len(signs):,} signs"
    uniform = np.random.default_rng(SEED).random((draws, clusters))
    return np.where(uniform < 0.5, 1.0, -1.0), f"{draws:,} draws of signs (seed {SEED})"


def edge(p_value: Callable[[float], float], estimate: float, alpha: float, bound: float, rounds: int = ROUNDS) -> float:
    """Where the p value falls to alpha, going from the estimate towards a bound; the bound where it never does."""
    inside, step = estimate, (bound - estimate) / 256
    while True:
        outside = inside + step
        if abs(outside - estimate) >= abs(bound - estimate):
            if p_value(bound) > alpha:
                return bound
            outside = bound
        if p_value(outside) <= alpha:
            break
        inside, step = outside, step * 1.3
    for _ in range(rounds):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_value(middle) > alpha else (inside, middle)
    return inside
