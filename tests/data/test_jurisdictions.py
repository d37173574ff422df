"""One place of a dataset: its rows, its name, and which places have enough rows."""

import pandas as pd
import pytest

import analysis
from analysis.data.errors import InputError
from analysis.data.jurisdictions import counted, inside, name_of

PLACES = ["06037", "06037", "06", "06059", "01001", "", "60010"]
TOML = """title = "Test"
kind = "synthetic"
source = "made for a test"
area = "two states"
data_end = { arrests = 2020-12-31, detainers = 2020-12-31 }
[[files]]
table = "detainers"
path = "d.csv"
[files.columns]
person_id = "id"
prepared = "day"
jurisdiction = "place"
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "places"
    folder.mkdir(parents=True)
    (folder / "dataset.toml").write_text(TOML)
    rows = "".join(f"p{i},2020-01-0{i + 1},{place}\n" for i, place in enumerate(PLACES))
    (folder / "d.csv").write_text(f"id,day,place\n{rows}")
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("code", "rows"), [("", 7), ("06", 4), ("06037", 2), ("01001", 1), ("60", 1)])
def test_a_state_holds_its_counties_and_a_county_itself(root, code, rows):
    ds = analysis.open_dataset("places", jurisdiction=code)
    assert len(ds.here(ds.frame("detainers"))) == rows
    assert int(ds.here(ds.table("detainers")).count().to_pandas()) == rows
    assert len(ds.frame("detainers")) == len(PLACES)  # the tables themselves stay whole


def test_places_are_counted_by_county_and_by_state(root):
    ds = analysis.open_dataset("places")
    counties = counted(ds, "detainers")
    assert list(zip(counties["jurisdiction"], counties["rows"], strict=True)) == [
        ("01001", 1),
        ("06037", 2),
        ("06059", 1),
        ("60010", 1),
    ]
    states = counted(ds, "detainers", level="state")
    assert list(zip(states["jurisdiction"], states["rows"], strict=True)) == [("01", 1), ("06", 4), ("60", 1)]


def test_a_place_that_is_not_there_is_refused_with_the_nearest(root):
    with pytest.raises(InputError, match="Did you mean '06037'"):
        analysis.open_dataset("places", jurisdiction="6037")
    with pytest.raises(InputError, match="in quotes"):
        analysis.open_dataset("places", jurisdiction=6037)


def test_a_table_without_places_is_refused(root):
    with pytest.raises(InputError, match="no column 'jurisdiction'"):
        inside(pd.DataFrame({"days": [1]}), "06")
    with pytest.raises(InputError, match="Did you mean 'county'"):
        counted(analysis.open_dataset("places"), "detainers", level="county ")


@pytest.mark.parametrize(
    ("code", "name"),
    [("06037", "Los Angeles County, California"), ("37", "North Carolina"), ("80001", "jurisdiction 80001")],
)
def test_a_code_has_the_name_of_its_place(code, name):
    assert name_of(code) == name


def test_the_title_names_the_place(root):
    assert analysis.open_dataset("places", jurisdiction="06037").title == "Test, Los Angeles County, California"
    assert analysis.open_dataset("places").title == "Test"


def test_a_dataset_names_its_own_places(root):
    file = root / "data" / "raw" / "places" / "dataset.toml"
    file.write_text(f'{file.read_text()}[place_names]\n60 = "Island"\n60010 = "Island, east"\n')
    ds = analysis.open_dataset("places", jurisdiction="60010")
    assert ds.title == "Test, Island, east"
    assert [ds.place_name(code) for code in ("60", "06", "61")] == ["Island", "California", "jurisdiction 61"]
    assert counted(ds, "detainers", level="state")["name"].tolist() == ["Alabama", "California", "Island"]
    file.write_text(file.read_text().replace("60010", "6001"))
    with pytest.raises(InputError, match=r"place_names has 6001 = 'Island, east'; expected a code of two"):
        analysis.open_dataset("places")
