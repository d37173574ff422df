"""Would a comparison of policies find an effect, and when would it be fooled? Scenarios, and what designs find there.

Each scenario is a simulation of many small places that adopt a policy at different times, with a chosen effect on
re-arrest and a chosen way to go wrong. What a design should find is computed from the process, not from its data.
"""

import zlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd
from analysis.recidivism.window import window

import analysis as an
from analysis.sanctuary.adoption import average_effect
from analysis.sanctuary.adoption_panel import Panel, usable
from analysis.sanctuary.adoption_times import NEVER
from analysis.sanctuary.contrast import Contrast, coded
from analysis.sanctuary.designs import DESIGNS, DOUBLY_ROBUST, RANDOMIZED, UNADJUSTED, results
from analysis.sanctuary.hazard_ratio import ADJUSTED as COX
from analysis.sanctuary.hazard_ratio import hazard_ratio
from analysis.sanctuary.two_way import two_way
from validation import table
from validation.simulator.frames import birth_year
from validation.simulator.histories import history
from validation.simulator.simulation import FILES, LIMITS, Policy, Simulation, counties, staggered
from validation.simulator.truth import had_everyone
from validation.table import APPROXIMATE, AT_LEAST, LEVEL, SHOWN, digits

SEED, HORIZON, YEAR = 20_141_214, 365, 365  # a year of the panel has 365 days
GROUP_TIME, TWO_WAY = "staggered adoption, group-time effects", "staggered adoption, two-way fixed effects"
ACROSS, OVER_TIME = DESIGNS[:4], (GROUP_TIME, TWO_WAY)
ALL = (*ACROSS, COX, *OVER_TIME)
ADJUST = ("criminality", "sex", "age")
ALIKE = dict.fromkeys(("none", "limits", "requires"), (0.9, 0.5, 0.3))  # share honoured: convicted, pending, other
NOTHING_HIDDEN = {"confounding": 0.0, "hidden": 0.0, "drift": 0.0, "targeting": 0.0, "lodging": 1.0, "detection": 1.0}
MIX = {"confounding": 1.5}


@dataclass(frozen=True)
class Scenario:
    """What is true and what differs from the common settings.

    ``fools`` names the designs whose coverage is shown and not held to its level: those that the scenario is built to
    fool and methods that need more places; two-way fixed effects, a benchmark; and the Cox model where there is an
    effect, since frailty makes its ratio fall with time.
    """

    name: str
    says: str
    settings: dict
    fools: tuple[str, ...] = ()
    places: int = 120
    adopters: int = 60
    repeals: int = 0
    designs: tuple[str, ...] = ALL


# fmt: off
SCENARIOS = {scenario.name: scenario for scenario in (
    Scenario("no effect, people alike", "nothing to find and nothing to be fooled by", {}, (TWO_WAY,)),
    Scenario("no effect, other case mix",
             "fewer people with a conviction in places that limit, and those with one go into custody more often",
             {**MIX}, (UNADJUSTED, TWO_WAY)),
    Scenario("more re-arrests", "hazard of re-arrest 1.6 times as high under the policy; some places repeal it",
             {**MIX, "effect": 1.6}, (UNADJUSTED, COX, TWO_WAY), repeals=10),
    Scenario("fewer re-arrests", "hazard of re-arrest 0.6 times as high under the policy",
             {**MIX, "effect": 0.6}, (UNADJUSTED, COX, TWO_WAY)),
    Scenario("fewer detainers honoured", "the hazard is the same, but fewer people go into custody",
             {**MIX, "honour": {**ALIKE, "limits": (0.5, 0.2, 0.1)}}, (UNADJUSTED, COX, TWO_WAY)),
    Scenario("hidden difference between places",
             "no effect; places that limit had more re-arrest all along, for reasons not recorded",
             {**MIX, "hidden": 0.5}, ALL),
    Scenario("lodging follows policy",
             "no effect; fewer detainers are lodged under the policy, for people more likely to be re-arrested",
             {**MIX, "lodging": 0.6, "targeting": 0.5}, ALL),
    Scenario("detection differs by policy",
             "no effect and people alike; half of re-arrests are recorded under the policy, all of them elsewhere",
             {"detection": 0.5}, ALL),
    Scenario("trends differ", "no effect; re-arrest grows by the year in places that ever limit",
             {**MIX, "drift": 0.25}, ALL),
    Scenario("few places", "no effect; 20 places, 6 of which adopt", {}, (UNADJUSTED, DOUBLY_ROBUST, COX, GROUP_TIME),
             places=20, adopters=6, designs=(UNADJUSTED, DOUBLY_ROBUST, RANDOMIZED, COX, GROUP_TIME)),
)}
# fmt: on
CLAIMS = sum(design not in scenario.fools for scenario in SCENARIOS.values() for design in scenario.designs)


