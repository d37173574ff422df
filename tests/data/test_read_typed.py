"""Parquet, Stata, Excel and package data: types, several sheets, row numbers, and what a cell can hold."""

import datetime as dt
import decimal
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from analysis.data import read
from analysis.data.day_texts import as_date
from analysis.data.errors import InputError
from analysis.data.spec import Source
from analysis.data.values import raw_text

PLAIN = Source()


def frames(path, **settings):
    return list(read.batches(path, PLAIN.model_copy(update=settings)))


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
    frame = batch.frame
    assert batch.rows.tolist() == [1, 2]
    text = {name: raw_text(frame[name]).tolist() for name in frame.columns}
    assert text == {
        "big id": ["9007199254740993", ""], "exact": ["123456789012345678", ""], "longer": [str(10**24 + 1), ""],
        "share": ["1.25", ""], "day": ["2020-01-02", ""], "instant": ["2020-01-02", ""], "zoned": ["2020-01-02", ""],
        "yes": ["True", ""], "label": ["x", ""], "number": ["0.1", ""], "nested": ['["a","b"]', ""],
        "struct": ['{"a":1}', ""], "bytes": ["xé", ""], "nothing": ["", ""],
    }  # fmt: skip
    for name in ("day", "instant", "zoned"):  # the day is the one that the source's own clock showed
        dates, bad = as_date(frame[name], ())
        assert dates.tolist() == [pd.Timestamp("2020-01-02"), pd.NaT]
        assert not bad.any()


def test_parquet_batches_are_numbered_on(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "BATCH_ROWS", 3)
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": range(8)}).to_parquet(path, row_group_size=5)
    assert np.concatenate([batch.rows for batch in frames(path)]).tolist() == list(range(1, 9))
    pd.DataFrame({"a b ": pd.Series(dtype="str")}).to_parquet(path)
    assert frames(path)[0].frame.columns.tolist() == ["a b"]


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
    whole = pd.concat([batch.frame.map(lambda v: v) for batch in frames(path)])
    assert np.concatenate([batch.rows for batch in frames(path)]).tolist() == [1, 2, 3]
    assert raw_text(whole["outcome"]).tolist() == ["kept", "released", ""]
    assert as_date(whole["day"], ())[0].tolist() == [pd.Timestamp("2020-01-02"), pd.NaT, pd.Timestamp("2021-03-04")]
    assert raw_text(whole["n"]).tolist() == ["1", "", "3"]
    assert raw_text(whole["name"]).tolist() == ["é", "", "x"]


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
    assert first.frame.columns.tolist() == ["id", "on", "note"]
    assert first.rows.tolist() == [5, 7, 8, 10]  # as Excel numbers them
    assert first.frame.to_numpy(dtype=object).tolist() == [
        ["12345", "2014-10-01", ""], ["00042", "41913", "TRUE"], ["merged", "", ""], ["Note: as of July", "", ""],
    ]  # fmt: skip
    assert (second.sheet, second.rows.tolist()) == ("FY2015", [5])
    assert second.frame.to_numpy(dtype=object).tolist() == [["7", "2015-10-02 13:05:00", "0.5"]]


def test_excel_without_named_sheets_reads_all_that_hold_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "BATCH_ROWS", 2)
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in (("One", 3), ("None", 0), ("Two", 1)):
            sheet = book.add_worksheet(name)
            for i in range(rows + 1 if rows else 0):
                sheet.write_row(i, 0, ["id", "on"] if i == 0 else [i, "x"])
    assert [(b.sheet, b.rows.tolist()) for b in frames(path)] == [("One", [2, 3]), ("One", [4]), ("Two", [2])]


def test_package_frames_are_numbered_from_one(monkeypatch):
    monkeypatch.setattr(read, "BATCH_ROWS", 2)
    parts = list(read.frame_batches(pd.DataFrame({"a": [1, 2, 3]}, index=[7, 8, 9])))
    assert [part.rows.tolist() for part in parts] == [[1, 2], [3]]
    assert parts[1].frame.index.tolist() == [0]
