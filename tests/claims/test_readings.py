"""The arithmetic of 40 in 440 over 3.5 months, against the numbers of established software and by hand."""

import math

import pytest

from analysis.claims.read import one_claim, read_claims
from analysis.claims.readings import follow_up, follow_up_days, readings, window_months, words_range
from analysis.claims.unfollowed import worst_case


@pytest.fixture(scope="module")
def nyc(claims):
    return one_claim(claims, "nyc-2018-short-window")


def test_the_window_counts_both_ends(nyc, claims):
    assert (follow_up_days(nyc), window_months(nyc)) == (105, 3.5)
    assert window_months(one_claim(claims, "cis-2015-declined-detainers")) == 8
    assert follow_up_days(one_claim(claims, "mead-2011")) is None
    unequal = claims[(claims["follow_up_code"] == "unequal") & claims["follow_up_days"].notna()]
    both_ends = (unequal["window_end"] - unequal["window_start"]).dt.days + 1
    assert unequal["follow_up_days"].tolist() == both_ends.tolist()


def test_follow_up_is_neither_the_month_of_release_nor_the_years_of_intake(claims):
    days = {name: follow_up_days(one_claim(claims, name)) for name in claims["claim_id"]}
    assert days["rand-2008"] == 365  # the window is the month of release
    assert days["boston-globe-2016"] is None  # released from 2008 to 2012; followed for how long is not stated
    assert days["hausman-2020"] is None  # counties by month: nobody is followed
    # people come into view of a re-arrest by ICE when they are arrested again, which is not even over the window
    assert days["cis-2015-reapprehension"] is None
    claim = one_claim(claims, "cis-2015-reapprehension")
    assert readings(claim)["reading"].tolist() == ["stated", "least", "most"]
    assert follow_up(claim).empty


def test_an_unstated_share_released(nyc):
    found = readings(nyc).set_index("reading")
    expected = {"stated": 0.0909, "released 0.75": 0.1212, "released 0.5": 0.1818, "released 0.25": 0.3636}
    assert {name: round(found.loc[name, "estimate"], 4) for name in expected} == expected
    assert found.loc["evenly", ["numerator", "denominator"]].isna().all()  # 17.6 % is not the quotient of 40 and 440
    half = found.loc["released 0.5"]
    assert (half["lower"], half["upper"]) == pytest.approx(
        (0.1364577, 0.2381000), abs=1e-6
    )  # prop.test(40, 220, correct = FALSE)


def test_follow_up_at_the_start_and_evenly(nyc):
    found = follow_up(nyc)
    whole = found[found["released"] == 1].set_index(["entered", "horizon"])
    start, evenly = whole.loc["start"], whole.loc["evenly"]
    assert start.loc[[12, 36], "risk"].tolist() == pytest.approx([0.278756, 0.624814], abs=5e-7)
    assert start.loc[3.5, "time_to_half"] == pytest.approx(25.454, abs=5e-4)
    assert evenly.loc[[3.5, 12, 36], "risk"].tolist() == pytest.approx([0.1761340, 0.485355, 0.863691], abs=5e-7)
    assert evenly.loc[3.5, "exposure"] == pytest.approx(722.59, abs=5e-3)
    x = evenly.loc[3.5, "hazard"] * 3.5
    assert x == pytest.approx(0.1937476, abs=5e-8)
    assert 1 - (1 - math.exp(-x)) / x == pytest.approx(40 / 440)


def test_bounds_if_100_of_the_440_could_not_be_followed(nyc):
    row = worst_case(nyc).set_index("unknown").loc[100]
    assert (row["lower"], row["upper"]) == pytest.approx((0.090909, 0.318182), abs=5e-7)
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((0.0693353, 0.3566811), abs=5e-7)


def test_bounds_leave_out_more_than_could_be_missing(nyc):
    assert worst_case(nyc, unknown=(400, 401))["unknown"].tolist() == [400]


def test_the_words_allow_35_of_450_to_40_of_440(nyc, claims):
    assert words_range(nyc) == pytest.approx((35 / 450, 40 / 440))
    assert words_range(one_claim(claims, "ice-2014-september-update")) is None
    least = readings(nyc).set_index("reading").loc["least"]
    assert (least["numerator"], least["denominator"], round(least["estimate"], 4)) == (35, 450, 0.0778)
    # prop.test(35, 450, correct = FALSE)
    assert (least["lower"], least["upper"]) == pytest.approx((0.0564537254, 0.1062494771), abs=1e-6)
    both = readings(one_claim(claims, "house-2012-secure-communities")).set_index("reading")
    assert both.loc[["least", "most"], "estimate"].tolist() == pytest.approx([26 / 160, 27 / 159])


def test_a_reading_that_would_release_fewer_than_were_rearrested_is_left_out(copied):
    claim = read_claims(copied(0, numerator="150")).iloc[0]
    assert readings(claim)["reading"].tolist() == ["stated", "least", "released 0.75", "released 0.5", "evenly"]
    assert set(follow_up(claim)["released"]) == {1, 0.75, 0.5}


def test_every_other_claim_is_read_only_as_its_text_allows(claims):
    found = {claim["claim_id"]: readings(claim)["reading"].tolist() for _, claim in claims.iterrows()}
    assert found["cis-2015-declined-detainers"] == ["stated", "evenly"]  # all were released
    assert found["cis-2015-arrest-events"] == []  # arrests over people are no share
    assert found["rand-2008"] == []


def test_swapping_the_numerator_changes_the_readings_and_not_those_of_another_claim(copied, nyc):
    changed = read_claims(copied(0, numerator="30"))
    assert readings(changed.iloc[0])["estimate"].tolist() != readings(nyc)["estimate"].tolist()
    assert readings(changed.iloc[3]).equals(readings(read_claims(copied(0)).iloc[3]))
