"""A cohort left in the query engine gives the life tables of the cohort in pandas, and the counts of what was left out."""

import pandas as pd
import pytest

import analysis
from analysis.data.errors import InputError
from benchmarks.lookalike import NAME, write_project

SETTINGS = (
    {"event": "repeat_detainer"},
    {"event": "repeat_detainer", "entry_days": 30},
    {"event": "repeat_detainer", "unit": "every_episode", "duplicates": "drop", "episode_gap": 10},
    {"event": "removed", "competing": ("died",), "min_days": 5},
    {"event": "repeat_detainer", "competing": (), "until": "2025-06-30", "min_days": 60},
)


@pytest.fixture(scope="module")
def ds(tmp_path_factory):
    root = tmp_path_factory.mktemp("lookalike")
    write_project(root, 20_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        return analysis.open_dataset(NAME)


def plain(life: pd.DataFrame) -> pd.DataFrame:
    labels = {name: life[name].astype("str") for name in life.columns[: life.columns.get_loc("time")]}
    return life.assign(**labels).sort_values([*labels, "time"], ignore_index=True)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_lazy_cohort_gives_the_same_life_table_and_counts(ds, setting):
    here = analysis.cohort(ds, origin="prepared", **setting)
    lazy = analysis.cohort(ds, origin="prepared", lazy=True, **setting)
    assert list(lazy.columns) == list(here.columns)
    life = analysis.life_table(lazy, by=["state", "sex"], unknown="unknown")
    pd.testing.assert_frame_equal(plain(life), plain(analysis.life_table(here, by=["state", "sex"], unknown="unknown")))
    assert life[setting["event"]].sum() == (here["event"] == setting["event"]).sum() > 0
    counted = {name: n for name, n in here.attrs["left_out"].items() if not name.startswith("not observed")}
    assert lazy.left_out == counted
    assert {**lazy.attrs, "left_out": here.attrs["left_out"]} == here.attrs


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_lazy_cohort_has_the_rows_of_the_cohort_in_pandas(ds, setting):
    here = analysis.cohort(ds, origin="prepared", keep=("facility",), **setting)
    lazy = analysis.cohort(ds, origin="prepared", keep=("facility",), lazy=True, **setting).table.to_pandas()
    for name in ("prepared", "released"):
        lazy[name] = pd.to_datetime(lazy[name]).astype("datetime64[s]")
    order = ["person_id", "prepared"]
    one, two = (frame.sort_values(order, ignore_index=True) for frame in (here, lazy))
    assert not here.duplicated(order).any()
    for name in here.columns:
        pd.testing.assert_series_equal(one[name].astype(two[name].dtype), two[name], check_categorical=False)


def test_policies_join_a_lazy_cohort(ds):
    published = analysis.with_policy(analysis.cohort(ds, origin="prepared", event="repeat_detainer"))
    lazy = analysis.with_policy(analysis.cohort(ds, origin="prepared", event="repeat_detainer", lazy=True))
    by = ["state", "policy"]
    pd.testing.assert_frame_equal(
        plain(analysis.life_table(lazy, by=by, unknown="unknown")),
        plain(analysis.life_table(published, by=by, unknown="unknown")),
    )
    assert lazy.attrs["policy"]["incomplete"] == published.attrs["policy"]["incomplete"]
    with pytest.raises(InputError, match="takes a pandas frame"):
        analysis.with_policy(lazy, definition="observed")


def test_columns_carried_along(ds):
    found = analysis.cohort(ds, origin="prepared", event="repeat_detainer", keep=("facility", "outcome"))
    assert found["facility"].notna().mean() > 0.9  # a few rows name no place
    assert isinstance(found["outcome"].dtype, pd.CategoricalDtype)
    with pytest.raises(InputError, match=r"keep = 'facilty': .* has no such column"):
        analysis.cohort(ds, origin="prepared", event="repeat_detainer", keep=("facilty",))


def test_missing_strata_are_refused_or_labelled():
    frame = pd.DataFrame({"days": [1, 2, 3], "event": ["a", None, "a"], "state": pd.Categorical(["B", None, "B"])})
    with pytest.raises(ValueError, match=r"by column 'state' is missing in row 1: .*unknown='unknown'"):
        analysis.life_table(frame, by="state")
    life = analysis.life_table(frame, by="state", unknown="unknown")
    assert life["state"].tolist() == ["B", "B", "unknown"]
    import ibis

    table = ibis.memtable(frame.assign(state=frame["state"].astype("object")))
    assert analysis.life_table(table, by="state", unknown="unknown")["at_risk"].tolist() == life["at_risk"].tolist()
