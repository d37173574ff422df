"""Randomization inference: what if other places had had the policy?

With few places on a side no estimate of their variation can be trusted. The policy is dealt out among the clusters
anew, in all ways or in many, and the difference that is seen is placed among those. It asks for no model of the
variation between places, and assumes that each place could as well have had the policy.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from analysis.sanctuary.clustered import edge
from analysis.sanctuary.regression import fit

SEED, DRAWS = 20_141_215, 4_999
_TIE = 1e-10


@dataclass(frozen=True)
class Randomization:
    """The effect at which nothing is left to see, with the effects not rejected; missing where none is.

    ``smallest_p`` is the smallest p value that the deals could give.
    """

    estimate: float
    p_value: float
    lower: float
    upper: float
    deals: int
    smallest_p: float
    clusters: int


def randomization(
    outcome: np.ndarray, exposure: np.ndarray, size: np.ndarray, level: float = 0.95, left: np.ndarray | None = None
) -> Randomization:
    """Deal the exposures out among clusters.

    Parameters
    ----------
    outcome : array
        Mean outcome of each cluster, less what covariates predict linearly.
    exposure : array
        Share of each cluster's rows in group 1.
    size : array
        Rows of each cluster: its weight.
    level : float
    left : array
        The exposure less what covariates predict linearly: taking an effect out of the outcomes takes it out of what
        covariates predict too. By default the exposure.

    References
    ----------
    Rosenbaum (2002), Statistical Science 17: 286-327, on covariance adjustment.
    """
    deals, left = _deals(exposure), exposure if left is None else left
    here = [float(_slopes(values, exposure[None], size)[0]) for values in (outcome, left)]
    dealt = [_slopes(values, deals, size) for values in (outcome, left)]
    if not here[1] > _TIE:
        raise ValueError("covariates predict the policy completely")

    def p_value(effect: float) -> float:
        return float((np.abs(dealt[0] - effect * dealt[1]) >= abs(here[0] - effect * here[1]) - _TIE).mean())

    seen = here[0] / here[1]
    lower, upper = (edge(p_value, seen, 1 - level, bound) for bound in (-1.0, 1.0))
    if (lower, upper) == (-1.0, 1.0):
        lower = upper = float("nan")
    mirrored = int((deals == 1 - exposure).all(axis=1).any())  # two sides exchanged lie as far from 0 as what is seen
    return Randomization(seen, p_value(0.0), lower, upper, len(deals), (1 + mirrored) / len(deals), len(exposure))


def among_clusters(
    outcome: np.ndarray, group: np.ndarray, matrix: np.ndarray, cluster: np.ndarray, weight: np.ndarray, level: float
) -> Randomization:
    """What a linear model of rows without the policy leaves, averaged by cluster, with the policy dealt out among clusters.

    ``matrix`` holds an intercept and covariates. Raises ValueError where there is nothing to deal out.
    """
    size = np.bincount(cluster, weights=weight)
    seen = size > 0
    left = [values - fit(matrix, values, weight, "linear").fitted for values in (outcome, group.astype(float))]
    means = [np.bincount(cluster, weights=weight * values)[seen] / size[seen] for values in (left[0], group, left[1])]
    if seen.sum() < 3 or np.ptp(means[1]) == 0:
        raise ValueError("fewer than three clusters, or all alike in policy")
    return randomization(means[0], means[1], size[seen], level, means[2])


def _slopes(outcome: np.ndarray, exposures: np.ndarray, size: np.ndarray) -> np.ndarray:
    centred = exposures - (exposures @ size / size.sum())[:, None]
    square = (centred**2) @ size
    product = centred @ (size * outcome)
    return np.divide(product, square, out=np.zeros(len(square)), where=square > 0)


def _deals(exposure: np.ndarray) -> np.ndarray:
    """All ways to deal 0 and 1 where they are few, else random ones; the one that is seen is among them."""
    clusters, treated = len(exposure), int((exposure == 1).sum())
    if set(np.unique(exposure)) <= {0.0, 1.0} and comb(clusters, treated) <= DRAWS + 1:
        out = np.zeros((comb(clusters, treated), clusters))
        for row, chosen in enumerate(combinations(range(clusters), treated)):
            out[row, list(chosen)] = 1.0
        return out
    order = np.argsort(np.random.default_rng(SEED).random((DRAWS, clusters)), axis=1)
    return np.vstack([exposure, exposure[order]])
