"""Every shipped layout reads a file with exactly its known headers and the awkward values of real ones."""

import hashlib
import io
import tomllib
import zipfile

import pandas as pd
import pytest
import xlsxwriter

from analysis.cli import main
from analysis.data import spec
from analysis.data.errors import InputError
from analysis.data.recognize import fitting
from analysis.data.spec import read_source
from benchmarks.lookalike import lookalike

HEAD = 'title = "T"\nkind = "synthetic"\nsource = "made for a test"\ndata_end = { detainers = 2026-01-31, exits = 2026-01-31 }\n'
ID = "e185bdabcbf93f9098c1aa4303ff6179975ae0ae"
# of the headers of each layout in order, joined by line ends (facts on the releases)
HEADERS_SHA256 = {
    "ice-foia-2015": "74252e20dee649013ffb3876bea07acb9eb35723be0fd59e7a0c44a469f1f2c9",
    "npr-trac-fy09-fy17": "825b71e53c80900d6c32937057919fb9427703e1ed7ed475129ea4f065024264",
    "trac-2025": "9f3d8b9c6eddeda153b902df88d622aa0373adf69b49878bae6b24189be47bd5",
    "ice-foia-2025": "fa772f25f42a7d663719c089f1edd42da3486e1f490ed06f8998727a88bc0d49",
    "ice-foia-2026": "6e22ae29a396392a6d5921dcd37d03344c5a5f3b2014814db7a2a82bab0fdfa4",
    "ice-foia-2026-dpr": "1bdd530301832dcdb1e8a69df7ea6b0dc9897a7e59c7a8753cb013e37b1ac189",
    "deportation-data-project": "cd5c2a8ee08cb624cbc659d490a0a45ae9072243d99af13223da4f10f1e5efea",
}
SHORT_YEARS = ("ice-foia-2015", "npr-trac-fy09-fy17")
WORKBOOKS = (
    "ice-foia-2015",
    "trac-2025",
    "ice-foia-2025",
    "ice-foia-2026",
    "ice-foia-2026-dpr",
    "deportation-data-project",
)


def known(name):
    return spec.layout(name, name)["headers"]


def rows_of(name):
    """Three rows that can be used, by what they mean, for a layout's own headers: dates as text and as a serial number."""
    source = read_source({"path": "a", "format": name}, "t")
    main_map, *also = source.maps
    headers = {column: rule.headers[0] for column, rule in main_map.columns.items()}
    short = name in SHORT_YEARS
    values = {
        "person_id": (ID, "b(6), b(7)c", ID), "prepared": ("10/31/14", 41944, "11/02/14") if short else ("10/31/2014", 41944, "2014-11-02"),
        "request": ("I247A - Immigration Detainer - Notice of Action", "I247N - Immigration Advisal", "Not  Applicable"),
        "facility": ("TRAVIS CTY JAIL", "FDC PHILADELPHIA", ""), "city": ("AUSTIN ", "PHILADELPHIA", ""),
        "state": ("TEXAS", "pa", ""), "outcome": ("Detainer  Declined by LEA", "", "Booked into Detention"),
        "case_status": ("ACTIVE", "7-Died", "8-Excluded/Removed - Inadmissibility"),
        "criminality": ("1 Convicted Criminal", "Not  Applicable", "3 Other Immigration Violator"),
        "charge": ("Homicide", "", "Not Applicable"), "charge_group": ("0999", "", "5404"), "threat_level": ("1", "Not  Applicable", ""),
        "conviction_date": ("2010-05-01", "", 41944), "sex": ("Male", "Female", "Unknown"), "birth_year": (1980, "1990", ""),
        "citizenship": ("SYNTHETIC COUNTRY A", "", ""),
    }  # fmt: skip
    rows = [{headers[column]: cells[i] for column, cells in values.items() if column in headers} for i in range(3)]
    if also:
        left = also[0].columns["date"].headers[0]
        rows[0][left], rows[2][left] = "2014-12-24", 41999
    if name == "trac-2025":  # the only layout that dates a transfer to ICE
        rows[0]["Detainer_Lift_Date"], rows[2]["Detainer_Lift_Date"] = "11/05/2014", 41950
    return rows


