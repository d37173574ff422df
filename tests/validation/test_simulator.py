"""The simulator: places and rules, what happens to people, and the frames of it, each against what was put in."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.data.tables import TABLES
from validation.simulator import DEMO, Policy, Simulation, staggered, tables
from validation.simulator.histories import _compete, draw, history
from validation.simulator.simulation import DIRECTIONS, HONOUR, counties, ever_limits, in_force

SIMPLE = Simulation(seed=3, people=40_000, jurisdictions=4, spread=1e-9, surge=1.0)


@pytest.fixture(scope="module")
def simple():
    return history(SIMPLE)


def within(found: float, expected: float, n: int, width: float = 4.5) -> bool:
    """Is a share within a band that a right program leaves about once in 150,000 times?"""
    return abs(found - expected) <= width * np.sqrt(expected * (1 - expected) / n)


def test_the_share_honoured_is_the_chosen_one_for_each_rule_and_criminality():
    sim = replace(SIMPLE, policies=staggered(counties(4), 0.5, date(2021, 1, 1), date(2023, 1, 1)), people=60_000)
    population, past = history(sim)
    b = past.bookings
    local = b["lodged"] & (b["operator"] == 0)
    for code, direction in enumerate(("none", "limits")):
        for criminality, expected in enumerate(HONOUR[direction]):
            chosen = local & (b["rule"] == code) & (population.criminality[b["person"]] == criminality)
            assert within(b["honoured"][chosen].mean(), expected, chosen.sum())


def test_prisons_and_federal_facilities_follow_no_local_rule(simple):
    b = simple[1].bookings
    elsewhere = b["operator"] > 0
    assert not b["rule"][elsewhere].any()
    assert within(b["honoured"][elsewhere].mean(), SIMPLE.honour_elsewhere, elsewhere.sum())


def test_events_of_a_person_follow_each_other(simple):
    b = simple[1].bookings
    lodged = b["lodged"]
    assert (b["booked"] <= b["prepared"])[lodged].all()
    assert (b["prepared"] <= b["left"])[lodged].all()
    order = np.lexsort((b["number"], b["person"]))
    person, number, booked, left = (b[name][order] for name in ("person", "number", "booked", "left"))
    same = person[1:] == person[:-1]
    assert (number[1:][same] == number[:-1][same] + 1).all()
    assert (booked[1:] > left[:-1])[same].all()  # at least a day after leaving


def test_nothing_that_follows_is_dated_after_the_end(simple):
    past, last = simple[1], SIMPLE.days - 1
    for events in (past.custody, past.removals, past.deaths):
        assert events["day"].max() <= last
    assert past.bookings["booked"].max() <= last


def test_time_to_re_arrest_is_lomax_when_nothing_competes():
    # an exponential time with a gamma(1/v, v) frailty: P(T > t) = (1 + v r t) ** (-1 / v), in whole days rounded up
    sim = replace(SIMPLE, custody=1e-12, death=1e-12)
    n, rate, v = 40_000, 0.004, sim.frailty
    rng = np.random.default_rng(7)
    personal = rate * rng.gamma(1 / v, v, n)
    kind, after = _compete(sim, rng, personal)
    assert (kind == 0)[after < 10**6].all()
    for t in (1, 30, 365, 1095):
        assert within((after <= t).mean(), 1 - (1 + v * rate * t) ** (-1 / v), n)


def test_competing_hazards_share_the_first_events_in_proportion():
    sim = replace(SIMPLE, custody=0.002, death=0.001)
    kind, after = _compete(sim, np.random.default_rng(8), np.full(50_000, 0.003))
    for cause, share in enumerate((1 / 2, 1 / 3, 1 / 6)):
        assert within((kind == cause).mean(), share, 50_000)
    assert within((after <= 100).mean(), 1 - np.exp(-0.6), 50_000)


def test_effect_multiplies_the_hazard_of_those_under_a_limiting_rule_alone():
    policies = staggered(counties(4), 0.5, date(2021, 1, 1), date(2023, 1, 1))
    without, doubled = (history(replace(SIMPLE, policies=policies, effect=e))[1].bookings for e in (1.0, 2.0))
    first = without["number"] == 0
    n = first.sum()
    ratio = doubled["rate"][:n] / without["rate"][:n]
    limits = without["rule"][:n] == 1
    assert limits.any()
    assert not limits.all()
    np.testing.assert_allclose(ratio[limits], 2)
    np.testing.assert_allclose(ratio[~limits], 1)


def test_lodging_under_a_limiting_rule_falls_by_the_chosen_ratio():
    policies = staggered(counties(4), 1.0, date(2020, 1, 1), date(2020, 6, 1))  # everywhere, all the time
    counts = [len(draw(replace(SIMPLE, policies=policies, lodging=r), np.random.default_rng(1))) for r in (1, 0.5)]
    for count, expected in zip(counts, (40_000, 20_000), strict=True):
        assert abs(count - expected) < 5 * np.sqrt(expected)


def test_confounding_shifts_convictions_where_a_rule_ever_limits():
    policies = staggered(counties(4), 0.5, date(2021, 1, 1), date(2023, 1, 1))
    sim = replace(SIMPLE, policies=policies, confounding=1.0)
    population, _ = history(sim)
    limiting = sim.limiting()[population.place]
    for chosen, expected in ((~limiting, 0.45), (limiting, 1 / (1 + (0.55 / 0.45) * np.e))):
        assert within((population.criminality[chosen] == 0).mean(), expected, chosen.sum())


def test_a_simulation_without_people_is_empty_and_not_an_error():
    population, past = history(replace(SIMPLE, people=1e-9))
    assert len(population) == 0
    assert len(past.removals["day"]) == 0


@pytest.mark.parametrize("wrong", [{"effect": 0.0}, {"removal": 1.2}, {"people": -1}, {"honour": {"none": (1, 1, 1)}}])
def test_impossible_simulations_are_refused(wrong):
    with pytest.raises(ValueError, match="Simulation: "):
        replace(SIMPLE, **wrong)


START, END = date(2020, 10, 1), date(2026, 3, 10)


def rule(place: str, day: date, policies: tuple[Policy, ...] = DEMO.policies) -> str:
    codes = in_force((place,), policies, START, END)
    return DIRECTIONS[codes[0, (day - START).days]]


@pytest.mark.parametrize(
    ("place", "day", "expected"),
    [
        ("80001", date(2021, 6, 30), "none"),
        ("80001", date(2021, 7, 1), "limits"),  # the county, before its state
        ("80001", date(2023, 1, 1), "limits"),  # the state's law takes over
        ("80003", date(2022, 12, 31), "none"),
        ("80003", date(2023, 1, 1), "limits"),
        ("82003", date(2022, 8, 31), "limits"),
        ("82003", date(2022, 9, 1), "requires"),
        ("85001", date(2020, 10, 1), "limits"),  # since before the data
        ("85003", date(2024, 6, 30), "limits"),
        ("85003", date(2024, 7, 1), "none"),  # repealed
        ("85009", date(2025, 1, 1), "none"),  # a law that practice does not follow
        ("85007", date(2025, 1, 1), "none"),
        ("83007", date(2026, 3, 10), "limits"),
    ],
)
def test_rule_in_force_in_the_demo(place, day, expected):
    assert rule(place, day) == expected


def test_a_county_rule_comes_before_a_state_rule_whatever_their_dates():
    policies = (Policy("80001", date(2021, 1, 1), None, "limits"), Policy("80", date(2022, 1, 1), None, "requires"))
    assert rule("80001", date(2023, 1, 1), policies) == "limits"
    assert rule("80003", date(2023, 1, 1), policies) == "requires"


def test_a_policy_of_one_day_is_in_force_for_one_day():
    policies = (Policy("80001", date(2021, 5, 5), date(2021, 5, 5), "limits"),)
    assert in_force(("80001", "80003"), policies, START, END).sum() == 1
    assert rule("80001", date(2021, 5, 5), policies) == "limits"


def test_policies_outside_the_period_are_not_in_force():
    policies = (
        Policy("80001", date(2010, 1, 1), date(2019, 1, 1), "limits"),
        Policy("80003", date(2030, 1, 1), None, "limits"),
    )
    assert not in_force(("80001", "80003"), policies, START, END).any()


def test_counties_lie_in_states_that_do_not_exist():
    outlying = (60, 64, *range(66, 73), 74, 76, 78, 79, 81, 84, 86, 89, 95)  # territories, islands, associated states
    assigned = {f"{code:02d}" for code in (*range(1, 57), *outlying)}
    places = counties(20)
    assert len(set(places)) == 20
    assert not {place[:2] for place in places} & assigned
    assert all(int(place) % 2 == 1 and len(place) == 5 for place in places)


def test_staggered_adoption_has_the_asked_share_and_stays_in_its_dates():
    places = counties(40)
    policies = staggered(places, 0.5, date(2021, 6, 1), date(2024, 6, 1), repeals=3, seed=5)
    assert ever_limits(places, policies).sum() == 20
    assert all(date(2021, 6, 1) <= p.start <= date(2024, 6, 1) for p in policies)
    assert sum(p.end is not None for p in policies) == 3
    assert policies == staggered(places, 0.5, date(2021, 6, 1), date(2024, 6, 1), repeals=3, seed=5)
    assert policies != staggered(places, 0.5, date(2021, 6, 1), date(2024, 6, 1), repeals=3, seed=6)


def test_impossible_policies_are_refused():
    with pytest.raises(ValueError, match="before its start"):
        Policy("80001", date(2021, 1, 2), date(2021, 1, 1), "limits")
    with pytest.raises(ValueError, match="direction 'forbids'"):
        Policy("80001", date(2021, 1, 2), None, "forbids")
    with pytest.raises(ValueError, match="expected 1 to"):
        counties(0)


SMALL = replace(DEMO, people=3_000)


@pytest.fixture(scope="module")
def small():
    return tables(SMALL)


def test_columns_and_vocabularies_are_those_of_the_canonical_tables(small):
    for name, frame in small.items():
        canonical = TABLES[name].columns
        assert set(frame.columns) <= set(canonical)
        assert set(TABLES[name].required) <= set(frame.columns)
        for column, kind in canonical.items():
            if isinstance(kind, tuple) and column in frame:
                assert tuple(frame[column].cat.categories) == kind
            if kind == "date" and column in frame:
                assert frame[column].dtype == "datetime64[s]"


def test_nothing_is_dated_after_the_end_of_its_source(small):
    assert small["arrests"]["arrested"].max() <= pd.Timestamp(SMALL.arrests_end)
    assert small["releases"]["released"].max() <= pd.Timestamp(SMALL.arrests_end)
    assert small["detainers"]["prepared"].between(pd.Timestamp(SMALL.start), pd.Timestamp(SMALL.end)).all()
    exits = small["exits"]
    assert exits["date"][exits["kind"] != "removed"].max() <= pd.Timestamp(SMALL.exits_end)
    assert exits["date"].max() <= pd.Timestamp(SMALL.end)


def test_every_arrest_older_than_the_lag_is_reported():
    sim = replace(SMALL, people=30_000)
    arrests = tables(sim)["arrests"]["arrested"]
    end = pd.Timestamp(sim.arrests_end)
    month = arrests[(arrests > end - pd.Timedelta(days=56)) & (arrests <= end)]
    age = (end - month).dt.days.to_numpy()
    complete, late = ((age >= lo) & (age < lo + 14) for lo in (14, 0))
    # reported after 0 to 14 days with equal chance, so that in the last 14 days a bit over half is on file
    expected = (np.arange(14) + 1).sum() / 15 / 14
    n = complete.sum()
    assert abs(late.sum() / n - expected) < 4.5 * np.sqrt(2 / n)


def test_a_release_follows_its_booking_and_every_detainer_has_a_place(small):
    assert (small["releases"]["booked"] <= small["releases"]["released"]).all()
    detainers = small["detainers"]
    local = detainers["operator"] == "local"
    assert (detainers["jurisdiction"].astype("str").str.len() == np.where(local, 5, 2)).all()
    assert (detainers["jurisdiction"].astype("str").str[:2] == detainers["state"].astype("str")).all()
    assert detainers["released"].isna()[detainers["outcome"] == "ice_custody"].all()


def test_detection_removes_its_share_of_the_re_arrests_under_a_limiting_rule():
    policies = staggered(counties(4), 1.0, date(2020, 1, 1), date(2020, 6, 1))
    sim = Simulation(seed=4, people=20_000, jurisdictions=4, policies=policies, detection=0.6)
    seen = tables(sim)
    everything = tables(replace(sim, detection=1.0))
    bookings, past = (len(everything["releases"]), len(everything["arrests"]))
    assert bookings == len(seen["releases"])  # only arrests go unrecorded
    released = everything["releases"].drop_duplicates("person_id").set_index("person_id")["released"]

    def later(frames):
        joined = frames["arrests"].join(released, on="person_id", how="inner")
        return (joined["arrested"] > joined["released"]).sum()

    n = later(everything)
    assert abs(later(seen) / n - 0.6) < 4.5 * np.sqrt(0.24 / n)
    assert past > len(seen["arrests"])
