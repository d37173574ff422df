"""Texts to days: ISO, formats of a map, serial numbers."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.data.values import as_date, swapped, texts

text = lambda *values: texts(values)  # noqa: E731


@pytest.mark.parametrize(
    ("written", "formats", "expected"),
    [
        ("2018-01-31", (), "2018-01-31"),
        ("2018-01-31 23:59:59.999", (), "2018-01-31"),
        ("2018-01-31T23:59:59Z", (), "2018-01-31"),
        ("2018-01-31 23:59:59+02:00", (), "2018-01-31"),
        ("43131", ("serial",), "2018-01-31"),  # Excel counts 1900-01-01 as day 1 and 1900-02-29 as a day
        ("43131.75", ("%m/%d/%Y", "serial"), "2018-01-31"),
        ("43131", (), None),
        ("1900-01-01", (), None),  # what a database writes for no date
        ("9999-12-31", (), None),
        ("1/31/2018", ("%m/%d/%Y",), "2018-01-31"),
        ("31JAN2018", ("%m/%d/%Y", "%d%b%Y"), "2018-01-31"),
        ("01/31/18", ("%m/%d/%Y", "%m/%d/%y"), "2018-01-31"),
        ("01/31/2018 11:59 PM", ("%m/%d/%Y %I:%M %p",), "2018-01-31"),
        ("20180131", ("%Y%m%d",), "2018-01-31"),
        ("2018-02-29", (), None),
        ("201801", ("%Y%m%d",), None),
        ("43131", ("%Y%m%d",), None),
        ("01/31/18", ("%m/%d/%Y",), None),
        ("01/31/2018", (), None),
        ("1899-12-31", (), None),
        ("2018", (), None),
        ("2018-01-31x", (), None),
    ],
)
def test_dates(written, formats, expected):
    dates, bad = as_date(text(written, "", written), formats)
    assert dates.dtype == "datetime64[s]"
    assert dates.tolist() == [pd.Timestamp(expected), pd.NaT, pd.Timestamp(expected)]
    assert bad.tolist() == [expected is None, False, expected is None]


@given(
    st.dates(date(1900, 1, 2), date(2100, 12, 31)),
    st.sampled_from(["%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d %B %Y", "%Y-%m-%d"]),
)
def test_any_date_comes_back_from_its_format(day, fmt):
    dates, bad = as_date(text(day.strftime(fmt)), (fmt,))
    assert not bad[0]
    assert dates[0].date() == day


@given(st.dates(date(1928, 1, 1), date(2100, 12, 31)))
def test_any_serial_number_is_its_day(day):
    serial = (day - date(1899, 12, 30)) // timedelta(days=1)
    assert as_date(text(str(serial)), ("serial",))[0][0].date() == day
    assert as_date(text(str(serial)), (), day_0=1900)[0][0].date() == day
    if serial > 11_500:
        assert as_date(text(str(serial - 1462)), (), day_0=1904)[0][0].date() == day


def test_day_and_month_that_changed_places_are_told():
    found = text("30/06/2024", "13/13/2024", "")
    assert as_date(found, ("%m/%d/%Y",))[1].tolist() == [True, True, False]
    assert swapped(found, ("%m/%d/%Y",)).tolist() == [True, False, False]
