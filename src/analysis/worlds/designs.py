"""Worlds for comparisons of policies: would a design find an effect, and when would it be fooled?

Each kind is a synthetic world of many small places that adopt a policy at different times, with a chosen effect of the
policy on re-arrest and a chosen way to go wrong. Every design is put to 2,000 worlds of each kind; what it should find
is computed from the process and not from its data (``design_truth``).
"""

import zlib
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from analysis.sanctuary.adoption import average_effect
from analysis.sanctuary.designs import DESIGNS, DOUBLY_ROBUST, RANDOMIZED, UNADJUSTED, results
from analysis.sanctuary.hazard_ratio import ADJUSTED as COX
from analysis.sanctuary.hazard_ratio import hazard_ratio
from analysis.sanctuary.two_way import two_way
from analysis.synthetic.places import Policy, counties, staggered
from analysis.synthetic.world import World
from analysis.worlds.followed import ADJUST, YEAR, contrast_of, follow, panel_of

SEED, HORIZON, LEVEL = 20_141_214, 365, 0.95
GROUP_TIME, TWO_WAY = "staggered adoption, group-time effects", "staggered adoption, two-way fixed effects"
ACROSS, OVER_TIME = DESIGNS[:4], (GROUP_TIME, TWO_WAY)
ALIKE = dict.fromkeys(("none", "limits", "requires"), (0.9, 0.5, 0.3))  # share honoured: convicted, pending, other
_FIRST, _LAST = date(2021, 10, 1), date(2024, 6, 30)
NOT_FOUND = (np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Kind:
    """Worlds of one kind: what is true in them and what they are built from.

    ``fools`` names the designs whose coverage is shown and not held to its level: those that the world is built to
    fool and methods that need more places; two-way fixed effects, a benchmark; and the Cox model where there is an
    effect, since frailty makes its ratio fall with time. Group-time effects take ``small_sample``, as the reports do.
    """

    name: str
    says: str
    world: dict
    fools: tuple[str, ...] = ()
    places: int = 120
    adopters: int = 60
    repeals: int = 0
    designs: tuple[str, ...] = field(default=(*ACROSS, COX, *OVER_TIME))


_MIX = {"confounding": 1.5}
_ALL = (*ACROSS, COX, *OVER_TIME)
KINDS = (
    Kind("no effect, people alike", "nothing to find and nothing to be fooled by", {}, (TWO_WAY,)),
    Kind("no effect, other case mix", "fewer people with a conviction in places that limit, and those with one go into custody more often",
         {**_MIX}, (UNADJUSTED, TWO_WAY)),
    Kind("more re-arrests", "hazard of re-arrest 1.6 times as high under the policy; some places repeal it",
         {**_MIX, "effect": 1.6}, (UNADJUSTED, COX, TWO_WAY), repeals=10),
    Kind("fewer re-arrests", "hazard of re-arrest 0.6 times as high under the policy", {**_MIX, "effect": 0.6}, (UNADJUSTED, COX, TWO_WAY)),
    Kind("fewer detainers honoured", "the hazard is the same, but fewer people go into custody",
         {**_MIX, "honour": {**ALIKE, "limits": (0.5, 0.2, 0.1)}}, (UNADJUSTED, COX, TWO_WAY)),
    Kind("hidden difference between places", "no effect; places that limit had more re-arrest all along, for reasons not recorded",
         {**_MIX, "hidden": 0.5}, _ALL),
    Kind("lodging follows policy", "no effect; fewer detainers are lodged under the policy, for people more likely to be re-arrested",
         {**_MIX, "lodging": 0.6, "targeting": 0.5}, _ALL),
    Kind("detection differs by policy", "no effect and people alike; half of re-arrests are recorded under the policy, all of them elsewhere",
         {"detection": 0.5}, _ALL),
    Kind("trends differ", "no effect; re-arrest grows by the year in places that ever limit", {**_MIX, "drift": 0.25}, _ALL),
    Kind("few places", "no effect; 20 places, 6 of which adopt", {}, (UNADJUSTED, DOUBLY_ROBUST, COX, GROUP_TIME), places=20, adopters=6,
         designs=(UNADJUSTED, DOUBLY_ROBUST, RANDOMIZED, COX, GROUP_TIME)),
)  # fmt: skip


def world_of(kind: Kind, number: int) -> World:
    """The world of one kind and number, whatever else is run."""
    seed = SEED + (zlib.crc32(kind.name.encode()) % 100_003) * 100_000 + number
    common = {
        "people": 3_000 if kind.places > 50 else 1_200, "jurisdictions": kind.places, "honour": ALIKE, "rearrest": 0.0015,
        "elsewhere": (0.0, 0.0), "surge": 1.0, "exits_end": date(2026, 2, 28),
    }  # fmt: skip
    policies = _policies(kind.places, kind.adopters, kind.repeals, World.start)
    return World(seed, **{**common, **kind.world}, policies=policies)


@lru_cache(maxsize=8)
def _policies(places: int, adopters: int, repeals: int, start: date) -> tuple[Policy, ...]:
    """The policies of all worlds of a kind: each from the first day of its year of the panel on, so that no year is half under it."""
    found = staggered(counties(places), adopters / places, _FIRST, _LAST, repeals, seed=SEED)
    return tuple(_whole_years(policy, start) for policy in found)


def _whole_years(policy: Policy, start: date) -> Policy:
    begins = start + timedelta(days=(policy.start - start).days // YEAR * YEAR)
    ends = None if policy.end is None else start + timedelta(days=((policy.end - start).days // YEAR + 1) * YEAR - 1)
    return replace(policy, start=begins, end=ends)


def limits(kind: Kind, number: int) -> dict[str, tuple[float, float, float]]:
    """Each design's estimate and limits in one world; missing where it has none.

    Differences of risks, but for the Cox model, whose are logarithms of the hazard ratio.
    """
    world = world_of(kind, number)
    people = follow(world)
    found = dict.fromkeys(kind.designs, NOT_FOUND)
    contrast = contrast_of(people, kind.places, HORIZON)
    for result in results(contrast, ADJUST, LEVEL, only=[name for name in kind.designs if name in DESIGNS]):
        if result.uncertainty is not None:
            found[result.design] = result.difference, result.uncertainty.lower, result.uncertainty.upper
    if COX in found:
        row = hazard_ratio(contrast, ADJUST, LEVEL)
        found[COX] = tuple(float(np.log(row[name])) for name in ("estimate", "lower", "upper"))
    if set(found) & set(OVER_TIME):
        found |= {design: value for design, value in _over_time(people, world).items() if design in found}
    return found


def _over_time(people: object, world: World) -> dict[str, tuple[float, float, float]]:
    panel = panel_of(people, world, HORIZON)
    try:
        overall = average_effect(panel, "not_yet", LEVEL)
    except ValueError:  # a small world in which no cohort can be compared counts as without an interval
        return {}
    both = two_way(panel, LEVEL)
    return {
        GROUP_TIME: (overall.estimate, overall.lower, overall.upper),
        TWO_WAY: (both["estimate"], both["lower"], both["upper"]),
    }
