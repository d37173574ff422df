import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.recurrent import mean_cumulative, yearly_any
from analysis.recidivism.survival import at


def test_of_r(r_data):
    # f <- survfit(Surv(tstart, tstop, status) ~ treat, cgd, id = id); f$cumhaz and f$std.chaz at 100, 200, 300
    found = mean_cumulative(r_data("cgd"), id="id", time="tstop", event="status", entry="tstart", by="treat")
    expected = [
        [0.246642246642, 0.0654429729706],
        [0.407932569223, 0.0934632636140],
        [0.892971559174, 0.1681891789842],
        [0.031746031746, 0.0220886457992],
        [0.160283045000, 0.0563852022593],
        [0.279480206623, 0.0730211274391],
    ]
    np.testing.assert_allclose(at(found, [100, 200, 300])[["mean", "se"]], expected, rtol=1e-9)
    # the same for Surv(start, stop, event) ~ 1, bladder2 at 10, 20, 40
    found = mean_cumulative(r_data("bladder2"), id="id", time="stop", event="event", entry="start")
    expected = [[0.519281253667, 0.0886006598819], [0.952349191781, 0.1373813661637], [1.761748331505, 0.2407669306121]]
    np.testing.assert_allclose(at(found, [10, 20, 40])[["mean", "se"]], expected, rtol=1e-9)


def test_without_entry_rows_of_a_person_follow_one_another(r_data):
    cgd = r_data("cgd")
    given = mean_cumulative(cgd, id="id", time="tstop", event="status", entry="tstart")
    pd.testing.assert_frame_equal(mean_cumulative(cgd, id="id", time="tstop", event="status"), given)


def test_by_hand_with_two_events_on_one_day():
    frame = pd.DataFrame({"who": list("aaab"), "days": [3, 3, 9, 5], "event": ["arrest", "arrest", None, None]})
    found = mean_cumulative(frame, id="who", time="days", event="event")
    assert found["at_risk"].tolist() == [2, 2, 1]
    assert found["mean"].tolist() == [1, 1, 1]
    # influences of a and b at 3: (2 - 1)/2 and (0 - 1)/2
    assert found["se"].tolist() == pytest.approx([0.5**0.5] * 3)


def test_clear_errors(r_data):
    cgd = r_data("cgd")
    over = pd.DataFrame({"id": [1, 1], "start": [0, 3], "stop": [5, 8], "event": [1, 1]})
    with pytest.raises(ValueError, match="overlap in row 1"):
        mean_cumulative(over, id="id", time="stop", event="event", entry="start")
    with pytest.raises(ValueError, match="two strata"):
        mean_cumulative(over.assign(g=["x", "y"]), id="id", time="stop", event="event", by="g")
    with pytest.raises(ValueError, match="ci"):
        mean_cumulative(cgd, id="id", time="tstop", event="status", ci="log-log")
    with pytest.raises(ValueError, match="count 'event' differs between rows of one person"):
        mean_cumulative(over.assign(event=[1, 0]), id="id", time="stop", event="event", count="event")
    assert len(mean_cumulative(cgd.iloc[:0], id="id", time="tstop", event="status")) == 0


def test_share_with_any_event_in_a_year():
    frame = pd.DataFrame(
        {
            "person_id": list("aabcd"),
            "days": [10, 400, 300, 900, 200],
            "event": ["arrest", "arrest", "arrest", None, "arrest"],
            "follow_up": [800, 800, 800, 900, 300],
        }
    )
    found = yearly_any(frame)
    # d was to be followed for 300 days: no year of theirs counts, though they were arrested
    assert found[["year", "people", "with_event"]].to_numpy().tolist() == [[1, 3, 2], [2, 3, 1]]
    assert found["complete"].tolist() == [False, False]
    assert yearly_any(frame.assign(follow_up=731))["complete"].tolist() == [True, True]
    with pytest.raises(ValueError, match="differs between rows"):
        yearly_any(frame.assign(follow_up=frame["days"]))
