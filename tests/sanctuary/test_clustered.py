"""Clustered errors and the wild cluster restricted bootstrap against the regressions that define them."""

from itertools import combinations, product

import numpy as np
import pytest

from analysis.sanctuary.adjusted import Arm, Data, unadjusted
from analysis.sanctuary.censoring import censoring_weights
from analysis.sanctuary.clustered import WildBootstrap, edge, uncertainty
from analysis.sanctuary.randomization import among_clusters, randomization


def two_groups(outcome: np.ndarray, group: np.ndarray) -> list[Arm]:
    n = len(group)
    everyone = censoring_weights(np.ones(n), np.ones(n, dtype=bool), group, 1.0)
    return [unadjusted(Data(outcome, group, np.ones((n, 1)), everyone), code) for code in (0, 1)]


def world(clusters: int = 8, n: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    cluster = rng.integers(0, clusters, n)
    group = ((cluster + rng.integers(0, 2, n)) % 3 == 0).astype(int)
    return (rng.random(n) < 0.3 + 0.1 * group).astype(float), group, cluster


def test_the_sandwich_is_that_of_least_squares() -> None:
    outcome, group, cluster = world(50, 2_000)
    none, one = two_groups(outcome, group)
    found = uncertainty(one, none, group.mean(), cluster, (50, 50), 0.95)
    x = np.column_stack([np.ones(len(group)), group])
    bread = np.linalg.inv(x.T @ x)
    left = outcome - x @ (bread @ x.T @ outcome)
    scores = np.array([x[cluster == c].T @ left[cluster == c] for c in range(50)])
    by_hand = np.sqrt((bread @ scores.T @ scores @ bread)[1, 1] * 50 / 49)
    assert found.se == pytest.approx(by_hand, rel=1e-10)
    assert found.upper - found.lower == pytest.approx(2 * 2.0095752 * by_hand, rel=1e-6)  # t with 49 degrees of freedom
    assert found.smallest == pytest.approx((2.0095752 + 0.8490) * by_hand, rel=1e-3)


@pytest.mark.parametrize("effect", [0.0, 0.08, -0.25])
def test_the_bootstrap_is_that_of_the_regression(effect: float) -> None:
    outcome, group, cluster = world()
    none, one = two_groups(outcome, group)
    x = np.column_stack([np.ones(len(group)), group])
    bread = np.linalg.inv(x.T @ x)

    def statistic(y: np.ndarray) -> float:
        beta = bread @ x.T @ y
        scores = np.array([x[cluster == c].T @ (y - x @ beta)[cluster == c] for c in range(8)])
        return abs(beta[1] - effect) / np.sqrt((bread @ scores.T @ scores @ bread)[1, 1])

    restricted = (outcome - effect * group).mean()
    left = outcome - effect * group - restricted
    drawn = [
        statistic(restricted + effect * group + left * np.array(signs)[cluster])
        for signs in product((1.0, -1.0), repeat=8)
    ]
    by_hand = np.mean(np.array(drawn) >= statistic(outcome) - 1e-10)
    assert WildBootstrap(one, none, group.mean(), cluster).p_value(effect) == pytest.approx(by_hand)


def test_the_interval_holds_what_the_test_does_not_reject() -> None:
    outcome, group, cluster = world(16, 600)
    none, one = two_groups(outcome, group)
    wild = WildBootstrap(one, none, group.mean(), cluster)
    lower, upper = wild.interval(0.95)
    assert lower < wild.difference < upper
    assert wild.p_value(wild.difference) == 1.0
    for limit, away in ((lower, -1), (upper, 1)):
        assert wild.p_value(limit) > 0.05
        assert wild.p_value(limit + away * 1e-6) <= 0.05
    assert wild.interval(0.95) == WildBootstrap(one, none, group.mean(), cluster).interval(0.95)  # seeded


def test_one_cluster_on_a_side_has_no_interval_and_four_exclude_nothing() -> None:
    outcome, group, cluster = world(4)
    none, one = two_groups(outcome, group)
    alone = uncertainty(one, none, group.mean(), cluster, (3, 1), 0.95)
    assert np.isnan([alone.se, alone.lower, alone.upper]).all()
    assert "no interval" in alone.method
    four = uncertainty(one, none, group.mean(), cluster, (4, 4), 0.95)
    assert np.isnan(four.lower)  # the smallest p value of 16 signs is 1/8
    assert "excludes no effect" in four.method


def test_an_edge_is_found_or_is_the_bound() -> None:
    assert edge(lambda x: 1 - abs(x) / 2, 0.0, 0.5, 4.0) == pytest.approx(1.0)
    assert edge(lambda x: 1.0, 0.2, 0.05, -1.0) == -1.0


def test_randomization_is_fishers_by_hand() -> None:
    # one of five clusters treated, the highest outcome: 1 deal in 5 is as far from 0, the opposite never is
    outcome = np.array([0.9, 0.1, 0.2, 0.3, 0.4])
    found = randomization(outcome, np.array([1.0, 0, 0, 0, 0]), np.ones(5))
    assert found.deals == 5
    assert found.estimate == pytest.approx(0.65)
    assert found.p_value == pytest.approx(0.2)
    assert np.isnan(found.lower)  # one deal in five never falls under .05
    many = randomization(np.r_[np.ones(3), np.zeros(27)], np.r_[np.ones(3), np.zeros(27)], np.ones(30))
    assert many.deals == 4060
    assert many.p_value == pytest.approx(1 / 4060)


def test_shares_of_exposure_are_dealt_out_too() -> None:
    rng = np.random.default_rng(1)
    exposure = np.linspace(0, 1, 14)
    found = randomization(0.3 * exposure + 0.01 * rng.normal(size=14), exposure, np.full(14, 20.0))
    assert found.lower < found.estimate < found.upper
    assert found.estimate == pytest.approx(0.3, abs=0.02)


def test_covariates_are_taken_out_of_the_policy_too() -> None:
    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(9), 40)
    group = (cluster < 3).astype(int)
    age = rng.normal(size=360) + 2 * group
    outcome = 0.2 * group + 0.5 * age + rng.normal(size=360)
    x = np.column_stack([np.ones(360), age])
    found = among_clusters(outcome, group, x, cluster, np.ones(360), 0.95)
    beta = np.linalg.lstsq(np.column_stack([x, group]), outcome, rcond=None)[0]
    assert found.estimate == pytest.approx(beta[2])  # that of least squares with the covariate beside the policy
    assert found.deals == 84
    # Rosenbaum (2002): take the effect out, take the covariate out of what is left, and deal
    left = outcome - 0.4 * group
    left = left - x @ np.linalg.lstsq(x, left, rcond=None)[0]
    dealt = [abs(left[np.isin(cluster, chosen)].mean()) for chosen in combinations(range(9), 3)]
    share = np.mean(np.array(dealt) >= dealt[0] - 1e-12)
    inside = found.lower <= 0.4 <= found.upper
    assert inside == (share > 0.05)
    with pytest.raises(ValueError, match="predict the policy completely"):
        among_clusters(outcome, group, np.column_stack([x, group]), cluster, np.ones(360), 0.95)


def test_equal_sides_lie_as_far_from_nothing_either_way() -> None:
    exposure = np.repeat([1.0, 0.0], 4)
    found = randomization(np.r_[5.0, 6, 7, 8, 1, 2, 3, 4], exposure, np.ones(8))
    assert found.smallest_p == found.p_value == pytest.approx(2 / 70)
