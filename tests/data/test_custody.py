"""Time at risk with custody taken out: hand-made cases and day-by-day counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analysis
from analysis.data.custody import time_at_risk
from analysis.data.spells import spells

DAY0 = np.datetime64("2020-01-01", "D")
HORIZON = 60


def on(days):
    return pd.Series([pd.NaT if day is None else pd.Timestamp(DAY0 + day) for day in days], dtype="datetime64[s]")


def held(*rows):
    """Spells from bookings (person, day in, day out)."""
    person, start, end = zip(*rows, strict=True) if rows else ((), (), ())
    return spells(pd.DataFrame({"person_id": pd.Series(person, dtype="str"), "booked": on(start), "released": on(end)}))


def by_person(*rows):
    """A Series of dates indexed by person."""
    person, day = zip(*rows, strict=True)
    return pd.Series(on(day).to_numpy(), index=list(person))


def intervals(table):
    return list(table[["row", "start", "stop"]].itertuples(index=False, name=None))


def test_custody_is_cut_out_of_time_at_risk():
    # released on day 10, followed to day 110; held from day 30 to 40 and from day 100 on
    out = time_at_risk(by_person(("a", 10)), "2020-04-20", held(("a", 0, 10), ("a", 30, 40), ("a", 100, None)))
    assert intervals(out) == [(0, 0, 20), (0, 30, 90)]
    assert out["person_id"].tolist() == ["a", "a"]
    assert out.attrs["never_at_risk"] == 0


def test_someone_held_throughout_is_never_at_risk():
    out = time_at_risk(by_person(("a", 10), ("b", 10)), on([40, 40]), held(("a", 0, None)))
    assert intervals(out) == [(1, 0, 30)]
    assert out.attrs["never_at_risk"] == 1


def test_a_follow_up_that_starts_in_custody_enters_at_its_end():
    # a detainer prepared on day 3 of a stay to day 8
    assert intervals(time_at_risk(by_person(("a", 3)), on([30]), held(("a", 0, 8)))) == [(0, 5, 27)]


def test_events_end_intervals_and_those_not_at_risk_are_counted():
    own = held(("a", 30, 40))
    events = by_person(("a", 10), ("a", 15), ("a", 15), ("a", 20), ("a", 35), ("a", 50), ("a", 90))
    out = time_at_risk(by_person(("a", 10)), on([60]), own, events)
    assert intervals(out) == [(0, 0, 5), (0, 5, 10), (0, 10, 20), (0, 30, 40), (0, 40, 50)]
    assert out["event"].isna().tolist() == [False, False, True, False, True]
    assert out.attrs["events_not_at_risk"] == 3  # on the origin, in custody, past the end
    at_booking = time_at_risk(by_person(("a", 10)), on([60]), own, by_person(("a", 30)))
    assert at_booking["event"].isna().tolist() == [False, True]  # the arrest that began the spell


def test_ends_and_origins_that_cannot_be_are_refused():
    for until in (on([3]), on([None]), on([30, 30])):
        with pytest.raises(ValueError, match=r"origin"):
            time_at_risk(by_person(("a", 10)), until, held())


SPELLS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50), st.integers(0, 15)), max_size=8)


@given(SPELLS, st.integers(0, 30), st.integers(0, 30), st.lists(st.integers(0, HORIZON), max_size=5))
@settings(max_examples=150, deadline=None)
def test_time_at_risk_is_every_day_on_which_the_person_is_free(rows, origin, length, days):
    merged = held(*((person, start, start + n) for person, start, n in rows))
    out = time_at_risk(
        by_person(("a", origin)),
        on([origin + length]),
        merged,
        by_person(*(("a", day) for day in days)) if days else None,
    )
    spans = [
        tuple(int((np.datetime64(day, "D") - DAY0).astype(int)) for day in (start, end))
        for person, start, end in zip(merged["person_id"], merged["start"], merged["end"], strict=True)
        if person == "a"
    ]
    free = {
        day for day in range(origin + 1, origin + length + 1) if not any(start < day <= end for start, end in spans)
    }
    found = [
        origin + day
        for start, stop in zip(out["start"], out["stop"], strict=True)
        for day in range(start + 1, stop + 1)
    ]
    assert sorted(found) == sorted(free)  # no day twice, none too many
    if days:
        assert int(out["event"].notna().sum()) == len(free & set(days))
        assert out.attrs["events_not_at_risk"] == len(set(days) - free)


def test_a_life_table_and_a_mean_count_take_the_intervals():
    # two people, one held from day 10 to 20 after release: at day 15 only the other is at risk
    origin = by_person(("a", 0), ("b", 0))
    own = held(("a", 10, 20))
    out = time_at_risk(origin, on([40, 40]), own, by_person(("b", 15), ("a", 30)))
    life = analysis.life_table(out, time="stop", event="event", entry="start")
    assert life.set_index("time")["at_risk"].to_dict() == {10: 2, 15: 1, 30: 2, 40: 2}
    mean = analysis.mean_cumulative(out, id="person_id", time="stop", event="event", entry="start")
    assert mean["mean"].iloc[-1] == pytest.approx(1 / 1 + 1 / 2)
