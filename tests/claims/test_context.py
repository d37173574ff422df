"""A claim beside other populations: same class together, nearest horizon, both horizons stated."""

import pytest

from analysis.claims.context import context
from analysis.claims.read import one_claim


def test_new_york_in_2009_stands_beside_the_claim_at_one_year(claims):
    found = context(one_claim(claims, "nyc-2018-short-window")).set_index("benchmark_id")
    row = found.loc["nyc-2009"]
    assert (row["days"], round(row["share"], 4)) == (365, 0.334)
    assert row["same_class"]
    assert not row["same_horizon"]
    assert row["why"].startswith("New York City; charged in 2009")


def test_other_outcomes_stand_apart_with_a_reason(claims):
    found = context(one_claim(claims, "nyc-2018-short-window")).set_index("benchmark_id")
    apart = found[~found["same_class"]]
    assert {"broward-2013", "pierce-2017", "north-carolina-1978"} <= set(apart.index)
    assert not found.loc["broward-2013", "same_class"]
    assert found.loc["broward-2013", "same_horizon"]  # 105 days against 105
    assert apart["why"].str.startswith("It counts").all()


def test_the_nearest_horizon_of_each_population_is_taken(claims):
    claim = one_claim(claims, "nyc-2018-short-window").copy()
    claim["follow_up_days"] = 1096
    found = context(claim).set_index("benchmark_id")
    assert found.loc["bjs-2005-9y", "days"] == 1096
    assert found.loc["iowa-parole", "same_horizon"]  # 1095 is within two days of 1096
    assert (found["days"] - 1096).abs().is_monotonic_increasing


def test_annual_figures_and_those_without_a_horizon_are_left_out(claims):
    found = context(one_claim(claims, "nyc-2018-short-window"))
    assert "bjs-scps-2006" not in set(found["benchmark_id"])
    assert found["benchmark_id"].is_unique


def test_a_population_of_which_two_reports_tell_stands_once(claims):
    found = context(one_claim(claims, "nyc-2018-short-window"))
    assert found["population"].is_unique
    assert found[found["population"].str.contains("30 states")]["days"].tolist() == [183]


@pytest.mark.parametrize(
    "claim",
    [
        "mead-2011",  # no follow-up is stated
        "boston-globe-2016",
        "cis-2015-reapprehension",
        "hausman-2020",  # counties, not people
        "cis-2015-arrest-events",  # arrests a person, not a share
    ],
)
def test_a_claim_that_follows_nobody_for_a_known_time_stands_beside_nobody(claims, claim):
    assert context(one_claim(claims, claim)).empty


def test_a_study_of_one_year_stands_beside_others_at_one_year_and_not_beside_itself(claims):
    found = context(one_claim(claims, "rand-2008")).set_index("benchmark_id")
    assert found.loc[["nyc-2009", "bjs-2005-9y", "broward-2013"], "days"].tolist() == [365, 365, 365]
    assert not found.index.str.startswith("rand-la").any()
