"""Folders: whose they are, what may be read in them, and names that an engine would take for patterns."""

import os
import stat

import pandas as pd
import pytest

from analysis import open_dataset
from analysis.cli import main
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


def modes(folder):
    return {p.relative_to(folder).as_posix(): stat.S_IMODE(p.stat().st_mode) for p in [folder, *folder.rglob("*")]}


@pytest.fixture
def open_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_private_is_the_owners_alone(house, linked):
    link = (
        '[files.link]\nfirst_name = "First"\nlast_name = "Last"\nbirth_date = { from = "DOB", date = ["%Y-%m-%d"] }\n'
    )
    rows = "id,who,on,First,Last,DOB\n1,,2020-01-01,Ada,Quillfeather,1980-01-01\n2,2,soon,Bo,Marrowby,1981-01-01\n3,3,2020-01-02,,,\n"
    text = TOML.replace("[files.columns]", 'sensitive = ["First", "Last", "DOB"]\n[files.columns]')
    house.build(text.replace("[files.columns]", link + "[files.columns]") if linked else text, a_csv=rows)
    private = house.root / "data" / "private"
    found = modes(private)
    assert {"test/key", "test/set_aside.parquet", "test/unknown_values.csv", "test/raw_values"} <= set(found)
    assert ("test/linkage.parquet" in found) == linked
    assert {name: mode for name, mode in found.items() if mode != (0o700 if (private / name).is_dir() else 0o600)} == {}


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize(
    ("sensitive", "disclosure", "mode"),
    [(True, "restricted", 0o700), (False, "restricted", 0o755), (True, "public", 0o755)],
)
def test_a_raw_folder_with_sensitive_columns_is_closed_once_and_said(house, capsys, sensitive, disclosure, mode):
    text = TOML.replace("[files.columns]", 'sensitive = ["Last"]\n[files.columns]') if sensitive else TOML
    folder = house.write(f'disclosure = "{disclosure}"\n{text}', a_csv="id,who,on,Last\n1,1,2020-01-01,Quillfeather\n")
    folder.chmod(0o755)
    said = []
    for _ in range(2):
        assert main(["check", "--dataset", "test"]) == 0
        open_dataset("test")
        said.append(capsys.readouterr().err.count("is now closed to other users"))
    assert said == [int(mode == 0o700), 0]
    assert stat.S_IMODE(folder.stat().st_mode) == mode


def test_what_a_query_spills_nobody_else_can_read_or_lead_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []
    for folder in (None, tmp_path):
        spill = scratch(folder).con.execute("select current_setting('temp_directory')").fetchone()[0]
        assert stat.S_IMODE(os.stat(spill).st_mode) == 0o700
        seen.append(spill)
    assert len(set(seen)) == 2
    assert str(os.getpid()) not in seen[0]
