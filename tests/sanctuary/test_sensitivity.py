"""E-values and worst-case bounds against published figures and arithmetic by hand."""

import pytest

import analysis


def test_e_value_of_a_published_ratio():
    # VanderWeele and Ding (2017): a risk ratio of 3.9 with lower limit 1.8
    found = analysis.e_value(3.9, limit=1.8)
    assert found.estimate == pytest.approx(7.263034, abs=5e-7)
    assert found.limit == pytest.approx(3.0, abs=5e-7)


def test_a_ratio_under_one_is_inverted_and_an_interval_over_one_gives_one():
    assert analysis.e_value(1 / 3.9).estimate == pytest.approx(analysis.e_value(3.9).estimate)
    assert analysis.e_value(1.2, limit=0.9).limit == 1.0
    assert analysis.e_value(1.0).estimate == 1.0


def test_bounds_where_some_could_not_be_followed():
    found = analysis.bounds(40, 440, unknown=100)
    assert found.lower == pytest.approx(40 / 440)
    assert found.upper == pytest.approx(140 / 440)
    # Imbens and Manski (2004), 95 % interval for the share itself
    assert (found.ci_lower, found.ci_upper) == pytest.approx((0.068366, 0.354705), abs=5e-7)


def test_bounds_without_anyone_unknown_are_the_share():
    found = analysis.bounds(40, 440, unknown=0)
    assert found.lower == found.upper == pytest.approx(40 / 440)
    assert found.ci_lower < found.lower < found.ci_upper
