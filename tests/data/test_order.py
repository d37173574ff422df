"""Tables are in the order of their files, whatever the engine's threads and memory."""

import pandas as pd
import pytest

from analysis import open_dataset
from analysis.data import build


def contents(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


TOML = """title = "T"
kind = "synthetic"
source = "made for a test"
[[files]]
table = "detainers"
path = "*.{kind}"
[files.columns]
person_id = "id"
prepared = "on"
facility = "where"
outcome = "why"
[[files.also]]
table = "exits"
[files.also.columns]
person_id = "id"
date = "left"
kind = {{ value = "removed" }}
[[files.also]]
table = "exits"
[files.also.columns]
person_id = "id"
date = "died"
kind = {{ value = "died" }}
"""


def raw(n: int, start: int) -> pd.DataFrame:
    """People with a detainer every third row, some the next day, some unreadable; two exits may stand in one row."""
    at = pd.Series(range(start, start + n))
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(at // 3, unit="D")
    text = day.dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "id": ("P" + (at % 40).astype("str")).where(at % 7 != 0),
            "on": text.where(at % 11 != 0, "soon"),
            "where": "JAIL OF " + (at % 5).map(dict(enumerate("ABCDE"))),
            "why": (at % 4).map(dict(enumerate(["declined", "lifted", "other", ""]))),
            "left": text.where(at % 5 == 0, ""),
            "died": text.where(at % 13 == 0, ""),
        }
    )


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_neither_memory_nor_the_number_of_threads_changes_a_byte(house, monkeypatch, kind):
    folder = house.write(TOML.format(kind=kind))
    for i, (n, start) in enumerate(((90_000, 0), (45, 60))) if kind == "parquet" else enumerate(((90, 0), (45, 60))):
        frame, path = raw(n, start), folder / f"{i}.{kind}"
        to = {"csv": frame.to_csv, "xlsx": frame.to_excel, "parquet": frame.to_parquet}[kind]
        to(path, index=False, **({"row_group_size": 5_000} if kind == "parquet" else {}))
    found, connect = [], build.duckdb.connect
    for memory, threads in (("1GB", 1), ("1GB", 4), ("300MB", 2)):
        monkeypatch.setenv("ANALYSIS_MEMORY", memory)
        monkeypatch.setattr(
            build.duckdb,
            "connect",
            lambda *a, config, threads=threads: connect(*a, config={**config, "threads": threads}),
        )
        ds = open_dataset("test")
        found.append(contents(ds.processed))
        (ds.processed / "manifest.json").unlink()
    assert found[1:] == [found[0]] * 2
    places = ds.frame("exits")[["source_file", "kind", "source_row"]]
    assert len(places) > 20
    assert places.equals(places.sort_values(["source_file", "kind", "source_row"], key=order, kind="stable"))


def order(values: pd.Series) -> pd.Series:
    """The maps of a file follow each other: what is removed stands before what died."""
    return values.astype("str").map({"removed": 0, "died": 1}) if values.name == "kind" else values
