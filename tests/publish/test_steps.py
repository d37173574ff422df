import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.publish.steps import merge_steps


def curve_of(times, events):
    """The life table of people who leave at ``times``, with or without an event, and its Kaplan-Meier estimate."""
    times, events = np.array(times), np.array(events)
    distinct = np.unique(times)
    at_risk = np.array([(times >= t).sum() for t in distinct])
    d = np.array([events[times == t].sum() for t in distinct])
    return pd.DataFrame({"time": distinct, "at_risk": at_risk, "events": d, "survival": np.cumprod(1 - d / at_risk)})


PEOPLE = st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=300)


@settings(max_examples=150, deadline=None)
@given(PEOPLE)
def test_no_released_step_reveals_a_small_count(people):
    curve = curve_of([t for t, _ in people], [e for _, e in people])
    released = merge_steps(curve, 10, "time", "at_risk", "events").reset_index(drop=True)
    n, d = released["at_risk"].to_numpy(), released["events"].to_numpy()
    assert (d >= 10).all()
    assert (n >= 10).all()
    left = n[:-1] - n[1:] - d[:-1]
    assert (((left == 0) | (left >= 10)) if len(left) else np.array([True])).all()
    if len(released):
        remaining = n[-1] - d[-1]
        assert remaining >= 10


@settings(max_examples=50, deadline=None)
@given(PEOPLE)
def test_the_released_estimates_are_those_of_the_whole_curve(people):
    curve = curve_of([t for t, _ in people], [e for _, e in people])
    released = merge_steps(curve, 10, "time", "at_risk", "events")
    whole = curve.set_index("time")["survival"]
    assert (whole[released["time"]].to_numpy() == released["survival"].to_numpy()).all()
    assert released["events"].sum() <= curve["events"].sum()


def test_by_hand_five_events_a_day_are_merged_in_twos_and_the_last_is_dropped():
    curve = pd.DataFrame({"time": [1, 2, 3, 4, 5], "at_risk": [100, 95, 90, 85, 80], "events": [5] * 5})
    released = merge_steps(curve, 10, "time", "at_risk", "events")
    assert released["time"].tolist() == [2, 4]
    assert released["at_risk"].tolist() == [100, 90]
    assert released["events"].tolist() == [10, 10]


def test_three_people_who_leave_view_within_a_step_are_not_to_be_counted():
    curve = pd.DataFrame({"time": [1, 2, 3, 4], "at_risk": [100, 87, 70, 57], "events": [10, 17, 13, 12]})
    released = merge_steps(curve, 10, "time", "at_risk", "events")
    assert released["time"].tolist() == [4]  # 100 - 10 is 90, not 87: no step may end between
    assert merge_steps(curve.assign(at_risk=[100, 90, 73, 60]), 10, "time", "at_risk", "events")["time"].tolist() == [
        1,
        2,
        3,
        4,
    ]


def test_too_few_people_have_no_curve():
    curve = curve_of(range(1, 20), [True] * 19)
    assert merge_steps(curve, 10, "time", "at_risk", "events").empty


def test_a_step_ends_where_it_is_wanted_if_it_safely_can():
    # 200 people, one event a day: greedy steps end on days 10, 20, 30, 40 ...; a window of 35 days asks for one there
    curve = pd.DataFrame({"time": np.arange(1, 101), "at_risk": np.arange(200, 100, -1), "events": 1})
    plain = merge_steps(curve, 10, "time", "at_risk", "events")
    asked = merge_steps(curve, 10, "time", "at_risk", "events", ends=[35, 4])
    assert plain["time"].tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert asked["time"].tolist() == [10, 20, 35, 45, 55, 65, 75, 85, 95]  # day 4 holds too few events to end a step
    assert asked["events"].min() >= 10
    assert asked["at_risk"].tolist()[:4] == [200, 190, 180, 165]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.lists(st.integers(1, 80), max_size=4))
def test_asking_for_ends_never_releases_an_unsafe_step(events, ends):
    events = np.array(events)
    n = 400 - np.append(0, np.cumsum(events)[:-1])
    curve = pd.DataFrame({"time": np.arange(1, len(events) + 1), "at_risk": n, "events": events})
    released = merge_steps(curve, 10, "time", "at_risk", "events", ends=ends)
    again = merge_steps(released, 10, "time", "at_risk", "events")
    assert (released["events"] >= 10).all()
    pd.testing.assert_frame_equal(released.reset_index(drop=True), again.reset_index(drop=True))


def test_a_count_that_is_stated_is_that_of_a_step_though_a_usual_window_lies_before_it():
    # 19 events by day 60 and 9 more by day 105: a page that says 28 by day 105 and draws 19 by day 60 tells the 9
    curve = pd.DataFrame({"time": [30, 60, 105, 180], "at_risk": [275, 270, 256, 247], "events": [5, 14, 9, 20]})
    usual = merge_steps(curve, 10, "time", "at_risk", "events", ends=[30, 60, 105, 180])
    assert usual["time"].tolist() == [60, 180]
    stated = merge_steps(curve, 10, "time", "at_risk", "events", ends=[30, 60, 105, 180], stated=[105])
    assert stated["time"].tolist() == [105, 180]
    assert stated["events"].tolist() == [28, 20]