def workbook(name, top=6, sheets=2):
    """A workbook of a layout: text above the header, blanks after some headers, several sheets, a note under the rows."""
    buffer, names = io.BytesIO(), known(name)
    book = xlsxwriter.Workbook(buffer)
    for number in range(sheets):
        sheet = book.add_worksheet(f"Part {number + 1}")
        for line in range(top):
            sheet.write_string(line, 0, "synthetic" if line else "")
        for j, header in enumerate(names):
            text = header.replace("_", " ") if name == "trac-2025" else header
            sheet.write_string(top, j, text + " " * (j % 3 == 0))
        for i, row in enumerate(rows_of(name), top + 1):
            for header, value in row.items():
                sheet.write(i, names.index(header), value)
        sheet.write_string(top + 5, 0, "Note: rows are limited to detainers prepared in the year.")
    book.close()
    return buffer.getvalue()


def test_the_headers_are_those_of_the_releases():
    assert set(spec.names()) == set(HEADERS_SHA256)
    assert {
        name: hashlib.sha256("\n".join(known(name)).encode()).hexdigest() for name in spec.names()
    } == HEADERS_SHA256


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_is_recognized_and_read(house, name):
    ds = house.build(HEAD + '[[files]]\npath = "d.xlsx"\n', d_xlsx=workbook(name))
    detainers = ds.frame("detainers")
    assert ds.quality["layout"].unique().tolist() == [f"{name} (recognized)"]
    for table, rows in ds.quality.groupby("table"):
        assert rows["rows_in"].sum() == rows["kept"].sum() + rows["set_aside"].sum(), table
    own = ds.quality[ds.quality["table"] == "detainers"]
    assert own[["rows_in", "kept", "set_aside"]].sum().tolist() == [8, 6, 2]
    assert set(own["reason"]) - {"kept"} <= {"blank", "not readable as a date"}  # the note under the rows
    assert detainers["prepared"].astype("str").tolist() == ["2014-10-31", "2014-11-01", "2014-11-02"] * 2
    assert detainers["outcome"].tolist() == ["declined", "unknown", "ice_custody"] * 2
    assert detainers["source_sheet"].tolist() == ["Part 1"] * 3 + ["Part 2"] * 3
    assert detainers["source_row"].tolist() == [8, 9, 10] * 2
    assert detainers["jurisdiction"].astype("str").fillna("").tolist()[0] == (
        "48453" if "state" in _mapped(name) else ""
    )
    assert detainers["operator"].tolist()[:2] == ["local", "federal"]
    if "person_id" in _mapped(name):
        assert detainers["person_id"].isna().tolist() == [False, True, False] * 2
        assert detainers["charge_group"].tolist()[:3] == ["homicide", "unknown", "driving"]
        assert detainers["conviction_date"].astype("str").fillna("").tolist()[:3] == ["2010-05-01", "", "2014-11-01"]
        assert detainers["sex"].tolist()[:3] == ["male", "female", "unknown"]
        assert set(ds.changed.loc[ds.changed["column"] == "person_id", "what"]) == {"redacted"}
        exits = ds.frame("exits")
        assert exits.loc[exits["kind"] == "removed", "date"].astype("str").tolist() == ["2014-12-24", "2014-12-26"] * 2
        custody = exits.loc[exits["kind"] == "ice_custody", "date"].astype("str").tolist()
        assert custody == (["2014-11-07"] * 2 if name == "trac-2025" else [])


TYPED = {"parquet": "to_parquet", "xlsx": "to_excel", "dta": "to_stata", "csv": "to_csv"}


