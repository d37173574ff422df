"""Worlds for comparisons of policies: would a design find an effect, and when would it be fooled?

Each kind is a synthetic world of many small places that adopt a policy at different times, with a chosen effect of the
policy on re-arrest and a chosen way to go wrong. Every design is put to 2,000 worlds of each kind; what it should find
is computed from the process and not from its data.
"""

import zlib
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis.sanctuary.adoption import adoption_effect
from analysis.sanctuary.contrast import read_contrast
from analysis.sanctuary.designs import DESIGNS, DOUBLY_ROBUST, RANDOMIZED, UNADJUSTED, results
from analysis.synthetic import Policy, World, staggered, tables, truth

SEED, HORIZON, LEVEL = 20_141_214, 365, 0.95
YEAR = 365  # days in a year of the panel
GROUP_TIME, TWO_WAY = "staggered adoption, group-time effects", "staggered adoption, two-way fixed effects"
ACROSS = DESIGNS[:4]
OVER_TIME = (GROUP_TIME, TWO_WAY)
ALIKE = dict.fromkeys(("none", "limits", "requires"), (0.9, 0.5, 0.3))  # share honoured: convicted, pending, other
_FIRST, _LAST = date(2021, 10, 1), date(2024, 6, 30)


@dataclass(frozen=True)
class Kind:
    """Worlds of one kind: what is true in them and what they are built from.

    ``fools`` names the designs whose coverage is shown and not held to its level: those that the world is built to
    fool, two-way fixed effects (a benchmark), and methods that need more places.
    """

    name: str
    says: str
    world: dict
    fools: tuple[str, ...] = ()
    places: int = 120
    adopters: int = 60
    repeals: int = 0
    designs: tuple[str, ...] = field(default=(*ACROSS, *OVER_TIME))


_MIX = {"confounding": 1.5}
KINDS = (
    Kind("no effect, people alike", "nothing to find and nothing to be fooled by", {}, (TWO_WAY,)),
    Kind("no effect, other case mix", "fewer people with a conviction in places that limit, and those with one go into custody more often",
         {**_MIX}, (UNADJUSTED, TWO_WAY)),
    Kind("more re-arrests", "hazard of re-arrest 1.6 times as high under the policy; some places repeal it",
         {**_MIX, "effect": 1.6}, (UNADJUSTED, TWO_WAY), repeals=10),
    Kind("fewer re-arrests", "hazard of re-arrest 0.6 times as high under the policy", {**_MIX, "effect": 0.6}, (UNADJUSTED, TWO_WAY)),
    Kind("fewer detainers honoured", "the hazard is the same, but fewer people go into custody",
         {**_MIX, "honour": {**ALIKE, "limits": (0.5, 0.2, 0.1)}}, (UNADJUSTED, TWO_WAY)),
    Kind("hidden difference between places", "no effect; places that limit had more re-arrest all along, for reasons not recorded",
         {**_MIX, "hidden": 0.5}, (*ACROSS, TWO_WAY)),
    Kind("lodging follows policy", "no effect; fewer detainers are lodged under the policy, for people more likely to be re-arrested",
         {**_MIX, "lodging": 0.6, "targeting": 0.5}, (*ACROSS, *OVER_TIME)),
    Kind("detection differs by policy", "no effect; seven in ten re-arrests are recorded under the policy, all of them elsewhere",
         {**_MIX, "detection": 0.7}, (*ACROSS, *OVER_TIME)),
    Kind("trends differ", "no effect; re-arrest grows by the year in places that ever limit", {**_MIX, "drift": 0.25}, (*ACROSS, *OVER_TIME)),
    Kind("few places", "no effect; 20 places, 6 of which adopt", {}, (UNADJUSTED, DOUBLY_ROBUST, GROUP_TIME), places=20, adopters=6,
         designs=(UNADJUSTED, DOUBLY_ROBUST, RANDOMIZED, GROUP_TIME)),
)  # fmt: skip


def world_of(kind: Kind, number: int) -> World:
    """The world of one kind and number, whatever else is run."""
    seed = SEED + (zlib.crc32(kind.name.encode()) % 100_003) * 100_000 + number
    common = {
        "people": 3_000 if kind.places > 50 else 1_200, "jurisdictions": kind.places, "honour": ALIKE, "rearrest": 0.0015,
        "elsewhere": (0.0, 0.0), "surge": 1.0, "exits_end": date(2026, 2, 28),
    }  # fmt: skip
    world = World(seed, **{**common, **kind.world})
    policies = staggered(world.places, kind.adopters / kind.places, _FIRST, _LAST, kind.repeals, seed=SEED)
    return replace(world, policies=tuple(_whole_years(policy, world.start) for policy in policies))


