"""The build: what comes in comes out or is set aside, whole, the same in any order and batch, and again when an input changed."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import open_dataset
from analysis.data import build as build_module
from analysis.data import state
from analysis.data.errors import InputError

HEAD = 'title = "Test"\nkind = "real"\nsource = "made for a test"\ndata_end = { arrests = 2020-12-31 }\n'
ARRESTS = '[[files]]\ntable = "arrests"\npath = "a.csv"\n[files.columns]\nperson_id = "id"\narrested = "on"\ncharge = "what"\n'
GOOD = "id,on,what\n1,2020-01-01,theft\n2,2020-01-02,\n2,soon,x\n"
cells = st.sampled_from(
    ["", "1", "007", "2020-01-01", "43831", "01/02/2020", "x, y", 'a "b"', "two\nlines", "é", "NA", " x "]
)
tables = st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12)


def written(rows: list[tuple], kind: str, path) -> None:
    frame = pd.DataFrame([("1", "2020-01-01", "sound"), *rows], columns=["id", "on", "what"], dtype="str")
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_excel(path, index=False, engine="xlsxwriter")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables, seed=st.randoms())
def test_any_table_of_text_comes_back_from_any_kind_of_file(house, rows, seed):
    shuffled = seed.sample(rows, len(rows))
    seen = []
    serial = ARRESTS.replace('"on"', '{ from = "on", date = ["serial"] }')  # which a workbook's need not say
    for kind, order in (("csv", rows), ("csv", shuffled), ("parquet", rows), ("xlsx", rows)):
        folder = house.write(HEAD + serial.replace("a.csv", f"a.{kind}"))
        written(order, kind, folder / f"a.{kind}")
        ds = open_dataset("test")
        total = 1 + sum(1 for row in rows if any(row))
        total = len(rows) + 1 if kind == "parquet" else total  # a row of Parquet is a row even where it is blank
        assert ds.quality["rows_in"].sum() == total
        assert (ds.quality["rows_in"] == ds.quality["kept"] + ds.quality["set_aside"]).all()
        kept = ds.frame("arrests")
        assert len(kept) == ds.quality["kept"].sum()
        aside = pd.read_parquet(house.root / "data/private/test/set_aside.parquet")
        assert len(aside) == ds.quality["set_aside"].sum()
        assert set(aside["source_row"]).isdisjoint(kept["source_row"])
        columns = ["person_id", "arrested", "charge"]
        seen.append(kept[columns].astype({"charge": "str"}).sort_values(columns, ignore_index=True))
    for other in seen[1:]:
        pd.testing.assert_frame_equal(other, seen[0])


def contents(folder) -> dict[str, bytes]:
    """Every file of a folder of processed tables by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_give_the_same_bytes_and_a_current_one_is_left_alone(house, monkeypatch):
    ds = house.build(HEAD + ARRESTS, a_csv=GOOD)
    first = contents(ds.processed)
    stamp = (ds.processed / "arrests.parquet" / "part-00000.parquet").stat().st_mtime_ns
    with monkeypatch.context() as patch:
        patch.setattr(build_module, "_build", lambda *a: pytest.fail("nothing changed"))
        open_dataset("test")
    assert (ds.processed / "arrests.parquet" / "part-00000.parquet").stat().st_mtime_ns == stamp
    (ds.processed / "manifest.json").unlink()
    assert contents(open_dataset("test").processed) == first


