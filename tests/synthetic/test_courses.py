from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from analysis.synthetic import courses, people
from analysis.synthetic.frames import history
from analysis.synthetic.places import counties, staggered
from analysis.synthetic.world import HONOUR, World

SIMPLE = World(seed=3, people=40_000, jurisdictions=4, spread=1e-9, surge=1.0)


@pytest.fixture(scope="module")
def simple():
    return history(SIMPLE)


def within(found: float, expected: float, n: int, width: float = 4.5) -> bool:
    """Is a share within a band that a right program leaves about once in 150,000 times?"""
    return abs(found - expected) <= width * np.sqrt(expected * (1 - expected) / n)


def test_the_share_honoured_is_the_chosen_one_for_each_rule_and_criminality():
    world = replace(SIMPLE, policies=staggered(counties(4), 0.5, date(2021, 1, 1), date(2023, 1, 1)), people=60_000)
    population, course = history(world)
    b = course.bookings
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
    course, last = simple[1], SIMPLE.days - 1
    for events in (course.custody, course.removals, course.deaths):
        assert events["day"].max() <= last
    assert course.bookings["booked"].max() <= last


def test_time_to_re_arrest_is_lomax_when_nothing_competes():
    # an exponential time with a gamma(1/v, v) frailty: P(T > t) = (1 + v r t) ** (-1 / v), in whole days rounded up
    world = replace(SIMPLE, custody=1e-12, death=1e-12)
    n, rate, v = 40_000, 0.004, world.frailty
    rng = np.random.default_rng(7)
    personal = rate * rng.gamma(1 / v, v, n)
    kind, after = courses._compete(world, rng, personal)
    assert (kind == 0)[after < 10**6].all()
    for t in (1, 30, 365, 1095):
        assert within((after <= t).mean(), 1 - (1 + v * rate * t) ** (-1 / v), n)


def test_competing_hazards_share_the_first_events_in_proportion():
    world = replace(SIMPLE, custody=0.002, death=0.001)
    kind, after = courses._compete(world, np.random.default_rng(8), np.full(50_000, 0.003))
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
    counts = [
        len(people.draw(replace(SIMPLE, policies=policies, lodging=r), np.random.default_rng(1))) for r in (1, 0.5)
    ]
    for count, expected in zip(counts, (40_000, 20_000), strict=True):
        assert abs(count - expected) < 5 * np.sqrt(expected)


def test_confounding_shifts_convictions_where_a_rule_ever_limits():
    policies = staggered(counties(4), 0.5, date(2021, 1, 1), date(2023, 1, 1))
    world = replace(SIMPLE, policies=policies, confounding=1.0)
    population, _ = history(world)
    limiting = world.limiting()[population.place]
    for chosen, expected in ((~limiting, 0.45), (limiting, 1 / (1 + (0.55 / 0.45) * np.e))):
        assert within((population.criminality[chosen] == 0).mean(), expected, chosen.sum())


def test_a_world_without_people_is_empty_and_not_an_error():
    population, course = history(replace(SIMPLE, people=1e-9))
    assert len(population) == 0
    assert len(course.removals["day"]) == 0


@pytest.mark.parametrize("wrong", [{"effect": 0.0}, {"removal": 1.2}, {"people": -1}, {"honour": {"none": (1, 1, 1)}}])
def test_impossible_worlds_are_refused(wrong):
    with pytest.raises(ValueError, match="World: "):
        replace(SIMPLE, **wrong)