@pytest.mark.parametrize("ending", TYPED)
def test_the_deportation_data_project_in_each_of_its_kinds_of_file(house, ending, tmp_path):
    frame = lookalike(60, seed=5)
    at = frame["unique_identifier"].first_valid_index()
    values = ["Not  Applicable", pd.Timestamp("2026-01-05"), "7-Died"]
    frame.loc[at, ["detainer_prep_threat_level", "departed_date", "case_status"]] = values
    file = tmp_path / f"detainers.{ending}"
    if ending == "csv":
        frame.to_csv(file, na_rep="NA", quoting=1)  # as written by R: a first column of row numbers, dates as text
    elif ending == "dta":
        text = frame.astype({name: object for name in frame if frame[name].dtype in ("str", "object")}).fillna(
            {name: "" for name in frame if frame[name].dtype in ("str", "object")}
        )
        text["duplicate_likely"] = text["duplicate_likely"].astype("int8")
        text.to_stata(file, write_index=False, version=118)
    else:
        frame.to_parquet(file) if ending == "parquet" else frame.to_excel(file, index=False, engine="xlsxwriter")
    ds = house.build(HEAD + f'[[files]]\npath = "d.{ending}"\n', **{f"d_{ending}": file.read_bytes()})
    detainers, exits = ds.frame("detainers"), ds.frame("exits")
    assert ds.quality["layout"].tolist()[0] == "deportation-data-project (recognized)"
    own = ds.quality[ds.quality["table"] == "detainers"]
    assert own[["rows_in", "kept", "set_aside"]].sum().tolist() == [60, 60, 0]
    assert (detainers["prepared"] == frame["detainer_prepare_date"]).all()
    assert detainers["person_id"].isna().tolist() == frame["unique_identifier"].isna().tolist()
    assert detainers["person_id"].nunique() == frame["unique_identifier"].nunique()
    assert detainers["birth_year"].tolist() == frame["birth_year"].tolist()
    assert (detainers["charge_group"] == "homicide").tolist() == (frame["msc_charge_code"] == "0999").tolist()
    assert detainers["duplicate_likely"].tolist() == frame["duplicate_likely"].tolist()
    assert (
        (exits["kind"] == "died").sum()
        == (frame["case_status"].eq("7-Died") & frame["unique_identifier"].notna()).sum()
        >= 1
    )
    assert len(exits) == (frame["departed_date"].notna() & frame["unique_identifier"].notna()).sum()


@pytest.mark.parametrize("packed", [False, True])
def test_a_delimited_file_with_lines_above_its_header_and_a_note_below(house, packed):
    frame = lookalike(40, seed=6)
    raw = ("Detainers\n\nRelease of January 2026\n" + frame.to_csv(index=False) + "Note: as of January\n").encode()
    if packed:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("detainers.csv", raw)
        ds = house.build(HEAD + '[[files]]\npath = "d.zip"\n', d_zip=buffer.getvalue())
    else:
        ds = house.build(HEAD + '[[files]]\npath = "d.csv"\n', d_csv=raw)
    own = ds.quality[ds.quality["table"] == "detainers"]
    assert own[["rows_in", "kept", "set_aside"]].sum().tolist() == [41, 40, 1]
    assert ds.frame("detainers")["source_row"].tolist() == list(range(5, 45))  # record 4 is the header
    assert (ds.frame("detainers")["prepared"] == frame["detainer_prepare_date"]).all()


def test_a_sheet_without_the_layouts_header_is_named(house, refused):
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="xlsxwriter") as book:
        lookalike(30, seed=7).to_excel(book, sheet_name="Detainers", index=False)
        pd.DataFrame({"Field": ["a"], "Meaning": ["b"]}).to_excel(book, sheet_name="Codebook", index=False)
    house.write(HEAD + '[[files]]\npath = "d.xlsx"\n', d_xlsx=buffer.getvalue())
    said = refused()
    assert "sheet 'Codebook': none of its first 50 rows is a header" in said
    assert "sheets =" in said
    ds = house.build(
        HEAD + '[[files]]\npath = "d.xlsx"\nsheets = ["Detainers"]\n', name="two", d_xlsx=buffer.getvalue()
    )
    assert len(ds.frame("detainers")) == 30


NPR = "Prepare_Date\tDetainer_Lift_Reason_2_Code\tArea_Of_Responsibility\tDetainer_Detention_Facility\tDetention_Facility\tGender\n"


@pytest.mark.parametrize("mark", ["\t", ","])
def test_the_series_of_npr_and_trac_whatever_parts_the_columns(house, mark):
    rows = "2012-01-31\tA\tx\tTRAVIS CTY JAIL\tNULL\tMale\n1/31/12\tNA\tx\tUNK\tKARNES COUNTY JAIL\t\n40939\tB\t\t\t\t\nTotal\t\t\t\t\t\n"
    text = (NPR + rows).replace("\t", mark)
    ds = house.build(HEAD + '[[files]]\npath = "*.csv"\n', detainersfy12_raw_csv=text)
    assert ds.quality["layout"].tolist()[0] == "npr-trac-fy09-fy17 (recognized)"
    detainers = ds.frame("detainers")
    assert detainers["prepared"].astype("str").tolist() == ["2012-01-31"] * 3
    assert detainers["outcome"].tolist() == ["declined", "unknown", "ice_custody"]
    assert detainers["facility"].astype("str").fillna("").tolist() == ["TRAVIS CTY JAIL", "KARNES COUNTY JAIL", ""]
    assert ds.quality[["rows_in", "kept", "set_aside"]].sum().tolist() == [4, 3, 1]
    assert dict(zip(ds.columns["column"], ds.columns["use"], strict=True))["Gender"] == "not used"


