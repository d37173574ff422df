import csv
import functools
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

from analysis.synthetic import DEMO, SEED, demo, policies_csv, tables, truth, write
from analysis.synthetic.frames import history
from analysis.synthetic.identities import identities
from analysis.synthetic.workbooks import headers

RAW = Path(__file__).parents[2] / "data" / "raw" / "demo"
FORMAT = Path(__file__).parents[2] / "src" / "analysis" / "data" / "formats" / "ice-foia-2026.toml"
# of the 65 headers of the layout, in order, joined by line ends (facts on the 2026-ICLI-00005 release)
HEADERS_SHA256 = "6e22ae29a396392a6d5921dcd37d03344c5a5f3b2014814db7a2a82bab0fdfa4"
WORLD = replace(DEMO, people=2_500)


def quick(monkeypatch, world=WORLD):
    monkeypatch.setitem(demo.WORLDS, "demo", world)
    monkeypatch.setattr(demo, "truth", functools.partial(truth, drawn=5_000))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        quick(monkeypatch)
        into = tmp_path_factory.mktemp("demo")
        write("demo", into)
        yield into


@pytest.fixture(scope="module")
def sheets(folder):
    """All sheets of all workbooks: (file, sheet) to rows."""
    found = {}
    for file in sorted(folder.glob("*.xlsx")):
        book = python_calamine.CalamineWorkbook.from_path(str(file))
        found |= {(file.name, name): book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    return found


def local(folder: Path, name: str, encoding: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / name).read_bytes().decode(encoding), newline="")))


def within(found: float, expected: float, n: int) -> bool:
    return abs(found - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / n)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones(folder, tmp_path, monkeypatch):
    quick(monkeypatch)
    again = write("demo", tmp_path / "again", seed=SEED)
    books = [f"detainers-fy{year}.xlsx" for year in range(2021, 2027)]
    assert [file.name for file in again] == [*books, "releases.csv", "arrests.csv", "exits.csv", "truth.json"]
    for file in again:
        assert file.read_bytes() == (folder / file.name).read_bytes(), file.name
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == sorted(file.name for file in again)  # no leftovers
    for file in write("demo", tmp_path / "other", seed=1):
        assert file.read_bytes() != (folder / file.name).read_bytes(), file.name


def test_an_unknown_name_is_refused_with_the_nearest_one(tmp_path):
    with pytest.raises(ValueError, match=r"no synthetic dataset is named 'demmo'.*Did you mean 'demo'"):
        write("demmo", tmp_path)


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
        assert not any(rows[-1][1:])
        assert not any(rows[-2])


def test_dates_come_as_cells_text_and_serial_numbers_and_one_is_unreadable(sheets):
    kinds = {name: {type(row[0]).__name__ for row in rows[7:-2]} for name, rows in sheets.items()}
    assert {kind for found in kinds.values() for kind in found} >= {"date", "str", "float"}
    column = [row[0] for rows in sheets.values() for row in rows[7:-2]]
    assert column.count("13/45/2023") == 1


def test_rows_of_the_workbooks_are_the_detainers_and_their_duplicates(sheets):
    n = len(tables(WORLD)["detainers"])
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
    missing = ~identities(WORLD, history(WORLD)[0]).known_to_ice
    assert within(missing.mean(), 0.13, len(missing))


def test_identifiers_are_the_same_in_all_files(folder, sheets):
    ice = {row[-1] for rows in sheets.values() for row in rows[7:-2]} - {""}
    county = {row["PersonNo"] for row in local(folder, "releases.csv", "latin-1")} - {""}
    arrests = {row["PersonNo"] for row in local(folder, "arrests.csv", "utf-8-sig")}
    assert all(re.fullmatch("[0-9a-f]{40}", number) for number in ice | county | arrests)
    assert len(county - arrests) < 0.01 * len(county)  # arrests of the last days are not yet reported
    assert within(len(county & ice) / len(county), 0.87, len(county))