def simulation(name: str, number: int) -> Simulation:
    """The simulation of one scenario and number, whatever else is run."""
    scenario = SCENARIOS[name]
    seed = SEED + (zlib.crc32(name.encode()) % 100_003) * 100_000 + number
    common = {
        "people": 3_000 if scenario.places > 50 else 1_200, "jurisdictions": scenario.places, "honour": ALIKE,
        "rearrest": 0.0015, "elsewhere": (0.0, 0.0), "surge": 1.0, "exits_end": date(2026, 2, 28),
    }  # fmt: skip
    policies = _policies(scenario.places, scenario.adopters, scenario.repeals)
    return Simulation(seed, **{**common, **scenario.settings}, policies=policies)


@lru_cache(maxsize=8)
def _policies(places: int, adopters: int, repeals: int, start: date = Simulation.start) -> tuple[Policy, ...]:
    """The policies of a scenario, each from the first day of its year of the panel on: no year is half under it."""
    first, last = date(2021, 10, 1), date(2024, 6, 30)
    found = []
    for policy in staggered(counties(places), adopters / places, first, last, repeals, seed=SEED):
        begins = start + timedelta(days=(policy.start - start).days // YEAR * YEAR)
        ends = policy.end and start + timedelta(days=((policy.end - start).days // YEAR + 1) * YEAR - 1)
        found.append(replace(policy, start=begins, end=ends))
    return tuple(found)


def follow(sim: Simulation) -> pd.DataFrame:
    """First detainers followed to the first of re-arrest, custody, removal and death, or to the end of the records.

    One row a person: ``place`` as code; ``prepared`` in days since the start; ``limits``: whether a rule limited the
    detainer; ``follow_up`` days that could be seen, ``time`` days to the first event or their end; ``rearrest`` and
    ``any``: whether that is a re-arrest, or any event; ``criminality``, ``sex`` and ``age`` in years.
    """
    people, past = history(sim)
    b, n = past.bookings, len(people)
    later = b["number"] > 0
    # a re-arrest under a limiting rule may go unrecorded; the arrest that led to the detainer is none
    seen = later & ((b["rule"] != LIMITS) | (sim.stream(FILES).random(len(later)) < sim.detection))
    moves = [(b["person"][seen], b["booked"][seen])]
    moves += [(events["person"], events["day"]) for events in (past.custody, past.removals, past.deaths)]
    earliest = np.full((4, n), np.inf)
    for row, (person, day) in zip(earliest, moves, strict=True):
        np.minimum.at(row, person, day)
    best = earliest.argmin(axis=0)  # on one day a re-arrest counts first
    days = sim.day(min(sim.arrests_end, sim.exits_end)) - sim.lag_days - people.first
    time = earliest[best, np.arange(n)] - people.first
    year = (np.datetime64(sim.start, "D") + people.first).astype("datetime64[Y]").astype(int) + 1970
    frame = pd.DataFrame({
        "place": people.place, "prepared": people.first, "limits": (b["rule"][~later] == LIMITS).astype(int),
        "follow_up": days, "time": np.minimum(time, days).astype(int), "rearrest": (time <= days) & (best == 0),
        "any": time <= days,
        "criminality": pd.Categorical.from_codes(people.criminality, ["convicted", "pending", "other"]),
        "sex": pd.Categorical.from_codes(people.male.astype(np.int8), ["female", "male"]),
        "age": year - birth_year(sim, people),
    })  # fmt: skip
    return frame[days >= 0].reset_index(drop=True)


def contrast(people: pd.DataFrame, places: int) -> Contrast:
    """People under a limiting rule against the others, clustered by place."""
    frame = people[list(ADJUST)]
    cluster, number = np.unique(people["place"], return_inverse=True)
    hit = people["rearrest"] & (people["time"] <= HORIZON)
    matrix, columns = coded(frame, ADJUST)
    return Contrast(
        frame, ("none", "limits"), "rearrest", window(HORIZON, "day", True), people["limits"].to_numpy(),
        people["time"].to_numpy(), people["any"].to_numpy(), hit.to_numpy(dtype=float), number,
        pd.RangeIndex(places)[cluster], matrix, columns,
    )  # fmt: skip


def panel(people: pd.DataFrame, sim: Simulation) -> Panel:
    """The risk by place and year among those followed for the whole window, and when each place adopted."""
    full = people[people["follow_up"] >= HORIZON]
    places, years = len(sim.places), int(full["prepared"].max()) // YEAR + 1
    cell = (full["place"] * years + full["prepared"] // YEAR).to_numpy()
    number = np.bincount(cell, minlength=places * years)
    with np.errstate(invalid="ignore"):
        risk = np.bincount(cell, full["rearrest"] & (full["time"] <= HORIZON), places * years) / number
    adopted, repealed = np.full(places, NEVER), np.full(places, NEVER)
    for policy in sim.policies:
        place = sim.places.index(policy.fips)
        adopted[place] = (policy.start - sim.start).days // YEAR
        repealed[place] = ((policy.end - sim.start).days + 1) // YEAR if policy.end else NEVER
    found = Panel(
        risk.reshape(places, years), np.arange(years, dtype=float), adopted, np.ones(places), np.arange(places),
        pd.RangeIndex(years), pd.RangeIndex(places), {}, {},
    )  # fmt: skip
    return usable(found, repealed, repeals="until")


def estimates(name: str, number: int) -> dict[str, tuple[float, float, float]]:
    """Each design's estimate and limits in one simulation; missing where it has none.

    Differences of risks, but for the Cox model, whose are logarithms of the hazard ratio.
    """
    scenario, sim = SCENARIOS[name], simulation(name, number)
    people = follow(sim)
    found = dict.fromkeys(scenario.designs, (np.nan,) * 3)
    sides = contrast(people, scenario.places)
    for result in results(sides, ADJUST, LEVEL, only=[design for design in scenario.designs if design in DESIGNS]):
        if result.uncertainty is not None:
            found[result.design] = result.difference, result.uncertainty.lower, result.uncertainty.upper
    row, years = hazard_ratio(sides, ADJUST, LEVEL), panel(people, sim)
    found[COX] = tuple(float(np.log(row[each])) for each in ("estimate", "lower", "upper"))
    try:
        overall = average_effect(years, "not_yet", LEVEL)
    except ValueError:  # a small simulation in which no cohort can be compared counts as without an interval
        return found
    found[GROUP_TIME] = overall.estimate, overall.lower, overall.upper
    if TWO_WAY in found:
        both = two_way(years, LEVEL)
        found[TWO_WAY] = both["estimate"], both["lower"], both["upper"]
    return found


def truths(name: str, simulations: int = 40, drawn: int = 60_000, trials: int = 6) -> dict[str, float]:
    """What the designs should find: over everyone with a detainer, and over people in adopting places.

    Places differ from one simulation to the next, so that a truth is an average over many; where policy changes nothing
    that happens, it is 0. For the Cox model it is the logarithm of the ratio in ``trials`` trials of ``drawn`` people
    on a side, all under one rule: with frailty no single ratio holds at all times, and this is its average.
    """
    scenario = SCENARIOS[name]
    if scenario.settings.get("effect", 1.0) == 1.0 and scenario.settings.get("honour", ALIKE) == ALIKE:
        return dict.fromkeys(scenario.designs, 0.0)
    each = []
    for number in range(simulations):
        sim = simulation(name, 50_000 + number)
        risks = [had_everyone(one, (HORIZON,), drawn, number) for one in (sim, _everywhere(replace(sim, lodging=1.0)))]
        each.append([had["limits"][str(HORIZON)]["risk"] - had["none"][str(HORIZON)]["risk"] for had in risks])
    across, over_time = np.mean(each, axis=0)
    ratio = float(np.mean([_log_hazard_ratio(name, 60_000 + number, drawn) for number in range(trials)]))
    return {
        each: ratio if each == COX else float(over_time if each in OVER_TIME else across) for each in scenario.designs
    }


def _everywhere(sim: Simulation) -> Simulation:
    return replace(sim, policies=tuple(Policy(place, date(2015, 1, 1), None, "limits") for place in sim.places))


def _log_hazard_ratio(name: str, number: int, drawn: int) -> float:
    without = replace(simulation(name, number), people=drawn, policies=(), **NOTHING_HIDDEN)
    sides = []
    for group, sim in enumerate((without, _everywhere(without))):
        people = follow(sim)
        again = people["rearrest"] & (people["time"] <= HORIZON)
        sides.append(people.assign(days=np.minimum(people["time"], HORIZON), event=again, group=float(group)))
    fit = an.cox(pd.concat(sides, ignore_index=True), "group + criminality + sex + age")
    return float(fit.table["coef"].iloc[0])


def simulate(name: str, first: int, last: int) -> dict[str, np.ndarray]:
    """Estimate and limits of each design in the simulations ``first`` to ``last - 1``: arrays (simulations, 3)."""
    each = [estimates(name, number) for number in range(first, last)]
    return {design: np.array([found[design] for found in each]) for design in SCENARIOS[name].designs}


def rows(name: str, found: dict[str, np.ndarray], truth: dict[str, float] | None = None) -> list[dict]:
    """The rows of the table for a scenario, one a design."""
    scenario, truth = SCENARIOS[name], truth or truths(name)
    out = []
    for design, each in found.items():
        known = each[~np.isnan(each[:, 0]), 0]
        claim = SHOWN if design in scenario.fools else AT_LEAST if design == RANDOMIZED else APPROXIMATE
        out.append({
            "kind": name, "says": scenario.says, "places": scenario.places, "adopters": scenario.adopters,
            "design": design, "estimand": "log hazard ratio" if design == COX else "risk difference",
            "mean": digits(known.mean()), "bias": digits(known.mean() - truth[design]), "spread": digits(known.std()),
            "excluded_no_effect": int(((each[:, 1] > 0) | (each[:, 2] < 0)).sum()),
            "is": "false alarms" if truth[design] == 0 else "power",
            "mean_first": digits(np.nanmean(each[: table.FIRST, 0])), "seed": SEED,
            **table.counted(each[:, 1:], truth[design], claim, CLAIMS),
        })  # fmt: skip
    return out
