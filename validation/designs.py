"""Would a comparison of policies find an effect, and when would it be fooled? Scenarios, and what designs find there.

Each scenario is a simulation of many small places that adopt a policy at different times, with a chosen effect on
re-arrest and a chosen way to go wrong. What a design should find is computed from the process, not from its data.
"""

import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

import analysis as an
from analysis.sanctuary.adoption import average_effect, two_way
from analysis.sanctuary.adoption_panel import NEVER, Panel, usable
from analysis.sanctuary.designs import DESIGNS, DOUBLY_ROBUST, RANDOMIZED, UNADJUSTED
from analysis.sanctuary.hazard_ratio import ADJUSTED as COX
from validation import table
from validation.simulator.frames import birth_year, dates
from validation.simulator.histories import history
from validation.simulator.simulation import FILES, LIMITS, Policy, Simulation, counties, staggered
from validation.simulator.truth import had_everyone
from validation.table import APPROXIMATE, AT_LEAST, LEVEL, SHOWN

SEED, HORIZON, YEAR = 20_141_214, 365, 365  # a year of the panel has 365 days
GROUP_TIME, TWO_WAY = "staggered adoption, group-time effects", "staggered adoption, two-way fixed effects"
ACROSS = DESIGNS[:4]
ALL = (*ACROSS, COX, GROUP_TIME, TWO_WAY)
ADJUST = ("criminality", "sex", "age")
ENDS = ["estimate", "lower", "upper"]
ALIKE = dict.fromkeys(("none", "limits", "requires"), (0.9, 0.5, 0.3))  # share honoured: convicted, pending, other
NOTHING_HIDDEN = {"confounding": 0.0, "hidden": 0.0, "drift": 0.0, "targeting": 0.0, "lodging": 1.0, "detection": 1.0}
MIX = {"confounding": 1.5}


class Scenario(NamedTuple):
    """What is true and what differs from the common settings.

    ``fools`` names the designs whose coverage is shown and not held to its level: those that the scenario is built to
    fool and methods that need more places; two-way fixed effects, a benchmark; and the Cox model where there is an
    effect, since frailty makes its ratio fall with time.
    """

    says: str
    settings: dict
    fools: tuple[str, ...] = ()
    places: int = 120
    adopters: int = 60
    repeals: int = 0
    designs: tuple[str, ...] = ALL


# fmt: off
SCENARIOS = {
    "no effect, people alike": Scenario("nothing to find and nothing to be fooled by", {}, (TWO_WAY,)),
    "no effect, other case mix": Scenario(
        "fewer people with a conviction in places that limit, and those with one go into custody more often",
        MIX, (UNADJUSTED, TWO_WAY)),
    "more re-arrests": Scenario(
        "hazard of re-arrest 1.6 times as high under the policy; some places repeal it",
        {**MIX, "effect": 1.6}, (UNADJUSTED, COX, TWO_WAY), repeals=10),
    "fewer re-arrests": Scenario(
        "hazard of re-arrest 0.6 times as high under the policy", {**MIX, "effect": 0.6}, (UNADJUSTED, COX, TWO_WAY)),
    "fewer detainers honoured": Scenario(
        "the hazard is the same, but fewer people go into custody",
        {**MIX, "honour": {**ALIKE, "limits": (0.5, 0.2, 0.1)}}, (UNADJUSTED, COX, TWO_WAY)),
    "hidden difference between places": Scenario(
        "no effect; places that limit had more re-arrest all along, for reasons not recorded",
        {**MIX, "hidden": 0.5}, ALL),
    "lodging follows policy": Scenario(
        "no effect; fewer detainers are lodged under the policy, for people more likely to be re-arrested",
        {**MIX, "lodging": 0.6, "targeting": 0.5}, ALL),
    "detection differs by policy": Scenario(
        "no effect and people alike; half of re-arrests are recorded under the policy, all of them elsewhere",
        {"detection": 0.5}, ALL),
    "trends differ": Scenario(
        "no effect; re-arrest grows by the year in places that ever limit", {**MIX, "drift": 0.25}, ALL),
    "few places": Scenario(
        "no effect; 20 places, 6 of which adopt", {}, (UNADJUSTED, DOUBLY_ROBUST, COX, GROUP_TIME), 20, 6,
        designs=(UNADJUSTED, DOUBLY_ROBUST, RANDOMIZED, COX, GROUP_TIME)),
}
# fmt: on
CLAIMS = sum(design not in scenario.fools for scenario in SCENARIOS.values() for design in scenario.designs)


