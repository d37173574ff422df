"""E-values and worst-case bounds against published numbers, and what must hold of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import binom

from analysis.sanctuary.sensitivity import bounds, e_value, imbens_manski


def test_the_published_e_value() -> None:
    # VanderWeele and Ding (2017): risk ratio 3.9 (1.8 to 8.7): 7.26 and 3.0
    found = e_value(3.9, limit=1.8)
    assert found.estimate == pytest.approx(7.263034, abs=5e-7)
    assert found.limit == pytest.approx(3.0, abs=1e-12)


def test_a_ratio_under_one_is_inverted() -> None:
    # R EValue: evalues.RR(0.80, 0.71, 0.91): 1.81 and 1.43
    found = e_value(0.80, limit=0.91)
    assert (round(found.estimate, 2), round(found.limit, 2)) == (1.81, 1.43)
    assert e_value(1 / 3.9, limit=1 / 1.8).estimate == pytest.approx(7.263034, abs=5e-7)


def test_an_interval_that_holds_one_gives_one() -> None:
    assert e_value(1.4, limit=0.9).limit == 1.0
    assert e_value(0.7, limit=1.2).limit == 1.0
    assert e_value(1.0, limit=1.0).estimate == 1.0


def test_hazard_and_odds_ratios_with_a_common_outcome() -> None:
    # VanderWeele and Ding (2017), table 2; by hand for 1.5: (1 - .5^1.2247) / (1 - .5^.8165) = 1.3238
    ratio = (1 - 0.5 ** math.sqrt(1.5)) / (1 - 0.5 ** math.sqrt(1 / 1.5))
    assert e_value(1.5, measure="hazard ratio", common=True).estimate == pytest.approx(
        ratio + math.sqrt(ratio * (ratio - 1))
    )
    assert e_value(4.0, measure="odds ratio", common=True).estimate == pytest.approx(2 + math.sqrt(2))
    assert e_value(4.0, measure="odds ratio").estimate == pytest.approx(4 + math.sqrt(12))


@given(st.floats(1.0001, 50))
def test_symmetry_and_the_defining_bound(ratio: float) -> None:
    value = e_value(ratio).estimate
    assert value >= ratio
    assert value**2 / (2 * value - 1) == pytest.approx(ratio, rel=1e-9)  # the largest ratio such a confounder makes
    assert e_value(1 / ratio).estimate == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(("ratio", "limit"), [(0, None), (-1, None), (float("inf"), None), (2, 0), (2, 3)])
def test_ratios_that_are_none_are_refused(ratio: float, limit: float | None) -> None:
    with pytest.raises(ValueError, match=r"ratio|limit"):
        e_value(ratio, limit=limit)


def test_bounds_of_the_published_case() -> None:
    found = bounds(40, 440, unknown=100)
    assert (found.lower, found.upper) == pytest.approx((0.090909, 0.318182), abs=5e-7)
    # binom.test(40, 440, conf.level = .9)$conf.int[1] and binom.test(140, 440, conf.level = .9)$conf.int[2]
    assert (found.ci_lower, found.ci_upper) == pytest.approx((0.0693353, 0.3566811), abs=5e-7)


def test_imbens_and_manskis_own_interval() -> None:
    errors = [math.sqrt(p * (1 - p) / 440) for p in (1 / 11, 7 / 22)]
    assert imbens_manski(1 / 11, 7 / 22, *errors) == pytest.approx((0.068366, 0.354705), abs=5e-7)


@pytest.mark.parametrize(
    ("events", "n", "limits"), [(0, 50, (0, 0.071122)), (40, 440, (0.065741, 0.121734)), (50, 50, (0.928878, 1))]
)
def test_where_everyone_was_followed_the_interval_is_clopper_and_pearsons(events: int, n: int, limits: tuple) -> None:
    found = bounds(events, n, unknown=0)  # binom.test
    assert (found.ci_lower, found.ci_upper) == pytest.approx(limits, abs=5e-7)


@pytest.mark.parametrize(
    ("n", "share", "lost"), [(50, 0.02, 0), (50, 0.05, 0), (440, 0.09, 0), (50, 0.02, 0.1), (50, 0.05, 0.3)]
)
def test_the_interval_covers_the_share_by_exact_enumeration(n: int, share: float, lost: float) -> None:
    chances = {
        (k, m): binom.pmf(m, n, lost) * binom.pmf(k, n - m, share / (1 - lost))
        for m in range(n + 1 if lost else 1)
        for k in range(n - m + 1)
    }
    found = {(k, m): bounds(k, n, m) for (k, m), chance in chances.items() if chance > 1e-7}
    for truth in (share, share + lost / 2, share + lost):  # of the people lost none, half, and all had the event
        covered = sum(chances[seen] for seen, b in found.items() if b.ci_lower <= truth <= b.ci_upper)
        assert covered >= 0.95, (truth, covered)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 400))
def test_imbens_and_manskis_equation_holds(events: int, free: int, unknown: int) -> None:
    n = events + free + unknown
    lower, upper = events / n, (events + unknown) / n
    low, high = (math.sqrt(p * (1 - p) / n) for p in (lower, upper))
    c = (lower - imbens_manski(lower, upper, low, high)[0]) / low
    assert ndtr(c + (upper - lower) / max(low, high)) - ndtr(-c) == pytest.approx(0.95, abs=1e-6)
    assert 1.6448 < c < 1.9601


@pytest.mark.parametrize("counts", [(41, 40, 0), (-1, 10, 0), (1, 0, 0), (5, 10, 6), (1.5, 10, 0)])
def test_counts_that_do_not_fit_are_refused(counts: tuple) -> None:
    with pytest.raises(ValueError, match="must be"):
        bounds(*counts[:2], unknown=counts[2])
