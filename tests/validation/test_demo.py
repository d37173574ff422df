"""The demo's files: what is planted in them, and that the committed ones come from the seed."""

import csv
import gzip
import hashlib
import io
import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import python_calamine

from validation.simulator import DEMO, files, tables, truth
from validation.simulator.demo import policies_csv
from validation.simulator.histories import history
from validation.simulator.local_files import identities
from validation.simulator.workbooks import facility_list, headers

ROOT = Path(__file__).parents[2]
RAW = ROOT / "data" / "raw" / "demo"
SPEC = tomllib.loads((RAW / "dataset.toml").read_text(encoding="utf-8"))
FORMAT = tomllib.loads(
    (ROOT / "src" / "analysis" / "data" / "formats" / "ice-foia-2026.toml").read_text(encoding="utf-8")
)
# of the 65 headers of the layout, in order, joined by line ends (facts on the 2026-ICLI-00005 release)
HEADERS_SHA256 = "6e22ae29a396392a6d5921dcd37d03344c5a5f3b2014814db7a2a82bab0fdfa4"
SMALL = replace(DEMO, people=2_500)


@pytest.fixture(scope="module")
def made():
    return files(SMALL, drawn=5_000)


def cells(content: bytes) -> dict[str, list]:
    """Return the rows of each sheet of a workbook."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def content(name: str, data: bytes) -> object:
    """Return what a file says, whatever the library that packed it."""
    return cells(data) if name.endswith(".xlsx") else gzip.decompress(data) if name.endswith(".gz") else data


@pytest.fixture(scope="module")
def sheets(made):
    """All sheets of all workbooks: (file, sheet) to rows."""
    return {(name, of): rows for name in made if name.endswith(".xlsx") for of, rows in cells(made[name]).items()}


@pytest.fixture(scope="module")
def local(made):
    """The rows of the three CSV files."""
    codes = {"releases.csv.gz": "latin-1", "arrests.csv.gz": "utf-8-sig", "exits.csv.gz": "utf-8"}
    texts = {name: gzip.decompress(made[name]).decode(code) for name, code in codes.items()}
    return {name: list(csv.DictReader(io.StringIO(text, newline=""))) for name, text in texts.items()}


def within(found: float, expected: float, n: int) -> bool:
    return abs(found - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / n)


@pytest.mark.thorough
def test_the_committed_files_come_from_the_seed():
    made = files()
    there = {path.name for path in RAW.iterdir() if path.suffix in (".xlsx", ".gz", ".json", ".csv")}
    assert there == set(made)
    for name, data in made.items():
        assert content(name, data) == content(name, (RAW / name).read_bytes()), name


def test_the_same_seed_gives_the_same_content_and_another_seed_another(made):
    again, other = files(SMALL, drawn=5_000), files(replace(SMALL, seed=1), drawn=5_000)
    assert again == made
    assert [name for name in made if content(name, made[name]) == content(name, other[name])] == ["policies.csv"]


def test_headers_are_those_of_the_layout(sheets):
    assert hashlib.sha256("\n".join(headers()).encode()).hexdigest() == HEADERS_SHA256
    for (file, _), rows in sheets.items():
        year = int(re.search(r"\d{4}", file)[0])
        expected = [h for h in headers() if not (h == "Birth Date" and year <= 2024)]
        assert [h.strip() for h in rows[6]] == expected
        assert rows[6] != expected  # some end in blanks


def test_every_sheet_says_that_it_is_synthetic_and_ends_in_a_note(sheets):
    assert len({file for file, _ in sheets}) < len(sheets)  # several sheets in a workbook
    for rows in sheets.values():
        assert "SYNTHETIC" in rows[0][0]
        assert "SYNTHETIC" in rows[-1][0]
        assert not any([*rows[-1][1:], *rows[-2]])


def test_dates_come_as_cells_text_and_serial_numbers_and_one_is_unreadable(sheets):
    column = [row[0] for rows in sheets.values() for row in rows[7:-2]]
    assert {type(value).__name__ for value in column} >= {"date", "str", "float"}
    assert column.count("13/45/2023") == 1


def test_rows_of_the_workbooks_are_the_detainers_and_their_duplicates(sheets):
    n = len(tables(SMALL)["detainers"])
    rows = sum(len(rows) - 7 - 2 for rows in sheets.values()) - 1  # without the unreadable row
    assert within((rows - n) / n, 0.03, n)


def test_shares_of_blanks_redactions_and_missing_identifiers(sheets):
    rows = pd.concat([pd.DataFrame(r[7:-2], columns=[h.strip() for h in r[6]]) for r in sheets.values()])
    rows = rows[rows["Anonymized Identifier"].notna() & (rows["Detainer Prepare Date"] != "13/45/2023")]
    assert (rows["EID DTA ID"] == "b(6), b(7)c").all()
    plain = rows[~rows["Detainer Lift Reason"].isin(["Duplicate", "Superseding - New Form Issued"])]
    assert within((plain["Detainer Lift Reason"] == "").mean(), 0.3 + 0.03 * 0.7 / 3, len(plain))
    assert (rows["Detainer Threat Level"] == "Not  Applicable").any()
    codes = rows.loc[rows["Detainer Lift Reason"] == "Booked into Detention", "Detainer Lift Reason Code"]
    assert set(codes) == {"B"}
    missing = ~identities(SMALL, history(SMALL)[0]).known_to_ice
    assert within(missing.mean(), 0.13, len(missing))


def test_identifiers_are_the_same_in_all_files(local, sheets):
    ice = {row[-1] for rows in sheets.values() for row in rows[7:-2]} - {""}
    county, arrests = (
        {row["PersonNo"] for row in local[name]} - {""} for name in ("releases.csv.gz", "arrests.csv.gz")
    )
    assert all(re.fullmatch("[0-9a-f]{40}", number) for number in ice | county | arrests)
    assert len(county - arrests) < 0.01 * len(county)  # arrests of the last days are not yet reported
    assert within(len(county & ice) / len(county), 0.87, len(county))


def test_names_and_dates_of_birth_are_only_in_the_columns_declared_sensitive(local, sheets):
    known = identities(SMALL, history(SMALL)[0])
    names = {part.casefold() for full in (*known.last, *known.first) for part in full.split()}
    born = {str(day) for day in known.born.astype("datetime64[D]") if day < np.datetime64("1995-01-01")}
    born |= {f"{day[5:7]}/{day[8:]}/{day[:4]}" for day in born}

    def planted(text: object) -> bool:
        return isinstance(text, str) and (text in born or any(word.casefold() in names for word in text.split()))

    found = {(name, column) for name in local for row in local[name] for column, text in row.items() if planted(text)}
    assert found == {(block["path"], column) for block in SPEC["files"] for column in block.get("sensitive", ())}
    for rows in sheets.values():
        top = [h.strip() for h in rows[6]]
        shown = {column for row in rows[7:] for column, text in zip(top, row, strict=True) if planted(text)}
        assert shown <= set(FORMAT["sensitive"])


def test_no_arrest_is_dated_after_the_data_end_of_the_dataset(local):
    assert SPEC["data_end"] == {
        "arrests": DEMO.arrests_end, "exits": DEMO.exits_end, "detainers": DEMO.end, "lag_days": DEMO.lag_days,
    }  # fmt: skip
    texts = pd.Series([row["ArrestDate"] for row in local["arrests.csv.gz"]])
    iso = texts.str.match(r"\d{4}-")
    assert 0 < iso.sum() < len(iso)
    days = pd.concat([pd.to_datetime(texts[iso], format="%Y-%m-%d"), pd.to_datetime(texts[~iso], format="%m/%d/%Y")])
    assert days.max() <= pd.Timestamp(DEMO.arrests_end)
    assert max(row["EventDate"] for row in local["exits.csv.gz"]) <= str(DEMO.exits_end)


def test_local_files_hold_one_unreadable_date_and_one_row_without_a_person(local):
    rows = local["releases.csv.gz"]
    assert sum(row["ReleaseDate"] == "02/30/2023" for row in rows) == 1
    assert sum(row["PersonNo"] == "" for row in rows) == 1
    assert len(rows) == len(tables(SMALL)["releases"])


def test_the_truth_beside_the_files_is_that_of_the_simulation(made):
    assert json.loads(made["truth.json"]) == truth(SMALL, drawn=5_000)


def test_the_committed_map_and_policies_are_those_of_the_simulation():
    assert (RAW / "policies.csv").read_bytes().decode() == policies_csv()
    values = SPEC["files"][0]["values"]
    assert values["jurisdiction"] == {code: place for code, _, place, _ in facility_list(DEMO)}
    for code, _, _, operator in facility_list(DEMO):
        assert values["operator"][re.search("[A-Z]+$", code)[0]] == operator
