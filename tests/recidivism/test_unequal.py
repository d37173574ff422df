import numpy as np
import pytest

from analysis.recidivism.unequal import unequal_follow_up


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


def test_own_lengths_and_shares_released():
    spread = unequal_follow_up(40, 440, 3.5, entered=(np.arange(10_000) + 0.5) * 3.5e-4)
    assert spread["risk"].iloc[0] == pytest.approx(0.176134, abs=5e-7)
    shares = unequal_follow_up(40, 440, 3.5, entered="start", released=[1, 0.75, 0.5, 0.25, 0.05])
    np.testing.assert_allclose(shares["risk"], [0.0909091, 0.1212121, 0.1818182, 0.3636364, np.nan], atol=5e-8)
    assert unequal_follow_up(0, 440, 3.5)[["risk", "lower"]].to_numpy().tolist() == [[0, 0]]


def test_clear_errors():
    for options, words in (
        ({"events": 5, "people": 4}, "events"),
        ({"window": 0}, "window"),
        ({"entered": "late"}, "entered"),
        ({"released": 1.2}, "released"),
        ({"entered": [0, 9]}, "lengths"),
    ):
        with pytest.raises(ValueError, match=words):
            unequal_follow_up(**{"events": 1, "people": 4, "window": 3.5, **options})
