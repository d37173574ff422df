"""Kinds of files beside text, Excel, Parquet and Stata, and what a file's table in the engine holds."""

import base64
import datetime as dt
import gzip
import json
import sqlite3
import zipfile

import duckdb
import pandas as pd
import pyreadstat
import pytest
import xlsxwriter

from analysis.data import read
from analysis.data.errors import InputError
from analysis.data.recognize import fitting
from analysis.data.spec import Column, Map, Source, layout

PLAIN = Source()


def staged(path, con=None, **settings):
    """Return (sheet, headers, rows with their number last) of each table of a file."""
    con = con or duckdb.connect()
    return [
        (one.sheet, one.headers, con.execute(f"SELECT * FROM {one.table}").fetchall())
        for one in read.stage(con, path, PLAIN.model_copy(update=settings))
    ]


def test_a_text_is_a_table_of_texts_and_misfits_stand_beside_it(tmp_path):
    path = tmp_path / "a [1].csv"
    path.write_text("id,Date,date,_row\n1,x,y,z\n\n1,2\n,,,\n2,NA,,\n")
    con = duckdb.connect()
    [one] = read.stage(con, path, PLAIN)
    assert one.headers == ["id", "Date", "date", "_row"]
    assert len({name.casefold() for name in one.columns.values()} | {"_row"}) == 5  # the engine knows no case
    assert set(one.types.values()) == {"VARCHAR"}
    assert one.broken == [(4, "1,2")]
    assert con.execute(f"SELECT * FROM {one.table}").fetchall() == [("1", "x", "y", "z", 2), ("2", "NA", "", "", 6)]


def test_parquet_is_a_view_and_its_path_no_pattern(tmp_path):
    folder = tmp_path / "year=2020 [*]"
    folder.mkdir()
    pd.DataFrame({"Id": [1, 2], "id": ["a", None]}).to_parquet(folder / "a[b].parquet")
    pd.DataFrame({"Id": [3]}).to_parquet(folder / "ab.parquet")
    con = duckdb.connect()
    assert staged(folder / "a[b].parquet", con) == [("", ["Id", "id"], [(1, "a", 1), (2, None, 2)])]
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_packing_is_known_by_the_bytes_and_readme_files_are_passed_over(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(b"id,on\n1,x\n"))
    assert staged(path) == [("", ["id", "on"], [("1", "x", 2)])]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README_first.txt", "hello")
        archive.writestr("licence.txt", "hello")
        archive.writestr("one.csv", "id,on\n1,x\n")
    assert staged(path) == [("one.csv", ["id", "on"], [("1", "x", 2)])]
    assert staged(path, sheets=("licence.txt",)) == [("licence.txt", ["hello"], [])]


def test_json_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [{"id": "007", "n": 9_007_199_254_740_993, "a/b~": None}, {"id": "8", 'q"': [1, {"x": "é"}], "n": True}]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    assert staged(path) == [
        ("", ["id", "n", "a/b~", 'q"'], [("007", "9007199254740993", "", "", 1), ("8", "true", "", '[1,{"x":"é"}]', 2)])
    ]
    path.write_text('{"id": 1}\n[1]\n')
    with pytest.raises(InputError, match="row 2 is no JSON object"):
        staged(path)
    path.write_text('{"id": 1}\n{"id": \n')
    with pytest.raises(InputError, match="not a readable file of JSON lines"):
        staged(path)


def test_sqlite(tmp_path):
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as base:
        base.execute('CREATE TABLE people (id TEXT, "on" DATE, n REAL, whole INTEGER PRIMARY KEY AUTOINCREMENT)')
        base.execute("CREATE TABLE b (x)")
        base.executemany(
            'INSERT INTO people (id, "on", n) VALUES (?, ?, ?)', [("007", "2020-01-02", 1.5), (None, 3, 2.0)]
        )
    base.close()
    people = ("people", ["id", "on", "n", "whole"], [("007", "2020-01-02", "1.5", "1", 1), ("", "3", "2", "2", 2)])
    assert staged(path) == [("b", ["x"], []), people]
    assert staged(path, sheets=("people",)) == [people]
    with pytest.raises(InputError, match=r"no table 'peple'\. Did you mean 'people'"):
        staged(path, sheets=("peple",))
    path.write_bytes(b"x" * 4096)
    with pytest.raises(InputError, match="not a readable SQLite database"):
        staged(path)


# two rows written by pyreadstat 1.3.8, version 5: id, on (DATE), at (DATETIME), n
XPORT = (
    "ABzY8000000t54Kb#!qJQV4Q&_78H=f&d>+ry$3mNCgjMIYkICzzY-<f*peuKmdsb8mFLOre|OV;wKfSnCKZP-~<MSF0Rf-W>$tKR;I>QMh5771qy)"
    "&7XSLX`Z@u{i1V+Z8JuNefZaToVCSHKkRXb}&&4ssG1xT(#0N14b@=%?`nm=a@~;VY|1vN!FfcGPFlMHZ=N<+qK<ASM7=f6Bfhj+aG&cYv$Q5okBZg"
    "a;DR2vOVhQPP3GwuG#o-oi3f#hyr$9j*VY)?_9H(GQfBsIvm}!&9{AOTa?h-l&VsydXP>|ak1t3;gC@APbZH3W}8mOra6953N)<>XF1poj"
)


