"""Calendar periods, and the periods in which places first came under a kind of rule and first left it."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.sanctuary.policy_file import rules_of
from analysis.sanctuary.timeline import timeline

PERIODS = {"month": 1, "quarter": 3, "half": 6, "year": 12}  # months


def period_start(day: pd.Series, every: str) -> pd.Series:
    """The first day of the period that each day lies in."""
    when = pd.to_datetime(day)
    first = (when.dt.month - 1) // PERIODS[every] * PERIODS[every] + 1
    found = pd.to_datetime(pd.DataFrame({"year": when.dt.year, "month": first, "day": first * 0 + 1}))
    return found.astype("datetime64[s]")


def whole_periods(first: pd.Timestamp, last: pd.Timestamp, every: str) -> pd.DatetimeIndex:
    """The first days of the calendar periods that lie wholly between two days."""
    months = PERIODS[every]
    start = period_start(pd.Series([first]), every).iloc[0]
    if start < first.normalize():
        start = start + pd.DateOffset(months=months)
    starts = pd.date_range(start, last, freq=pd.DateOffset(months=months))
    ends = starts + pd.DateOffset(months=months) - timedelta(days=1)
    return pd.DatetimeIndex(starts[ends <= last]).astype("datetime64[s]")


def adoption_dates(
    places: list[str],
    every: str,
    definition: str,
    direction: str,
    policies: str | Path | pd.DataFrame | None,
    dataset: str,
) -> pd.DataFrame:
    """The periods in which each place first came under the direction and first left it, and where its rule was set."""
    spans = timeline(places, rules_of(policies, dataset), definition)
    rows = []
    for place, stretches in spans.groupby("jurisdiction", sort=True):
        under = stretches[stretches["policy"] == direction]
        start = under["start"].min() if len(under) else None
        after = (
            []
            if start is None
            else stretches[(stretches["start"] > start) & (stretches["policy"] != direction)]["start"].tolist()
        )
        rows.append(
            (
                place,
                _first_day(start, every),
                _first_day(min(after, default=None), every),
                (under if len(under) else stretches)["policy_cluster"].iloc[0],
            )
        )
    out = pd.DataFrame(rows, columns=["jurisdiction", "adopted", "repealed", "cluster"])
    return out.astype({"adopted": "datetime64[s]", "repealed": "datetime64[s]"})


def _first_day(day: date | None, every: str) -> pd.Timestamp:
    if day is None:
        return pd.NaT
    known = max(np.datetime64(day, "s"), np.datetime64("1900-01-01", "s"))  # "always" is a date that pandas can hold
    return period_start(pd.Series([known]), every).iloc[0]
