"""Raw files cleaned by Spark, on this machine, become exactly the tables that one machine makes of them without it.

Needs PySpark (``sh setup.sh cluster``) and Java 17. ANALYSIS_SPARK_ROWS=600000 compares look-alike files of that size.
"""

import gzip
import importlib.util
import os
import shutil
import signal
from pathlib import Path

import pandas as pd
import pytest

import analysis
from analysis import open_dataset
from analysis.data import pieces as pieces_module
from analysis.data import state
from analysis.data.errors import InputError
from analysis.data.identity import KEY_BYTES
from benchmarks.lookalike import write_lookalike

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
        reason="needs PySpark (sh setup.sh cluster) and Java 17",
    ),
    pytest.mark.filterwarnings("ignore"),
]
ROWS = int(os.environ.get("ANALYSIS_SPARK_ROWS", "20000"))
ROOT = Path(__file__).parents[2]
LOOKALIKE = """title = "Look-alike"
kind = "synthetic"
disclosure = "public"
source = "made for a test"
data_end = { detainers = 2026-03-10, exits = 2026-03-10 }
[[files]]
path = "lookalike.FORMAT"
format = "deportation-data-project"
table = "detainers"
"""


def opened(root, name, engine, monkeypatch):
    """Build a dataset of a folder with an engine, from nothing but its raw files and the hashing key."""
    monkeypatch.setenv("ANALYSIS_HOME", str(root))
    monkeypatch.setenv("ANALYSIS_ENGINE", engine)
    shutil.rmtree(root / "data" / "processed", ignore_errors=True)
    private = root / "data" / "private" / name
    shutil.rmtree(private, ignore_errors=True)
    private.mkdir(parents=True)
    (private / "key").write_bytes(bytes(range(KEY_BYTES)))
    return open_dataset(name)


def made(ds):
    """All that a build leaves, by path: tables, counts, rows set aside, hashes for the leak scan."""
    found = {}
    for folder in (ds.processed, state.private_folder(ds.spec, ds.processed.parents[2])):
        for path in (path for path in folder.rglob("*") if path.is_file()):
            # rows set aside lie in the row groups in which they came
            content = pd.read_parquet(path).to_csv(index=False) if path.stem == "set_aside" else path.read_bytes()
            found[f"{folder.parent.name}/{path.relative_to(folder)}"] = content
    return found


def same_tables(root, name, monkeypatch, event, policies):
    """Compare both engines' tables byte for byte, and their life tables."""
    found = {}
    for engine in ("duckdb", "spark"):
        ds = opened(root, name, engine, monkeypatch)
        cohort = analysis.cohort(ds, event=event[0], origin=event[1], lazy=True)
        cohort = analysis.with_policy(cohort, policies=ROOT / "data" / "raw" / policies / "policies.csv")
        life = analysis.life_table(cohort, by=["policy"], unknown="unknown")
        found[engine] = made(ds), life, cohort.left_out, ds.quality
    assert found["spark"][0].keys() == found["duckdb"][0].keys()
    assert [path for path, content in found["spark"][0].items() if content != found["duckdb"][0][path]] == []
    pd.testing.assert_frame_equal(found["spark"][1], found["duckdb"][1])
    assert found["spark"][2] == found["duckdb"][2]
    return found["spark"][3]


def test_the_demo_is_the_same(tmp_path, monkeypatch):
    folder = shutil.copytree(ROOT / "data" / "raw" / "demo", tmp_path / "data" / "raw" / "demo")
    for packed in folder.glob("*.csv.gz"):  # a packed file is read in one piece
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    spec = folder / "dataset.toml"
    spec.write_text(spec.read_text(encoding="utf-8").replace(".csv.gz", ".csv"), encoding="utf-8")
    monkeypatch.setattr(pieces_module, "PIECE_BYTES", 1 << 20)  # the large text files in several pieces
    quality = same_tables(tmp_path, "demo", monkeypatch, ("rearrest", "released"), "demo")
    assert quality["set_aside"].sum() > 0


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_look_alike_rows_are_the_same(house, tmp_path, monkeypatch, kind):
    folder = house.write(LOOKALIKE.replace("FORMAT", kind))
    write_lookalike(folder / "lookalike.parquet", ROWS)
    if kind == "csv":
        pd.read_parquet(folder / "lookalike.parquet").to_csv(folder / "lookalike.csv", index=False)
    monkeypatch.setattr(pieces_module, "PIECE_BYTES", 4 << 20)
    monkeypatch.setattr(pieces_module, "PIECE_ROWS", 1)  # a piece for each row group
    quality = same_tables(tmp_path, "test", monkeypatch, ("repeat_detainer", "prepared"), "published")
    assert quality.loc[quality["table"] == "detainers", "rows_in"].sum() == ROWS
    assert quality["duplicate_likely"].sum() > 0


def test_a_file_that_cannot_be_used_is_refused_in_the_same_words(house, monkeypatch):
    house.write(a_csv="id,on\n1,soon\n2,later\n")
    said = []
    for engine in ("duckdb", "spark"):
        monkeypatch.setenv("ANALYSIS_ENGINE", engine)
        with pytest.raises(InputError) as error:
            open_dataset("test")
        said.append(str(error.value))
        assert house.left == []
    assert said[0] == said[1]


class Deadly:
    """A job that ends the process it runs in, as a machine out of memory does."""

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_of_spark_that_is_killed_is_one_clear_error():
    from analysis.data.on_spark import SparkCrew

    with SparkCrew(Deadly()) as crew, pytest.raises(InputError, match=r"a\.csv: Spark did not finish the work"):
        list(crew.each("die", [()], about="a.csv"))
