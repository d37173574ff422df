"""Places and operators: facilities as agencies write them, one by one, and the real file where it is at hand."""

import os
from pathlib import Path

import pandas as pd
import pytest

from analysis.data import place_names
from analysis.data.errors import InputError
from analysis.data.place_names import counties, operator_rules, plain, towns
from analysis.data.places import place_report, places, unmatched
from analysis.data.tables import OPERATORS

NYC = ("36005", "36047", "36061", "36081", "36085")
FACILITIES = [  # facility, city, state; county (or state), operator
    ("TRAVIS CTY JAIL", "AUSTIN", "TX", "48453", "local"),
    ("TRAVIS COUNTY STATE JAIL", "AUSTIN", "TEXAS", "48453", "state_prison"),
    ("LOS ANGELES COUNTY JAIL-TWIN TOWER", "LOS ANGELES", "CALIFORNIA", "06037", "local"),
    ("WESTCHESTER CO.JAIL,VALHA", "VALHALLA", "NEW YORK", "36119", "local"),
    ("EL PASO COUNTY JAIL (CO)", "COLORADO SPRINGS", "COLORADO", "08041", "local"),
    ("EAST BATON ROUGE PARISH PRISON", "BATON ROUGE", "LA", "22033", "local"),
    ("FAIRFAX CO JAIL", "FAIRFAX", "VIRGINIA", "51059", "local"),
    ("HENRICO COUNTY JAIL", "RICHMOND", "VIRGINIA", "51087", "local"),
    ("RICHMOND CITY JAIL", "RICHMOND", "VIRGINIA", "51760", "local"),
    ("BALTIMORE COUNTY DET. CENTER", "TOWSON", "MARYLAND", "24005", "local"),
    ("BALT CITY CENTRAL", "BALTIMORE", "MARYLAND", "24510", "local"),
    ("PRINCE WILLIAM", "MANASSAS", "VIRGINIA", "51153", "local"),
    ("NAPA COUNTYY DEPT OF CORR", "NAPA", "CALIFORNIA", "06055", "local"),
    ("LAS VEGAS CITY JAIL", "LAS VEGAS", "NEVADA", "32003", "local"),
    ("CHARLESTON COUNTY CORRECT", "NORTH CHARLESTO", "SOUTH CAROLINA", "45019", "local"),
    ("GLENDALE POLICE DEPT", "GELNDALE", "CALIFORNIA", "06037", "local"),
    ("VIRGINIA BEACH", "VIRGINIA BEACH", "VIRGINIA", "51810", "local"),
    ("METROPOLITAN DETENTION CENTER", "ALBUQUERQUE", "NEW MEXICO", "35001", "local"),
    ("FEDERAL WAY POLICE DEPT", "FEDERAL WAY", "WASHINGTON", "53033", "local"),
    ("DC DEPT OF CORRECTIONS", "WASHINGTON", "DISTRICT OF COLUMBIA", "11001", "local"),
    ("RIKERS ISLAND, QUEENS, NY", "ELMHURST", "NEW YORK", "36005", "local"),
    ("MANHATTAN CENTRAL BOOKING", "MANHATTAN", "NEW YORK", "36061", "local"),
    ("RICHMOND CENTRAL BOOKING", "STATEN ISLAND", "NEW YORK", "36085", "local"),
    ("HARTFORD CORR CENTER", "HARTFORD", "CONNECTICUT", "09003", "local"),
    ("US MARSHALS,WEST.DIST.,TX", "SAN ANTONIO", "TEXAS", "48029", "federal"),
    ("US MARSHALL - CASPER", "CASPER", "WYOMING", "56025", "federal"),
    ("F.C.I. MENDOTA", "MENDOTA", "CALIFORNIA", "06019", "federal"),
    ("TAFT FED.CORR.INST.", "TAFT", "CALIFORNIA", "06029", "federal"),
    ("MOSHANNON VALLEY CORRECTIONAL", "PHILIPSBURG", "PENNSYLVANIA", "42033", "federal"),
    ("CI EDEN", "EDEN", "TEXAS", "48095", "federal"),
    ("CI WILLACY", "RAYMONDVILLE", "TEXAS", "48489", "federal"),
    ("BSCC FLIGHTLINE UNIT", "BIG SPRING", "TEXAS", "48227", "federal"),
    ("NORTHEAST OHIO CORR. FAC.", "YOUNGSTOWN", "OHIO", "39099", "federal"),
    ("BROOKLYN MDC", "BROOKLYN", "NEW YORK", "36047", "federal"),
    ("AUSTIN DRO HOLD ROOM", "AUSTIN", "TEXAS", "48453", "federal"),
    ("FDC PHILADELPHIA", "PHILADELPHIA", "PENNSYLVANIA", "42101", "federal"),
    ("ASPC ALHAMBRA", "PHOENIX", "ARIZONA", "04013", "state_prison"),
    ("HUNTSVILLE STATE P.", "HUNTSVILLE", "TEXAS", "48471", "state_prison"),
    ("FL DEPT OF CORRECTIONS", "TALLAHASSEE", "FLORIDA", "12073", "state_prison"),
    ("MINN.C.F.,ST.CLOUD", "ST. CLOUD", "MINNESOTA", "27145", "state_prison"),
    ("ULSTER CF, NAPANOCH", "NAPANOCH", "NEW YORK", "36111", "state_prison"),
    ("CENTRAL CA WOMEN'S FACILI", "CHOWCHILLA", "CALIFORNIA", "06039", "state_prison"),
    ("LAKE CITY CORRECTIONAL INSTITUTION", "LAKE CITY", "FLORIDA", "12023", "state_prison"),
    ("SOMEWHERE", "NOWHERE", "OHIO", "39", "unknown"),
    ("AURORA POLICE DEPT.", "AURORA", "ILLINOIS", "17", "local"),  # a town of two counties with no majority
    ("OTHER-OTHER FACILITY", None, None, None, "unknown"),
]


