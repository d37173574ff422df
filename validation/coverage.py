"""How often each interval of the package covers the truth: scenarios, the intervals put to them, and their table."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtri

import analysis as an
from analysis.recidivism.hazard import hazard
from analysis.recidivism.survival import KINDS
from validation import draws, table
from validation.table import APPROXIMATE, AT_LEAST, LEVEL, SHOWN, digits

Generator, Frame = np.random.Generator, pd.DataFrame
YEAR, END = 365, 730
CENSORED = "each followed 1 to 730 days, evenly"
LATE = f"{CENSORED}; half enter on day 1 to 200"
CAUSE = "rearrest"
HAZARDS = {CAUSE: 0.0009, "ice_custody": 0.0005, "died": 0.00005}
HAZARD = 0.002  # a day, where it is constant
CLUSTERS, SIZE, CORRELATION = 200, 4, 0.5
RATIO = 2.0  # hazard of people who are sampled less often, or released more often, relative to the others
SAMPLED = np.array([0.8, 0.2])  # the sample's shares of two groups that are equally large in the population
RELEASES = np.array([1, 4])  # releases a person has, by the person's hazard
GROUP, LEVEL_2, SLOPE = 0.5, -0.4, 0.3  # log hazard ratios of a group, of one of three levels, and of a number


@dataclass(frozen=True)
class Interval:
    """Its name, the truth in closed form or by summation, the estimate from what was drawn, and its claim."""

    estimator: str
    truth: float
    estimate: Callable[[Any], Any]
    claim: str = APPROXIMATE


@dataclass(frozen=True)
class Scenario:
    """How simulations are drawn, how they are described, and the intervals put to them."""

    name: str
    people: int
    draw: Callable[[Generator], Any]
    intervals: tuple[Interval, ...]
    censoring: str = CENSORED
    ties: str = "days"


def limits(found: Any) -> tuple[float, float]:
    """The limits of a result, in its first row if it has rows; a p-value as an interval that should hold .05."""
    if isinstance(found, Frame):
        return found["lower"].iat[0], found["upper"].iat[0]
    return (0.0, found) if isinstance(found, float) else (found.lower, found.upper)


# counts alone: proportions, how two of them differ, rates, unequal follow-up
def _binomial(rng: Generator, n: int, risk: float) -> int:
    return int((rng.random(n) < risk).sum())


def _poisson(rng: Generator, mean: float) -> int:
    """Arrivals at rate 1 before ``mean``; four times as many gaps as expected, and 50, are enough."""
    return int(np.searchsorted(draws.exponential(rng.random(int(4 * mean) + 50), 1.0).cumsum(), mean))


def _one(name: str, n: int, risk: float, claim: str = APPROXIMATE) -> Scenario:
    wilson = Interval("proportion, Wilson", risk, lambda k: an.proportion(k, n), claim)
    exact = Interval("proportion, Clopper-Pearson", risk, lambda k: an.proportion(k, n, "exact"), AT_LEAST)
    return Scenario(name, n, lambda rng: _binomial(rng, n, risk), (wilson, exact), "none", "none")


def _two(name: str, n: tuple[int, int], risk: tuple[float, float], claim: str = APPROXIMATE) -> Scenario:
    def draw(rng: Generator) -> tuple[int, int, int, int]:
        return _binomial(rng, n[0], risk[0]), n[0], _binomial(rng, n[1], risk[1]), n[1]

    differ = Interval("risk difference, Newcombe", risk[0] - risk[1], lambda k: an.proportion_difference(*k), claim)
    ratio = Interval("risk ratio, Koopman", risk[0] / risk[1], lambda k: an.risk_ratio(*k), claim)
    return Scenario(name, sum(n), draw, (differ, ratio), "none", "none")


def _rates(name: str, events: tuple[float, float], exposure: tuple[float, float]) -> Scenario:
    """Poisson counts of two groups with these expected numbers."""

    def draw(rng: Generator) -> tuple[int, float, int, float]:
        return _poisson(rng, events[0]), exposure[0], _poisson(rng, events[1]), exposure[1]

    truth = events[0] / exposure[0]
    one = Interval("rate, exact Poisson", truth, lambda k: an.rate(*k[:2]), AT_LEAST)
    ratio = Interval("rate ratio, exact", truth * exposure[1] / events[1], lambda k: an.rate_ratio(*k), AT_LEAST)
    return Scenario(name, 0, draw, (one, ratio), "none", "none")


def _window(entered: str, n: int, risk: float, window: float) -> Scenario:
    """People who come under observation evenly over a window or when it opens, with a constant hazard."""

    def draw(rng: Generator) -> int:
        followed = window * rng.random(n) if entered == "evenly" else window
        return int((draws.exponential(rng.random(n), risk) <= followed).sum())

    truth, what = float(-np.expm1(-risk * window)), "risk over the window, unequal follow-up"
    interval = Interval(what, truth, lambda k: an.unequal_follow_up(k, n, window, entered), AT_LEAST)
    return Scenario(f"{n} people observed from {entered}", n, draw, (interval,), f"window of {window:g} months", "none")


# intervals of curves and of Cox models
def _km(truth: float, time: int = YEAR, ci: str = "log-log", claim: str = APPROXIMATE, kind: str = "") -> Interval:
    name = f"Kaplan-Meier at {time}, {ci}{kind}"
    return Interval(name, truth, lambda life: an.at(an.kaplan_meier(life, CAUSE, ci=ci), time), claim)


def _aj(truth: float, ci: str = "log", kind: str = "") -> Interval:
    name = f"Aalen-Johansen at {YEAR}, {ci}{kind}"
    return Interval(name, truth, lambda life: an.at(an.cumulative_incidence(life, CAUSE, ci=ci), YEAR))


def _mean(truth: float, kind: str = "") -> Interval:
    return Interval(f"restricted mean to {YEAR}{kind}", truth, lambda life: an.rmst(life, horizon=YEAR))


def _means(truth: float, kind: str = "") -> Interval:
    name = f"difference of restricted means to {YEAR}{kind}"
    return Interval(name, truth, lambda life: an.rmst_difference(life, horizon=YEAR))


def _quantile(name: str, truth: float, q: float) -> Interval:
    return Interval(f"{name}, from log-log", truth, lambda life: an.quantile(an.kaplan_meier(life), q))


def _test(name: str, strata: str | None = None) -> Interval:
    return Interval(name, 0.05, lambda life: an.log_rank(life, strata=strata).p_value)


def _recurrences(ci: str) -> Interval:
    name, event = f"mean cumulative function at {YEAR}, {ci}", ("person", "days", "event")
    return Interval(name, HAZARD * YEAR, lambda rows: an.at(an.mean_cumulative(rows, *event, ci=ci), YEAR))


def _profiled(life: Frame, end: int = 1_095) -> float:
    """Whether the profile likelihood excludes the true share: 1.92 below the best."""
    best = an.extrapolate(life, until=end, horizon=end, models=["split weibull"])["log_likelihood"].iat[0]
    true = an.profile_share(life, until=end, horizon=end, shares=[0.5])["log_likelihood"].iat[0]
    return float(chdtrc(1, max(2 * (best - true), 0.0)))


def _cox(
    name: str, truth: float = GROUP, term: str = "group", claim: str = APPROXIMATE, naive: bool = False
) -> Interval:
    """The Wald interval of one coefficient."""

    def estimate(fit: Any) -> Frame:
        row = fit.table[fit.table["term"] == term]
        half = (row["upper"] - row["lower"]) / 2 * (row["naive_se"] / row["se"] if naive else 1)
        return row.assign(lower=row["coef"] - half, upper=row["coef"] + half)

    return Interval(f"Cox, {name}", truth, estimate, claim)


def _people(
    rng: Generator, n: int, ratio: Callable | None = None, hazards: dict | None = None, together: bool = False,
    unit: int = 1, groups: int = 0, late: bool = False, **columns: Callable,
) -> Frame:  # fmt: skip
    """A cohort: columns are drawn in their order, then latent times, the end of follow-up, equal groups, and entry.

    ``ratio`` gives everyone's hazard relative to the falling one, ``hazards`` the constant ones by cause, both from the
    columns. ``together``: people of one place resemble each other; ``late``: half are seen only if still there on a day
    of entry from 1 to 200.
    """
    drawn = SimpleNamespace()
    for name, column in columns.items():
        setattr(drawn, name, column(rng, n, drawn))
    latent = {}
    for cause in hazards or (CAUSE,):
        u = draws.exchangeable(rng, CLUSTERS, SIZE, CORRELATION) if together else rng.random(n)
        latent[cause] = (
            draws.exponential(u, hazards[cause](drawn)) if hazards else draws.weibull(u, ratio(drawn) if ratio else 1.0)
        )
    frame = draws.observed(latent, draws.whole_uniform(rng, n, 1, END), unit, **vars(drawn))
    if groups:
        frame["group"] = draws.whole_uniform(rng, n, 0, groups - 1)
    if late:
        some = rng.random(n) < 0.5
        frame["entry"] = np.where(some, draws.whole_uniform(rng, n, 1, 200), np.nan)
        frame = frame[~(frame["entry"] >= frame["days"])].reset_index(drop=True)
    return frame


def _cohort(
    name: str, n: int, *intervals: Interval, made: Callable = an.life_table, late: bool = False, unit: int = 1, **drawn
) -> Scenario:  # fmt: skip
    """A scenario of people as ``_people`` draws them, and what is ``made`` of them."""
    return Scenario(
        name, n, lambda rng: made(_people(rng, n, late=late, unit=unit, **drawn)), intervals,
        LATE if late else CENSORED, "weeks" if unit == 7 else "days",
    )  # fmt: skip


# what is no such cohort
def _recurring(rng: Generator, n: int = 300, gaps: int = 60) -> Frame:
    """One row an arrest and one an end of follow-up; people differ in how often they are arrested."""
    own = HAZARD * draws.gamma_mean_one(rng.random(n), 1.0)
    time = draws.whole(draws.exponential(rng.random((n, gaps)), own[:, None]).cumsum(axis=1))
    end = draws.whole_uniform(rng, n, 1, END)
    person, place = np.nonzero(time <= end[:, None])
    if place.max(initial=0) == gaps - 1:
        raise RuntimeError(f"a person has {gaps} arrests: draw more gaps")
    rows = pd.DataFrame({"person": person, "days": time[person, place], "event": CAUSE})
    return pd.concat([rows, pd.DataFrame({"person": np.arange(n), "days": end, "event": None})], ignore_index=True)


def _half_ever(rng: Generator, n: int = 440, end: int = 1_095) -> Frame:
    """Half ever have the event, by a Weibull law in days."""
    ever = rng.random(n) < 0.5
    time = 150.0 * draws.exponential(rng.random(n), 1.0) ** (1 / 1.2)
    return an.life_table(draws.observed({CAUSE: np.where(ever, time, 10.0 * end)}, draws.whole_uniform(rng, n, 1, end)))


def _several(rng: Generator, n: int = 300) -> Frame:
    """Half of the people return often and have more releases."""
    often = (rng.random(n) < 0.5).astype(np.int64)
    person = np.repeat(np.arange(n), RELEASES[often])
    ratio = np.where(often[person], RATIO, 1.0)
    frame = _people(rng, len(person), lambda _: ratio, person_id=lambda *_: person)
    number = np.arange(len(person)) - np.searchsorted(person, person)
    frame["released"] = np.datetime64("2020-01-01") + number.astype("timedelta64[D]")
    frame.attrs = {"row": "release", "origin": "released"}
    return an.readings(frame, YEAR)


def _stratified(rng: Generator, n: int = 440) -> Any:
    group, stratum = draws.whole_uniform(rng, n, 0, 1), draws.whole_uniform(rng, n, 0, 3)
    ratio = np.exp(GROUP * group)
    falling, flat = draws.weibull(rng.random(n), ratio), draws.exponential(rng.random(n), 0.002 * ratio)
    latent, end = {CAUSE: np.where(stratum < 2, falling, flat)}, draws.whole_uniform(rng, n, 1, END)
    return an.cox(draws.observed(latent, end, group=group, stratum=stratum), "group", strata="stratum")


def _joined_later(rng: Generator, n: int = 440, rate: float = 0.0015) -> Any:
    """The group is joined on a day between 1 and 365: two intervals a person."""
    joined = draws.whole_uniform(rng, n, 1, 365)
    need = draws.exponential(rng.random(n), 1.0)  # cumulative hazard at which the event happens
    before = rate * joined
    latent = np.where(need <= before, need / rate, joined + (need - before) / (rate * np.exp(GROUP)))
    time, end = draws.whole(latent), draws.whole_uniform(rng, n, 1, END)
    last, hit = np.minimum(time, end), time <= end
    crosses = last > joined
    first = {"entry": np.nan, "days": np.minimum(last, joined), "event": hit & ~crosses, "group": 0}
    second = {"entry": joined, "days": last, "event": hit, "group": 1}
    parts = [pd.DataFrame({"person": np.arange(n), **part}) for part in (first, second)]
    return an.cox(pd.concat([parts[0], parts[1][crosses]], ignore_index=True), "group")


def restricted_mean(ratio: float = 1.0) -> float:
    """The mean time without the event within a year where times are recorded by whole days."""
    return float(draws.weibull_survival(np.arange(0, YEAR), ratio).sum())


def incidence(time: float, ratio: float = 1.0) -> float:
    """The share whose first event is a re-arrest, by a time, where its hazard is ``ratio`` times as high."""
    own = ratio * HAZARDS[CAUSE]
    total = own + sum(HAZARDS.values()) - HAZARDS[CAUSE]
    return float(-own / total * np.expm1(-total * time))


_S = float(draws.weibull_survival(YEAR)), float(draws.weibull_survival(YEAR, RATIO))
_MIXED, _BY_RELEASE = float(np.mean(_S)), float(1 - np.average(_S, weights=RELEASES))
_MEANS = restricted_mean(), restricted_mean(1.6)
_QUARTER = int(np.flatnonzero(draws.weibull_survival(np.arange(END)) <= 0.75)[0])
_ALL = CLUSTERS * SIZE
FLIP, NORMAL = (lambda rng, n, c: draws.whole_uniform(rng, n, 0, 1)), (lambda rng, n, c: ndtri(rng.random(n)))
BY_GROUP, BY_PLACE = partial(an.life_table, by="group"), partial(an.life_table, cluster="place")
BY_WEIGHT = partial(an.life_table, weight="weight")
# fmt: off
CONSTANT = {cause: lambda c, h=h: h for cause, h in HAZARDS.items()}
WEIGHTED = {"group": lambda rng, n, c: (rng.random(n) >= SAMPLED[0]).astype(np.int64),
            "weight": lambda rng, n, c: (0.5 / SAMPLED)[c.group]}
PLACES = {"together": True, "place": lambda *_: np.repeat(np.arange(CLUSTERS), SIZE)}
MIXED = {"group": FLIP, "level": lambda rng, n, c: np.array(["a", "b", "c"])[draws.whole_uniform(rng, n, 0, 2)],
         "number": NORMAL, "ratio": lambda c: np.exp(GROUP * c.group + LEVEL_2 * (c.level == "c") + SLOPE * c.number),
         "made": partial(an.cox, formula="group + level + number")}
CATEGORIES = {"group": FLIP, "sex": FLIP, "ratio": lambda c: np.exp(GROUP * c.group + SLOPE * c.sex)}
WHOLE = {**PLACES, "group": lambda rng, n, c: c.place % 2, "number": NORMAL,
         "ratio": lambda c: np.exp(GROUP * c.group + SLOPE * c.number)}
SCENARIOS = {scenario.name: scenario for scenario in (
    _one("440 people, risk .09", 440, 0.09),
    _one("120 people, risk .35", 120, 0.35),
    _one("1445 people, risk .38", 1445, 0.38),
    _one("50 people, risk .01", 50, 0.01, SHOWN),
    _two("440 and 440 people, risks .09 and .15", (440, 440), (0.09, 0.15)),
    _two("70 and 80 people, risks .8 and .6", (70, 80), (0.8, 0.6)),
    _two("40 and 60 people, risks .02 and .05", (40, 60), (0.02, 0.05), SHOWN),
    _rates("40 and 60 events expected", (40.0, 60.0), (722.59, 800.0)),
    _rates("2 and 3 events expected", (2.0, 3.0), (40.0, 30.0)),
    _window("start", 440, 0.05, 3.5),
    _window("evenly", 440, 0.1937476 / 3.5, 3.5),
    _cohort("falling hazard", 440, *(_km(_S[0], ci=ci) for ci in KINDS), _km(float(draws.weibull_survival(105)), 105),
            _mean(_MEANS[0]), _quantile("quantile .25", _QUARTER, 0.25)),
    _cohort("falling hazard, few people", 40,
            *(_km(float(draws.weibull_survival(364)), 364, ci, SHOWN) for ci in KINDS), unit=7),
    _cohort("falling hazard, delayed entry", 800, _km(_S[0]), _mean(_MEANS[0]), late=True),
    Scenario("constant hazard", 440, lambda rng: an.life_table(draws.observed(
        {CAUSE: draws.exponential(rng.random(440), HAZARD)}, END * rng.random(440), None)), (
        _km(float(np.exp(-HAZARD * YEAR))), _quantile("median", np.log(2) / HAZARD, 0.5),
        Interval("hazard of days 0 to 90, exact Poisson", HAZARD, lambda life: hazard(life, width=90), AT_LEAST),
    ), "each followed 0 to 730 days, evenly", "none"),
    _cohort("three causes", 440, *(_aj(incidence(YEAR), ci) for ci in KINDS),
            _km(float(np.exp(-HAZARDS[CAUSE] * YEAR)), kind=", competing events censored"), hazards=CONSTANT),
    _cohort("three causes, delayed entry", 800, _aj(incidence(YEAR)), hazards=CONSTANT, late=True),
    _cohort("two groups, hazard ratio 1.6", 500, _means(_MEANS[1] - _MEANS[0]), Interval(
        f"ratio of restricted means to {YEAR}", _MEANS[1] / _MEANS[0], lambda life: an.rmst_difference(life, horizon=YEAR, ratio=True)),
        made=BY_GROUP, group=lambda *_: np.repeat([0, 1], 250), ratio=lambda c: np.where(c.group, 1.6, 1.0)),
    _cohort("two equal groups", 600, _test("log-rank test"), made=BY_GROUP, groups=2),
    _cohort("four equal groups", 600, _test("log-rank test, 4 groups"), made=BY_GROUP, groups=4),
    _cohort("two equal groups, delayed entry", 600, _test("log-rank test, delayed entry"), made=BY_GROUP, groups=2,
            late=True),
    _cohort("two equal groups in unequal strata", 600, _test("log-rank test, stratified", "stratum"),
            made=partial(an.life_table, by=["group", "stratum"]), stratum=FLIP,
            group=lambda rng, n, c: (rng.random(n) < np.where(c.stratum, 0.7, 0.3)).astype(np.int64),
            ratio=lambda c: np.where(c.stratum, 2.0, 1.0)),
    Scenario("arrests that recur", 300, _recurring, tuple(_recurrences(ci) for ci in ("log", "plain"))),
    Scenario("half ever have the event", 440, _half_ever, (
        Interval("share who ever return, profile likelihood", 0.05, _profiled),),
        "each followed 1 to 1095 days, evenly"),
    _cohort("sampled with weights", 800, *(_km(_MIXED, ci=ci, kind=", weighted") for ci in KINDS),
            _mean((_MEANS[0] + restricted_mean(RATIO)) / 2, ", weighted"), made=BY_WEIGHT, **WEIGHTED,
            ratio=lambda c: np.where(c.group, RATIO, 1.0)),
    _cohort("three causes, sampled with weights", 800,
            _aj((incidence(YEAR) + incidence(YEAR, RATIO)) / 2, kind=", weighted"), made=BY_WEIGHT, **WEIGHTED,
            hazards={**CONSTANT, CAUSE: lambda c: HAZARDS[CAUSE] * np.where(c.group, RATIO, 1.0)}),
    _cohort("places of four people", _ALL, _km(_S[0], kind=", clustered"), _mean(_MEANS[0], ", clustered"),
            made=BY_PLACE, **PLACES),
    _cohort("places of four people, ignored", _ALL, _km(_S[0], claim=SHOWN, kind=", clusters ignored"), **PLACES),
    _cohort("places of four people, two groups in each", _ALL, _means(0.0, ", clustered"),
            made=partial(an.life_table, by="half", cluster="place"), **PLACES, half=lambda *_: np.arange(_ALL) % 2),
    _cohort("three causes, places of four people", _ALL, _aj(incidence(YEAR), kind=", clustered"),
            made=BY_PLACE, hazards=CONSTANT, **PLACES),
    Scenario("one or four releases a person", 300, _several, (
        Interval("reading: each release once", _BY_RELEASE, lambda found: found.iloc[[0]]),
        Interval("reading: each person once", 1 - _MIXED, lambda found: found.iloc[[1]]),
        Interval("reading: first releases", 1 - _MIXED, lambda found: found.iloc[[2]]))),
    _cohort("a group, a level and a number", 440, _cox("Wald, group"), _cox("Wald, level", LEVEL_2, "level[T.c]"),
            _cox("Wald, number", SLOPE, "number"), Interval("test of proportional hazards", 0.05, lambda fit: float(
                fit.zph().set_index("term").at["GLOBAL", "p_value"])), **MIXED),
    _cohort("a group, a level and a number, by the week", 440, _cox("Wald, Efron ties"),
            _cox("Wald, number, Efron ties", SLOPE, "number"), unit=7, **MIXED),
    _cohort("a group, a level and a number, delayed entry", 800, _cox("Wald, delayed entry"),
            _cox("Wald, number, delayed entry", SLOPE, "number"), late=True, **MIXED),
    _cohort("a group and a sex", 440, _cox("Wald, equal rows counted"), **CATEGORIES,
            made=partial(an.cox, formula="group + sex")),
    _cohort("a group and a sex, robust", 440, _cox("robust"), **CATEGORIES,
            made=partial(an.cox, formula="group + sex", robust=True)),
    Scenario("a group in four strata", 440, _stratified, (_cox("Wald, stratified"),)),
    _cohort("a group and a competing event", 440, _cox("Wald, one cause"), group=FLIP,
            made=partial(an.cox, formula="group", cause=CAUSE),
            hazards={CAUSE: lambda c: 0.0015 * np.exp(GROUP * c.group),
                     "ice_custody": lambda c: 0.001 * np.exp(-GROUP * c.group)}),
    Scenario("a group joined later", 440, _joined_later, (_cox("Wald, changing covariate"),)),
    _cohort("a group sampled with weights", 600, _cox("robust, weighted"),
            made=partial(an.cox, formula="group", weight="weight"),
            group=lambda rng, n, c: (rng.random(n) < 1 / 3).astype(np.int64), weight=lambda rng, n, c: 1.0 + c.group,
            ratio=lambda c: np.exp(GROUP * c.group)),
    _cohort("a group of whole places", _ALL, _cox("robust, clustered"),
            _cox("robust, number, clustered", SLOPE, "number"), _cox("Wald, clusters ignored", claim=SHOWN, naive=True),
            made=partial(an.cox, formula="group + number", cluster="place"), **WHOLE),
)}
# fmt: on
CLAIMS = sum(interval.claim != SHOWN for scenario in SCENARIOS.values() for interval in scenario.intervals)


def simulate(name: str, first: int, last: int) -> dict[str, np.ndarray]:
    """The limits of each interval in a scenario's simulations ``first`` to ``last - 1``: arrays (simulations, 2)."""
    scenario = SCENARIOS[name]
    drawn = [scenario.draw(draws.generator(name, number)) for number in range(first, last)]
    return {each.estimator: np.array([limits(each.estimate(one)) for one in drawn]) for each in scenario.intervals}


def rows(name: str, found: dict[str, np.ndarray]) -> list[dict]:
    """The rows of the table for a scenario, one an interval; ``people`` is 0 where counts are drawn."""
    scenario, out = SCENARIOS[name], []
    for each, (estimator, ends) in zip(scenario.intervals, found.items(), strict=True):
        lower, upper = map(digits, ends[: table.FIRST].mean(axis=0))
        out.append({
            "estimator": estimator, "setting": name, "people": scenario.people, "censoring": scenario.censoring,
            "ties": scenario.ties, "level": LEVEL, **table.counted(ends, each.truth, each.claim, CLAIMS),
            "lower_first": lower, "upper_first": upper, "seed": draws.SEED,
        })  # fmt: skip
    return out
