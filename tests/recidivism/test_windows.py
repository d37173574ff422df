import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.cohort import as_cohort
from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier
from analysis.recidivism.windows import (
    COLUMNS,
    ESTIMANDS,
    by_group,
    estimands,
    readings,
    short_window,
    units_per_year,
    window,
)


def cohort():
    frame = pd.DataFrame(
        {
            "person_id": ["a", "a", "b", "c", "d", "e", "f", "g"],
            "released": pd.to_datetime(["2020-01-01"] * 6 + [None, None]),
            "follow_up": [400, 300, 400, 60, 60, 200, 200, 200],
            "days": [50, 300, 100, 60, 30, 200, 150, 200],
            "event": pd.Categorical(["rearrest", None, "ice_custody", None, "rearrest", None, "rearrest", None]),
        }
    )
    return frame


def made(frame=None, **meaning):
    given = {"event": "rearrest", "row": "episode", "origin": "prepared", **meaning}
    return as_cohort(cohort() if frame is None else frame, **given)


def lines(table):
    return table.set_index("estimand")


def test_lines_by_hand():
    found = short_window(made(), 105)
    assert list(found.columns) == COLUMNS
    table = lines(found)
    assert table.loc["events over episodes", ["numerator", "denominator", "estimate"]].tolist() == [2, 8, 0.25]
    # people with a release: a, b, c, d, e; of them a and d
    assert table.loc["people over people released", ["numerator", "denominator"]].tolist() == [2, 5]
    # c and d were to be followed for 60 days, whatever happened to them
    assert table.loc["complete follow-up", ["numerator", "denominator"]].tolist() == [1, 6]
    # at 30: 1/8; at 50: 1/7 of the rest; the person censored at 60 and the one in custody at 100 leave before day 105
    assert table.loc["one minus Kaplan-Meier", "estimate"] == pytest.approx(0.25)
    assert table.loc["Aalen-Johansen", "estimate"] == pytest.approx(0.25)
    assert table.loc["moved by counting people", "estimate"] == pytest.approx(2 / 7 - 2 / 8)
    rate = table.loc["rate per person-year"]
    assert rate["person_years"] == pytest.approx((50 + 105 + 100 + 60 + 30 + 3 * 105) / 365.25)
    unknown = table.loc["range for the unknown share released"]
    assert (unknown["lower"], unknown["upper"]) == pytest.approx((2 / 8, 2 / 6))
    assert set(found.attrs["not_shown"]) == {"any later event"}


def test_the_limits_of_a_curve_are_those_that_the_curve_is_drawn_with():
    frame = pd.DataFrame({"days": [5, 7, 9] + [200] * 7, "event": ["rearrest", "rearrest", "ice_custody"] + [None] * 7})
    table = lines(short_window(made(frame, row="person", origin="released", follow_up=200), 105))
    # nobody is lost by day 105: 2 of 10, its variance that of a share, the interval on the scale of its logarithm
    move = np.exp(1.959964 * np.sqrt(0.2 * 0.8 / 10) / 0.2)
    limits = table.loc["Aalen-Johansen", ["estimate", "lower", "upper"]].tolist()
    assert limits == pytest.approx([0.2, 0.2 / move, 0.2 * move], rel=1e-6)


def test_outcomes_change_no_denominator():
    frame = cohort()
    other = frame.assign(
        event=pd.Categorical(["ice_custody", "rearrest", None, "rearrest", None, "rearrest", None, None]),
        days=frame["follow_up"],
    )
    shares = ["events over episodes", "people over people released", "complete follow-up"]
    first, second = lines(short_window(made(frame))), lines(short_window(made(other)))
    assert first.loc[shares, "denominator"].tolist() == second.loc[shares, "denominator"].tolist()


def test_any_later_event_needs_follow_up_through_competing_events():
    frame = cohort()
    later = frame.assign(
        event=pd.Categorical(["rearrest", None, "rearrest", None, "rearrest", None, "rearrest", None]),
        days=[50, 300, 104, 60, 30, 200, 150, 200],
    )
    table = lines(short_window(made(frame), 105, later=made(later)))
    # the person in custody at 100 is re-arrested at 104
    assert table.loc["any later event", "estimate"] > table.loc["one minus Kaplan-Meier", "estimate"]
    with pytest.raises(ValueError, match="later must be the same cohort"):
        short_window(made(frame), 105, later=made(later, event="died"))


def test_months_and_unknown_follow_up(recid):
    frame = recid[["days", "event"]].copy()
    known = {"event": "return_to_prison", "time_unit": "month", "row": "person", "origin": "released"}
    found = short_window(made(frame, **known), 365)
    table = lines(found)
    assert round(table.loc["one minus Kaplan-Meier", "estimate"], 6) == 0.126644
    assert found.attrs["rule"].startswith("365 days are taken as 12 months")
    assert "outcomes must not decide" in found.attrs["not_shown"]["complete follow-up"]
    assert table.loc["moved by unequal follow-up", "estimate"] == 0
    assert lines(short_window(made(frame, **known, follow_up=70), 365)).loc["complete follow-up", "denominator"] == 1445


def test_beyond_follow_up_nothing_is_estimated():
    found = lines(short_window(made(), 500))
    assert found.loc[["one minus Kaplan-Meier", "Aalen-Johansen"], ["estimate", "lower", "upper"]].isna().all(axis=None)
    assert "complete follow-up" not in found.index


