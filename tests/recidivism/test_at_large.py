"""Events over time at large, by hand: from the release on, with custody taken out, people without a release beside."""

import pandas as pd
import pytest

import analysis
from analysis.data.errors import InputError
from analysis.recidivism.at_large import at_large
from analysis.recidivism.cohort import as_cohort


def test_from_a_release_all_of_the_follow_up_counts():
    frame = pd.DataFrame({"days": [100, 265, 365.5], "event": ["rearrest", "removed", None], "sex": ["m", None, "m"]})
    found = at_large(as_cohort(frame, event="rearrest", competing=("removed",))).iloc[0]
    assert found[["people", "released", "events"]].tolist() == [3, 3, 1]
    assert found["person_years"] == pytest.approx(2)
    # the exact interval of one event, from tables of the Poisson distribution: 0.0253 to 5.5716
    assert found[["rate", "lower", "upper"]].tolist() == pytest.approx([0.5, 0.025318 / 2, 5.571643 / 2], rel=1e-4)
    by = at_large(as_cohort(frame, event="rearrest"), by="sex").set_index("sex")
    assert by["people"].to_dict() == {"m": 2, "unknown": 1}
    assert by["person_years"].sum() == pytest.approx(2)


def test_from_a_detainer_time_begins_with_the_release():
    frame = pd.DataFrame(
        {
            "prepared": pd.Timestamp("2020-01-01"),
            "released": pd.to_datetime(["2020-01-11", None, "2020-03-01", "2019-12-01"]),
            "days": [50, 300, 20, 10],  # the third is taken before the release, the fourth was free already
            "event": ["rearrest", None, "ice_custody", None],
        }
    )
    found = at_large(as_cohort(frame, event="rearrest", origin="prepared")).iloc[0]
    assert found[["people", "released", "events"]].tolist() == [4, 2, 1]
    assert found["person_years"] == pytest.approx((40 + 10) / 365.25)


def test_custody_after_the_release_is_taken_out(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    folder = tmp_path / "data" / "raw" / "jail"
    folder.mkdir(parents=True)
    # out on 1 January, in again from the 11th (an arrest elsewhere, not on file) to the 21st, re-arrested on the 31st
    (folder / "r.csv").write_text("id,in,out\na,2019-12-01,2020-01-01\na,2020-01-11,2020-01-21\n")
    (folder / "a.csv").write_text("id,on\na,2020-01-31\n")
    (folder / "dataset.toml").write_text(
        'title = "T"\nkind = "synthetic"\nsource = "made"\ndata_end = { arrests = 2020-12-31 }\n'
        '[[files]]\ntable = "releases"\npath = "r.csv"\n[files.columns]\nperson_id = "id"\nbooked = "in"\nreleased = "out"\n'
        '[[files]]\ntable = "arrests"\npath = "a.csv"\n[files.columns]\nperson_id = "id"\narrested = "on"\n'
    )
    people = analysis.cohort(analysis.open_dataset("jail"))
    found = analysis.at_large(people).iloc[0]
    assert (found["events"], people.frame["days"].tolist()) == (1, [30])
    assert found["person_years"] == pytest.approx((10 + 10) / 365.25)
    with pytest.raises(InputError, match="counts hold no dates"):
        analysis.at_large(people.count())


def test_counts_give_what_the_rows_give_where_no_dates_are_needed():
    frame = pd.DataFrame(
        {"days": [5, 5, 9, 9, 9], "event": ["rearrest", None, None, None, "died"], "sex": list("mmfff")}
    )
    people = as_cohort(frame, event="rearrest", competing=("died",), time_unit="month")
    pd.testing.assert_frame_equal(at_large(people.count("sex"), by="sex"), at_large(people, by="sex"))


def test_what_has_no_rate_is_refused():
    frame = pd.DataFrame({"days": [5], "event": [None], "entry": [1.0]})
    with pytest.raises(InputError, match="delayed entry"):
        at_large(as_cohort(frame, event="rearrest"))
    with pytest.raises(TypeError, match="as_cohort"):
        at_large(frame)
