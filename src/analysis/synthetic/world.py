"""The parameters of a synthetic world, each with its unit and what it stands for."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from analysis.synthetic.places import DIRECTIONS, STATES, Policy, counties, ever_limits, in_force

CRIMINALITY = ("convicted", "pending", "other")
OPERATORS = ("local", "state_prison", "federal")
HONOUR = {"none": (0.80, 0.62, 0.50), "limits": (0.40, 0.12, 0.06), "requires": (0.97, 0.95, 0.92)}
PLACES, PEOPLE, COURSES, FILES, TRUTH = range(1, 6)  # independent random streams, one a purpose


@dataclass(frozen=True)
class World:
    """One synthetic world. The same parameters always give the same world.

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
                raise ValueError(f"World: {name} = {getattr(self, name)}, expected a number above 0.")
        for name in ("honour_elsewhere", "detection", "removal", "return_after", "relodge"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"World: {name} = {getattr(self, name)}, expected a share between 0 and 1.")
        if set(self.honour) != set(DIRECTIONS):
            raise ValueError(f"World: honour is given for {sorted(self.honour)}, expected {sorted(DIRECTIONS)}.")
        places = self.places
        known = {*places, *(place[:2] for place in places)}
        for policy in self.policies:
            if policy.fips not in known:
                raise ValueError(f"World: a policy is at '{policy.fips}', and no place of this world lies there.")

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
