"""Spark, on this machine, gives exactly the cohorts, counts and life tables that DuckDB gives.

Needs PySpark (``sh setup.sh cluster``) and Java 17. ANALYSIS_SPARK_ROWS=600000 runs the comparison at that size.
"""

import importlib.util
import os
import shutil

import pandas as pd
import pytest

import analysis
from analysis.data import engine, spec
from analysis.data.dataset import Dataset
from analysis.data.errors import InputError
from benchmarks.lookalike import NAME, write_project

HAVE = importlib.util.find_spec("pyspark") is not None
spark = pytest.mark.skipif(
    not HAVE or shutil.which("java") is None, reason="needs PySpark (sh setup.sh cluster) and Java 17"
)
pytestmark = pytest.mark.filterwarnings("ignore")
ROWS = int(os.environ.get("ANALYSIS_SPARK_ROWS", "20000"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("lookalike")
    write_project(root, ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        analysis.open_dataset(NAME)
    return root


def opened(root):
    """Open the tables that there are, with the engine that the environment names."""
    folder = root / "data" / "processed" / NAME
    return Dataset(spec.read_spec(root / "data" / "raw" / NAME / "dataset.toml"), folder)


def life(folder, setting):
    cohort = analysis.cohort(opened(folder), origin="prepared", lazy=True, **setting)
    cohort = analysis.with_policy(cohort)
    return analysis.life_table(cohort, by=["state", "policy"], unknown="unknown"), cohort.left_out


@spark
@pytest.mark.parametrize(
    "setting",
    [{"event": "repeat_detainer"}, {"event": "repeat_detainer", "unit": "every_episode", "entry_days": 30}],
    ids=["first", "every"],
)
def test_life_tables_and_counts_are_those_of_duckdb(folder, setting, monkeypatch):
    expected, counted = life(folder, setting)
    monkeypatch.setenv("ANALYSIS_ENGINE", "spark")
    found, left_out = life(folder, setting)
    pd.testing.assert_frame_equal(found, expected)
    assert left_out == counted


@spark
def test_cohorts_are_those_of_duckdb_row_for_row(folder, monkeypatch):
    expected = analysis.cohort(opened(folder), origin="prepared", event="repeat_detainer")
    monkeypatch.setenv("ANALYSIS_ENGINE", "spark")
    found = analysis.cohort(opened(folder), origin="prepared", event="repeat_detainer", until="2030-01-01")
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert found.meaning() == expected.meaning()


def test_an_engine_that_there_is_not_is_refused(monkeypatch):
    monkeypatch.setenv("ANALYSIS_ENGINE", "sprak")
    with pytest.raises(InputError, match=r"expected one of duckdb, spark\. Did you mean 'spark'"):
        spec.chosen()


@pytest.mark.skipif(HAVE, reason="PySpark is here")
def test_without_pyspark_the_message_says_how_to_get_it():
    with pytest.raises(InputError, match=r"sh setup\.sh cluster"):
        engine._spark()
