import math

import pytest

from analysis.recidivism.proportions import rate, rate_ratio


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
