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
    assert life[setting["event"]].sum() == (here.frame["event"] == setting["event"]).sum() > 0
    assert lazy.left_out == here.left_out
    assert lazy.meaning() == here.meaning()


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_lazy_cohort_has_the_rows_of_the_cohort_in_pandas(ds, setting):
    keep = {"origin": "prepared", "keep": ("facility",), **setting}
    here, lazy = analysis.cohort(ds, **keep).frame, analysis.cohort(ds, lazy=True, **keep).frame
    order = ["person_id", "prepared"]
    assert not here.duplicated(order).any()
    one, two = (frame.sort_values(order, ignore_index=True) for frame in (here, lazy))
    pd.testing.assert_frame_equal(one, two, check_categorical=False)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_patterns_are_counted_in_the_engine_as_in_memory(ds, setting):
    asked = {"origin": "prepared", **setting}
    here, there = (analysis.cohort(ds, lazy=lazy, **asked).count(["state", "sex"]) for lazy in (False, True))
    pd.testing.assert_frame_equal(here.frame, there.frame, check_categorical=False)
    life = analysis.life_table(there, by=["state", "sex"], unknown="unknown")
    whole = analysis.life_table(analysis.cohort(ds, **asked), by=["state", "sex"], unknown="unknown")
    pd.testing.assert_frame_equal(plain(life), plain(whole))


def test_policies_join_a_lazy_cohort(ds):
    published = analysis.with_policy(analysis.cohort(ds, origin="prepared", event="repeat_detainer"))
    lazy = analysis.with_policy(analysis.cohort(ds, origin="prepared", event="repeat_detainer", lazy=True))
    by = ["state", "policy"]
    pd.testing.assert_frame_equal(
        plain(analysis.life_table(lazy, by=by, unknown="unknown")),
        plain(analysis.life_table(published, by=by, unknown="unknown")),
    )
    assert lazy.policy["incomplete"] == published.policy["incomplete"]
    with pytest.raises(InputError, match="takes rows in memory"):
        analysis.with_policy(lazy, definition="observed")


def test_columns_carried_along(ds):
    found = analysis.cohort(ds, origin="prepared", event="repeat_detainer", keep=("facility", "outcome")).frame
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
