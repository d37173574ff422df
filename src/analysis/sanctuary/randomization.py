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

SEED, DRAWS = 20_141_215, 4_999


@dataclass(frozen=True)
class Randomization:
    """The slope of the outcome in the share of a cluster's rows under the policy, with the effects not rejected; missing where none is."""

    estimate: float
    p_value: float
    lower: float
    upper: float
    deals: int
    smallest_p: float


def randomization(outcome: np.ndarray, exposure: np.ndarray, size: np.ndarray, level: float = 0.95) -> Randomization:
    """Deal the exposures out among clusters.

    Parameters
    ----------
    outcome : array
        Mean outcome of each cluster, less what covariates predict.
    exposure : array
        Share of each cluster's rows in group 1.
    size : array
        Rows of each cluster: its weight.
    level : float
    """
    deals = _deals(exposure)
    seen = _slopes(outcome, exposure[None], size)[0]
    of_outcome, of_exposure = (_slopes(values, deals, size) for values in (outcome, exposure))

    def p_value(effect: float) -> float:
        dealt = np.abs(of_outcome - effect * of_exposure)
        return float((dealt >= abs(seen - effect) - 1e-10).mean())

    lower, upper = (edge(p_value, float(seen), 1 - level, bound) for bound in (-1.0, 1.0))
    if (lower, upper) == (-1.0, 1.0):
        lower = upper = float("nan")
    return Randomization(float(seen), p_value(0.0), lower, upper, len(deals), 1 / len(deals))


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
