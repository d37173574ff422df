"""Parquet, Stata, Excel and package data: types, several sheets, row numbers, and what a cell can hold."""

import datetime as dt
import decimal
import io

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from analysis.data import read
from analysis.data.errors import InputError
from analysis.data.spec import Column, Map, Source
from analysis.data.values import texts

PLAIN = Source()


class Sheet:
    """The rows of a sheet by header, as texts, and their numbers."""

    def __init__(self, con, one) -> None:
        table = con.sql(f"SELECT * FROM {one.table}").to_arrow_table()
        self.sheet, self.rows, self.types = one.sheet, table["_row"].to_pylist(), one.types
        self.text = {header: texts(table[column].to_pylist()).tolist() for header, column in one.columns.items()}


def frames(path, **settings):
    with duckdb.connect() as con:
        return [Sheet(con, one) for one in read.stage(con, path, PLAIN.model_copy(update=settings))]


def test_parquet_types_survive(tmp_path):
    table = pa.table(
        {
            "big id ": pa.array([9_007_199_254_740_993, None], pa.int64()),
            "exact": pa.array([decimal.Decimal(123456789012345678), None], pa.decimal128(18, 0)),
            "longer": pa.array([decimal.Decimal(10**24 + 1), None], pa.decimal128(25, 0)),
            "share": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(5, 2)),
            "day": pa.array([dt.date(2020, 1, 2), None]),
            "instant": pa.array([dt.datetime(2020, 1, 2, 23, 30), None], pa.timestamp("ns")),
            "zoned": pa.array([dt.datetime(2020, 1, 3, 4, 30), None], pa.timestamp("us", tz="America/Chicago")),
            "yes": pa.array([True, None]),
            "label": pa.array(["x", None]).dictionary_encode(),
            "number": pa.array([0.1, None]),
            "nested": pa.array([["a", "b"], None]),
            "struct": pa.array([{"a": 1}, None]),
            "bytes": pa.array([b"x\xc3\xa9", None]),
            "nothing": pa.nulls(2),
        }
    )
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    [batch] = frames(path)
    assert batch.rows == [1, 2]
    assert batch.text == {
        "big id": ["9007199254740993", ""], "exact": ["123456789012345678", ""], "longer": [str(10**24 + 1), ""],
        "share": ["1.25", ""], "day": ["2020-01-02", ""], "instant": ["2020-01-02", ""], "zoned": ["2020-01-02", ""],
        "yes": ["True", ""], "label": ["x", ""], "number": ["0.1", ""], "nested": ['["a","b"]', ""],
        "struct": ['{"a":1}', ""], "bytes": ["xé", ""], "nothing": ["", ""],
    }  # fmt: skip
    rule = Column(name="arrested", headers=("zoned",), kind="date")
    told = Source(maps=(Map(table="arrests", columns={"arrested": rule}),))
    with pytest.raises(InputError, match=r"'zoned' holds moments in America/Chicago.*tz = "), duckdb.connect() as con:
        list(read.stage(con, path, told))
    elsewhere = told.maps[0].model_copy(update={"columns": {"arrested": rule.model_copy(update={"tz": "UTC"})}})
    assert frames(path, maps=(elsewhere,))[0].text["zoned"] == ["2020-01-03", ""]


def test_parquet_rows_are_numbered_on(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": range(8)}).to_parquet(path, row_group_size=5)
    assert sorted(frames(path)[0].rows) == list(range(1, 9))
    pd.DataFrame({"a b ": pd.Series(dtype="str")}).to_parquet(path)
    assert frames(path)[0].text == {"a b": []}


def test_parquet_headers_that_fold_to_one_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": [1], "a ": [2]}).to_parquet(path)
    with pytest.raises(InputError, match="'a' appears twice"):
        frames(path)


def test_stata_labels_and_dates(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "BATCH_ROWS", 2)
    path = tmp_path / "a.dta"
    frame = pd.DataFrame(
        {
            "outcome": pd.Categorical(["kept", "released", None]),
            "day": pd.to_datetime(["2020-01-02", None, "2021-03-04"]),
            "n": [1.0, np.nan, 3.0],
            "name": ["é", "", "x"],
        }
    )
    frame.to_stata(path, write_index=False, convert_dates={"day": "td"}, version=118)
    [whole] = frames(path)
    assert whole.rows == [1, 2, 3]
    assert whole.text == {
        "outcome": ["kept", "released", ""], "day": ["2020-01-02", "", "2021-03-04"], "n": ["1", "", "3"], "name": ["é", "", "x"]
    }  # fmt: skip


def workbook(path, options=None):
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, **(options or {})}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("FY2014")
        sheet.write(0, 1, "Jail of the county")
        sheet.write_row(3, 1, ["id ", "on", "note"])
        sheet.write(4, 1, 12345)
        sheet.write_datetime(4, 2, dt.datetime(2014, 10, 1), day)
        sheet.write_formula(4, 3, "=1/0", None, "#DIV/0!")
        sheet.write(6, 1, "00042")
        sheet.write(6, 2, 41913)
        sheet.write(6, 3, True)
        sheet.merge_range(7, 1, 7, 2, "merged")
        sheet.write(9, 1, "Note: as of July")
        book.add_worksheet("Empty")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=FY2014!$C$5:$C$7"})
        book.add_chartsheet("Chart").set_chart(chart)
        book.add_worksheet("Legend").write(0, 0, "read me")
        second = book.add_worksheet("FY2015")
        second.write_row(3, 0, ["id", "on", "note"])
        second.write_row(4, 0, ["7", "10/02/2015", 0.5])
        second.write_datetime(
            4, 1, dt.datetime(2015, 10, 2, 13, 5), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        )
    path.write_bytes(held.getvalue())


@pytest.mark.parametrize("options", [None, {"date_1904": True}])
def test_excel_sheets_and_cells(tmp_path, options):
    path = tmp_path / "a.xlsx"
    workbook(path, options)
    first, second = frames(path, skip_rows=3, sheets=("FY2014", "FY2015"))
    assert first.rows == [5, 7, 8, 10]  # as Excel numbers them
    assert first.text == {
        "id": ["12345", "00042", "merged", "Note: as of July"], "on": ["2014-10-01", "41913", "", ""], "note": ["", "TRUE", "", ""]
    }  # fmt: skip
    assert (second.sheet, second.rows) == ("FY2015", [5])
    assert second.text == {"id": ["7"], "on": ["2015-10-02 13:05:00"], "note": ["0.5"]}


def test_excel_without_named_sheets_reads_all_that_hold_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "BATCH_ROWS", 2)
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in (("One", 3), ("None", 0), ("Two", 1)):
            sheet = book.add_worksheet(name)
            for i in range(rows + 1 if rows else 0):
                sheet.write_row(i, 0, ["id", "on"] if i == 0 else [i, "x"])
    assert [(one.sheet, one.rows) for one in frames(path)] == [("One", [2, 3, 4]), ("Two", [2])]


def test_package_frames_are_numbered_from_one():
    with duckdb.connect() as con:
        one = read.stage_frame(con, pd.DataFrame({"a": [1, 2, 3]}, index=[7, 8, 9]), "p")
        assert con.execute(f"SELECT * FROM {one.table}").fetchall() == [(1, 1), (2, 2), (3, 3)]
