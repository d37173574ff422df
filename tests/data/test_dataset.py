"""An opened dataset: its attributes, tables and accounts."""

import pytest

import analysis
from analysis.data.errors import InputError, nearest

TOML = """
title = "Arrests of a county"
kind = "synthetic"
disclosure = "public"
source = "made for a test"
area = "one county"
data_end = { arrests = 2020-12-31, lag_days = 14 }
[[files]]
table = "arrests"
path = "a.csv"
[files.columns]
person_id = "id"
arrested = "on"
severity = "class"
"""


@pytest.fixture
def ds(house):
    return house.build(TOML, a_csv="id,on,class\n1,2020-01-01,felony\n1,soon,felony\n")


def test_the_contract_of_a_dataset(ds, house):
    assert (ds.name, ds.title, ds.kind, ds.disclosure) == ("test", "Arrests of a county", "synthetic", "public")
    assert (ds.source, ds.area, ds.time_unit, ds.lag_days, ds.follow_up) == (
        "made for a test",
        "one county",
        "day",
        14,
        None,
    )
    assert ds.data_end["arrests"].isoformat() == "2020-12-31"
    assert ds.folder == house.root / "data" / "raw" / "test"
    assert ds.processed == house.root / "data" / "processed" / "test"
    assert ds.tables == ["arrests"]
    assert repr(ds) == "<dataset test: Arrests of a county (synthetic); tables arrests>"
    with pytest.raises(AttributeError, match="no attribute 'tittle'"):
        ds.tittle  # noqa: B018


def test_a_table_as_pandas_and_as_ibis(ds):
    frame, table = ds.frame("arrests"), ds.table("arrests")
    assert frame["arrested"].dtype == "datetime64[s]"
    assert frame["severity"].cat.categories.tolist() == ["felony", "misdemeanor", "violation", "unknown"]
    assert frame["source_row"].dtype == "int64"
    assert table.schema()["arrested"].is_date()
    assert table.count().to_pandas() == len(frame) == 1
    with pytest.raises(InputError, match=r"test has no table 'arests'\. Did you mean 'arrests'\?"):
        ds.frame("arests")


def test_quality_says_what_came_in_and_why_rows_were_set_aside(ds):
    assert ds.quality.to_dict("records") == [
        {"table": "arrests", "source_file": "a.csv", "source_sheet": "", "column": column, "reason": reason,
         "rows_in": 1, "kept": kept, "set_aside": 1 - kept, "layout": "", "duplicate_likely": 0}
        for column, reason, kept in (("", "kept", 1), ("arrested", "not readable as a date", 0))
    ]  # fmt: skip


def test_the_nearest_name_or_all_of_them():
    assert nearest("Relese Date", ["Release Date", "DOB"]) == " Did you mean 'Release Date'?"
    assert nearest("zzz", ["b", "a"]) == " Valid names: a, b."
    assert nearest("zzz", [f"n{i:02}" for i in range(25)]).endswith("n19 and 5 more.")
    assert nearest("zzz", []) == ""


def test_the_public_names_are_there():
    for name in analysis.__all__:
        assert callable(getattr(analysis, name))
    with pytest.raises(AttributeError):
        analysis.no_such_name  # noqa: B018


def test_groups_come_along_with_a_cohort(house):
    toml = (
        TOML.split("[[files]]")[0]
        + 'groups = ["Race", "severity"]\n[[files]]\ntable = "releases"\npath = "r.csv"\nkeep = ["Race"]\n'
        '[files.columns]\nperson_id = "id"\nreleased = "out"\n[[files.also]]\ntable = "arrests"\n'
        'columns = { person_id = "id", arrested = "again", severity = { value = "felony" } }\n'
        '[[files.also]]\ntable = "releases"\ncolumns = { person_id = "id", released = "later" }\n'
    )
    rows = "1,2020-01-01,2020-02-01,x,2020-03-01\n2,2020-01-01,,N/A,\n3,,,z,2020-03-01\n"  # a row may give a later release alone
    ds = house.build(
        toml.replace("[files.columns]", 'nulls = ["N/A"]\n[files.columns]'), r_csv="id,out,again,Race,later\n" + rows
    )
    frame = analysis.cohort(ds).frame
    assert frame["Race"].astype("object").fillna("missing").tolist() == ["x", "missing", "z"]
    assert ds.groups == ("Race", "severity")
