"""How often each interval of the package covers the truth: scenarios, the intervals put to them, and their table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtri

import analysis as an
from analysis.recidivism.hazard import hazard
from analysis.recidivism.intervals import KINDS
from validation import table
from validation.draws import (
    SEED,
    exchangeable,
    exponential,
    gamma_mean_one,
    generator,
    observed,
    weibull,
    weibull_survival,
    whole,
    whole_uniform,
)  # fmt: skip
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
    """An interval: its name, the truth in closed form or by summation, its limits from what a scenario drew, its claim."""

    estimator: str
    truth: float
    limits: Callable[[Any], tuple[float, float]]
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


def ends(found: Any, row: int = 0) -> tuple[float, float]:
    """The limits in one row of a result, or of an estimate from counts; a p-value as an interval that should hold .05."""
    if isinstance(found, float):
        return 0.0, found
    return (
        (found["lower"].iat[row], found["upper"].iat[row]) if isinstance(found, Frame) else (found.lower, found.upper)
    )


# counts alone: proportions, how two of them differ, rates, unequal follow-up
def _counts(name: str, n: int, draw: Callable, *intervals: Interval, censoring: str = "none") -> Scenario:
    return Scenario(name, n, draw, intervals, censoring, "none")


def _binomial(rng: Generator, n: int, risk: float) -> int:
    return int((rng.random(n) < risk).sum())


def _poisson(rng: Generator, mean: float) -> int:
    """Arrivals at rate 1 before ``mean``; four times as many gaps as expected, and 50, are enough."""
    return int(np.searchsorted(exponential(rng.random(int(4 * mean) + 50), 1.0).cumsum(), mean))


def _one(name: str, n: int, risk: float, claim: str = APPROXIMATE) -> Scenario:
    wilson = Interval("proportion, Wilson", risk, lambda k: ends(an.proportion(k, n)), claim)
    exact = Interval("proportion, Clopper-Pearson", risk, lambda k: ends(an.proportion(k, n, "exact")), AT_LEAST)
    return _counts(name, n, lambda rng: _binomial(rng, n, risk), wilson, exact)


def _two(name: str, n: tuple[int, int], risk: tuple[float, float], claim: str = APPROXIMATE) -> Scenario:
    difference = Interval(
        "risk difference, Newcombe", risk[0] - risk[1], lambda k: ends(an.proportion_difference(*k)), claim
    )
    ratio = Interval("risk ratio, Koopman", risk[0] / risk[1], lambda k: ends(an.risk_ratio(*k)), claim)
    draw = lambda rng: (_binomial(rng, n[0], risk[0]), n[0], _binomial(rng, n[1], risk[1]), n[1])  # noqa: E731
    return _counts(name, sum(n), draw, difference, ratio)


def _rates(name: str, events: tuple[float, float], exposure: tuple[float, float]) -> Scenario:
    """Poisson counts of two groups with these expected numbers."""
    truth = events[0] / exposure[0]
    one = Interval("rate, exact Poisson", truth, lambda k: ends(an.rate(k[0], k[1])), AT_LEAST)
    ratio = Interval("rate ratio, exact", truth * exposure[1] / events[1], lambda k: ends(an.rate_ratio(*k)), AT_LEAST)
    draw = lambda rng: (_poisson(rng, events[0]), exposure[0], _poisson(rng, events[1]), exposure[1])  # noqa: E731
    return _counts(name, 0, draw, one, ratio)


def _window(entered: str, n: int, risk: float, window: float) -> Scenario:
    """People who come under observation evenly over a window or when it opens, with a constant hazard."""

    def draw(rng: Generator) -> int:
        followed = window * rng.random(n) if entered == "evenly" else window
        return int((exponential(rng.random(n), risk) <= followed).sum())

    name, truth = "risk over the window, unequal follow-up", float(-np.expm1(-risk * window))
    limits = Interval(name, truth, lambda k: ends(an.unequal_follow_up(k, n, window, entered)), AT_LEAST)
    return _counts(f"{n} people observed from {entered}", n, draw, limits, censoring=f"window of {window:g} months")


# intervals of curves and of Cox models
def _km(truth: float, time: int = YEAR, ci: str = "log-log", claim: str = APPROXIMATE, kind: str = "") -> Interval:
    name = f"Kaplan-Meier at {time}, {ci}{kind}"
    return Interval(name, truth, lambda life: ends(an.at(an.kaplan_meier(life, CAUSE, ci=ci), time)), claim)


def _aj(truth: float, ci: str = "log", kind: str = "") -> Interval:
    name = f"Aalen-Johansen at {YEAR}, {ci}{kind}"
    return Interval(name, truth, lambda life: ends(an.at(an.cumulative_incidence(life, CAUSE, ci=ci), YEAR)))


def _mean(truth: float, kind: str = "") -> Interval:
    return Interval(f"restricted mean to {YEAR}{kind}", truth, lambda life: ends(an.rmst(life, horizon=YEAR)))


def _means(truth: float, kind: str = "") -> Interval:
    name = f"difference of restricted means to {YEAR}{kind}"
    return Interval(name, truth, lambda life: ends(an.rmst_difference(life, horizon=YEAR)))


def _quantile(name: str, truth: float, q: float) -> Interval:
    return Interval(f"{name}, from log-log", truth, lambda life: ends(an.quantile(an.kaplan_meier(life), q)))


def _test(name: str, strata: str | None = None) -> Interval:
    return Interval(name, 0.05, lambda life: ends(an.log_rank(life, strata=strata).p_value))


def _recurrences(ci: str) -> Interval:
    name, event = f"mean cumulative function at {YEAR}, {ci}", ("person", "days", "event")
    return Interval(name, HAZARD * YEAR, lambda rows: ends(an.at(an.mean_cumulative(rows, *event, ci=ci), YEAR)))


def _profiled(life: Frame, end: int = 1_095) -> tuple[float, float]:
    """Whether the profile likelihood excludes the true share: 1.92 below the best."""
    best = an.extrapolate(life, until=end, horizon=end, models=["split weibull"])["log_likelihood"].iat[0]
    true = an.profile_share(life, until=end, horizon=end, shares=[0.5])["log_likelihood"].iat[0]
    return ends(float(chdtrc(1, max(2 * (best - true), 0.0))))


def _cox(
    name: str, truth: float = GROUP, term: str = "group", claim: str = APPROXIMATE, naive: bool = False
) -> Interval:
    """The Wald interval of one coefficient."""

    def limits(fit: Any) -> tuple[float, float]:
        row = fit.table.set_index("term").loc[term]
        half = (row["upper"] - row["lower"]) / 2 * (row["naive_se"] / row["se"] if naive else 1)
        return row["coef"] - half, row["coef"] + half

    return Interval(f"Cox, {name}", truth, limits, claim)


def _proportional(fit: Any) -> tuple[float, float]:
    return ends(float(fit.zph().set_index("term").loc["GLOBAL", "p_value"]))


# people and their follow-up: a latent time is drawn before the end of follow-up
def _followed(rng: Generator, latent: np.ndarray | dict, unit: int = 1, **columns) -> Frame:
    causes = latent if isinstance(latent, dict) else {CAUSE: latent}
    return observed(causes, whole_uniform(rng, len(next(iter(causes.values()))), 1, END), unit, **columns)


def _falling(rng: Generator, n: int, unit: int = 1) -> Frame:
    return _followed(rng, weibull(rng.random(n)), unit)


def competing(rng: Generator, n: int) -> Frame:
    """A cohort with constant hazards of three events."""
    return _followed(rng, {cause: exponential(rng.random(n), h) for cause, h in HAZARDS.items()})


def _delayed(rng: Generator, frame: Frame) -> Frame:
    """The same people, half of them seen only if still there on a day of entry from 1 to 200."""
    late = rng.random(len(frame)) < 0.5
    entry = np.where(late, whole_uniform(rng, len(frame), 1, 200), np.nan)
    return frame.assign(entry=entry)[~(entry >= frame["days"].to_numpy())].reset_index(drop=True)


def _two_hazards(rng: Generator) -> Frame:
    group = np.repeat([0, 1], 250)
    return an.life_table(_followed(rng, weibull(rng.random(500), np.where(group, 1.6, 1.0)), group=group), by="group")


def _equal_groups(rng: Generator, number: int, late: bool = False) -> Frame:
    frame = _falling(rng, 600)
    frame["group"] = whole_uniform(rng, 600, 0, number - 1)
    return an.life_table(_delayed(rng, frame) if late else frame, by="group")


def _unequal_strata(rng: Generator) -> Frame:
    """Strata with different hazards that the groups are unequally spread over."""
    stratum = whole_uniform(rng, 600, 0, 1)
    group = (rng.random(600) < np.where(stratum, 0.7, 0.3)).astype(np.int64)
    latent = weibull(rng.random(600), np.where(stratum, 2.0, 1.0))
    return an.life_table(_followed(rng, latent, group=group, stratum=stratum), by=["group", "stratum"])


def _recurring(rng: Generator, n: int = 300, gaps: int = 60) -> Frame:
    """One row an arrest and one an end of follow-up; people differ in how often they are arrested."""
    own = HAZARD * gamma_mean_one(rng.random(n), 1.0)
    time = whole(exponential(rng.random((n, gaps)), own[:, None]).cumsum(axis=1))
    end = whole_uniform(rng, n, 1, END)
    person, place = np.nonzero(time <= end[:, None])
    if place.max(initial=0) == gaps - 1:
        raise RuntimeError(f"a person has {gaps} arrests: draw more gaps")
    rows = pd.DataFrame({"person": person, "days": time[person, place], "event": CAUSE})
    return pd.concat([rows, pd.DataFrame({"person": np.arange(n), "days": end, "event": None})], ignore_index=True)


def _half_ever(rng: Generator, n: int = 440, end: int = 1_095) -> Frame:
    """Half ever have the event, by a Weibull law in days."""
    ever = rng.random(n) < 0.5
    time = 150.0 * exponential(rng.random(n), 1.0) ** (1 / 1.2)
    return an.life_table(observed({CAUSE: np.where(ever, time, 10.0 * end)}, whole_uniform(rng, n, 1, end)))


def _weighted(rng: Generator, causes: bool = False, n: int = 800) -> Frame:
    group = (rng.random(n) >= SAMPLED[0]).astype(np.int64)
    ratio = np.where(group, RATIO, 1.0)
    if causes:
        rates = {cause: h * (ratio if cause == CAUSE else 1.0) for cause, h in HAZARDS.items()}
        latent = {cause: exponential(rng.random(n), rate) for cause, rate in rates.items()}
    else:
        latent = weibull(rng.random(n), ratio)
    return an.life_table(_followed(rng, latent, weight=(0.5 / SAMPLED)[group]), weight="weight")


def _places(rng: Generator, causes: bool = False, **options) -> Frame:
    """People of one place resemble each other, and half of each place's are of one group."""
    shape, place = (CLUSTERS, SIZE, CORRELATION), np.repeat(np.arange(CLUSTERS), SIZE)
    if causes:
        latent = {cause: exponential(exchangeable(rng, *shape), rate) for cause, rate in HAZARDS.items()}
    else:
        latent = weibull(exchangeable(rng, *shape))
    return an.life_table(_followed(rng, latent, place=place, half=np.arange(len(place)) % 2), **options)


