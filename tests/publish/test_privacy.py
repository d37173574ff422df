import numpy as np
import pandas as pd
import pytest

from analysis.publish.curves import release_curve
from analysis.publish.privacy import release
from analysis.publish.rule import FEWER, WITHHELD, ReleaseError

GROUPS = pd.DataFrame(
    {
        "group": ["a", "b", "c"],
        "numerator": [40, 7, 95],
        "denominator": [440, 60, 100],
        "estimate": [40 / 440, 7 / 60, 0.95],
        "lower": [0.07, 0.05, 0.88],
        "upper": [0.12, 0.22, 0.98],
    }
)


def test_public_data_pass_unchanged():
    released = release(GROUPS, "public")
    pd.testing.assert_frame_equal(released.frame, GROUPS)
    assert not released.withheld.to_numpy().any()
    assert released.note == ""


def test_a_small_count_takes_its_rate_and_interval_with_it_and_so_does_a_small_complement():
    released = release(GROUPS, "restricted")
    assert released.withheld["numerator"].tolist() == [False, True, True]  # 7, and 100 - 95
    for column in ("estimate", "lower", "upper"):
        assert released.withheld[column].tolist() == [False, True, True]
        assert released.frame[column].isna().tolist() == [False, True, True]
    assert released.withheld["denominator"].tolist() == [False, False, False]
    assert released.mark == WITHHELD  # 95 is not fewer than 10: one word for both
    assert "under 10" in released.note


def test_a_lone_small_count_is_said_to_be_fewer_than_ten():
    released = release(GROUPS.iloc[:2], "restricted", whole=False)
    assert released.mark == FEWER
    assert released.text("numerator", 1) == "fewer than 10"
    assert released.text("numerator", 0) is None


def test_a_row_of_totals_is_recognised_and_gives_nothing_away():
    frame = pd.DataFrame({"place": ["a", "b", "c", "All"], "count": [30, 4, 20, 54]})
    released = release(frame, "restricted")
    assert released.withheld["count"].tolist() == [False, True, True, False]
    assert released.mark == WITHHELD


def test_a_column_that_is_the_sum_of_the_others_is_recognised():
    frame = pd.DataFrame({"year": [2013, 2014], "arrests": [30, 4], "releases": [25, 25], "people": [55, 29]})
    released = release(frame, "restricted", free=["year"], whole=False)
    assert released.withheld.loc[1, ["arrests", "releases"]].all()
    assert not released.withheld.loc[0].any()


def test_parts_of_a_whole_that_is_known_elsewhere():
    frame = pd.DataFrame({"month": ["Jan", "Feb", "Mar"], "count": [5, 30, 20]})
    assert release(frame, "restricted").withheld["count"].tolist() == [True, False, True]
    assert release(frame, "restricted", whole=False).withheld["count"].tolist() == [True, False, False]
    assert release(frame.iloc[:1], "restricted").withheld["count"].tolist() == [True]  # nothing else to take along


def test_a_group_of_four_cannot_be_had_by_subtraction_from_a_total_given_elsewhere():
    frame = pd.DataFrame({"sex": ["male", "female", "unknown"], "events": [300, 96, 4], "people": [900, 340, 12]})
    shown = release(frame, "restricted").frame
    assert shown["events"].isna().tolist() == [False, True, True]  # else 400 - 300 - 96
    assert shown["people"].tolist() == [900, 340, 12]


def test_an_undeclared_whole_number_is_refused_also_where_it_is_stored_as_a_fraction():
    for values in ([1, 2, 3], [1.0, np.nan, 3.0], pd.array([1, None, 3], dtype="Int64")):
        frame = pd.DataFrame({"place": list("abc"), "seen": values})
        with pytest.raises(ReleaseError, match=r"'seen'.*counts="):
            release(frame, "restricted")
        release(frame, "restricted", counts=["seen"])
        release(frame, "restricted", free=["seen"])


def test_a_rate_without_a_count_is_refused():
    with pytest.raises(ReleaseError, match=r"'estimate'.*rests on no declared count"):
        release(GROUPS[["group", "estimate"]], "restricted")
    release(GROUPS[["group", "estimate"]], "restricted", free=["estimate"])