def _whole_years(policy: Policy, start: date) -> Policy:
    """The policy from the first day of its year of the panel on, so that no year is half under it."""
    begins = start + timedelta(days=(policy.start - start).days // YEAR * YEAR)
    ends = None if policy.end is None else start + timedelta(days=((policy.end - start).days // YEAR + 1) * YEAR - 1)
    return replace(policy, start=begins, end=ends)


def true_effects(kind: Kind, worlds: int = 40, drawn: int = 60_000) -> dict[str, float]:
    """What the designs should find: over everyone with a detainer, and over people in adopting places.

    The average of ``worlds`` worlds of the kind, since places differ from one to the next.
    """
    across, over_time = [], []
    for number in range(worlds):
        world = world_of(kind, 50_000 + number)
        across.append(_difference(truth(world, (HORIZON,), drawn, seed=number)))
        everywhere = tuple(Policy(place, date(2015, 1, 1), None, "limits") for place in world.places)
        over_time.append(
            _difference(truth(replace(world, policies=everywhere, lodging=1.0), (HORIZON,), drawn, seed=number))
        )
    mean = {True: float(np.mean(across)), False: float(np.mean(over_time))}
    return {design: mean[design not in OVER_TIME] for design in kind.designs}


def limits(kind: Kind, number: int) -> dict[str, tuple[float, float, float]]:
    """Each design's estimate and limits in one world; missing where it has none."""
    frame = follow(world_of(kind, number))
    found = dict.fromkeys(kind.designs, (np.nan, np.nan, np.nan))
    wanted = [design for design in kind.designs if design in DESIGNS]
    read = read_contrast(frame, "policy", ["criminality", "sex", "age"], "jurisdiction", HORIZON, None, None)
    for result in results(read, ["criminality", "sex", "age"], LEVEL, only=wanted):
        if result.uncertainty is not None:
            found[result.design] = result.difference, result.uncertainty.lower, result.uncertainty.upper
    if set(kind.designs) & set(OVER_TIME):
        found |= {design: value for design, value in _over_time(frame).items() if design in kind.designs}
    return found


def follow(world: World) -> pd.DataFrame:
    """First detainers followed from their preparation to re-arrest, custody, removal or death, or the data end."""
    made = tables(world)
    first = made["detainers"].drop_duplicates("person_id")  # rows are in the order of preparation
    end = world.day(min(world.arrests_end, world.exits_end)) - world.lag_days
    start = pd.Timestamp(world.start)
    origin = np.full(int(first["person_id"].max()) + 1, np.iinfo(np.int64).max // 2)
    person, prepared = first["person_id"].to_numpy(), (first["prepared"] - start).dt.days.to_numpy()
    origin[person] = prepared
    days, event = end - prepared, np.zeros(len(first), dtype=int)
    exits = made["exits"]
    kinds = ["rearrest", *exits["kind"].cat.categories]
    arrests = made["arrests"]
    moves = [  # an arrest on the day of origin is that of the booking; custody on that day ends the wait
        (arrests["person_id"], arrests["arrested"], np.ones(len(arrests), dtype=int), 1),
        (exits["person_id"], exits["date"], exits["kind"].cat.codes.to_numpy().astype(int) + 2, 0),
    ]
    earliest = np.full((len(kinds) + 1, len(origin)), np.inf)
    for who, when, code, soonest in moves:
        who, gap = who.to_numpy(), (when - start).dt.days.to_numpy()
        seen = who < len(origin)
        after = gap[seen] - origin[who[seen]]
        ok = after >= soonest
        np.minimum.at(earliest, (code[seen][ok], who[seen][ok]), after[ok])
    of_each = earliest[1:, person]
    best = of_each.argmin(axis=0)  # on one day a re-arrest counts first
    time = of_each[best, np.arange(len(person))]
    event = np.where(time <= days, best, -1)
    frame = pd.DataFrame({
        "jurisdiction": first["jurisdiction"].astype("str").to_numpy(), "prepared": prepared,
        "policy": np.where(world.rule()[first["jurisdiction"].cat.codes.to_numpy() - len(world.states), prepared] == 1, "limits", "none"),
        "criminality": first["criminality"].to_numpy(), "sex": first["sex"].to_numpy(),
        "age": first["prepared"].dt.year.to_numpy() - first["birth_year"].to_numpy(),
        "follow_up": days, "days": np.minimum(time, np.maximum(days, 0)).astype(int),
        "event": pd.Categorical.from_codes(event, kinds),
    })  # fmt: skip
    frame = frame[days >= 0]
    frame.attrs = {
        "event": "rearrest",
        "origin": "prepared",
        "time_unit": "day",
        "policies": world.policies,
        "start": world.start,
    }
    return frame


def _over_time(frame: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Risk by place and year among those followed for the whole window, and when each place adopted."""
    start = frame.attrs["start"]
    panel = frame[frame["follow_up"] >= HORIZON].assign(
        hit=lambda rows: (rows["event"] == "rearrest") & (rows["days"] <= HORIZON),
        year=lambda rows: rows["prepared"] // YEAR,
    )
    panel = panel.groupby(["jurisdiction", "year"], observed=True)["hit"].mean().reset_index()
    begins = {policy.fips: (policy.start - start).days // YEAR for policy in frame.attrs["policies"]}
    ends = {policy.fips: ((policy.end - start).days + 1) // YEAR for policy in frame.attrs["policies"] if policy.end}
    panel["adopted"], panel["repealed"] = panel["jurisdiction"].map(begins), panel["jurisdiction"].map(ends)
    try:
        found = adoption_effect(
            panel, "hit", "jurisdiction", "year", "adopted", "not_yet", repealed="repealed", repeals="until"
        )
    except ValueError:  # a small world in which no cohort can be compared counts as without an interval
        return {}
    both = found.benchmark
    return {
        GROUP_TIME: (found.overall.estimate, found.overall.lower, found.overall.upper),
        TWO_WAY: (both["estimate"], both["lower"], both["upper"]),
    }


def _difference(found: dict) -> float:
    risks = found["had_everyone"]
    return risks["limits"][str(HORIZON)]["risk"] - risks["none"][str(HORIZON)]["risk"]
