from datetime import date

import numpy as np
import pytest

from analysis.synthetic.demo import DEMO
from analysis.synthetic.places import DIRECTIONS, Policy, counties, ever_limits, in_force, staggered

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


def test_every_demo_policy_governs_a_place_and_its_dates_are_in_order():
    for policy in DEMO.policies:
        assert any(place.startswith(policy.fips) for place in DEMO.places)
        assert policy.start <= (policy.end or DEMO.end)
    assert {DIRECTIONS[code] for code in np.unique(DEMO.rule())} == set(DIRECTIONS)