def test_names_and_dates_of_birth_are_only_in_the_columns_declared_sensitive(folder, sheets):
    known = identities(WORLD, history(WORLD)[0])
    names = {part.casefold() for full in (*known.last, *known.first) for part in full.split()}
    born = {str(day) for day in known.born.astype("datetime64[D]") if day < np.datetime64("1995-01-01")}
    born |= {f"{day[5:7]}/{day[8:]}/{day[:4]}" for day in born}
    spec = tomllib.loads((RAW / "dataset.toml").read_text(encoding="utf-8"))
    sensitive = {block["path"]: set(block.get("sensitive", ())) for block in spec["files"]}
    planted = set()
    for name, encoding in (("releases.csv", "latin-1"), ("arrests.csv", "utf-8-sig"), ("exits.csv", "utf-8")):
        for row in local(folder, name, encoding):
            for column, text in row.items():
                if text in born or any(word.casefold() in names for word in text.split()):
                    planted.add((name, column))
    assert planted == {(name, c) for name in ("releases.csv", "arrests.csv") for c in sensitive[name]}
    hidden = tomllib.loads(FORMAT.read_text(encoding="utf-8"))["sensitive"]
    for rows in sheets.values():
        top = [h.strip() for h in rows[6]]
        for row in rows[7:]:
            for column, cell in zip(top, row, strict=True):
                assert column in hidden or not (isinstance(cell, str) and cell in born)
                assert not (isinstance(cell, str) and any(word.casefold() in names for word in cell.split()))


def test_no_arrest_is_dated_after_the_data_end_of_the_dataset(folder):
    spec = tomllib.loads((RAW / "dataset.toml").read_text(encoding="utf-8"))
    assert spec["data_end"] == {
        "arrests": DEMO.arrests_end, "exits": DEMO.exits_end, "detainers": DEMO.end, "lag_days": DEMO.lag_days,
    }  # fmt: skip
    texts = pd.Series([row["ArrestDate"] for row in local(folder, "arrests.csv", "utf-8-sig")])
    iso = texts.str.match(r"\d{4}-")
    days = pd.concat([pd.to_datetime(texts[iso], format="%Y-%m-%d"), pd.to_datetime(texts[~iso], format="%m/%d/%Y")])
    assert iso.any()
    assert (~iso).any()
    assert days.max() <= pd.Timestamp(spec["data_end"]["arrests"])
    exits = [row["EventDate"] for row in local(folder, "exits.csv", "utf-8")]
    assert max(exits) <= str(spec["data_end"]["exits"])


def test_local_files_hold_one_unreadable_date_and_one_row_without_a_person(folder):
    rows = local(folder, "releases.csv", "latin-1")
    assert sum(row["ReleaseDate"] == "02/30/2023" for row in rows) == 1
    assert sum(row["PersonNo"] == "" for row in rows) == 1
    assert len(rows) == len(tables(WORLD)["releases"])


def test_the_truth_beside_the_files_is_that_of_the_world(folder):
    found = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert found == truth(WORLD, drawn=5_000)
    assert "ynthetic" in found["synthetic"]


def test_the_committed_policies_and_seed_are_those_of_the_world():
    assert (RAW / "policies.csv").read_bytes().decode() == policies_csv()
    spec = tomllib.loads((RAW / "dataset.toml").read_text(encoding="utf-8"))
    assert (spec["kind"], spec["generator"], spec["seed"]) == ("synthetic", "demo", SEED)


def test_the_facility_map_of_the_dataset_names_every_facility():
    from analysis.synthetic.detainer_rows import facility_list

    values = tomllib.loads((RAW / "dataset.toml").read_text(encoding="utf-8"))["files"][0]["values"]
    assert values["jurisdiction"] == {code: place for code, _, place, _ in facility_list(DEMO)}
    for code, _, _, operator in facility_list(DEMO):
        assert values["operator"][re.search("[A-Z]+$", code)[0]] == operator