def _several(rng: Generator, n: int = 300) -> Frame:
    """Half of the people return often and have more releases."""
    often = (rng.random(n) < 0.5).astype(np.int64)
    person = np.repeat(np.arange(n), RELEASES[often])
    frame = _followed(rng, weibull(rng.random(len(person)), np.where(often[person], RATIO, 1.0)), person_id=person)
    number = np.arange(len(person)) - np.searchsorted(person, person)
    frame["released"] = np.datetime64("2020-01-01") + number.astype("timedelta64[D]")
    frame.attrs = {"row": "release", "origin": "released"}
    return an.readings(frame, YEAR)


def _mixed(rng: Generator, n: int = 440, unit: int = 1, late: bool = False) -> Any:
    group, level, number = whole_uniform(rng, n, 0, 1), whole_uniform(rng, n, 0, 2), ndtri(rng.random(n))
    latent = weibull(rng.random(n), np.exp(GROUP * group + LEVEL_2 * (level == 2) + SLOPE * number))
    levels = pd.Categorical.from_codes(level, categories=["a", "b", "c"])
    frame = _followed(rng, latent, unit, group=group, level=levels, number=number)
    return an.cox(_delayed(rng, frame) if late else frame, "group + level + number")


def _categories(rng: Generator, n: int = 440, **options) -> Any:
    """Categories alone, so that equal rows are counted first."""
    group, sex = whole_uniform(rng, n, 0, 1), whole_uniform(rng, n, 0, 1)
    latent = weibull(rng.random(n), np.exp(GROUP * group + SLOPE * sex))
    return an.cox(_followed(rng, latent, group=group, sex=sex), "group + sex", **options)


