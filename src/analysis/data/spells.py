"""Time in custody: spells from booking and release times.

In: bookings with the day in and the day out. Out: spells, bookings that overlap or follow each other
merged, so that a transfer, or a hold on a detainer or by a parole board, is part of a spell and neither
a release nor a re-arrest. ``custody`` uses them to tell re-arrests apart and to find the time at risk.
"""

import numpy as np
import pandas as pd

from analysis.data.day_numbers import OPEN, day_dates, day_numbers, require


def spells(bookings: pd.DataFrame, gap_days: int = 1) -> pd.DataFrame:
    """Merge bookings into spells in custody.

    Parameters
    ----------
    bookings : DataFrame
        person_id, booked, released: the day in and the day out (times of day are dropped); a missing
        ``released`` is a booking that had not ended by the data end.
    gap_days : int
        A booking at most this many days after the latest release before it continues the spell: 1 joins
        a release on one day and a booking on the next, 0 only bookings that overlap or touch.

    Returns
    -------
    DataFrame
        person_id, start, end (missing: not ended by the data end), one row a spell, in order of start, first appearance
        of the person breaking ties. Spells of a person are disjoint and more than ``gap_days`` apart.
        ``attrs["left_out"]`` counts the bookings without person or booking day and those
        that end before they begin, which belong to no spell.

    Raises
    ------
    KeyError, ValueError
        For an absent column, or gap_days under 0.
    """
    if gap_days != int(gap_days) or gap_days < 0:
        raise ValueError(f"gap_days = {gap_days!r}, expected a whole number of days, 0 or more")
    require(bookings.columns, "bookings", "person_id", "booked", "released")
    person, distinct = pd.factorize(bookings["person_id"])
    start, end = day_numbers(bookings["booked"]), day_numbers(bookings["released"], missing=OPEN)
    nobody, undated = person < 0, bookings["booked"].isna().to_numpy()
    reversed_ = ~undated & (end < start)
    use = ~(nobody | undated | reversed_)
    frame = pd.DataFrame({"person": person[use], "start": start[use], "end": end[use]})
    frame = frame.sort_values(["person", "start", "end"], ignore_index=True)
    latest = frame.groupby("person")["end"].cummax().groupby(frame["person"]).shift()  # latest end so far
    fresh = latest.isna() | (frame["start"] > latest + gap_days)
    out = frame.groupby(fresh.cumsum()).agg(person=("person", "first"), start=("start", "min"), end=("end", "max"))
    out = out.sort_values(["start", "person"], ignore_index=True)
    merged = pd.DataFrame(
        {
            "person_id": distinct.take(out["person"].to_numpy()),
            "start": day_dates(out["start"]),
            "end": day_dates(out["end"]),
        }
    )
    merged.attrs["left_out"] = {
        name: int(rows.sum())
        for name, rows in (
            ("no person identifier", nobody),
            ("no booking date", undated & ~nobody),
            ("released before booked", reversed_ & ~nobody),
        )
        if rows.any()
    }
    return merged


def ends_custody(releases: pd.DataFrame, spells: pd.DataFrame) -> pd.Series:
    """Return whether each release (person_id, released) left the person free: False where a spell went on past that day."""
    require(releases.columns, "releases", "person_id", "released")
    held = inside(releases["person_id"], day_numbers(releases["released"]), spells, first=True, last=False)
    return pd.Series(~held, index=releases.index, name="ends_custody")


def inside(person: pd.Series, day: np.ndarray, spells: pd.DataFrame, *, first: bool, last: bool) -> np.ndarray:
    """Return whether a day lies in a spell of the person, the spell's first and last day counted or not."""
    code, distinct = pd.factorize(person)
    own = distinct.get_indexer(spells["person_id"])
    start, end = day_numbers(spells["start"]), day_numbers(spells["end"], missing=OPEN)
    order = np.lexsort((start, own))
    order = order[own[order] >= 0]
    # spells of a person are disjoint, so the last one that began is the only one that can hold the day
    key, scale = own[order] * 2 * OPEN + start[order], 2 * OPEN
    at = np.searchsorted(key, code * scale + day - (0 if first else 1), side="right") - 1
    found = (at >= 0) & (code >= 0)
    at = np.where(found, at, 0)
    if not len(order):
        return np.zeros(len(day), dtype=bool)
    same = own[order][at] == code
    until = end[order][at]
    return found & same & ((day <= until) if last else (day < until))
