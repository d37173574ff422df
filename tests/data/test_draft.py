"""A first dataset.toml: it names what it could guess, hides what looks private, and is one that can be read."""

import csv
import tomllib
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import open_dataset
from analysis.cli import main
from analysis.data.draft import draft, new
from analysis.data.errors import InputError
from analysis.data.spec import layout, read_spec

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
        ("there", "a.csv", "a.csv is there already"),
        ("inline", "b.csv", "Make each of files = [...] a [[files]]"),
        ("jail", "c.csv", "which table? No header says what its rows are. Say it: make new DATASET=jail FILE="),
    ],
)
def test_what_cannot_be_started_is_one_line_and_writes_nothing(house, tmp_path, capsys, name, file, words):
    house.write(name="there")
    house.write("files = [{ path = 'a.csv' }]\n", name="inline")
    made = {"a.csv": JAIL, "b.csv": JAIL, "c.csv": "A,B\n1,2\n", "empty.csv": "", "header.csv": "a,b\n", "a.pdf": "x"}
    for path, content in made.items():
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
def test_any_draft_is_toml_and_names_no_sensitive_column_as_mapped(tmp_path, headers, cell):
    file = tmp_path / "a.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([headers, [cell] * len(headers), ["1"] * len(headers)])
    [block] = tomllib.loads(draft("x", file, "arrests"))["files"]
    mapped = [rule["from"] if isinstance(rule, dict) else rule for rule in block.get("columns", {}).values()]
    assert len(mapped) == len(set(mapped))
    assert set(mapped).isdisjoint(block.get("sensitive", []))
    assert "Last Name" not in headers or "Last Name" in block["sensitive"]


def made(house, name: str, **files: str) -> dict:
    """Call make new for each file in turn and return the dataset.toml that comes of it."""
    for key, content in files.items():
        file = house.root / key.replace("_csv", ".csv")
        file.write_text(content)
        text = new(name, file, house.root).read_text()
    return tomllib.loads(text) | {"text": text}


def test_the_files_of_a_county_one_after_the_other(house):
    raw = made(
        house, "county",
        jail_releases_csv="Sheriff,,,,,\nInmate ID,Last Name,First Name,DOB,Release Date,Release Reason\n"
        "000123,Doe,Ann,03/14/1980,01/25/2024,ROR\n001125,Poe,Cal,05/06/1975,02/20/2024,ICE PICKUP\n",
        bookings_csv="Inmate_ID,Booking_Number,Booking_Date,Release_Date,Charge_Level,Booking Type\n"
        "123,B1,2024-04-02,2024-04-03,M,ARREST\n123,B1,2024-04-02,2024-04-03,F,ARREST\n124,B2,2024-04-05,,M,ICE HOLD\n",
        ice_csv="Subject Name,Date of Birth,Detainer Prepare Date,Detainer Lift Reason\n"
        "\"DOE, ANN\",3/14/1980,1/20/2024,Detainer Declined by LEA\n",
    )  # fmt: skip
    jail, bookings, ice = raw["files"]
    day = {"from": "Release Date", "date": ["%m/%d/%Y"]}
    assert (jail["table"], jail["skip_rows"], jail["sensitive"]) == ("releases", 1, ["Last Name", "First Name", "DOB"])
    assert jail["columns"]["person_id"] == {"from": "Inmate ID", "digits": 6}
    assert jail["columns"]["birth_year"] == {"from": "DOB", "date": ["%m/%d/%Y"]}
    [exits] = jail["also"]
    assert (exits["table"], exits["only"]) == ("exits", {"Release Reason": ["ICE PICKUP"]})
    assert exits["columns"] == {"person_id": "Inmate ID", "date": day, "kind": {"value": "ice_custody"}}
    assert (bookings["table"], bookings["only"]) == ("arrests", {"Booking Type": ["ARREST"]})
    assert bookings["columns"]["arrested"] == "Booking_Date"
    assert bookings["columns"]["person_id"] == {"from": "Inmate_ID", "digits": 6}
    assert (ice["table"], ice["vocabulary"]) == ("detainers", "ice-detainers")
    assert ice["link"] == {"name": "Subject Name", "birth_date": {"from": "Date of Birth", "date": ["%m/%d/%Y"]}}
    assert "data_end, above, needs the last day on which one of detainers" in raw["text"]
    assert raw["disclosure"] == "internal"
    assert all(f'"{kind}":' in raw["text"] for kind in ("internal", "restricted", "public"))
    assert {source.maps[0].table for source in read_spec(house.root / "data/raw/county/dataset.toml").sources} == {
        "releases",
        "arrests",
        "detainers",
    }