def _stratified(rng: Generator, n: int = 440) -> Any:
    group, stratum = whole_uniform(rng, n, 0, 1), whole_uniform(rng, n, 0, 3)
    ratio = np.exp(GROUP * group)
    falling, flat = weibull(rng.random(n), ratio), exponential(rng.random(n), 0.002 * ratio)
    frame = _followed(rng, np.where(stratum < 2, falling, flat), group=group, stratum=stratum)
    return an.cox(frame, "group", strata="stratum")


def _one_cause(rng: Generator, n: int = 440) -> Any:
    """A competing event on which the group has the opposite effect."""
    group = whole_uniform(rng, n, 0, 1)
    rates = {CAUSE: 0.0015 * np.exp(GROUP * group), "ice_custody": 0.001 * np.exp(-GROUP * group)}
    latent = {cause: exponential(rng.random(n), rate) for cause, rate in rates.items()}
    return an.cox(_followed(rng, latent, group=group), "group", cause=CAUSE)


def _joined_later(rng: Generator, n: int = 440, rate: float = 0.0015) -> Any:
    """The group is joined on a day between 1 and 365: two intervals a person."""
    joined = whole_uniform(rng, n, 1, 365)
    need = exponential(rng.random(n), 1.0)  # cumulative hazard at which the event happens
    before = rate * joined
    latent = np.where(need <= before, need / rate, joined + (need - before) / (rate * np.exp(GROUP)))
    time, end = whole(latent), whole_uniform(rng, n, 1, END)
    last, hit = np.minimum(time, end), time <= end
    crosses = last > joined
    first = {"entry": np.nan, "days": np.minimum(last, joined), "event": hit & ~crosses, "group": 0}
    second = {"entry": joined, "days": last, "event": hit, "group": 1}
    parts = [pd.DataFrame({"person": np.arange(n), **part}) for part in (first, second)]
    return an.cox(pd.concat([parts[0], parts[1][crosses]], ignore_index=True), "group")


