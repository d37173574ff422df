import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.recidivism.proportions import proportion, proportion_difference, rate, unequal_follow_up


@pytest.mark.parametrize(
    ("k", "n", "exact", "wilson"),
    [
        # binom.test(k, n)$conf.int and prop.test(k, n, correct = FALSE)$conf.int
        (40, 440, (0.065741, 0.121734), (0.067471, 0.121428)),
        (0, 50, (0, 0.071122), (0, 0.071348)),
        (1867, 8145, (0.220129, 0.238506), (0.220221, 0.238475)),
    ],
)
def test_intervals_of_r(k, n, exact, wilson):
    for method, limits in (("exact", exact), ("wilson", wilson)):
        found = proportion(k, n, method)
        assert found.estimate == k / n
        assert (found.lower, found.upper) == pytest.approx(limits, abs=5e-7)


def test_everyone_and_no_one_have_exact_ends():
    assert proportion(0, 7).lower == 0
    assert proportion(7, 7).upper == 1
    # the rule of three's exact form: 1 - (1 - level)/2 to the power 1/n
    assert proportion(7, 7, "exact").lower == pytest.approx(0.025 ** (1 / 7))


def test_newcombe_1998_table_ii():
    found = proportion_difference(56, 70, 48, 80)
    assert (found.estimate, found.lower, found.upper) == pytest.approx((0.2, 0.0524315, 0.3338727), abs=5e-8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: proportion(5, 4), "more events"),
        (lambda: proportion(-1, 4), "whole number"),
        (lambda: proportion(1.5, 4), "whole number"),
        (lambda: proportion(0, 0), "nobody"),
        (lambda: proportion(1, 4, "wald"), "method"),
        (lambda: proportion(1, 4, level=95), "level"),
    ],
)
def test_clear_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_symmetries(n, m, data):
    k, j = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    for method in ("wilson", "exact"):
        one, other = proportion(k, n, method), proportion(n - k, n, method)
        assert one.lower == pytest.approx(1 - other.upper, abs=1e-9)
        assert one.lower <= one.estimate <= one.upper
    gap, back = proportion_difference(k, n, j, m), proportion_difference(j, m, k, n)
    assert gap.lower == pytest.approx(-back.upper, abs=1e-9)


def test_exact_poisson():
    # poisson.test(40)$conf.int
    found = rate(40, 1)
    assert (found.lower, found.upper) == pytest.approx((28.57659, 54.46865), abs=5e-6)
    assert rate(0, 10).lower == 0


@pytest.mark.parametrize("exposure", [0, -1, math.inf, math.nan])
def test_an_exposure_must_be_positive_and_finite(exposure):
    with pytest.raises(ValueError, match="exposure"):
        rate(1, exposure)


def test_forty_in_four_hundred_and_forty():
    full = unequal_follow_up(40, 440, 3.5, entered="start", horizons=[12, 36])
    np.testing.assert_allclose(full["risk"], [40 / 440, 0.278756, 0.624814], atol=5e-7)
    assert full["time_to_half"].iloc[0] == pytest.approx(25.454, abs=5e-4)
    even = unequal_follow_up(40, 440, 3.5, horizons=[12, 36])
    np.testing.assert_allclose(even["risk"], [0.176134, 0.485355, 0.863691], atol=5e-7)
    assert even["hazard"].iloc[0] * 3.5 == pytest.approx(0.1937476, abs=5e-8)
    assert even["exposure"].iloc[0] == pytest.approx(722.59, abs=5e-3)


def test_limits_are_those_of_the_crude_share():
    # Clopper-Pearson of 40/440: .065741 to .121734
    found = unequal_follow_up(40, 440, 3.5, entered="start").iloc[0]
    assert (found["lower"], found["upper"]) == pytest.approx((0.065741, 0.121734), abs=5e-7)


def test_shares_released():
    # people followed for lengths that are spread evenly
    lengths, hazard = (np.arange(10_000) + 0.5) * 3.5e-4, unequal_follow_up(40, 440, 3.5)["hazard"].iloc[0]
    assert (1 - np.exp(-hazard * lengths)).mean() == pytest.approx(40 / 440, abs=5e-9)
    shares = unequal_follow_up(40, 440, 3.5, entered="start", released=[1, 0.75, 0.5, 0.25, 0.05])
    np.testing.assert_allclose(shares["risk"], [0.0909091, 0.1212121, 0.1818182, 0.3636364, np.nan], atol=5e-8)
    assert unequal_follow_up(0, 440, 3.5)[["risk", "lower"]].to_numpy().tolist() == [[0, 0]]


def test_clear_errors_of_unequal_follow_up():
    for options, words in (
        ({"events": 5, "people": 4}, "events"),
        ({"window": 0}, "window"),
        ({"entered": "late"}, "entered"),
        ({"released": 1.2}, "released"),
    ):
        with pytest.raises(ValueError, match=words):
            unequal_follow_up(**{"events": 1, "people": 4, "window": 3.5, **options})