def test_two_counties_with_ids_of_their_own_are_asked_about(house):
    rows = "id,release_dt,County,age at release\n1,25/01/2024,{0},30\n2,02/15/2024,{0},40\n"
    raw = made(house, "two", kings_csv=rows.format("Kings County"), alameda_releases_2024_csv=rows.format("Alameda"))
    assert '# ids = "alameda"  # TODO' in raw["text"]
    assert "orders of day and month are mixed (row 2 is no %m/%d/%Y, row 3 no %d/%m/%Y)" in raw["text"]
    assert "the state of these counties (CA, NY)" in raw["text"]
    assert raw["files"][1]["columns"]["jurisdiction"] == {"from": "County", "as": "county name", "state": "CA"}
    assert raw["files"][1]["columns"]["birth_year"] == {"from": "age at release", "of": "released"}


def test_a_column_of_the_state_says_which_county_of_a_name_is_meant(house):
    raw = made(house, "one", a_csv="id,Release Date,County,State\n1,2024-01-25,Kings,NY\n2,2024-02-15,Erie County,NY\n")
    assert raw["files"][0]["columns"]["jurisdiction"] == {"from": "County", "as": "county name", "state": "NY"}


def test_days_of_a_spreadsheet_in_a_text_are_said_to_be_serial_numbers(house):
    raw = made(house, "one", a_csv="id,Release Date\n1,45296\n2,45301\n")
    assert raw["files"][0]["columns"]["released"] == {"from": "Release Date", "date": ["serial"]}


def test_durations_and_what_happened_year_by_year(house):
    raw = made(house, "nij", a_csv="ID,Arrest_Year1,Arrest_Year2\n1,No,Yes\n2,No,No\n")
    assert raw["time_unit"] == "year"
    assert raw["files"][0]["columns"]["days"] == {"years": ["Arrest_Year1", "Arrest_Year2"]}
    raw = made(house, "weeks", a_csv="week,arrest,age\n20,1,27\n52,0,18\n")
    assert raw["files"][0]["columns"]["event"] == {"from": "arrest", "values": {"1": "rearrest", "0": ""}}


def test_what_a_table_is_may_be_said(house, tmp_path):
    file = tmp_path / "roster.csv"
    file.write_text("id,Booking Date,Release Date\n1,2024-01-01,2024-01-02\n")
    assert tomllib.loads(new("one", file, house.root).read_text())["files"][0]["table"] == "releases"
    (again := tmp_path / "more.csv").write_text(file.read_text())
    with pytest.raises(InputError, match=r"which table. It could be releases or arrests. Say it: .* TABLE=arrests"):
        new("one", again, house.root)
    raw = tomllib.loads(new("one", again, house.root, "arrests").read_text())
    assert raw["files"][1]["columns"] == {"person_id": "id", "arrested": "Booking Date"}


def workbook(path: Path, sheets: dict[str, list[list[str]]], hidden: str = "") -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
            if name == hidden:
                sheet.hide()
    return path


def test_every_sheet_is_looked_at(house, tmp_path):
    releases = [["PersonNo", "ReleaseDate"], ["p1", "2024-01-05"]]
    sheets = {
        "About": [["A download"]],
        "Releases": releases,
        "Old": [["PersonNo", "ReleaseDate"], ["p9", "2020-01-05"]],
    }
    sheets["Arrests"] = [["PersonNo", "ArrestDate"], ["p1", "2024-03-01"]]
    text = new("book", workbook(tmp_path / "a.xlsx", sheets, hidden="Old"), house.root).read_text()
    found = [(block["table"], block["sheets"]) for block in tomllib.loads(text)["files"]]
    assert found == [("releases", ["Releases"]), ("arrests", ["Arrests"])]
    assert '# Sheet "Old" is hidden in the workbook' in text


def test_a_known_layout_behind_a_cover_sheet(house, tmp_path):
    headers = list(layout("deportation-data-project", "")["headers"])
    sheets = {"About": [["A download"]], "Data": [headers, ["x"] * len(headers)]}
    [block] = tomllib.loads(new("known", workbook(tmp_path / "a.xlsx", sheets), house.root).read_text())["files"]
    assert (block["sheets"], block["format"]) == (["Data"], "deportation-data-project")
