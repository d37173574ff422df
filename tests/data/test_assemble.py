"""Tables are put together from parts: the bytes depend on the rows alone."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import open_dataset
from analysis.data import assemble, crew, read, reading
from analysis.data.write import Part, write_part

SCHEMA = pa.schema([("n", pa.int64()), ("label", pa.dictionary(pa.int32(), pa.string()))])
labels = st.sampled_from(["a", "b", "c", None])


def written(rows: list, sizes: list[int], folder, monkeypatch) -> list[bytes]:
    """Write the rows in parts of these sizes, every third row flagged, and return the bytes of the table's files."""
    monkeypatch.setattr(assemble, "GROUP_ROWS", 3)
    monkeypatch.setattr(assemble, "FILE_ROWS", 6)
    parts, at, flagged = [], 0, []
    for number, size in enumerate([*sizes, len(rows)]):
        own = rows[at : at + size]
        column = pa.array(own, pa.string()).dictionary_encode()
        part = pa.table([pa.array(range(at, at + len(own)), pa.int64()), column], schema=SCHEMA)
        write_part(part, folder / f"{number}.arrow")
        parts.append(Part("t", (0, 0, number), len(own), folder / f"{number}.arrow", "f", ""))
        flagged += [assemble.place(number, i) for i in range(len(own)) if (at + i) % 3 == 0]
        at += len(own)
    pq.write_table(pa.table({"place": pa.array(flagged, pa.int64())}), folder / "flagged.parquet")
    found = []
    for number, slices in enumerate(assemble.files(parts)):
        target = folder / "t.parquet" / f"part-{number:05d}.parquet"
        assemble.write_file(slices, SCHEMA, "flag", folder / "flagged.parquet", target)
        found.append(target.read_bytes())
    table = pq.read_table(folder / "t.parquet").to_pandas()
    assert table["n"].tolist() == list(range(len(rows)))
    assert [None if pd.isna(label) else label for label in table["label"]] == rows
    assert table["flag"].tolist() == [i % 3 == 0 for i in range(len(rows))]
    for path in (folder / "t.parquet").iterdir():
        path.unlink()
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(labels, max_size=20), one=st.lists(st.integers(0, 7)), two=st.lists(st.integers(0, 7)))
def test_the_bytes_do_not_depend_on_the_parts(tmp_path, monkeypatch, rows, one, two):
    assert written(rows, one, tmp_path, monkeypatch) == written(rows, two, tmp_path, monkeypatch)


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
def test_neither_the_batch_nor_the_number_of_processes_changes_a_byte(house, monkeypatch, kind):
    folder = house.write(TOML.format(kind=kind))
    for i, (n, start) in enumerate(((90, 0), (45, 60))):
        frame, path = raw(n, start), folder / f"{i}.{kind}"
        {"csv": frame.to_csv, "xlsx": frame.to_excel, "parquet": frame.to_parquet}[kind](path, index=False)
    found = []
    for rows, processes in ((100_000, 1), (7, 1), (20, 2), (11, 3)):
        monkeypatch.setattr(read, "BATCH_ROWS", rows)
        monkeypatch.setattr(crew, "WORTH_IT", 0)
        monkeypatch.setattr(reading, "FIRST_ROWS", 5)
        monkeypatch.setenv("ANALYSIS_JOBS", str(processes))
        ds = open_dataset("test")
        assert {table: len(ds.frame(table)) for table in ds.tables}["exits"] > 20
        found.append(contents(ds.processed))
        (ds.processed / "manifest.json").unlink()
    assert found[1:] == [found[0]] * 3
    places = ds.frame("exits")[["source_file", "kind", "source_row"]]
    assert places.equals(places.sort_values(["source_file", "kind", "source_row"], key=order, kind="stable"))


def order(values: pd.Series) -> pd.Series:
    """The maps of a file follow each other: what is removed stands before what died."""
    return values.astype("str").map({"removed": 0, "died": 1}) if values.name == "kind" else values
