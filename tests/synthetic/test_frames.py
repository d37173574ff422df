from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.data.tables import TABLES
from analysis.synthetic import DEMO, World, staggered, tables
from analysis.synthetic.places import counties

SMALL = replace(DEMO, people=3_000)


@pytest.fixture(scope="module")
def small():
    return tables(SMALL)


def test_columns_and_vocabularies_are_those_of_the_canonical_tables(small):
    for name, frame in small.items():
        canonical = TABLES[name].columns
        assert set(frame.columns) <= set(canonical)
        assert set(TABLES[name].required) <= set(frame.columns)
        for column, kind in canonical.items():
            if isinstance(kind, tuple) and column in frame:
                assert tuple(frame[column].cat.categories) == kind
            if kind == "date" and column in frame:
                assert frame[column].dtype == "datetime64[s]"


def test_the_same_world_gives_the_same_frames_and_another_seed_others(small):
    for name, frame in tables(SMALL).items():
        pd.testing.assert_frame_equal(frame, small[name])
    assert not tables(replace(SMALL, seed=1))["detainers"]["prepared"].equals(small["detainers"]["prepared"])


def test_nothing_is_dated_after_the_end_of_its_source(small):
    assert small["arrests"]["arrested"].max() <= pd.Timestamp(SMALL.arrests_end)
    assert small["releases"]["released"].max() <= pd.Timestamp(SMALL.arrests_end)
    assert small["detainers"]["prepared"].between(pd.Timestamp(SMALL.start), pd.Timestamp(SMALL.end)).all()
    exits = small["exits"]
    assert exits["date"][exits["kind"] != "removed"].max() <= pd.Timestamp(SMALL.exits_end)
    assert exits["date"].max() <= pd.Timestamp(SMALL.end)


def test_every_arrest_older_than_the_lag_is_reported():
    world = replace(SMALL, people=30_000)
    arrests = tables(world)["arrests"]["arrested"]
    end = pd.Timestamp(world.arrests_end)
    month = arrests[(arrests > end - pd.Timedelta(days=56)) & (arrests <= end)]
    age = (end - month).dt.days.to_numpy()
    complete, late = ((age >= lo) & (age < lo + 14) for lo in (14, 0))
    # reported after 0 to 14 days with equal chance, so that in the last 14 days a bit over half is on file
    expected = (np.arange(14) + 1).sum() / 15 / 14
    n = complete.sum()
    assert abs(late.sum() / n - expected) < 4.5 * np.sqrt(2 / n)


def test_a_release_follows_its_booking_and_every_detainer_has_a_place(small):
    assert (small["releases"]["booked"] <= small["releases"]["released"]).all()
    detainers = small["detainers"]
    local = detainers["operator"] == "local"
    assert (detainers["jurisdiction"].astype("str").str.len() == np.where(local, 5, 2)).all()
    assert (detainers["jurisdiction"].astype("str").str[:2] == detainers["state"].astype("str")).all()
    assert detainers["released"].isna()[detainers["outcome"] == "ice_custody"].all()


def test_detection_removes_its_share_of_the_re_arrests_under_a_limiting_rule():
    policies = staggered(counties(4), 1.0, date(2020, 1, 1), date(2020, 6, 1))
    world = World(seed=4, people=20_000, jurisdictions=4, policies=policies, detection=0.6)
    seen = tables(world)
    everything = tables(replace(world, detection=1.0))
    bookings, past = (len(everything["releases"]), len(everything["arrests"]))
    assert bookings == len(seen["releases"])  # only arrests go unrecorded
    released = everything["releases"].drop_duplicates("person_id").set_index("person_id")["released"]

    def later(frames):
        joined = frames["arrests"].join(released, on="person_id", how="inner")
        return (joined["arrested"] > joined["released"]).sum()

    n = later(everything)
    assert abs(later(seen) / n - 0.6) < 4.5 * np.sqrt(0.24 / n)
    assert past > len(seen["arrests"])
