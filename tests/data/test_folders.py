"""Folders: whose they are, what may be read in them, and names that an engine would take for patterns."""

import os
import stat

import pandas as pd

from analysis import open_dataset
from analysis.data.engine import scratch

TOML = (
    'title = "T"\nkind = "real"\nsource = "made for a test"\ndata_end = { detainers = 2020-12-31 }\n[[files]]\ntable = "detainers"\n'
    'path = "a.csv"\n[files.columns]\ndetainer_id = "id"\nperson_id = "who"\nprepared = "on"\n'
)
FOLDERS = ("proj", "pr[o]j", "qzr", "q*r", "wx", "w?", "a[b", "it's {a,b}")


def rows(n):
    return "id,who,on\n" + "".join(f"DT-{i:07},PN-{i:07},2020-01-01\n" for i in range(n))


def test_a_folder_named_like_a_pattern_is_read_as_it_is(tmp_path, monkeypatch):
    for n, name in enumerate(FOLDERS, 1):
        raw = tmp_path / name / "data" / "raw" / "test"
        raw.mkdir(parents=True)
        (raw / "dataset.toml").write_text(TOML)
        (raw / "a.csv").write_text(rows(n))
    for n, name in enumerate(FOLDERS, 1):
        monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path / name))
        ds = open_dataset("test")
        assert (len(ds.frame("detainers")), ds.table("detainers").count().to_pandas()) == (n, n), name
        assert len(pd.read_parquet(ds.processed / "detainers.parquet")) == n


def test_what_a_query_spills_nobody_else_can_read_or_lead_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []
    for folder in (None, tmp_path):
        spill = scratch(folder).con.execute("select current_setting('temp_directory')").fetchone()[0]
        assert stat.S_IMODE(os.stat(spill).st_mode) == 0o700
        seen.append(spill)
    assert len(set(seen)) == 2
    assert str(os.getpid()) not in seen[0]