@pytest.mark.parametrize(("facility", "city", "state", "county", "operator"), FACILITIES)
def test_a_facility(facility, city, state, county, operator):
    frame = pd.DataFrame({"facility": [facility], "city": [city], "state": [state]}, dtype="str")
    found = places(frame).iloc[0]
    assert (None if pd.isna(found["jurisdiction"]) else found["jurisdiction"], found["operator"]) == (county, operator)


def test_rows_stay_as_they_are_and_are_counted():
    frame = pd.DataFrame(FACILITIES, columns=["facility", "city", "state", "county", "runs"]).sample(
        frac=1, random_state=1
    )
    found = places(frame)
    assert found.index.equals(frame.index)
    pd.testing.assert_frame_equal(found[list(frame.columns)], frame)
    assert found["operator"].astype("str").equals(frame["runs"].astype("str"))
    report = place_report(found)
    n = len(FACILITIES)
    assert report["rows"].tolist() == [n - 3, 2, 1]
    assert report["share"].tolist() == pytest.approx([(n - 3) / n, 2 / n, 1 / n])
    assert unmatched(found)["facility"].tolist() == ["AURORA POLICE DEPT.", "OTHER-OTHER FACILITY", "SOMEWHERE"]


def test_what_the_source_stated_is_kept():
    frame = pd.DataFrame(
        {
            "facility": ["HARRIS COUNTY JAIL"] * 3,
            "state": ["TX", "48", None],
            "jurisdiction": ["48453", "48", "80"],
            "operator": pd.Categorical(["federal", "unknown", None], categories=OPERATORS),
        }
    )
    found = places(frame)
    assert found["jurisdiction"].tolist() == ["48453", "48201", "80"]
    assert found["operator"].tolist() == ["federal", "local", "local"]
    assert found["place_from"].tolist() == ["given", "county in the name", "given"]


def test_the_city_is_used_where_there_is_one():
    frame = pd.DataFrame({"facility": ["CENTRAL BOOKING"], "state": ["IL"]})
    assert places(frame)["jurisdiction"].tolist() == ["17"]
    assert places(frame.assign(city="CHICAGO"))["jurisdiction"].tolist() == ["17031"]