def _half_sampled(rng: Generator, n: int = 600) -> Any:
    """People with the group are sampled half as often, and weights say so."""
    group = (rng.random(n) < 1 / 3).astype(np.int64)
    frame = _followed(rng, weibull(rng.random(n), np.exp(GROUP * group)), group=group, weight=1.0 + group)
    return an.cox(frame, "group", weight="weight")


def _whole_places(rng: Generator) -> Any:
    """The group is that of the place, and people of one place resemble each other."""
    place = np.repeat(np.arange(CLUSTERS), SIZE)
    group, number = place % 2, ndtri(rng.random(len(place)))
    latent = weibull(exchangeable(rng, CLUSTERS, SIZE, CORRELATION), np.exp(GROUP * group + SLOPE * number))
    return an.cox(_followed(rng, latent, group=group, number=number, place=place), "group + number", cluster="place")


def restricted_mean(ratio: float = 1.0) -> float:
    """The mean time without the event within a year where times are recorded by whole days."""
    return float(weibull_survival(np.arange(0, YEAR), ratio).sum())


def incidence(time: float, ratio: float = 1.0) -> float:
    """The share whose first event is a re-arrest, by a time, where its hazard is ``ratio`` times as high."""
    own = ratio * HAZARDS[CAUSE]
    total = own + sum(HAZARDS.values()) - HAZARDS[CAUSE]
    return float(-own / total * np.expm1(-total * time))


