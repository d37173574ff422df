import numpy as np
import pytest

from analysis.recidivism.survival import interval, quantile_of_level


def test_where_a_transformation_is_undefined_so_is_the_interval():
    # survival:::survfit_confint(c(0, 1), c(0, 0), logse = FALSE, conf.type, .95)
    ends = np.array([0.0, 1.0])
    for ci, lower in (("log-log", [np.nan, np.nan]), ("log", [np.nan, 1]), ("plain", [0, 1])):
        found = interval(ends, np.zeros(2), ci, 0.95)
        np.testing.assert_array_equal(found[0], lower)
        np.testing.assert_array_equal(found[1], lower)


def test_limits_stay_between_zero_and_one():
    p = np.linspace(0.01, 0.99, 50)
    for ci in ("log-log", "log", "plain"):
        lower, upper = interval(p, np.full(50, 0.3), ci, 0.95)
        assert ((lower >= 0) & (lower <= p) & (p <= upper) & (upper <= 1)).all()
    assert interval(np.array([3.0]), np.array([1.0]), "log", 0.95, ceiling=np.inf)[1][0] > 3


def test_levels():
    assert quantile_of_level(0.95) == pytest.approx(1.959963984540054)
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_of_level(95)