def simulation(name: str, number: int) -> Simulation:
    """The simulation of one scenario and number, whatever else is run."""
    scenario = SCENARIOS[name]
    seed = SEED + (zlib.crc32(name.encode()) % 100_003) * 100_000 + number
    common = {
        "people": 3_000 if scenario.places > 50 else 1_200, "jurisdictions": scenario.places, "honour": ALIKE,
        "rearrest": 0.0015, "elsewhere": (0.0, 0.0), "surge": 1.0, "exits_end": date(2026, 2, 28),
        "policies": _policies(scenario.places, scenario.adopters, scenario.repeals),
    }  # fmt: skip
    return Simulation(seed, **{**common, **scenario.settings})


@lru_cache(maxsize=8)
def _policies(places: int, adopters: int, repeals: int, start: date = Simulation.start) -> tuple[Policy, ...]:
    """The policies of a scenario, each from the first day of its year of the panel on: no year is half under it."""
    first, last = date(2021, 10, 1), date(2024, 6, 30)
    year, found = timedelta(days=YEAR), []
    for policy in staggered(counties(places), adopters / places, first, last, repeals, seed=SEED):
        begins = start + (policy.start - start) // year * year
        ends = policy.end and start + ((policy.end - start) // year + 1) * year - timedelta(days=1)
        found.append(replace(policy, start=begins, end=ends))
    return tuple(found)


def follow(sim: Simulation) -> pd.DataFrame:
    """First detainers followed to the first of re-arrest, custody, removal and death, or to the end of the records.

    A cohort, one row a person: ``days`` and ``event``; ``follow_up``, the days that could be seen; ``place`` as code;
    ``prepared`` in days since the start; ``policy`` on that day; ``criminality``, ``sex`` and ``age`` in years.
    """
    people, past = history(sim)
    b = past.bookings
    later = b["number"] > 0
    # a re-arrest under a limiting rule may go unrecorded; the arrest that led to the detainer is none
    seen = later & ((b["rule"] != LIMITS) | (sim.stream(FILES).random(len(later)) < sim.detection))
    moves = {
        "rearrest": {"person": b["person"][seen], "day": b["booked"][seen]},
        "ice_custody": past.custody, "removed": past.removals, "died": past.deaths,
    }  # fmt: skip
    events = pd.concat([pd.DataFrame({**move, "event": kind}) for kind, move in moves.items()])
    # on one day a re-arrest counts first
    first = events.sort_values("day", kind="stable").drop_duplicates("person").set_index("person")
    first = first.reindex(range(len(people)))
    time = first["day"] - people.first
    follow_up = sim.day(min(sim.arrests_end, sim.exits_end)) - sim.lag_days - people.first
    frame = pd.DataFrame({
        "place": people.place, "prepared": people.first, "follow_up": follow_up,
        "policy": np.where(b["rule"][~later] == LIMITS, "limits", "none"),
        "days": np.fmin(time, follow_up).astype(int), "event": first["event"].where(time <= follow_up),
        "criminality": np.take(["convicted", "pending", "other"], people.criminality),
        "sex": np.where(people.male, "male", "female"),
        "age": pd.DatetimeIndex(dates(sim, people.first)).year - birth_year(sim, people),
    })  # fmt: skip
    return frame[follow_up >= 0].reset_index(drop=True)


def compared(people: pd.DataFrame) -> pd.DataFrame:
    """What ``compare`` finds, one row a design: differences of risks, for the Cox model the log hazard ratio."""
    cohort = an.as_cohort(people, event="rearrest", origin="prepared")
    table = an.compare(cohort, adjust=ADJUST, cluster="place", horizon=HORIZON, level=LEVEL)
    table = table[~table["estimand"].str.startswith("risk ratio")].set_index("design")[ENDS]
    table.loc[COX] = np.log(table.loc[COX])
    return table


def panel(people: pd.DataFrame, sim: Simulation) -> Panel:
    """The risk by place and year among those followed for the whole window, and when each place adopted."""
    full = people[people["follow_up"] >= HORIZON]
    hit = (full["event"] == "rearrest") & (full["days"] <= HORIZON)
    risk = hit.groupby([full["place"], full["prepared"] // YEAR]).mean().unstack().reindex(range(len(sim.places)))
    starts = {policy.fips: sim.day(policy.start) // YEAR for policy in sim.policies}
    ends = {policy.fips: (sim.day(policy.end) + 1) // YEAR for policy in sim.policies if policy.end}
    adopted, repealed = (np.array([each.get(place, NEVER) for place in sim.places]) for each in (starts, ends))
    years = risk.columns.to_numpy(float)
    found = Panel(
        risk.to_numpy(), years, adopted, np.ones(len(risk)), np.arange(len(risk)), risk.columns, risk.index, {}, {}
    )
    return usable(found, repealed, repeals="until")


def estimates(name: str, number: int) -> dict[str, np.ndarray]:
    """Each design's estimate and limits in one simulation; missing where it has none."""
    sim, designs = simulation(name, number), SCENARIOS[name].designs
    people = follow(sim)
    found, years = compared(people), panel(people, sim)
    with suppress(ValueError):  # a small simulation in which no cohort can be compared counts as without an interval
        overall = average_effect(years, "not_yet", LEVEL)
        found.loc[GROUP_TIME] = overall.estimate, overall.lower, overall.upper
        found.loc[TWO_WAY] = pd.Series(two_way(years, LEVEL))
    return dict(zip(designs, found.reindex(designs).to_numpy(), strict=True))


@lru_cache
def truths(name: str, simulations: int = 40, drawn: int = 60_000, trials: int = 6) -> dict[str, float]:
    """What the designs should find: over everyone with a detainer, and over people in adopting places.

    Places differ from one simulation to the next, so that a truth is an average over many; where policy changes nothing
    that happens, it is 0. For the Cox model it is the logarithm of the ratio in ``trials`` trials of ``drawn`` people
    on a side, all under one rule: with frailty no single ratio holds at all times, and this is its average.
    """
    scenario = SCENARIOS[name]
    if not {"effect", "honour"} & set(scenario.settings):
        return dict.fromkeys(scenario.designs, 0.0)
    risks, ratios = [], []
    for number in range(simulations):
        sim = simulation(name, 50_000 + number)
        both = [had_everyone(one, (HORIZON,), drawn, number) for one in (sim, _everywhere(replace(sim, lodging=1.0)))]
        risks.append([had["limits"][str(HORIZON)]["risk"] - had["none"][str(HORIZON)]["risk"] for had in both])
    for number in range(trials):
        sim = replace(simulation(name, 60_000 + number), people=drawn, policies=(), **NOTHING_HIDDEN)
        people = pd.concat([follow(sim), follow(_everywhere(sim))], ignore_index=True)
        ratios.append(compared(people).at[COX, "estimate"])
    across, over_time = np.mean(risks, axis=0)
    found = {COX: np.mean(ratios), GROUP_TIME: over_time, TWO_WAY: over_time}
    return {design: float(found.get(design, across)) for design in scenario.designs}


def _everywhere(sim: Simulation) -> Simulation:
    return replace(sim, policies=tuple(Policy(place, date(2015, 1, 1), None, "limits") for place in sim.places))


def row(name: str, design: str, found: np.ndarray) -> dict:
    """The row of the table for a design in a scenario."""
    scenario, truth = SCENARIOS[name], truths(name)[design]
    mean = np.nanmean(found[:, 0])
    claim = SHOWN if design in scenario.fools else AT_LEAST if design == RANDOMIZED else APPROXIMATE
    return {
        "kind": name, "says": scenario.says, "places": scenario.places, "adopters": scenario.adopters,
        "design": design, "estimand": "log hazard ratio" if design == COX else "risk difference",
        "mean": mean, "bias": mean - truth, "spread": np.nanstd(found[:, 0]),
        "excluded_no_effect": int(((found[:, 1] > 0) | (found[:, 2] < 0)).sum()),
        "is": "false alarms" if truth == 0 else "power",
        "mean_first": np.nanmean(found[: table.FIRST, 0]), "seed": SEED,
        **table.counted(found[:, 1:], truth, claim, CLAIMS),
    }  # fmt: skip
