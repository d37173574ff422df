"""People linked by name in a build: one person across files, no name in what is processed, and what `[files.link]` may say."""

import sys

import pandas as pd
import pytest

import analysis
from analysis import open_dataset
from analysis.data.errors import InputError
from analysis.data.spec import read_spec

TOML = """
title = "T"
kind = "synthetic"
source = "made for a test"
data_end = { arrests = 2021-12-31 }

[[files]]
table = "releases"
path = "r.csv"
[files.link]
last_name = "Last"
first_name = "First"
birth_date = { from = "DOB", date = ["%m/%d/%Y"] }
[files.columns]
person_id = "No"
released = "Out"

[[files]]
table = "arrests"
path = "a.csv"
[files.link]
name = "Name"
birth_date = { from = "Born", date = ["%m/%d/%Y"] }
[files.columns]
arrested = "On"
"""
RELEASES = """No,Last,First,DOB,Out
11,Quixelvath,Brydax,03/09/1980,2020-01-01
12,Villalobos,Beatriz,04/10/1976,2020-01-02
,Etcheverry,Marta,05/11/1973,2020-01-03
,,,,2020-01-04
"""
ARRESTS = """Name,Born,On
"QUIXELVATH, BRYDAX",03/09/1980,2020-02-01
"VILLALOBOS, BEATRIZ",04/10/1976,2020-03-01
"ETCHEVERRY, MARTA",05/11/1973,2020-04-01
"MONTEVERDE, URSULA",11/27/1951,2020-05-01
"""


def test_people_are_one_across_files_and_names_stay_private(house):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    ds = house.build(TOML, r_csv=RELEASES, a_csv=ARRESTS)
    releases, arrests = ds.frame("releases"), ds.frame("arrests")
    assert len(releases) == 3
    assert releases["person_id"].tolist() == arrests["person_id"].tolist()[:3]
    assert arrests["person_id"].nunique() == 4
    aside = ds.quality[ds.quality["reason"] == "blank, and no name"]
    assert aside[["rows_in", "kept", "set_aside"]].to_numpy().tolist() == [[1, 0, 1]]
    assert analysis.cohort(ds).frame["days"].tolist() == [31, 59, 89]
    assert ds.linkage["report"]["chosen"].sum() == 1
    assert ds.linkage["counts"].set_index("what")["rows"]["people"] == 4
    assert set(ds.columns.set_index("column")["use"][["Last", "First", "DOB", "Name", "Born"]]) == {"sensitive"}
    for path in (path for path in ds.processed.rglob("*") if path.is_file()):
        held = path.read_bytes().decode("latin-1").casefold()
        assert not [name for name in ("quixelvath", "brydax", "villalobos", "etcheverry", "1980") if name in held], (
            path.name
        )
    private = pd.read_parquet(house.root / "data/private/test/linkage.parquet")
    assert len(private) == 7
    assert not (house.root / "data/private/test/.building").exists()


def test_linking_is_given_each_kept_row_once_and_people_come_back_by_row_then_by_identifier(house):
    exits = (
        '[[files]]\ntable = "exits"\npath = "e.csv"\n[files.columns]\nperson_id = "Id"\ndate = "Left"\nkind = "How"\n'
    )
    exits += '[files.values.kind]\nD = "died"\n'
    block = TOML.split("[[files]]")[1].replace(
        'path = "r.csv"', 'path = "r.csv"\nnulls = ["N/A"]\nredacted = "REDACTED"'
    )
    block += 'sex = "Sex"\njurisdiction = "Fips"\n[files.values.sex]\nF = "female"\n'
    rows = (
        "No,Last,First,DOB,Out,Sex,Fips\n11,Garcia,Maria,03/09/1980,2020-01-01,F,\n,REDACTED,Ana,03/09/1985,2020-01-02,,\n"
        "11,Lopez,,13/45/1980,2020-01-03,,06037\n,N/A,Eva,,2020-01-04,F,06037\n12,Ruiz,Eva,03/09/1981,never,F,06037\n"
    )
    ds = house.build(
        TOML.split("[[files]]")[0] + "[[files]]" + block + exits,
        r_csv=rows,
        e_csv="Id,Left,How\n11,2020-02-01,D\n99,2020-02-02,D\n",
    )
    given = pd.read_parquet(house.root / "data/private/test/linkage.parquet").sort_values(["source", "record"])
    given = given[given["source"] == "r.csv"].astype("str").fillna("")
    assert given["record"].tolist() == ["2", "3", "4", "5"]
    assert given["first_name"].tolist() == ["Maria", "Ana", "", "Eva"]
    assert given["last_name"].tolist() == ["Garcia", "", "Lopez", ""]
    assert [born[:10].replace("NaT", "") for born in given["birth_date"]] == ["1980-03-09", "1985-03-09", "", ""]
    assert given["sex"].tolist() == ["female", "unknown", "unknown", "female"]
    assert given["place"].tolist() == ["", "", "06037", "06037"]
    people, gone = ds.frame("releases")["person_id"].tolist(), ds.frame("exits")["person_id"].tolist()
    assert people[0] == people[2] == gone[0]
    assert len({*people, *gone}) == 4


