import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.recidivism.proportions import proportion, proportion_difference, rate, rate_ratio, risk_ratio


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


def test_koopman_1984_example():
    # Koopman (1984), page 516: 36/40 against 16/80, 95% limits 2.94 and 7.15; more digits by maximizing numerically in R
    found = risk_ratio(36, 40, 16, 80)
    assert (found.estimate, found.lower, found.upper) == pytest.approx((4.5, 2.93956919, 7.15222344), abs=1e-7)
    found = risk_ratio(5, 60, 9, 70)
    assert (found.lower, found.upper) == pytest.approx((0.237409003, 1.739027985), abs=1e-8)


def test_a_ratio_of_everyone_to_everyone_is_real():
    # the same interval of statsmodels 0.15 (score, ratio) turns complex here
    found = risk_ratio(29, 29, 11, 11)
    assert found.estimate == 1
    assert 0.8 < found.lower < 1 < found.upper < 1.5


def test_ratios_with_zero_counts_are_one_sided():
    assert risk_ratio(0, 40, 16, 80).lower == 0
    assert math.isinf(risk_ratio(5, 40, 0, 80).upper)
    nothing = risk_ratio(0, 40, 0, 80)
    assert math.isnan(nothing.estimate)
    assert (nothing.lower, nothing.upper) == (0, math.inf)


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
    ratio, inverse = risk_ratio(k, n, j, m), risk_ratio(j, m, k, n)
    if k and j:
        assert ratio.lower * inverse.upper == pytest.approx(1, rel=1e-6)
        assert ratio.lower <= ratio.estimate * (1 + 1e-12)
        assert ratio.estimate <= ratio.upper * (1 + 1e-12)


def test_exact_poisson():
    # poisson.test(40)$conf.int
    found = rate(40, 1)
    assert (found.lower, found.upper) == pytest.approx((28.57659, 54.46865), abs=5e-6)
    # poisson.test(c(11, 3), c(800, 1011))$conf.int
    found = rate_ratio(11, 800, 3, 1011)
    assert (found.lower, found.upper) == pytest.approx((1.224065967, 25.867407586), abs=5e-9)
    assert rate(0, 10).lower == 0
    assert math.isinf(rate_ratio(3, 10, 0, 10).upper)


@pytest.mark.parametrize("exposure", [0, -1, math.inf, math.nan])
def test_an_exposure_must_be_positive_and_finite(exposure):
    with pytest.raises(ValueError, match="exposure"):
        rate(1, exposure)