def test_delayed_entry_is_said():
    frame = cohort().assign(entry=[7.0] * 8)
    found = lines(short_window(made(frame)))
    assert found.loc["one minus Kaplan-Meier", "assumes"].startswith("given")
    expected = (50 + 105 + 100 + 60 + 30 + 3 * 105 - 8 * 7) / 365.25
    assert found.loc["rate per person-year", "person_years"] == pytest.approx(expected)


def test_clear_errors():
    with pytest.raises(ValueError, match="no rows"):
        short_window(made(cohort().iloc[:0]))
    for function in (short_window, lambda frame: readings(frame, 60)):
        with pytest.raises(TypeError, match="as_cohort"):
            function(cohort())
    assert np.isfinite(short_window(made())["estimate"].dropna()).all()


@pytest.mark.parametrize("by", [(), ("person_id",)])
def test_counts_give_what_the_rows_give(by):
    people = made(cohort() if by else cohort().drop(columns="person_id"), row="person", follow_up=400)
    counted = people.count(["released", "follow_up", *by])
    assert counted.frame["count"].sum() == len(people)
    ours, same = short_window(people, 105), short_window(counted, 105)
    if by:  # who is who is known: every line
        pd.testing.assert_frame_equal(same, ours)
    shared = ["events over people", "one minus Kaplan-Meier", "Aalen-Johansen", "rate per person-year"]
    pd.testing.assert_frame_equal(lines(same).loc[shared], lines(ours).loc[shared])


def test_side_by_side(r_data):
    mgus = r_data("mgus2")
    later = mgus.assign(days=mgus["time"], event=mgus["event"].where(mgus["event"] == "pcm"))
    frame = mgus.assign(days=mgus["time"])
    frame, later = (as_cohort(rows, event="pcm", time_unit="month") for rows in (frame, later))
    found = estimands(frame, [60, 120], later=later, by="sex")
    assert list(found["estimand"].unique()) == list(ESTIMANDS)
    assert len(found) == 3 * 2 * 2
    life = life_table(frame, by="sex")
    first = at(cumulative_incidence(life, "pcm"), [60, 120])["incidence"].tolist()
    censored = (1 - at(kaplan_meier(life, "pcm"), [60, 120])["survival"]).tolist()
    assert found["estimate"].tolist() == pytest.approx(first + censored + censored)
    assert (found["lower"] <= found["estimate"]).all()
    assert (found["estimate"] <= found["upper"]).all()


def test_releases_and_people_by_hand():
    # a comes back after each of three releases, b and c never do
    frame = pd.DataFrame(
        {
            "person_id": ["a", "a", "a", "b", "c"],
            "released": pd.to_datetime(["2020-03-01", "2020-01-01", "2020-02-01", "2020-01-05", "2020-01-06"]),
            "days": [20, 20, 20, 90, 90],
            "event": ["rearrest", "rearrest", "rearrest", None, None],
        }
    )
    found = readings(as_cohort(frame, event="rearrest", row="release"), 60)
    assert found["estimate"].tolist() == pytest.approx([3 / 5, 1 / 3, 1 / 3])
    assert found["denominator"].tolist() == pytest.approx([5, 3, 3])
    assert found["unit"].tolist() == ["releases", "people", "people"]


def test_one_row_a_person_makes_no_difference(recid):
    frame = recid[["days", "event"]].assign(person_id=range(len(recid)))
    found = readings(as_cohort(frame, event="return_to_prison", origin="released"), 12)
    assert len(found) == 2
    assert found["estimate"].round(6).tolist() == [0.126644] * 2


def test_a_missing_person_is_refused():
    frame = pd.DataFrame({"person_id": ["a", None], "days": [1, 2], "event": [1, 0]})
    with pytest.raises(ValueError, match="person 'person_id' is missing in row 1"):
        readings(as_cohort(frame, event="event"), 1)


@pytest.mark.parametrize(
    ("days", "unit", "whole", "length"),
    [
        (105, "day", True, 105),
        (105, "week", True, 15),
        (105, "month", True, 3),  # 3.45 months: the last whole month within the window
        (105, "month", False, 105 / 30.4375),
        (90, "month", True, 3),
        (365, "month", True, 12),
        (1095, "year", True, 3),
        (180, "month", True, 5),
    ],
)
def test_conversion(days, unit, whole, length):
    found = window(days, unit, whole)
    assert found.length == pytest.approx(length)
    assert f"{days:g} days" in found.rule


def test_refusals():
    with pytest.raises(ValueError, match="no window shorter than one month"):
        window(20, "month", True)
    with pytest.raises(ValueError, match="time_unit must be one of"):
        window(20, "fortnight", True)
    with pytest.raises(ValueError, match="positive"):
        window(0, "day", True)
    assert units_per_year("month") == 12


def test_the_share_in_each_group_by_hand_those_without_one_apart():
    frame = pd.DataFrame({"days": [10, 200, 200, 20, 200], "event": ["rearrest", None, None, "rearrest", None]})
    people = as_cohort(frame.assign(group=["a", "a", "b", "b", None]), "rearrest")
    found = by_group(people, "group", [15, 100]).set_index("label")
    assert found["estimate"].to_dict() == {"a": 0.5, "b": 0.5, "unknown": 0.0}
    assert found.loc[["a", "b"], ["numerator", "denominator", "time"]].to_numpy().tolist() == [[1, 2, 100]] * 2
