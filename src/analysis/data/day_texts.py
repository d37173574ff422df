"""Texts to days: ISO dates, dates in the formats that a map names, and the serial numbers of a spreadsheet."""

import numpy as np
import pandas as pd

from analysis.data.coded import Coded, coded
from analysis.data.dates import is_compact

EARLIEST, LATEST = pd.Timestamp("1900-01-01"), pd.Timestamp("2100-12-31")
_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?(Z|UTC|[+-][0-9]{2}:?([0-9]{2})?))?)?"
)
_ZONED = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z| ?UTC|[+-][0-9]{2}:?([0-9]{2})?)"
_EXCEL_ZERO = pd.Timestamp("1899-12-30")  # Excel's day 0, with its 29 February 1900 that never was


def as_date(
    found: pd.Series | Coded, formats: tuple[str, ...], zone: str | None = None
) -> tuple[pd.Series, np.ndarray]:
    """Return dates (datetime64[s], at midnight) and the mask of texts that are none.

    A text is tried as ISO (2018-01-31, with or without a time and zone: the day is the one written),
    then by each format in turn, then, if it is a number of five digits, as Excel's serial day. Dates
    before 1900 or after 2100 count as unreadable: no record of this field is that old. With a ``zone`` a moment that
    names its own is the day that it was there.
    """
    if isinstance(found, pd.Series) and pd.api.types.is_datetime64_any_dtype(found):
        zoned = getattr(found.dt, "tz", None) is not None
        dates = (found.dt.tz_convert(zone) if zone else found).dt.tz_localize(None) if zoned else found
        dates = dates.dt.floor("D").astype("datetime64[s]")
        bad = dates.notna() & ~dates.between(EARLIEST, LATEST)
        return dates.where(~bad), bad.to_numpy()
    found = coded(found)
    texts = pd.Series(found.texts, dtype="str")
    read = _iso(texts)
    if zone:
        moments = texts[texts.str.fullmatch(_ZONED).fillna(value=False).astype(bool)].str.replace(
            " ?UTC$", "Z", regex=True
        )
        there = (
            pd.to_datetime(moments, utc=True, format="ISO8601", errors="coerce")
            .dt.tz_convert(zone)
            .dt.tz_localize(None)
        )
        read = there.astype("datetime64[s]").reindex(texts.index).fillna(read)
    for text in formats:
        left = read.isna() & (texts != "")
        if not left.any():
            break
        parsed = pd.to_datetime(texts[left], format=text, errors="coerce").astype("datetime64[s]")
        if is_compact(text):  # "201811" is not the first day of 2018
            parsed = parsed.where(parsed.dt.strftime(text) == texts[left])
        read = read.where(~left, parsed.reindex(texts.index))
    serial = read.isna() & texts.str.fullmatch(r"[0-9]{5}(\.[0-9]+)?").fillna(value=False).astype(bool)
    # beside a format of digits alone, five digits are a date with some missing
    if serial.any() and not any(is_compact(text) for text in formats):
        days = pd.to_timedelta(texts[serial].astype("float64").astype("int64"), unit="D")
        read = read.where(~serial, (_EXCEL_ZERO + days).astype("datetime64[s]").reindex(texts.index))
    read = read.dt.floor("D")
    read = read.where(read.between(EARLIEST, LATEST)).astype("datetime64[s]")
    bad = ((texts != "") & read.isna()).to_numpy(dtype=bool)
    return pd.Series(found.rows(read.to_numpy())), found.rows(bad)


def _iso(texts: pd.Series) -> pd.Series:
    shaped = texts.str.fullmatch(_ISO).fillna(value=False).astype(bool)
    if not shaped.any():
        return pd.Series(pd.NaT, index=texts.index, dtype="datetime64[s]")
    return (
        pd.to_datetime(texts[shaped].str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
        .astype("datetime64[s]")
        .reindex(texts.index)
    )
