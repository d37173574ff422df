import pandas as pd
import pytest

from analysis.recidivism.recurrent import yearly_any


def test_share_with_any_event_in_a_year():
    frame = pd.DataFrame(
        {
            "who": list("aabcd"),
            "days": [10, 400, 300, 900, 200],
            "event": ["arrest", "arrest", "arrest", None, "arrest"],
            "planned": [800, 800, 800, 900, 300],
        }
    )
    found = yearly_any(frame, id="who", time="days", event="event", follow_up="planned")
    # d was to be followed for 300 days: no year of theirs counts, though they were arrested
    assert found[["year", "people", "with_event"]].to_numpy().tolist() == [[1, 3, 2], [2, 3, 1]]
    assert found["complete"].tolist() == [False, False]
    assert yearly_any(frame, id="who", time="days", event="event", follow_up=731)["complete"].tolist() == [True, True]


def test_follow_up_belongs_to_a_person(r_data):
    with pytest.raises(ValueError, match="differs between rows"):
        yearly_any(r_data("cgd"), id="id", time="tstop", event="status", follow_up="tstop")