def test_a_rate_that_gives_away_a_small_count_is_withheld_although_the_count_is_not_shown():
    frame = pd.DataFrame(
        {"group": ["a", "b"], "at_risk": [500, 500], "conditional": [0.2, 2 / 500], "lower": [0.1, 0.001]}
    )
    released = release(frame, "restricted")
    assert released.withheld["conditional"].tolist() == [False, True]
    assert released.withheld["lower"].tolist() == [False, True]


def test_a_rate_rests_on_the_counts_it_names():
    frame = pd.DataFrame({"n": [50], "k": [3], "other": [40], "a": [3 / 50], "b": [0.8]})
    released = release(frame, "restricted", counts=["n", "k", "other"], rates={"a": ["k", "n"], "b": ["other", "n"]})
    assert released.withheld.loc[0, ["k", "a"]].all()
    assert not released.withheld.loc[0, ["n", "other", "b"]].any()


def test_unrelated_columns_are_not_taken_for_parts():
    frame = pd.DataFrame({"arrests": [50, 60], "detainers": [55, 66]})
    assert release(frame, "restricted").withheld["arrests"].all()
    assert not release(frame, "restricted", of={}).withheld.to_numpy().any()


@pytest.mark.parametrize(
    "argument", [{"counts": ["numeratr"]}, {"free": ["numeratr"]}, {"of": {"numeratr": "denominator"}}]
)
def test_a_misspelt_declaration_names_the_nearest_column(argument):
    with pytest.raises(ReleaseError, match="did you mean 'numerator'"):
        release(GROUPS, "restricted", **argument)


@pytest.mark.parametrize("disclosure", ["Public", "", None, "open"])
def test_an_unknown_disclosure_is_refused(disclosure):
    with pytest.raises(ReleaseError, match="expected one of 'public', 'restricted'"):
        release(GROUPS, disclosure)
    with pytest.raises(ReleaseError, match="expected one of"):
        release_curve(pd.DataFrame({"time": [1], "at_risk": [1], "events": [1]}), disclosure)


def test_curves_are_released_group_by_group():
    one = pd.DataFrame(
        {"time": [1, 2, 3, 4], "at_risk": [100, 95, 90, 85], "events": [5, 5, 5, 5], "survival": [0.95, 0.9, 0.85, 0.8]}
    )
    both = pd.concat([one.assign(sex="female"), one.assign(sex="male", events=[2, 1, 0, 0], at_risk=[40, 38, 37, 37])])
    released = release_curve(both, "restricted", by=["sex"])
    assert released[["sex", "time"]].to_numpy().tolist() == [["female", 2], ["female", 4]]
    assert len(release_curve(both, "public", by=["sex"])) == 8


def test_counts_that_grow_from_row_to_row_do_not_give_away_what_came_between():
    frame = pd.DataFrame({"days": [30, 60, 90, 365], "events": [20, 45, 48, 90]})
    released = release(frame, "restricted", counts=["events"], free=["days"], nested=["events"])
    assert released.withheld["events"].tolist() == [False, True, False, False]  # 48 - 45
    assert not release(frame, "restricted", counts=["events"], free=["days"], nested=[]).withheld.to_numpy().any()


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ReleaseError, match="same name"):
        release(pd.DataFrame([[1, 2]], columns=["a", "a"]), "public")


def test_numbers_at_risk_do_not_give_away_the_events_between():
    frame = pd.DataFrame({"months": [1, 2, 3], "at_risk": [1445, 1437, 1400], "events": [8, 23, 37]})
    released = release(frame, "restricted", free=["months"])
    assert released.withheld["at_risk"].tolist() == [False, True, False]  # 1445 - 1437 is the 8 of the first month
    assert released.withheld["events"].tolist() == [True, False, False]
    assert not release(frame, "restricted", free=["months"], nested=[]).withheld["at_risk"].any()


def test_groups_side_by_side_are_not_nested():
    frame = pd.DataFrame({"group": ["a", "b"], "at_risk": [100, 105], "events": [40, 45]})
    assert not release(frame, "restricted").withheld.to_numpy().any()