_S = float(weibull_survival(YEAR)), float(weibull_survival(YEAR, RATIO))
_MIXED, _BY_RELEASE = float(np.mean(_S)), float(1 - np.average(_S, weights=RELEASES))
_MEANS = restricted_mean(), restricted_mean(1.6)
_QUARTER = int(np.flatnonzero(weibull_survival(np.arange(END)) <= 0.75)[0])
_ALL = CLUSTERS * SIZE
# fmt: off
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
    Scenario("falling hazard", 440, lambda rng: an.life_table(_falling(rng, 440)), (
        *(_km(_S[0], ci=ci) for ci in KINDS), _km(float(weibull_survival(105)), 105), _mean(_MEANS[0]),
        _quantile("quantile .25", _QUARTER, 0.25))),
    Scenario("falling hazard, few people", 40, lambda rng: an.life_table(_falling(rng, 40, 7)), tuple(
        _km(float(weibull_survival(364)), 364, ci, SHOWN) for ci in KINDS), ties="weeks"),
    Scenario("falling hazard, delayed entry", 800, lambda rng: an.life_table(_delayed(rng, _falling(rng, 800))), (
        _km(_S[0]), _mean(_MEANS[0])), LATE),
    Scenario("constant hazard", 440,
        lambda rng: an.life_table(observed({CAUSE: exponential(rng.random(440), HAZARD)}, END * rng.random(440), None)), (
        _km(float(np.exp(-HAZARD * YEAR))), _quantile("median", np.log(2) / HAZARD, 0.5),
        Interval("hazard of days 0 to 90, exact Poisson", HAZARD, lambda life: ends(hazard(life, width=90)), AT_LEAST),
    ), "each followed 0 to 730 days, evenly", "none"),
    Scenario("three causes", 440, lambda rng: an.life_table(competing(rng, 440)), (
        *(_aj(incidence(YEAR), ci) for ci in KINDS),
        _km(float(np.exp(-HAZARDS[CAUSE] * YEAR)), kind=", competing events censored"))),
    Scenario("three causes, delayed entry", 800, lambda rng: an.life_table(_delayed(rng, competing(rng, 800))), (
        _aj(incidence(YEAR)),), LATE),
    Scenario("two groups, hazard ratio 1.6", 500, _two_hazards, (_means(_MEANS[1] - _MEANS[0]), Interval(
        f"ratio of restricted means to {YEAR}", _MEANS[1] / _MEANS[0],
        lambda life: ends(an.rmst_ratio(life, horizon=YEAR))))),
    Scenario("two equal groups", 600, lambda rng: _equal_groups(rng, 2), (_test("log-rank test"),)),
    Scenario("four equal groups", 600, lambda rng: _equal_groups(rng, 4), (_test("log-rank test, 4 groups"),)),
    Scenario("two equal groups, delayed entry", 600, lambda rng: _equal_groups(rng, 2, late=True), (
        _test("log-rank test, delayed entry"),), LATE),
    Scenario("two equal groups in unequal strata", 600, _unequal_strata, (
        _test("log-rank test, stratified", "stratum"),)),
    Scenario("arrests that recur", 300, _recurring, tuple(_recurrences(ci) for ci in ("log", "plain"))),
    Scenario("half ever have the event", 440, _half_ever, (
        Interval("share who ever return, profile likelihood", 0.05, _profiled),), "each followed 1 to 1095 days, evenly"),
    Scenario("sampled with weights", 800, _weighted, (
        *(_km(_MIXED, ci=ci, kind=", weighted") for ci in KINDS),
        _mean((_MEANS[0] + restricted_mean(RATIO)) / 2, ", weighted"))),
    Scenario("three causes, sampled with weights", 800, lambda rng: _weighted(rng, causes=True), (
        _aj((incidence(YEAR) + incidence(YEAR, RATIO)) / 2, kind=", weighted"),)),
    Scenario("places of four people", _ALL, lambda rng: _places(rng, cluster="place"), (
        _km(_S[0], kind=", clustered"), _mean(_MEANS[0], ", clustered"))),
    Scenario("places of four people, ignored", _ALL, _places, (_km(_S[0], claim=SHOWN, kind=", clusters ignored"),)),
    Scenario("places of four people, two groups in each", _ALL, lambda rng: _places(rng, by="half", cluster="place"), (
        _means(0.0, ", clustered"),)),
    Scenario("three causes, places of four people", _ALL, lambda rng: _places(rng, causes=True, cluster="place"), (
        _aj(incidence(YEAR), kind=", clustered"),)),
    Scenario("one or four releases a person", 300, _several, (
        Interval("reading: each release once", _BY_RELEASE, lambda found: ends(found, 0)),
        Interval("reading: each person once", 1 - _MIXED, lambda found: ends(found, 1)),
        Interval("reading: first releases", 1 - _MIXED, lambda found: ends(found, 2)))),
    Scenario("a group, a level and a number", 440, _mixed, (
        _cox("Wald, group"), _cox("Wald, level", LEVEL_2, "level[T.c]"), _cox("Wald, number", SLOPE, "number"),
        Interval("test of proportional hazards", 0.05, _proportional))),
    Scenario("a group, a level and a number, by the week", 440, lambda rng: _mixed(rng, unit=7), (
        _cox("Wald, Efron ties"), _cox("Wald, number, Efron ties", SLOPE, "number")), ties="weeks"),
    Scenario("a group, a level and a number, delayed entry", 800, lambda rng: _mixed(rng, 800, late=True), (
        _cox("Wald, delayed entry"), _cox("Wald, number, delayed entry", SLOPE, "number")), LATE),
    Scenario("a group and a sex", 440, _categories, (_cox("Wald, equal rows counted"),)),
    Scenario("a group and a sex, robust", 440, lambda rng: _categories(rng, robust=True), (_cox("robust"),)),
    Scenario("a group in four strata", 440, _stratified, (_cox("Wald, stratified"),)),
    Scenario("a group and a competing event", 440, _one_cause, (_cox("Wald, one cause"),)),
    Scenario("a group joined later", 440, _joined_later, (_cox("Wald, changing covariate"),)),
    Scenario("a group sampled with weights", 600, _half_sampled, (_cox("robust, weighted"),)),
    Scenario("a group of whole places", _ALL, _whole_places, (
        _cox("robust, clustered"), _cox("robust, number, clustered", SLOPE, "number"),
        _cox("Wald, clusters ignored", claim=SHOWN, naive=True))),
)}
# fmt: on
CLAIMS = sum(interval.claim != SHOWN for scenario in SCENARIOS.values() for interval in scenario.intervals)


def simulate(name: str, first: int, last: int) -> dict[str, np.ndarray]:
    """The limits of each interval of a scenario in the simulations ``first`` to ``last - 1``: arrays (simulations, 2)."""
    scenario = SCENARIOS[name]
    drawn = [scenario.draw(generator(name, number)) for number in range(first, last)]
    return {each.estimator: np.array([each.limits(one) for one in drawn]) for each in scenario.intervals}


def rows(name: str, found: dict[str, np.ndarray]) -> list[dict]:
    """The rows of the table for a scenario, one an interval; ``people`` is 0 where counts are drawn."""
    scenario = SCENARIOS[name]
    return [
        {
            "estimator": each.estimator, "setting": name, "people": scenario.people, "censoring": scenario.censoring,
            "ties": scenario.ties, "level": LEVEL, "lower_first": digits(limits[: table.FIRST, 0].mean()),
            "upper_first": digits(limits[: table.FIRST, 1].mean()), "seed": SEED,
            **table.counted(limits, each.truth, each.claim, CLAIMS),
        }
        for each, limits in zip(scenario.intervals, found.values(), strict=True)
    ]  # fmt: skip
