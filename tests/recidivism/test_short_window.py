import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.short_window import COLUMNS, short_window


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
    frame.attrs = {"time_unit": "day", "row": "episode", "event": "rearrest", "origin": "prepared", "follow_up": None}
    return frame


def lines(table):
    return table.set_index("estimand")


def test_lines_by_hand():
    found = short_window(cohort(), 105)
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
    assert rate["denominator"] == pytest.approx((50 + 105 + 100 + 60 + 30 + 3 * 105) / 365.25)
    unknown = table.loc["range for the unknown share released"]
    assert (unknown["lower"], unknown["upper"]) == pytest.approx((2 / 8, 2 / 6))
    assert set(found.attrs["not_shown"]) == {"any later event"}


def test_the_limits_of_a_curve_are_those_that_the_curve_is_drawn_with():
    frame = pd.DataFrame({"days": [5, 7, 9] + [200] * 7, "event": ["rearrest", "rearrest", "ice_custody"] + [None] * 7})
    frame.attrs = {"time_unit": "day", "row": "person", "event": "rearrest", "origin": "released", "follow_up": 200}
    table = lines(short_window(frame, 105))
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
    other.attrs = frame.attrs
    shares = ["events over episodes", "people over people released", "complete follow-up"]
    first, second = lines(short_window(frame)), lines(short_window(other))
    assert first.loc[shares, "denominator"].tolist() == second.loc[shares, "denominator"].tolist()


def test_any_later_event_needs_follow_up_through_competing_events():
    frame = cohort()
    later = frame.assign(
        event=pd.Categorical(["rearrest", None, "rearrest", None, "rearrest", None, "rearrest", None]),
        days=[50, 300, 104, 60, 30, 200, 150, 200],
    )
    later.attrs = frame.attrs
    table = lines(short_window(frame, 105, later=later))
    # the person in custody at 100 is re-arrested at 104
    assert table.loc["any later event", "estimate"] > table.loc["one minus Kaplan-Meier", "estimate"]
    with pytest.raises(KeyError, match="cause 'rearrest'"):
        short_window(frame, 105, later=later.assign(event="died"))


def test_months_and_unknown_follow_up(recid):
    frame = recid[["days", "event"]].copy()
    frame.attrs = {"time_unit": "month", "row": "person"}
    found = short_window(frame, 365)
    table = lines(found)
    assert round(table.loc["one minus Kaplan-Meier", "estimate"], 6) == 0.126644
    assert found.attrs["rule"].startswith("365 days are taken as 12 months")
    assert "outcomes must not decide" in found.attrs["not_shown"]["complete follow-up"]
    assert table.loc["moved by unequal follow-up", "estimate"] == 0
    frame.attrs["follow_up"] = 70
    assert lines(short_window(frame, 365)).loc["complete follow-up", "denominator"] == 1445


def test_beyond_follow_up_nothing_is_estimated():
    found = lines(short_window(cohort(), 500))
    assert found.loc[["one minus Kaplan-Meier", "Aalen-Johansen"], ["estimate", "lower", "upper"]].isna().all(axis=None)
    assert "complete follow-up" not in found.index


def test_delayed_entry_is_said():
    frame = cohort().assign(entry=[7.0] * 8)
    found = lines(short_window(frame))
    assert found.loc["one minus Kaplan-Meier", "assumes"].startswith("given")
    expected = (50 + 105 + 100 + 60 + 30 + 3 * 105 - 8 * 7) / 365.25
    assert found.loc["rate per person-year", "denominator"] == pytest.approx(expected)


def test_clear_errors():
    with pytest.raises(ValueError, match="no rows"):
        short_window(cohort().iloc[:0])
    with pytest.raises(KeyError, match="'days'"):
        short_window(cohort().drop(columns="days"))
    frame = cohort()
    frame.attrs = {}
    with pytest.raises(ValueError, match="say which cause"):
        short_window(frame)
    assert np.isfinite(short_window(cohort())["estimate"].dropna()).all()
