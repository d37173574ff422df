"""A first dataset.toml: it names what it could guess, hides what looks private, and is one that can be read."""

import tomllib

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import open_dataset
from analysis.cli import main
from analysis.data.scaffold import draft

JAIL = (
    "PersonNo,LastName,DOB,BookingDate,ReleaseDate,FIPS,Gender,OffenseClass,Judge\n"
    "7,Doe,1/2/1980,12/30/2019,1/2/2020,06037,M,F,x\n8,Roe,3/4/1990,1/3/2020,1/13/2020,06037,F,M,y\n"
)


def test_from_a_file_to_a_dataset_that_checks_and_builds(house, tmp_path, capsys):
    file = tmp_path / "jail [2020].csv"
    file.write_text(JAIL)
    assert main(["new", "--dataset", "county-jail", "--file", str(file)]) == 0
    assert "make check DATASET=county-jail" in capsys.readouterr().out
    written = house.root / "data/raw/county-jail/dataset.toml"
    raw = tomllib.loads(written.read_text())
    [block] = raw["files"]
    assert block["table"] == "releases"
    assert block["sensitive"] == ["LastName", "DOB"]
    assert block["columns"]["released"] == {"from": "ReleaseDate", "date": ["%m/%d/%Y"]}
    assert block["columns"]["sex"]["values"] == {"M": "male", "F": "female"}
    assert block["columns"]["severity"]["values"] == {"F": "felony", "M": "misdemeanor"}
    assert "Judge" in written.read_text()
    ds = open_dataset("county-jail")
    assert ds.frame("releases")["released"].astype("str").tolist() == ["2020-01-02", "2020-01-13"]
    assert set(ds.columns.set_index("column")["use"][["LastName", "DOB"]]) == {"sensitive"}


@pytest.mark.parametrize(
    ("name", "file", "words"),
    [
        ("County Jail", "a.csv", "small letters"),
        ("../jail", "a.csv", "small letters"),
        ("jail", "none.csv", "no such file"),
        ("jail", "empty.csv", "the file is empty"),
        ("jail", "header.csv", "a header and no rows"),
        ("jail", "a.pdf", "are not read"),
        ("there", "a.csv", "is there already"),
    ],
)
def test_what_cannot_be_started_is_one_line_and_writes_nothing(house, tmp_path, capsys, name, file, words):
    house.write(name="there")
    for path, content in (("a.csv", JAIL), ("empty.csv", ""), ("header.csv", "a,b\n"), ("a.pdf", "x")):
        (tmp_path / path).write_text(content)
    before = sorted(house.root.rglob("*"))
    assert main(["new", "--dataset", name, "--file", str(tmp_path / file)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said
    assert sorted(house.root.rglob("*")) == before


ODD = "ab'\"\\#[]{}=\u00e9 \x01\x7f"
odd = st.text(ODD, min_size=1).map(lambda text: " ".join(text.split()) or "x")
HEADERS = [
    "Release Date",
    "Person ID",
    "Arrest Date",
    "Sex",
    "Last Name",
    "Days to Return",
    "Event",
    'Odd "name"',
    "é\\x",
    "a=b # c",
    "2020",
    "State",
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.lists(st.sampled_from(HEADERS) | odd, min_size=1, max_size=8, unique=True),
    cell=st.sampled_from(["", "M", '"', "\\", "01/31/2020", "2020-01-31", "'''", "x#y"]),
)  # fmt: skip
def test_any_draft_is_toml_and_names_no_sensitive_column_as_mapped(headers, cell):
    text = draft("x", "a.csv", pd.DataFrame({header: [cell, "1"] for header in headers}, dtype="str"))
    [block] = tomllib.loads(text)["files"]
    mapped = [rule["from"] if isinstance(rule, dict) else rule for rule in block.get("columns", {}).values()]
    assert set(mapped) <= set(headers)
    assert len(mapped) == len(set(mapped))
    assert set(mapped).isdisjoint(block.get("sensitive", []))
    assert "Last Name" not in headers or "Last Name" in block["sensitive"]
