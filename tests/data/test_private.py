"""Rows set aside keep all their raw values, in data/private alone."""

import json

import pandas as pd

HEAD = 'title = "Test"\nkind = "real"\nsource = "made for a test"\ndata_end = { arrests = 2020-12-31 }\n'
ARRESTS = '[[files]]\ntable = "arrests"\npath = "a.*"\n[files.columns]\nperson_id = "id"\narrested = "on"\n'


def aside(house) -> pd.DataFrame:
    return pd.read_parquet(house.root / "data" / "private" / "test" / "set_aside.parquet")


def test_the_raw_row_as_it_stood(house):
    text = 'id,on,Date,date,"odd ""name"""\n1,2020-01-01,x,y,z\n2,soon, a  b ,é,"two\nlines"\n3\n'
    ds = house.build(HEAD + ARRESTS, a_csv=text)
    rows = aside(house)
    assert rows.drop(columns="raw").to_numpy().tolist() == [
        ["arrests", "a.csv", "", 3, "arrested", "not readable as a date", "soon"],
        ["arrests", "a.csv", "", 4, "", "does not fit the header", ""],
    ]
    assert json.loads(rows["raw"][0]) == {
        "id": "2",
        "on": "soon",
        "Date": " a  b ",
        "date": "é",
        'odd "name"': "two\nlines",
    }
    assert rows["raw"][1] == "3"
    assert not any(b"soon" in path.read_bytes() for path in ds.processed.rglob("*.*") if path.is_file())


def test_typed_values_and_blanks(house):
    folder = house.write(HEAD + ARRESTS)
    frame = pd.DataFrame(
        {"id": ["1", None], "on": ["2020-01-01", "soon"], "n": [1.5, 2.25], "i": pd.array([1, None], dtype="Int64"),
         "day": pd.to_datetime(["2020-01-01", "2020-01-02"]), "label": pd.Categorical(["a", "b"]), "yes": [True, False]}
    )  # fmt: skip
    frame.to_parquet(folder / "a.parquet")
    house.build(HEAD + ARRESTS)
    raw = json.loads(aside(house)["raw"][0])
    assert raw == {
        "id": None,
        "on": "soon",
        "n": 2.25,
        "i": None,
        "day": "2020-01-02 00:00:00",
        "label": "b",
        "yes": False,
    }


def test_no_row_set_aside_is_an_empty_table_of_the_same_columns(house):
    house.build(HEAD + ARRESTS, a_csv="id,on\n1,2020-01-01\n")
    assert aside(house).empty
    assert aside(house).columns.tolist() == [
        "table",
        "source_file",
        "source_sheet",
        "source_row",
        "column",
        "reason",
        "found",
        "raw",
    ]