def test_an_empty_frame_and_absent_columns():
    empty = places(pd.DataFrame({"facility": [], "state": []}, dtype="str"))
    assert len(empty) == 0
    assert place_report(empty)["rows"].tolist() == [0, 0, 0]
    with pytest.raises(InputError, match="no column 'state'"):
        places(pd.DataFrame({"facility": ["X"]}))
    with pytest.raises(InputError, match="no column 'jurisdiction'"):
        place_report(pd.DataFrame({"facility": ["X"]}))


def test_names():
    assert plain("F.C.I. Herlong") == "FCI HERLONG"
    assert plain("Doña Ana Co. Det.Ctr") == "DONA ANA CO DET CTR"
    assert plain("PRINCE GEORGE'S CO") == "PRINCE GEORGES CO"


def test_the_lists_are_whole():
    by_state = {state: len(names) for state, names in counties().items()}
    # counties and their like by the Census Bureau: 254 in Texas, 133 in Virginia with its 38 cities, 58 in California, 62 in New York
    assert [by_state[state] for state in ("48", "51", "06", "36", "11", "09")] == [254, 133, 58, 62, 1, 8]
    assert counties()["51"]["RICHMONDCITY"] == "51760"
    assert counties()["51"]["RICHMOND"] == "51159"
    for known in (counties(), towns()):
        assert all(fips[:2] == state and len(fips) == 5 for state, names in known.items() for fips in names.values())
    assert {rule.operator for rule in operator_rules()} == {"local", "state_prison", "federal"}


@pytest.mark.parametrize(
    ("file", "row", "said"),
    [
        ("towns.csv", "TX,AUSTEN,AUSTON,", "neither county nor town.*Did you mean"),
        ("towns.csv", "TX,AUSTEN,,48999", "'48999'"),
        ("towns.csv", "TX,AUSTEN", "2 fields found, 4 expected"),
        ("facilities.csv", "TX,X,private,48453,a note", "operator 'private'"),
        ("facilities.csv", "TX,X,local,06037,a note", "'06037' of 'X' is no county of TX"),
        ("facilities.csv", "TE,X,local,48453,a note", "'TE' is not a state"),
    ],
)
def test_a_wrong_line_in_the_data_is_named(tmp_path, monkeypatch, file, row, said):
    for path in place_names.FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text + row + "\n" if path.name == file else text, encoding="utf-8")
    monkeypatch.setattr(place_names, "FOLDER", tmp_path)
    read = {"towns.csv": towns, "facilities.csv": place_names.facilities}[file]
    counties.cache_clear()
    place_names.state_codes()  # read from the folder above, before
    try:
        with pytest.raises(InputError, match=said):
            read.__wrapped__()
    finally:
        counties.cache_clear()


def test_the_real_file_of_2015():
    path = Path(os.environ.get("ANALYSIS_DOWNLOADS", "")) / "ice-foia-2015.xlsx"
    if not os.environ.get("ANALYSIS_DOWNLOADS") or not path.is_file():
        pytest.skip("ice-foia-2015.xlsx is not at hand: name its folder in ANALYSIS_DOWNLOADS")
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    frame = pd.DataFrame(rows[1:], columns=["prepared", "request", "facility", "state", "city", "outcome"])
    text = ["facility", "state", "city", "outcome"]
    frame[text] = frame[text].astype("str").replace("", None)
    found = places(frame)
    declined = found["outcome"] == "Detainer Declined by LEA"
    share = found["operator"].value_counts(normalize=True)
    assert len(found) == 79_053
    assert share["federal"] >= 0.12
    assert share["state_prison"] == pytest.approx(0.1, abs=0.02)
    assert declined[found["operator"] == "federal"].mean() < 0.005
    assert declined[found["operator"] == "state_prison"].mean() < 0.005
    assert place_report(found).set_index("level").loc["county", "share"] > 0.85
    city = found[found["jurisdiction"].isin(NYC)]
    months = pd.to_datetime(city["prepared"]).dt.strftime("%Y-%m").value_counts()
    assert 1 - months["2015-01"] / months["2014-10"] == pytest.approx(5 / 6, abs=0.03)
