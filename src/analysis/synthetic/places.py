"""Where a synthetic world happens: its jurisdictions, their detainer policies, and the rule in force.

Places carry FIPS-like codes as text so that "county before state" works as it does for real ones. The
state codes 80, 82, 83 and 85 belong to no state, territory or outlying area, so a code from here can
be taken for no real place.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

STATES = ("80", "82", "83", "85")
STATE_NAMES = {
    "80": "SYNTHETIC STATE A",
    "82": "SYNTHETIC STATE B",
    "83": "SYNTHETIC STATE C",
    "85": "SYNTHETIC STATE D",
}
DIRECTIONS = ("none", "limits", "requires")


@dataclass(frozen=True)
class Policy:
    """A rule about detainers at one place: a state ("80") or a county ("80001").

    It is in force from ``start`` to ``end``, both included; without an ``end`` it still is. A rule that
    ``practice_disagrees`` with is on the books and changes nothing that happens in the world.
    """

    fips: str
    start: date
    end: date | None
    direction: str
    basis: str = "law"
    practice_disagrees: str = ""

    def __post_init__(self) -> None:
        """Refuse a direction that has no meaning here and an end before the start."""
        if self.direction not in DIRECTIONS[1:]:
            raise ValueError(f"policy of {self.fips}: direction {self.direction!r}, expected one of {DIRECTIONS[1:]}.")
        if self.end is not None and self.end < self.start:
            raise ValueError(f"policy of {self.fips}: ends {self.end}, before its start {self.start}.")


@lru_cache(maxsize=16)
def counties(number: int, states: tuple[str, ...] = STATES) -> tuple[str, ...]:
    """Return ``number`` county codes spread evenly over the states, with odd last digits as real ones have."""
    if not 1 <= number <= 500 * len(states):
        raise ValueError(f"jurisdictions = {number}, expected 1 to {500 * len(states)}.")
    share = -(-number // len(states))
    return tuple(f"{state}{2 * i + 1:03d}" for state in states for i in range(share))[:number]


@lru_cache(maxsize=4)
def in_force(places: tuple[str, ...], policies: tuple[Policy, ...], start: date, end: date) -> np.ndarray:
    """Return the rule in force as codes of DIRECTIONS, one row a place and one column a day from start to end.

    A county's rule comes before its state's; of two rules of the same place the later start governs. The array is kept
    for the next call, and cannot be written to.
    """
    days = (end - start).days + 1
    rule = np.zeros((len(places), days), dtype=np.int8)
    effective = (policy for policy in policies if not policy.practice_disagrees)
    for policy in sorted(effective, key=lambda policy: (len(policy.fips), policy.start)):
        rows = [i for i, place in enumerate(places) if place.startswith(policy.fips)]
        first = max((policy.start - start).days, 0)
        last = days if policy.end is None else (policy.end - start).days + 1
        if last > first:
            rule[rows, first:last] = DIRECTIONS.index(policy.direction)
    rule.flags.writeable = False
    return rule


@lru_cache(maxsize=4)
def ever_limits(places: tuple[str, ...], policies: tuple[Policy, ...]) -> np.ndarray:
    """Return for each place whether a rule that limits detainers is ever in effect there."""
    codes = tuple(p.fips for p in policies if p.direction == "limits" and not p.practice_disagrees)
    found = np.array([place.startswith(codes) for place in places])
    found.flags.writeable = False
    return found


def staggered(
    places: tuple[str, ...], share: float, first: date, last: date, repeals: int = 0, seed: int = 0
) -> tuple[Policy, ...]:
    """Return policies of a random ``share`` of the places, each adopted on a day drawn between first and last.

    The last ``repeals`` of the adopters end theirs half-way between their start and ``last``.
    """
    rng = np.random.default_rng([seed, 1_000])
    adopters = rng.permutation(len(places))[: round(share * len(places))]
    days = np.sort(rng.integers(0, (last - first).days + 1, len(adopters)))
    policies = []
    for i, (place, day) in enumerate(zip(adopters, days, strict=True)):
        start = date.fromordinal(first.toordinal() + int(day))
        repealed = i < repeals
        end = date.fromordinal((start.toordinal() + last.toordinal()) // 2) if repealed else None
        policies.append(Policy(places[place], start, end, "limits"))
    return tuple(policies)