def test_the_same_files_in_another_order_give_the_same_people(house):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    first = house.build(TOML, r_csv=RELEASES, a_csv=ARRESTS).frame("arrests")
    head, *rows = ARRESTS.splitlines(keepends=True)
    again = house.build(TOML, r_csv=RELEASES, a_csv=head + "".join(reversed(rows))).frame("arrests")
    assert again["person_id"].tolist() == first["person_id"].tolist()[::-1]


def test_without_splink_the_build_says_what_to_do_and_leaves_nothing(house, monkeypatch):
    monkeypatch.setitem(sys.modules, "splink", None)
    house.write(TOML, r_csv=RELEASES, a_csv=ARRESTS)
    with pytest.raises(InputError, match=r"splink, which is not installed.*setup.sh lab"):
        open_dataset("test")
    assert house.left == []


def test_identifiers_alone_need_no_splink(house, monkeypatch):
    monkeypatch.setitem(sys.modules, "splink", None)
    arrests = "[[files]]" + TOML.split("[[files]]")[2]
    toml = TOML.replace(
        arrests, arrests.split("[files.link]")[0] + '[files.columns]\nperson_id = "Id"\narrested = "On"\n'
    )
    releases = "".join(line for line in RELEASES.splitlines(keepends=True) if not line.startswith(","))
    ds = house.build(toml, r_csv=releases, a_csv="Id,On\n12,2020-03-01\n99,2020-03-02\n")
    assert ds.frame("arrests")["person_id"][0] == ds.frame("releases")["person_id"][1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('last_name = "Last"', 'lastname = "Last"', "Did you mean 'last_name'?"),
        ('last_name = "Last"', 'last_name = "Lst"', "link names the column 'Lst', which is not there. Did you mean 'Last'?"),
        ('last_name = "Last"\n', '', "either last_name and first_name or name"),
        ('name = "Name"', 'name = "Name"\nlast_name = "L"\nfirst_name = "F"', "either last_name and first_name or name"),
        ('birth_date = { from = "Born", date = ["%m/%d/%Y"] }', '', "expected birth_date"),
        ('from = "Born", date = ["%m/%d/%Y"]', 'from = "Born", date = ["%Y"]', "has no"),
        ('name = "Name"', 'name = 3', "expected a text"),
        ('kind = "synthetic"', 'kind = "synthetic"\nlink = { threshold = 1.0 }', "link.threshold = 1.0, expected a match probability"),
        ('person_id = "No"', 'person_id = "No"\ncharge = "Last"', "'Last' is sensitive and mapped to 'charge'"),
        ('[files.link]\nlast', '[files.lnk]\nlast', "Did you mean 'link'?"),
    ],
)  # fmt: skip
def test_a_link_table_that_cannot_be_used_is_one_line(house, refused, old, new, words):
    assert old in TOML
    house.write(TOML.replace(old, new), r_csv=RELEASES, a_csv=ARRESTS)
    assert words in refused()


def test_a_threshold_of_ones_own(house):
    file = (
        house.write(TOML.replace('kind = "synthetic"', 'kind = "synthetic"\nlink = { threshold = 0.9 }'))
        / "dataset.toml"
    )
    assert read_spec(file).link_threshold == 0.9
