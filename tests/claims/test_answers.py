"""How far each choice moves the answer, and what would have misled, on a curve small enough to check by hand."""

import pandas as pd
import pytest

from analysis.claims.answers import against_truth, by_option, moved_by, one_at_a_time


@pytest.fixture
def curve():
    rows = [
        ("everyone", "none", 0.10, True), ("everyone", "days_30", 0.13, False),
        ("complete", "none", 0.11, False), ("complete", "days_30", 0.16, False),
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=["followed", "lag", "estimate", "primary"])
    found = found.assign(lower=found["estimate"] - 0.02, upper=found["estimate"] + 0.02, numerator=10, denominator=100)
    found.attrs = {"choices": ["followed", "lag"]}
    return found


def test_moves_by_hand(curve):
    found = moved_by(curve)
    assert found["choice"].tolist() == ["reporting lag", "who is counted"]  # largest move first
    assert found["largest_move"].tolist() == pytest.approx([0.05, 0.03])
    assert found["median_move"].tolist() == pytest.approx([0.04, 0.02])


def test_spread_of_each_option(curve):
    found = by_option(curve).set_index(["choice", "option"])
    assert found.loc[("who is counted", "everyone"), ["lowest", "median", "highest"]].tolist() == pytest.approx(
        [0.1, 0.115, 0.13]
    )


def test_one_choice_at_a_time_from_the_primary(curve):
    found = one_at_a_time(curve)
    assert found["estimate"].tolist() == pytest.approx([0.10, 0.11, 0.13])


def test_what_misled_is_an_interval_that_excludes_the_truth(curve):
    found = against_truth(curve, 0.105)
    assert found["misled"].tolist() == [False, False, True]
    assert against_truth(curve.assign(lower=float("nan")), 0.105)["misled"].isna().all()  # no interval: not known
    assert found["error"].tolist() == pytest.approx([-0.005, 0.005, 0.025])