@pytest.mark.parametrize(
    "change",
    [
        "raw file",
        "map",
        "code",
        "schema",
        "a table is gone",
        "a table is cut short",
        "the manifest is damaged",
        "an older schema is written down",
        "a newer schema is written down",
        "no schema is written down",
        "rows set aside are gone",
        "unknown values are gone",
        "hashes for the leak scan are gone",
        "the key is gone",
        "the folder is gone",
    ],
)
def test_a_changed_input_or_output_builds_again(house, monkeypatch, change):
    content = GOOD.replace("1,2020", "A01234567,2020")
    ds = house.build(HEAD + ARRESTS, a_csv=content)
    private = house.root / "data" / "private" / "test"
    before = contents(private)
    assert {"set_aside.parquet", "unknown_values.csv", "raw_values/1.npy"} <= before.keys()
    table = ds.processed / "arrests.parquet" / "part-00000.parquet"
    if change == "raw file":
        folder = house.write(HEAD + ARRESTS, a_csv=content.replace("theft", "arson"))  # as long as before
        os.utime(folder / "a.csv", (0, 0))  # and older, by a clock that is wrong
    elif change == "map":
        house.write(HEAD + "# another day\n" + ARRESTS)
    elif change == "code":
        monkeypatch.setattr(state, "_digest", lambda paths: "other")
    elif change == "schema":
        monkeypatch.setattr(state, "SCHEMA_VERSION", 99)
    elif change == "a table is gone":
        table.unlink()
    elif change == "a table is cut short":
        table.write_bytes(table.read_bytes()[:100])
    elif "schema is" in change:
        manifest = json.loads((ds.processed / "manifest.json").read_text())
        stored = manifest.pop("schema") + (1 if "newer" in change else -1)
        manifest |= {} if change.startswith("no") else {"schema": stored}
        (ds.processed / "manifest.json").write_text(json.dumps(manifest))
    elif change == "rows set aside are gone":
        (private / "set_aside.parquet").unlink()
    elif change == "unknown values are gone":
        (private / "unknown_values.csv").unlink()
    elif change == "hashes for the leak scan are gone":
        for path in (private / "raw_values").iterdir():
            path.unlink()
    elif change == "the key is gone":
        (private / "key").unlink()
    elif change == "the manifest is damaged":
        (ds.processed / "manifest.json").write_text('{"sizes":')
    else:
        ds.processed.rename(ds.processed.with_name("elsewhere"))
    calls = []
    real = build_module._build
    monkeypatch.setattr(build_module, "_build", lambda *a: calls.append(a) or real(*a))
    assert open_dataset("test").frame("arrests")["charge"].tolist()[0] == ("arson" if change == "raw file" else "theft")
    assert len(calls) == 1
    assert contents(private).keys() == before.keys()
    assert change in ("raw file", "the key is gone") or contents(private) == before


@pytest.mark.parametrize("moment", ["a batch", "the counts", "the manifest", "the first rename", "the second rename"])
def test_a_build_that_breaks_off_leaves_whole_tables_and_the_next_completes_it(house, monkeypatch, moment):
    ds = house.build(HEAD + ARRESTS, a_csv=GOOD)
    house.write(HEAD + ARRESTS, a_csv=GOOD + "3,2020-01-03,new\n")
    count = {"rename": 0}

    def broken(*a, **k):
        raise KeyboardInterrupt

    real_rename = type(ds.processed).rename

    def rename(self, target):
        count["rename"] += 1
        if count["rename"] == {"the first rename": 1, "the second rename": 2}[moment]:
            raise KeyboardInterrupt
        return real_rename(self, target)

    with monkeypatch.context() as patch:
        if moment == "a batch":
            patch.setattr(build_module.Cleaning, "add", broken)
        elif moment == "the counts":
            patch.setattr(build_module, "_write_counts", broken)
        elif moment == "the manifest":
            patch.setattr(state, "manifest", broken)
        else:
            patch.setattr(type(ds.processed), "rename", rename)
        with pytest.raises(KeyboardInterrupt):
            open_dataset("test")
    if moment != "the second rename":
        assert len(pd.read_parquet(ds.processed / "arrests.parquet")) == 2
    after = open_dataset("test")
    assert len(after.frame("arrests")) == 3
    assert sorted(p.name for p in after.processed.parent.iterdir() if not p.name.endswith(".lock")) == ["test"]
    private = house.root / "data" / "private" / "test"
    assert sorted(p.name for p in private.iterdir()) == ["key", "raw_values", "set_aside.parquet", "unknown_values.csv"]


