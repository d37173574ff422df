"""The columns of the detainer that starts each follow-up: the first of its day, rows and order unchanged."""

import pytest

import analysis
from analysis.data.errors import InputError
from analysis.recidivism.origin_columns import with_origin_columns

TOML = """
title = "Test"
kind = "synthetic"
source = "made for a test"
data_end = { detainers = 2020-12-31 }
[[files]]
table = "detainers"
path = "d.csv"
[files.columns]
person_id = "id"
prepared = "day"
facility = "jail"
state = "state"
"""
ROWS = "id,day,jail,state\nb,2020-03-01,SOUTH JAIL,TX\na,2020-01-01,FIRST JAIL,CA\na,2020-01-01,SECOND JAIL,CA\na,2020-06-01,NORTH JAIL,\n"


@pytest.fixture
def ds(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    folder = tmp_path / "data" / "raw" / "test"
    folder.mkdir(parents=True)
    (folder / "d.csv").write_text(ROWS)
    (folder / "dataset.toml").write_text(TOML)
    return analysis.open_dataset("test")


def test_each_row_gets_the_facility_where_it_starts(ds):
    cohort = analysis.cohort(ds, origin="prepared", event="repeat_detainer", unit="every_episode")
    found = with_origin_columns(ds, cohort, ["facility"])
    assert found["facility"].tolist() == ["SOUTH JAIL", "FIRST JAIL", "NORTH JAIL"]
    assert found.drop(columns="facility").equals(cohort)
    assert found.attrs == cohort.attrs


def test_a_column_that_is_not_there_and_a_cohort_of_releases_are_refused(ds):
    cohort = analysis.cohort(ds, origin="prepared", event="repeat_detainer")
    with pytest.raises(InputError, match="facility"):
        with_origin_columns(ds, cohort, ["facilty"])
    cohort.attrs["origin"] = "released"
    with pytest.raises(InputError, match="must start at detainers"):
        with_origin_columns(ds, cohort, ["facility"])