def test_sas_transport_files_hold_dates(tmp_path):
    path = tmp_path / "a.xpt"
    path.write_bytes(gzip.decompress(base64.b85decode(XPORT)))
    [(_, headers, rows)] = staged(path)
    assert headers == ["id", "on", "at", "n"]
    assert rows == [("007", "2020-01-02", dt.datetime(2020, 1, 2, 3, 4), 1.0, 1), ("8", "", None, 2.5, 2)]
    path.write_bytes(b"x" * 400)
    with pytest.raises(InputError, match="not a readable SAS file"):
        staged(path)


def test_spss_files_hold_labels_and_dates(tmp_path):
    path = tmp_path / "a.sav"
    frame = pd.DataFrame({"id": ["007", "8"], "why": [1.0, 2.0], "on": [dt.date(2020, 1, 2), None]})
    pyreadstat.write_sav(frame, path, variable_value_labels={"why": {1: "released", 2: "other"}})
    assert staged(path) == [("", ["id", "why", "on"], [("007", "released", "2020-01-02", 1), ("8", "other", "", 2)])]
    path.write_bytes(b"$FL2")
    with pytest.raises(InputError, match="not a readable SPSS file"):
        staged(path)


def test_a_hidden_sheet_is_called_hidden_and_days_from_1904_are_told(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as book:
        for name in ("now", "old"):
            book.add_worksheet(name).write_column(0, 0, ["id", 1])
        book.get_worksheet_by_name("old").hide()
    now, old = read.stage(duckdb.connect(), path, PLAIN)
    assert (now.hidden, old.hidden, now.day_0) == (False, True, 1904)


MAP = Map(
    table="arrests",
    columns={
        name: Column(name=name, headers=(header,), kind="id")
        for name, header in (("person_id", "id"), ("arrested", "on"))
    },
)


def test_a_header_further_down_is_answered_with_skip_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("County jail\nprinted 2020\nid,on\n1,x\n")
    with pytest.raises(InputError, match=r"the header row is row 3, as it seems. Say so: skip_rows = 2\."):
        staged(path, maps=(MAP,))
    assert staged(path, maps=(MAP,), skip_rows=2) == [("", ["id", "on"], [("1", "x", 4)])]


def test_the_layout_of_a_workbook_is_found_behind_its_cover_sheet(tmp_path):
    path, known = tmp_path / "a.xlsx", layout("deportation-data-project", "here")
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("About").write(0, 0, "What this is")
        book.add_worksheet("Data").write_row(0, 0, known["headers"])
    assert fitting(path, "a.xlsx", "here") == "deportation-data-project"


def test_lines_that_end_in_several_ways_and_other_encodings_keep_their_numbers(tmp_path):
    path = tmp_path / "a.csv"
    text = 'id,n\r\n1,é\n\n2,"a\r\nb"\r\n3\r\n4,x\n'
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be"):
        path.write_bytes(text.encode(encoding))
        con = duckdb.connect()
        [one] = read.stage(
            con, path, PLAIN.model_copy(update={"encoding": "utf-16-be" if encoding == "utf-16-be" else None})
        )
        assert one.broken == [(5, "3")]
        assert con.execute(f"SELECT * FROM {one.table}").fetchall() == [
            ("1", "é", 2),
            ("2", "a\r\nb", 4),
            ("4", "x", 6),
        ]


def test_a_gzip_in_a_zip_and_packed_json_lines_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/a.csv.gz", gzip.compress(b"id,on\n1,x\n"))
    assert staged(tmp_path / "a.zip") == [("in/a.csv.gz", ["id", "on"], [("1", "x", 2)])]
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1, "on": "x"}\n'))
    assert staged(tmp_path / "a.jsonl.gz") == [("", ["id", "on"], [("1", "x", 1)])]


def test_rows_that_all_end_with_a_delimiter_fit_a_header_that_does_not(tmp_path):
    (tmp_path / "a.csv").write_text("id,on\n1,x,\n2,y,\n")
    assert staged(tmp_path / "a.csv") == [("", ["id", "on", "(column 3)"], [("1", "x", "", 2), ("2", "y", "", 3)])]


@pytest.mark.parametrize(("mark", "told"), [(b"\x01", True), (b"\x00", False)])
def test_an_old_workbook_says_from_when_its_days_count(tmp_path, mark, told):
    (tmp_path / "a.xls").write_bytes(
        b"\xd0\xcf\x11\xe0" + b"\x22\x00\x02\x00" + mark + b"\x00" + b"\x22\x00\x02\x00\x01\x00"
    )
    assert read._from_1904(tmp_path / "a.xls") is told


@pytest.mark.parametrize(
    "row",
    [
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="float" '
        'office:value="1" table:number-columns-repeated="16384"/></table:table-row>',
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell/></table:table-row><table:table-row>'
        '<table:table-cell table:number-columns-repeated="16383"/><table:table-cell office:value-type="float"/></table:table-row>',
    ],
)
def test_a_spreadsheet_that_repeats_a_cell_without_end_is_refused(tmp_path, row):
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("content.xml", f'<office:body><table:table table:name="x">{row}</table:table></office:body>')
    with pytest.raises(InputError, match=r"reaches to row 1,048,576 and column 16,384, and only about 1 of these"):
        staged(tmp_path / "a.ods")