def test_a_disk_that_is_full_is_one_clear_error(house, monkeypatch):
    house.write(HEAD + ARRESTS, a_csv=GOOD)

    def full(*a, **k):
        raise OSError(28, "No space left on device", "arrests.parquet")

    with monkeypatch.context() as patch:
        patch.setattr(build_module, "_write_counts", full)
        with pytest.raises(
            InputError,
            match=r"test: the processed tables cannot be written \(No space left on device: arrests.parquet\)",
        ):
            open_dataset("test")
    assert house.left == []
    assert len(open_dataset("test").frame("arrests")) == 2


def test_several_files_by_a_pattern_and_several_date_formats(house):
    toml = HEAD + ARRESTS.replace('"a.csv"', '"a*.csv"').replace(
        '"on"', '{ from = "on", date = ["%m/%d/%Y", "%d-%b-%y"] }'
    )
    toml = toml.replace('"%d-%b-%y"', '"%d-%b-%y", "serial"')
    ds = house.build(
        toml,
        a2019_csv="what,id,on\nx,1,12/31/2019\n",
        a2020_csv="id,on,what\n2,01-Jan-20,y\n3,2020-01-02,z\n4,2020-01-03,w\n",
    )
    folder = ds.folder
    for name in ("~$a2020.csv", ".a.csv", "b.csv"):  # a lock of Excel, a hidden file, another file
        (folder / name).write_text("x")
    assert ds.frame("arrests")["arrested"].astype("str").tolist() == [
        "2019-12-31",
        "2020-01-01",
        "2020-01-02",
        "2020-01-03",
    ]
    assert ds.quality[["source_file", "rows_in"]].to_numpy().tolist() == [["a2019.csv", 1], ["a2020.csv", 3]]
    (folder / "a[1].csv").write_text("id,on,what\n9,2020-01-09,q\n")
    assert len(open_dataset("test").frame("arrests")) == 5
    only = house.build(toml.replace("a*.csv", "a[1].csv"), name="other", **{"a[1]_csv": "id,on,what\n9,2020-01-09,q\n"})
    assert only.frame("arrests")["source_file"].tolist() == ["a[1].csv"]


def test_a_block_whose_rows_are_all_bad_stops_the_build_though_another_is_sound(house):
    second = ARRESTS.replace("a.csv", "b.csv")
    house.write(HEAD + ARRESTS + second, a_csv=GOOD, b_csv="id,on,what\n5,01/31/2020,x\n")
    with pytest.raises(InputError, match=r"none of the 1 rows of b.csv .*row 2, found '01/31/2020'.*%m/%d/%Y"):
        open_dataset("test")


def test_one_file_feeds_several_tables(house):
    toml = (
        HEAD
        + ARRESTS
        + '[[files]]\ntable = "releases"\npath = "a.csv"\n[files.columns]\nperson_id = "id"\nreleased = "out"\n'
    )
    ds = house.build(toml, a_csv="id,on,what,out\n1,2020-01-01,x,2020-01-05\n2,2020-01-02,y,\n")
    assert ds.tables == ["releases", "arrests"]
    assert (len(ds.frame("arrests")), len(ds.frame("releases"))) == (2, 1)
    assert ds.frame("releases")["person_id"][0] == ds.frame("arrests")["person_id"][0]


def test_two_arrests_in_one_row_are_two_maps_of_one_file(house):
    second = ARRESTS.replace('arrested = "on"', 'arrested = "on2"')
    ds = house.build(HEAD + ARRESTS + second, a_csv="id,on,on2,what\n1,2020-01-01,2020-02-01,x\n2,2020-01-02,,y\n")
    assert ds.frame("arrests")["arrested"].astype("str").tolist() == ["2020-01-01", "2020-01-02", "2020-02-01"]
    assert (ds.quality["rows_in"].sum(), ds.quality["kept"].sum()) == (4, 3)