def test_the_siblings_of_2015_are_text_with_short_years(house):
    text = "Prepare Date,Detainer Type,Detainer Detention Facility ,State,City,Detainer Lift Reason\n"
    text += "10/1/08,I247 (prior to March 2013),TRAVIS CTY JAIL,TEXAS,AUSTIN,\n"
    ds = house.build(HEAD + '[[files]]\npath = "fy09.csv"\nformat = "ice-foia-2015"\n', fy09_csv=text)
    row = ds.frame("detainers").iloc[0]
    assert (str(row["prepared"])[:10], row["request"], row["jurisdiction"], row["city"]) == (
        "2008-10-01",
        "detainer",
        "48453",
        "AUSTIN",
    )
    assert ds.quality["layout"].tolist() == ["ice-foia-2015"]


def test_a_file_that_fits_none_is_told_what_the_closest_needs(house, refused):
    names = [name for name in known("ice-foia-2026-dpr") if name not in ("AOR", "City")]
    house.write(HEAD + '[[files]]\npath = "d.csv"\n', d_csv=",".join(names) + "\n" + "," * (len(names) - 1) + "x\n")
    said = refused()
    assert (
        "d.csv fits no known layout. The closest is ice-foia-2026-dpr, of whose headers these are not there: 'AOR', 'City'."
        in said
    )


def test_a_file_that_fits_two_layouts_is_a_choice(tmp_path, monkeypatch):
    for name, more in (("one", '"b"'), ("two", '"c"')):
        (tmp_path / f"{name}.toml").write_text(
            f'table = "detainers"\nheaders = ["a", {more}]\n[columns]\nprepared = "a"\n'
        )
    monkeypatch.setattr(spec, "FORMATS", tmp_path)
    (tmp_path / "d.csv").write_text("a,c,b\n1,2,3\n")
    with pytest.raises(
        InputError, match=r"fits 2 layouts: one and two \(one alone knows 'b'; two alone knows 'c'\). Say which: format"
    ):
        fitting(tmp_path / "d.csv", "d.csv", "x")


def test_files_of_one_block_have_one_layout(house, refused):
    npr = NPR.replace("\t", ",") + "2012-01-31,A,x,y,z,w\n"
    ice = ",".join(known("ice-foia-2015")) + "\n10/1/08,,,,,\n"
    house.write(HEAD + '[[files]]\npath = "*.csv"\n', a_csv=npr, b_csv=ice)
    assert (
        "a.csv has the layout npr-trac-fy09-fy17 and b.csv the layout ice-foia-2015. Give each a [[files]] block."
        in refused()
    )


def test_a_first_draft_names_the_layout(house, tmp_path):
    file = tmp_path / "d.xlsx"
    file.write_bytes(workbook("ice-foia-2025"))
    assert main(["new", "--dataset", "mine", "--file", str(file)]) == 0
    raw = tomllib.loads((house.root / "data/raw/mine/dataset.toml").read_text())
    assert raw["files"] == [{"path": "d.xlsx", "format": "ice-foia-2025"}]
    assert set(raw["data_end"]) == {"detainers", "exits"}


def test_a_first_draft_for_a_file_that_lacks_a_few_headers_says_which(house, tmp_path, capsys):
    file = tmp_path / "d.csv"
    lookalike(40, seed=8).drop(columns=["msc_sentence_days"]).to_csv(file, index=False)
    assert main(["new", "--dataset", "mine", "--file", str(file)]) == 0
    text = (house.root / "data/raw/mine/dataset.toml").read_text()
    assert tomllib.loads(text)["files"] == [{"path": "d.csv", "format": "deportation-data-project"}]
    assert 'lacks headers of it: "msc_sentence_days"' in text
    file = house.root / "data/raw/mine/dataset.toml"
    assert main(["check", "--dataset", "mine"]) == 1
    assert "would be published as TODO" in capsys.readouterr().err
    file.write_text(text.replace("TODO", "what the agency said").replace("2000-01-01", "2026-09-30"))
    assert main(["check", "--dataset", "mine"]) == 0


def _mapped(name):
    return read_source({"path": "a", "format": name}, "t").maps[0].columns
