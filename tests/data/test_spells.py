"""Spells in custody: merged bookings, in pandas and in the query engine, against hand arithmetic and brute force."""

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.data import engine
from analysis.data.spells import ends_custody, spells
from analysis.recidivism.cohort import add_spells

DAY0 = np.datetime64("2020-01-01", "D")


def on(days):
    """Days since 1 January 2020 as dates; None is missing."""
    return pd.Series([pd.NaT if day is None else pd.Timestamp(DAY0 + day) for day in days], dtype="datetime64[s]")


def frame(rows):
    """Bookings from (person, day in, day out)."""
    person, start, end = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame({"person_id": pd.Series(person, dtype="str"), "booked": on(start), "released": on(end)})


def listed(table):
    """Spells as sorted (person, start, end or None), in days since 1 January 2020."""
    rows = []
    for person, start, end in zip(table["person_id"], table["start"], table["end"], strict=True):
        last = None if pd.isna(end) else int((np.datetime64(end, "D") - DAY0).astype(int))
        rows.append((person, int((np.datetime64(start, "D") - DAY0).astype(int)), last))
    return sorted(rows, key=str)


def in_engine(bookings):
    """The spells that a cohort makes of bookings in the query engine, with no gap bridged."""
    table = ibis.memtable(bookings.assign(released=bookings["released"].astype("datetime64[s]")))
    table = table.mutate(booked=table.booked.cast("date"), released=table.released.cast("date"))
    table = engine.connection().create_table(ibis.util.gen_name("bookings"), table, temp=True)
    steps = engine.Steps(table)
    add_spells(steps, table.get_name())
    return steps.frame("SELECT person_id, went_in AS start, nullif(came_out, DATE '9999-12-31') AS end FROM spells")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", 0, 5), ("a", 3, 9)], [("a", 0, 9)]),  # overlap
        ([("a", 0, 5), ("a", 5, 9)], [("a", 0, 9)]),  # out and in on one day: a transfer
        ([("a", 0, 5), ("a", 6, 9)], [("a", 0, 9)]),  # in on the next day: back to back
        ([("a", 0, 5), ("a", 7, 9)], [("a", 0, 5), ("a", 7, 9)]),  # a whole day between
        ([("a", 0, 30), ("a", 30, 32), ("a", 33, 90)], [("a", 0, 90)]),  # jail, 48 hours on a detainer, prison
        ([("a", 0, 30), ("a", 4, 6)], [("a", 0, 30)]),  # a parole board's hold inside a stay
        ([("a", 0, 30), ("a", 4, 6), ("a", 20, 40)], [("a", 0, 40)]),  # the longest stay so far counts, not the last
        ([("a", 0, None), ("a", 4, 6), ("a", 200, 240)], [("a", 0, None)]),  # not ended: goes on
        ([("a", 0, 5), ("b", 6, 9)], [("a", 0, 5), ("b", 6, 9)]),  # two people
        ([("a", 3, 3)], [("a", 3, 3)]),  # in and out on one day
        ([], []),
    ],
)
def test_bookings_merge_as_by_hand(rows, expected):
    assert listed(spells(frame(rows))) == expected
    if rows:
        assert listed(in_engine(frame(rows))) == listed(spells(frame(rows), 0))


def test_the_gap_is_a_choice():
    rows = frame([("a", 0, 5), ("a", 6, 9), ("a", 12, 14)])
    expected = sorted([("a", 0, 5), ("a", 6, 9), ("a", 12, 14)], key=str)
    assert listed(spells(rows, 0)) == listed(in_engine(rows)) == expected
    assert listed(spells(rows, 3)) == [("a", 0, 14)]
    with pytest.raises(ValueError, match="0 or more"):
        spells(rows, -1)


def test_rows_that_make_no_spell_are_counted():
    rows = frame([("a", 0, 5), (None, 0, 5), ("b", None, 5), ("c", 9, 5)])
    merged = spells(rows)
    assert listed(merged) == listed(in_engine(rows)) == [("a", 0, 5)]
    assert merged.attrs["left_out"] == {"no person identifier": 1, "no booking date": 1, "released before booked": 1}
    with pytest.raises(KeyError, match="released"):
        spells(rows.drop(columns="released"))


def test_times_of_day_are_dropped():
    rows = frame([("a", 0, 5), ("a", 6, 9)])
    late = rows.assign(
        booked=rows["booked"] + pd.Timedelta(hours=23), released=rows["released"] + pd.Timedelta(hours=1)
    )
    assert listed(spells(late)) == listed(spells(rows))


BOOKINGS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.one_of(st.none(), st.integers(0, 12))),
    min_size=1,
    max_size=14,
).map(lambda rows: [(person, start, None if length is None else start + length) for person, start, length in rows])
HORIZON = 80


def held_days(rows):
    """The days on which each person is held, day by day; a stay that has not ended fills the horizon."""
    return {(person, day) for person, start, end in rows for day in range(start, (HORIZON if end is None else end) + 1)}


@given(BOOKINGS, st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_spells_are_apart_and_hold_the_days_of_the_bookings(rows, gap):
    merged = listed(spells(frame(rows), gap))
    by_person = {}
    for person, start, end in sorted(merged, key=lambda row: row[:2]):
        assert start > by_person.get(person, -100) + gap
        by_person[person] = HORIZON * 9 if end is None else end
    bridged = held_days(merged) - held_days(rows)
    assert held_days(rows) <= held_days(merged)
    # days that no booking holds are bridged only inside gaps of less than `gap` whole days
    for person, day in bridged:
        run = day
        while (person, run) in bridged:
            run += 1
        first = day
        while (person, first - 1) in bridged:
            first -= 1
        assert run - first < max(gap, 1)


@given(BOOKINGS, st.integers(0, 3), st.randoms(use_true_random=False), st.data())
@settings(max_examples=100, deadline=None)
def test_neither_the_order_of_rows_nor_a_stay_cut_in_two_changes_spells(rows, gap, random, data):
    merged = listed(spells(frame(rows), gap))
    shuffled = list(rows)
    random.shuffle(shuffled)
    person, start, end = shuffled.pop()
    cut = data.draw(st.integers(start, start + 3 if end is None else end))
    split = [*shuffled, (person, start, cut), (person, cut, end)]
    assert listed(spells(frame(split), gap)) == merged
    again = spells(spells(frame(rows), gap).rename(columns={"start": "booked", "end": "released"}), gap)
    assert listed(again) == merged


@given(BOOKINGS)
@settings(max_examples=50, deadline=None)
def test_the_engine_gives_the_same_table(rows):
    assert listed(in_engine(frame(rows))) == listed(spells(frame(rows), 0))


def test_a_release_that_ends_no_spell_is_none():
    merged = spells(frame([("a", 0, 30), ("a", 30, 32), ("b", 0, 7), ("b", 90, None)]))
    releases = pd.DataFrame({"person_id": ["a", "a", "b", "b", "c"], "released": on([30, 32, 7, 95, 3])})
    assert ends_custody(releases, merged).tolist() == [False, True, True, False, True]