def test_labels_of_several_files_are_one_vocabulary(house):
    ds = house.build(
        HEAD + ARRESTS.replace("a.csv", "*.csv"),
        a_csv=GOOD,
        b_csv="id,on,what\n3,2020-01-03,arson\n4,2020-01-04,theft\n",
    )
    charge = ds.frame("arrests")["charge"]
    assert charge.astype("str").fillna("").tolist() == ["theft", "", "arson", "theft"]
    assert charge.cat.categories.tolist() == ["arson", "theft"]
    assert ds.table("arrests").charge.nunique().to_pandas() == 2


FOLLOW = 'title = "T"\nkind = "real"\nsource = "s"\n[[files]]\ntable = "follow_up"\npath = "*.parquet"\n[files.columns]\ndays = "d"\n'
EVENT = 'event = { from = "e", values = { yes = "rearrest", no = "" } }\n'


def test_a_covariate_that_is_a_number_in_one_file_and_text_in_the_next(house):
    folder = house.write(FOLLOW + EVENT + 'priors = "p"\n')
    pd.DataFrame({"d": [1], "e": ["yes"], "p": [3]}).to_parquet(folder / "a.parquet")
    pd.DataFrame({"d": [2], "e": ["no"], "p": ["4"]}).to_parquet(folder / "b.parquet")
    assert open_dataset("test").frame("follow_up")["priors"].tolist() == [3, 4]
    pd.DataFrame({"d": [2], "e": ["no"], "p": ["many"]}).to_parquet(folder / "b.parquet")
    with pytest.raises(
        InputError, match=r"b\.parquet: 'priors' holds the text 'many', and numbers in the files before it"
    ):
        open_dataset("test")
    house.write(FOLLOW + EVENT + 'priors = { from = "p", type = "text" }\n')
    assert open_dataset("test").frame("follow_up")["priors"].tolist() == ["3", "many"]


def test_columns_without_any_value(house):
    folder = house.write(FOLLOW + EVENT + 'priors = "p"\nfollow_up = "f"\n')
    pd.DataFrame({"d": [1.0, 2.0], "e": ["yes", None], "p": [None, None], "f": [np.nan, np.nan]}).to_parquet(
        folder / "a.parquet"
    )
    frame = open_dataset("test").frame("follow_up")
    assert frame["days"].dtype == "int64"
    assert frame["event"].isna().tolist() == [False, True]
    assert frame["priors"].isna().all()
    assert frame["follow_up"].isna().all()


def test_unknown_values_are_listed_in_private_and_elsewhere_only_from_ten_rows(house):
    rows = "".join(f"{i},2020-01-01,{'rare' if i < 9 else 'often'}\n" for i in range(19))
    toml = HEAD + ARRESTS.replace('charge = "what"', 'severity = "what"')
    ds = house.build(toml, a_csv="id,on,what\n" + rows)
    assert ds.unknown.to_numpy().tolist() == [["arrests", "severity", "often", 10]]
    private = pd.read_csv(house.root / "data/private/test/unknown_values.csv")
    assert private.to_numpy().tolist() == [["arrests", "severity", "often", 10], ["arrests", "severity", "rare", 9]]
    assert not any(b"rare" in held for held in contents(ds.processed).values())


def test_values_of_columns_that_no_map_names_stay_behind(house):
    toml = HEAD + ARRESTS.replace("[files.columns]", 'keep = ["Kept"]\nsensitive = ["Name"]\n[files.columns]')
    ds = house.build(toml, a_csv="id,on,what,Name,Kept,Other\n1,2020-01-01,x,PLANTEDNAME,PLANTEDKEPT,PLANTEDOTHER\n")
    uses = ds.columns.set_index("column")["use"].to_dict()
    assert uses == {
        "id": "mapped to person_id",
        "on": "mapped to arrested",
        "what": "mapped to charge",
        "Name": "sensitive",
        "Kept": "kept",
        "Other": "not used",
    }
    content = b"".join(contents(ds.processed).values())
    assert b"PLANTEDKEPT" in content
    assert b"PLANTEDNAME" not in content
    assert b"PLANTEDOTHER" not in content
