"""The parameters of a simulation, each with its unit and what it stands for; its places and their rules.

Places carry FIPS-like codes as text so that "county before state" works as it does for real ones. The state codes 80,
82, 83 and 85 belong to no state, territory or outlying area, so a code from here can be taken for no real place.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import numpy as np

STATES = ("80", "82", "83", "85")
STATE_NAMES = {state: f"SYNTHETIC STATE {letter}" for state, letter in zip(STATES, "ABCD", strict=True)}
DIRECTIONS = ("none", "limits", "requires")
LIMITS = 1  # the code of "limits" in DIRECTIONS
HONOUR = {"none": (0.80, 0.62, 0.50), "limits": (0.40, 0.12, 0.06), "requires": (0.97, 0.95, 0.92)}
PLACES, PEOPLE, HISTORIES, FILES, TRUTH = range(1, 6)  # independent random streams, one a purpose


@dataclass(frozen=True)
class Policy:
    """A rule about detainers at one place: a state ("80") or a county ("80001").

    It is in force from ``start`` to ``end``, both included; without an ``end`` it still is. A rule that
    ``practice_disagrees`` with is on the books and changes nothing that happens.
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


@dataclass(frozen=True)
class Simulation:
    """One simulation. The same parameters always give the same people and events.

    What an analyst wants to know: ``effect`` is the hazard ratio of re-arrest in the community for
    people whose detainer was lodged at a local facility under a rule that limits detainers (1 is no
    effect); ``honour`` is the share of detainers honoured at local facilities under each rule, by
    criminality (convicted, pending, other); ``honour_elsewhere`` the share at prisons and federal facilities,
    which local rules do not govern.

    What can fool an analyst: ``confounding`` lowers the log odds of a conviction in places that ever
    limit (measured); ``hidden`` is added to the log hazard there (not measured); ``lodging`` is the
    rate ratio of lodging detainers under a limiting rule; ``targeting`` is added to the log hazard of
    those who still get one there; ``detection`` is the share of re-arrests recorded under such a rule;
    ``drift`` is added a year to the log hazard in places that ever limit.

    What keeps them comparable with reality: hazards a day and times in days. ``frailty`` is the
    variance of a gamma frailty of mean 1 that is fixed for each person, which makes the hazard of
    re-arrest fall with time since release though no one's own hazard does.
    """

    seed: int
    people: float = 10_000  # expected number of people with a detainer were lodging everywhere as without a rule
    jurisdictions: int = 20
    states: tuple[str, ...] = STATES
    policies: tuple[Policy, ...] = ()
    start: date = date(2020, 10, 1)
    end: date = date(2026, 3, 10)  # last day of the detainer files
    arrests_end: date = date(2026, 2, 28)
    exits_end: date = date(2026, 1, 31)
    lag_days: int = 14  # an arrest is reported at most this many days later
    effect: float = 1.0
    honour: dict[str, tuple[float, float, float]] = field(default_factory=lambda: dict(HONOUR))
    honour_elsewhere: float = 0.97
    elsewhere: tuple[float, float] = (0.08, 0.07)  # share of first detainers at state prisons, federal facilities
    confounding: float = 0.0
    hidden: float = 0.0
    lodging: float = 1.0
    targeting: float = 0.0
    detection: float = 1.0
    drift: float = 0.0
    spread: float = 0.15  # standard deviation of the log hazard between places
    surge: float = 1.6  # rate ratio of lodging from 20 January 2025
    rearrest: float = 0.0006  # hazard a day of a woman aged 32 without charges, frailty 1
    frailty: float = 2.0
    custody: float = 0.00018  # hazard a day of an arrest by ICE in the community
    death: float = 0.000012
    removal: float = 0.75  # share of people in ICE custody who are removed; the others return to the community
    return_after: float = 0.06  # share of people removed who come back within reach of a later arrest
    relodge: float = 0.85  # share of later bookings that bring another detainer

    def __post_init__(self) -> None:
        """Refuse rates and shares that are none."""
        for name in ("people", "rearrest", "frailty", "custody", "death", "effect", "lodging", "surge"):
            if not getattr(self, name) > 0:
                raise ValueError(f"Simulation: {name} = {getattr(self, name)}, expected a number above 0.")
        for name in ("honour_elsewhere", "detection", "removal", "return_after", "relodge"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Simulation: {name} = {getattr(self, name)}, expected a share between 0 and 1.")
        if set(self.honour) != set(DIRECTIONS):
            raise ValueError(f"Simulation: honour is given for {sorted(self.honour)}, expected {sorted(DIRECTIONS)}.")
        places = self.places
        known = {*places, *(place[:2] for place in places)}
        for policy in self.policies:
            if policy.fips not in known:
                raise ValueError(
                    f"Simulation: a policy is at '{policy.fips}', and no place of this simulation lies there."
                )

    @property
    def places(self) -> tuple[str, ...]:
        """County codes, in order."""
        return counties(self.jurisdictions, self.states)

    @property
    def days(self) -> int:
        """Days from start to end, both included."""
        return (self.end - self.start).days + 1

    def day(self, when: date) -> int:
        """Return a date as days since the start."""
        return (when - self.start).days

    def rule(self) -> np.ndarray:
        """Rule in force by place and day, as codes of DIRECTIONS; shape (jurisdictions, days)."""
        return in_force(self.places, self.policies, self.start, self.end)

    def limiting(self) -> np.ndarray:
        """Whether a limiting rule is ever in effect, by place."""
        return ever_limits(self.places, self.policies)

    def shares_honoured(self) -> np.ndarray:
        """Share honoured at local facilities; shape (rule, criminality)."""
        return np.array([self.honour[direction] for direction in DIRECTIONS])

    def stream(self, *purpose: int) -> np.random.Generator:
        """Return the random generator of one purpose."""
        return np.random.default_rng([self.seed, *purpose])
