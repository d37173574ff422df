import pandas as pd
import pytest

from analysis.recidivism.recurrent import readings


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
    frame.attrs = {"row": "release", "origin": "released"}
    found = readings(frame, 60)
    assert found["estimate"].tolist() == pytest.approx([3 / 5, 1 / 3, 1 / 3])
    assert found["denominator"].tolist() == pytest.approx([5, 3, 3])
    assert found["unit"].tolist() == ["releases", "people", "people"]


def test_one_row_a_person_makes_no_difference(recid):
    frame = recid[["days", "event"]].assign(person_id=range(len(recid)))
    found = readings(frame, 12)
    assert len(found) == 2
    assert found["estimate"].round(6).tolist() == [0.126644] * 2


def test_a_missing_person_is_refused():
    frame = pd.DataFrame({"person_id": ["a", None], "days": [1, 2], "event": [1, 0]})
    with pytest.raises(ValueError, match="person 'person_id' is missing in row 1"):
        readings(frame, 1)
