"""What was seen next after a detainer, and how detainers make episodes, on rows whose answer is read off by hand."""

import pytest

import analysis
from analysis.recidivism.next_seen import episode_counts, next_seen

TOML = """
title = "Test"
kind = "synthetic"
source = "made for a test"
data_end = { detainers = 2020-12-31, exits = 2020-12-31 }
[[files]]
table = "detainers"
path = "d.csv"
[files.columns]
person_id = "id"
prepared = "day"
jurisdiction = "place"
outcome = { from = "out", values = { custody = "ice_custody", declined = "declined" } }
[[files]]
table = "exits"
path = "e.csv"
[files.columns]
person_id = "id"
date = "day"
kind = "kind"
"""
# a: two detainers 30 days apart (one episode), then a new one 31 days later. b: declined, departs, comes back.
# c: no identifier. d: departs on the day of the second detainer: the detainer counts first. e: after the data end.
ROWS = """id,day,place,out
a,2020-01-01,06037,declined
a,2020-01-31,06037,declined
a,2020-03-02,48201,custody
b,2020-05-01,06037,declined
b,2020-09-01,06037,custody
,2020-05-02,06037,custody
d,2020-06-01,06037,custody
d,2020-07-10,06037,custody
e,2021-02-01,06037,custody
"""
EXITS = "id,day,kind\nb,2020-06-01,removed\nd,2020-07-10,removed\n"


@pytest.fixture
def ds(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    folder = tmp_path / "data" / "raw" / "test"
    folder.mkdir(parents=True)
    for name, text in (("d.csv", ROWS), ("e.csv", EXITS), ("dataset.toml", TOML)):
        (folder / name).write_text(text)
    return analysis.open_dataset("test")


def test_each_detainer_counts_what_came_first_after_it(ds):
    found = next_seen(ds).set_index(["before", "after"])["count"].to_dict()
    assert found == {
        ("declined", "a further detainer of the same episode"): 1,
        ("declined", "a new episode"): 1,
        ("declined", "departure"): 1,
        ("ice_custody", "a new episode"): 1,
        ("ice_custody", "departure"): 1,
        ("ice_custody", "nothing more"): 2,
    }


def test_people_are_counted_by_detainers_and_by_episodes(ds):
    found = episode_counts(ds, most=3)
    assert found["number"].tolist() == ["1", "2", "3 or more"]
    assert found["people_by_detainers"].tolist() == [0, 2, 1]
    assert found["people_by_episodes"].tolist() == [0, 3, 0]


def test_a_place_counts_its_own_detainers_and_looks_everywhere_for_the_next(ds):
    here = analysis.open_dataset("test", jurisdiction="06037")
    found = next_seen(here).set_index(["before", "after"])["count"]
    assert found["declined", "a new episode"] == 1  # the next detainer was lodged in Texas
    assert found.sum() == next_seen(ds)["count"].sum() - 1
