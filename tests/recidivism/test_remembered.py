"""A remembered cohort is the one that would be made anew, and belongs to nobody who got it."""

import os

import pandas as pd
import pytest

import analysis
from analysis.recidivism import cohort as module
from analysis.recidivism import remembered

TOML = """title = "Test"
kind = "synthetic"
source = "made for a test"
area = "two counties"
data_end = { arrests = 2020-12-31 }
"""


@pytest.fixture
def ds(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    monkeypatch.setattr(remembered, "_kept", remembered._kept.__class__())
    folder = tmp_path / "data" / "raw" / "kept"
    folder.mkdir(parents=True)
    toml = TOML
    for table, day, rows in (
        ("releases", "released", ["a,2020-01-01,06037", "a,2020-02-01,06059", "b,2020-03-01,06059", "c,2021-01-01,06037"]),
        ("arrests", "arrested", ["a,2020-02-11,06037", "b,2020-03-05,06037"]),
    ):  # fmt: skip
        (folder / f"{table}.csv").write_text("\n".join(["id,day,place", *rows]) + "\n")
        toml += f'[[files]]\ntable = "{table}"\npath = "{table}.csv"\n[files.columns]\nperson_id = "id"\n'
        toml += f'{day} = "day"\njurisdiction = "place"\n'
    (folder / "dataset.toml").write_text(toml)
    return "kept"


@pytest.mark.parametrize("jurisdiction", ["", "06", "06037", "06059"])
def test_all_places_at_once_give_what_each_gives_alone(ds, monkeypatch, jurisdiction):
    remembered_one = analysis.cohort(analysis.open_dataset(ds, jurisdiction=jurisdiction))
    monkeypatch.setattr(remembered, "MOST_ROWS", 0)
    alone = analysis.cohort(analysis.open_dataset(ds, jurisdiction=jurisdiction))
    pd.testing.assert_frame_equal(remembered_one, alone)
    assert remembered_one.attrs == alone.attrs
    assert remembered_one.attrs["left_out"].get("origin after the data end", 0) == int(jurisdiction != "06059")


def test_the_engine_is_asked_once_for_all_places(ds, monkeypatch):
    asked = []
    rows = module.collected
    monkeypatch.setattr(module, "collected", lambda *given, **named: asked.append(given) or rows(*given, **named))
    for place in ("06037", "06059", "06037"):
        analysis.cohort(analysis.open_dataset(ds, jurisdiction=place))
    assert len(asked) == 1
    analysis.cohort(analysis.open_dataset(ds, jurisdiction="06037"), min_days=0)
    assert len(asked) == 2


def test_what_a_caller_does_to_a_cohort_stays_with_him(ds):
    first = analysis.cohort(analysis.open_dataset(ds))
    first["days"] = -1
    first.attrs["left_out"].clear()
    again = analysis.cohort(analysis.open_dataset(ds))
    assert (again["days"] > 0).all()
    assert again.attrs["left_out"]


def test_a_dataset_built_again_is_another_one(ds):
    opened = analysis.open_dataset(ds)
    before = len(analysis.cohort(opened))
    file = opened.folder / "releases.csv"
    file.write_text(file.read_text() + "d,2020-05-01,06037\n")
    os.utime(file, (0, 0))
    assert len(analysis.cohort(analysis.open_dataset(ds))) == before + 1


def test_the_oldest_cohorts_are_forgotten_first(ds, monkeypatch):
    monkeypatch.setattr(remembered, "MOST_KEPT", 4)
    opened = analysis.open_dataset(ds)
    for days in range(4):
        analysis.cohort(opened, min_days=days)
    assert 1 <= len(remembered._kept) < 4
