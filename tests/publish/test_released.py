"""The one door: counts rounded, shares the quotients of what stands beside them, two digits of the rest, nothing undeclared."""

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis.data.rounding import midpoint, wilson
from analysis.publish import figures
from analysis.publish.released import NOTE, ReleaseError, release

FRAME = pd.DataFrame({"place": ["a", "b", "c"], "numerator": [4, 40, 0], "denominator": [8, 400, 60]}).assign(
    estimate=lambda f: f["numerator"] / f["denominator"], lower=0.01, upper=0.9
)


@pytest.mark.parametrize("disclosure", ["public", "internal"])
def test_exact_data_pass_as_they_are(disclosure):
    released = release(FRAME, disclosure)
    pd.testing.assert_frame_equal(released.frame, FRAME)
    assert released.note == ""


def test_shares_are_the_quotients_of_the_counts_beside_them_with_wilsons_limits():
    released = release(FRAME, "restricted")
    shown = released.frame.set_index("place")
    assert shown["numerator"].to_dict() == {"a": 3, "b": 39, "c": 0}
    assert shown["denominator"].to_dict() == {"a": 9, "b": 399, "c": 57}
    assert (shown["estimate"] == shown["numerator"] / shown["denominator"]).all()
    low, high = wilson(shown["numerator"], shown["denominator"])
    assert shown["lower"].to_numpy() == pytest.approx(low)
    assert shown["upper"].to_numpy() == pytest.approx(high)
    assert released.note == NOTE
    assert min(released.sizes) == 9


def test_rounding_twice_changes_nothing():
    once = release(FRAME, "restricted").frame
    pd.testing.assert_frame_equal(release(once, "restricted").frame, once)


def test_per_cent_and_rows_that_are_no_quotients():
    frame = pd.DataFrame({"what": ["a", "b"], "people": [50, 60], "hit": [5, 7], "per_100": [10.0, 12.5]})
    shown = release(frame, "restricted", counts=["people", "hit"]).frame
    assert shown["per_100"].tolist() == pytest.approx([100 * 3 / 51, 12.5])  # the second is read off a rounded curve


def test_what_rests_on_people_has_two_digits_and_limits_rebuilt():
    frame = pd.DataFrame(
        {"design": ["a"], "difference": [-0.03456], "lower": [-0.05678], "upper": [-0.01234], "other": [0.1234]}
    )
    shown = release(frame, "restricted", free=["difference", "lower", "upper", "other"]).frame.iloc[0]
    assert shown[1:].tolist() == pytest.approx([-0.035, -0.057, -0.013, 0.12])


def test_a_free_whole_number_is_a_count_unless_its_name_says_that_it_counts_nobody():
    frame = pd.DataFrame({"file": ["a", "b"], "rows in": [431, 8], "year": [2014, 2015], "known": [1.0, 1.0]})
    shown = release(frame, "restricted", free=["rows in", "year", "known"]).frame
    assert shown["rows in"].tolist() == [429, 9]
    assert shown["year"].tolist() == [2014, 2015]
    assert shown["known"].tolist() == [1.0, 1.0]


def test_person_years_of_a_rounded_life_table_stay():
    frame = pd.DataFrame({"unit": ["people", "per year"], "numerator": [45, 45], "denominator": [297, 74.97], "estimate": [45 / 297, 45 / 74.97],
                          "lower": [0.1, 0.4], "upper": [0.2, 0.7]})  # fmt: skip
    shown = release(frame, "restricted").frame.iloc[1]
    assert shown[["numerator", "denominator", "lower", "upper"]].tolist() == [45, 74.97, 0.4, 0.7]
    assert shown["estimate"] == pytest.approx(45 / 74.97)


@pytest.mark.parametrize("declared", [{}, {"counts": ["n"]}])
def test_whole_numbers_that_nobody_declared_are_refused(declared):
    frame = pd.DataFrame({"n": [40, 50], "people_here": [4, 5]})
    with pytest.raises(ReleaseError, match="'people_here' holds whole numbers"):
        release(frame, "restricted", **declared)


def test_a_number_without_a_count_and_a_name_that_is_not_there_are_refused():
    with pytest.raises(ReleaseError, match="rests on no declared count"):
        release(pd.DataFrame({"x": [0.5]}), "restricted")
    with pytest.raises(ReleaseError, match="did you mean 'count'"):
        release(pd.DataFrame({"count": [5]}), "restricted", counts=["cuont"])
    with pytest.raises(ReleaseError, match="disclosure is 'secret'"):
        release(FRAME, "secret")


def test_the_order_of_exact_counts_is_not_shown():
    frame = pd.DataFrame({"place": list("dbcae"), "count": [30, 29, 28, 27, 2]})
    shown = release(frame, "restricted").frame
    assert shown["place"].tolist() == list("abcde")  # 27 to 30 are all shown as 27
    by_time = pd.DataFrame({"year": [1, 2, 3], "at_risk": [30, 29, 28]})
    assert release(by_time, "restricted").frame["year"].tolist() == [1, 2, 3]


def test_rows_whose_total_would_tell_of_them_are_joined():
    frame = pd.DataFrame({"reason": list("abcdef"), "count": [1, 1, 1, 1, 1, 0]})
    shown = release(frame, "restricted").frame
    assert "other" in set(shown["reason"])
    assert len(shown) < len(frame)


def test_missing_counts_stay_missing():
    frame = pd.DataFrame({"place": ["a", "b"], "count": pd.array([4, None], dtype="Int64")})
    assert release(frame, "restricted").frame["count"].isna().tolist() == [False, True]


def test_a_curve_that_is_not_of_rounded_counts_is_refused_on_restricted_data():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"days": rng.integers(1, 300, 400), "event": rng.choice(["a", None], 400)})
    exact = analysis.cumulative_incidence(analysis.life_table(frame), "a")
    with pytest.raises(ReleaseError, match="make it from"):
        figures.curve(exact, value="incidence").released("restricted")
    from analysis.data import rounding

    rounded = analysis.cumulative_incidence(rounding.life_table(analysis.life_table(frame), 6), "a")
    drawn = figures.curve(rounded, value="incidence").released("restricted")
    assert (midpoint(drawn.table["events"].cumsum()) == drawn.table["events"].cumsum()).all()
    assert "rounded counts" in drawn.alt
