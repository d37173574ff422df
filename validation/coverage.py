"""How often each interval of the package covers the truth: estimators, scenarios with their truths, and the table.

Only uniform numbers are drawn, and turned into others by inversion: their stream is the same in every version of numpy,
which those of other distributions are not, so that the first simulations of a stored table can be drawn again anywhere.
"""

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import chi2, expon, norm, weibull_min

import analysis as an
from analysis.recidivism.survival import KINDS
from analysis.recidivism.yearly import hazard
from validation import table
from validation.table import APPROXIMATE, AT_LEAST, LEVEL, SHOWN

Generator, Frame = np.random.Generator, pd.DataFrame
SEED, YEAR, END = 20_180_615, 365, 730
CENSORED = "each followed 1 to 730 days, evenly"
LATER = f"{CENSORED}; half enter on day 1 to 200"
CAUSE = "rearrest"
HAZARD = 0.002  # a day, where it is constant
HAZARDS = {CAUSE: 0.0009, "ice_custody": 0.0005, "died": 0.00005}  # a day, of three causes
SHAPE, SCALE = 0.7, 1592.0  # Weibull, in days: a hazard that falls, and a risk of .3 within a year
SIZE, CORRELATION = 4, 0.5  # of the people of one place
RATIO = 2.0  # hazard of people who are sampled less often, or released more often, relative to the others
RELEASES = np.array([1, 4])  # releases a person has, by the person's hazard
GROUP, LEVEL_2, SLOPE = 0.5, -0.4, 0.3  # log hazard ratios of a group, of one of three levels, and of a number


# what is put to counts (the arguments), life tables, rows of recurrent events, readings and Cox models
def _at(curve: Callable, ci: str, time: int, life: Frame) -> Frame:
    return an.at(curve(life, ci=ci), time)


def _profiled(life: Frame, end: int = 1_095) -> tuple[float, float]:
    """Whether the profile likelihood excludes the true share: 1.92 below the best."""
    fitted = partial(an.extrapolate, life, until=end, horizon=end, models=["split weibull"])
    best, true = (fitted(share_ever=share)["log_likelihood"].iat[0] for share in (None, 0.5))
    return 0.0, float(chi2.sf(2 * (best - true), 1))


KM, AJ = partial(an.kaplan_meier, cause=CAUSE), partial(an.cumulative_incidence, cause=CAUSE)
RECURRENCES = partial(an.mean_cumulative, id="person", time="days", event="event")
IGNORED = "Cox, Wald, clusters ignored"
EXACT = {  # cover their level or more
    "proportion, Clopper-Pearson": lambda k: an.proportion(*k, "exact"),
    "rate, exact Poisson": lambda k: an.rate(*k[:2]),
    "risk over the window, unequal follow-up": lambda k: an.unequal_follow_up(*k),
    "hazard of days 0 to 90, exact Poisson": lambda life: hazard(life, width=90),
}
ESTIMATORS = {  # a p-value is an interval from 0 that should hold .05
    **EXACT,
    "proportion, Wilson": lambda k: an.proportion(*k),
    "risk difference, Newcombe": lambda k: an.proportion_difference(*k),
    **{f"Kaplan-Meier at {time}, {ci}": partial(_at, KM, ci, time) for time in (105, 364, 365) for ci in KINDS},
    **{f"Aalen-Johansen at 365, {ci}": partial(_at, AJ, ci, YEAR) for ci in KINDS},
    **{f"mean cumulative function at 365, {ci}": partial(_at, RECURRENCES, ci, YEAR) for ci in ("log", "plain")},
    "Kaplan-Meier at 365, log-log, competing events censored": partial(_at, KM, "log-log", YEAR),
    "restricted mean to 365": partial(an.rmst, horizon=YEAR),
    "quantile .25, from log-log": lambda life: an.quantile(an.kaplan_meier(life), 0.25),
    "median, from log-log": lambda life: an.quantile(an.kaplan_meier(life), 0.5),
    "log-rank test": lambda life: (0.0, an.log_rank(life).p_value),
    "log-rank test, stratified": lambda life: (0.0, an.log_rank(life, strata="stratum").p_value),
    "share who ever return, profile likelihood": _profiled,
    "reading: each release once": lambda readings: readings,
    "reading: each person once": lambda readings: readings[1:],
    "reading: first releases": lambda readings: readings[2:],
    # the group is the first term of each model, a number the last
    **dict.fromkeys(("Cox, Wald", "Cox, Wald, group", "Cox, robust", "Cox, robust, clustered"), lambda fit: fit.table),
    **dict.fromkeys(("Cox, Wald, number", "Cox, robust, number, clustered"), lambda fit: fit.table[-1:]),
    "Cox, Wald, level": lambda fit: fit.table[fit.table["term"] == "level[T.c]"],
    IGNORED: lambda fit: norm.interval(LEVEL, *fit.table.loc[0, ["coef", "naive_se"]]),
    "test of proportional hazards": lambda fit: (0.0, fit.zph().set_index("term").at["GLOBAL", "p_value"]),
}


def limits(found: Any) -> tuple[float, float]:
    """The limits of a result, in its first row if it has rows."""
    found = found.iloc[0] if isinstance(found, Frame) else found
    return found if isinstance(found, tuple) else (found.lower, found.upper)


# what is drawn
def falling(ratio: np.ndarray | float = 1.0):
    """The distribution of waiting times with a falling hazard, ``ratio`` times that of everyone else."""
    return weibull_min(SHAPE, scale=SCALE * ratio ** (-1 / SHAPE))


def constant(hazard: np.ndarray | float):
    """The distribution of waiting times with a constant hazard."""
    return expon(scale=1 / hazard)


def exchangeable(rng: Generator, groups: int, size: int, correlation: float) -> np.ndarray:
    """Uniform numbers (groups x size, flat), dependent within a group by a Gaussian copula: each alone is uniform."""
    shared, own = norm.ppf(rng.random((groups, 1))), norm.ppf(rng.random((groups, size)))
    return norm.cdf(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own).ravel()


def whole(u: np.ndarray, first: int, last: int) -> np.ndarray:
    """Whole numbers from first to last, all as likely."""
    return first + np.floor(u * (last - first + 1)).astype(np.int64)


def draw(rng: Generator, n: int, columns: dict[str, Callable | str | np.ndarray], unit: int | None = 1) -> Frame:
    """A cohort: its columns, and ``days`` and ``event`` as they are recorded, by ``unit`` days or (None) as they are.

    ``columns`` come in the order in which they are drawn: each is a function of uniform numbers and of the columns
    before it, an expression of these, or an array. Those named like a cause are latent times, dependent where people
    have a ``place``; ``end`` is the last time that could be seen. With ``entry``, people are seen only from then on.
    """
    drawn = pd.DataFrame(index=range(n))
    for name, column in columns.items():
        if callable(column):
            together = name in HAZARDS and "place" in drawn
            u = exchangeable(rng, n // SIZE, SIZE, CORRELATION) if together else rng.random(n)
            column = column(u, drawn)
        drawn[name] = drawn.eval(column) if isinstance(column, str) else column
    causes = [name for name in columns if name in HAZARDS]
    time, end = drawn[causes].to_numpy(), drawn["end"].to_numpy()
    first, time = time.argmin(axis=1), time.min(axis=1)
    if unit:  # the day, or the last day of the week, within which a time falls
        time, end = ((np.ceil(each / unit) * unit).astype(np.int64) for each in (time, end))
    event = pd.Categorical.from_codes(np.where(time <= end, first, -1), causes)
    cohort = drawn.drop(columns=[*causes, "end"]).assign(days=np.minimum(time, end), event=event)
    return cohort[~(cohort["entry"] >= cohort["days"])].reset_index(drop=True) if "entry" in cohort else cohort


class Scenario(NamedTuple):
    """How many people there are, what is drawn of them, and the truth of each estimator that is put to it.

    What is drawn are the columns of a cohort (``draw``), of which a life table or, with a ``formula``, a Cox model is
    ``made``; or the result of a function of a generator and the number of people. ``kind`` is added to the estimators'
    names in the table; coverage of those ``shown`` is not held to their level.
    """

    people: int
    drawn: dict | Callable[[Generator, int], Any]
    truths: dict[str, float]
    made: dict[str, Any] | Callable[[Frame], Any] = an.life_table
    kind: str = ""
    shown: tuple[str, ...] = ()
    censoring: str = CENSORED
    ties: str = "days"


def _shares(*groups: tuple[int, float], shown: tuple[str, ...] = ()) -> Scenario:
    """Of one or two groups of so many people with a risk: those with the event, and the people."""
    p, q = groups[0][1], groups[-1][1]
    one = {"proportion, Wilson": p, "proportion, Clopper-Pearson": p}
    two = {"risk difference, Newcombe": p - q}
    return Scenario(
        sum(n for n, _ in groups),
        lambda rng, _: [each for n, risk in groups for each in (int((rng.random(n) < risk).sum()), n)],
        two if groups[1:] else one, shown=shown, **COUNTS,
    )  # fmt: skip


def _arrivals(rng: Generator, mean: float) -> int:
    """Arrivals at rate 1 before ``mean``; four times as many gaps as expected, and 50, are enough."""
    return int(np.searchsorted(expon.ppf(rng.random(int(4 * mean) + 50)).cumsum(), mean))


def _recurring(rng: Generator, n: int) -> Frame:
    """One row an arrest and one an end of follow-up; people differ in how often they are arrested."""
    own = HAZARD * expon.ppf(rng.random((n, 1)))
    time = np.ceil(constant(own).ppf(rng.random((n, 60))).cumsum(axis=1))  # nobody comes near 60 arrests
    end = whole(rng.random(n), 1, END)
    person, number = np.nonzero(time <= end[:, None])
    rows = pd.DataFrame({"person": person, "days": time[person, number], "event": CAUSE})
    return pd.concat([rows, pd.DataFrame({"person": np.arange(n), "days": end, "event": None})], ignore_index=True)


def _several(rng: Generator, n: int) -> Frame:
    """Readings of releases: half of the people return often and have more of them."""
    often = (rng.random(n) < 0.5).astype(int)
    person = np.repeat(np.arange(n), RELEASES[often])
    cohort = draw(rng, len(person), {"person_id": person, "often": often[person], **_falling(often=np.log(RATIO))})
    cohort["released"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(cohort.groupby("person_id").cumcount(), "D")
    return an.readings(an.as_cohort(cohort, event=CAUSE, row="release"), YEAR)


def _joined_later(cohort: Frame) -> Any:
    """The model of a group that is joined on a day: two intervals for those who are still there."""
    still = cohort["days"] > cohort["joined"]
    before = cohort.assign(group=0, days=cohort[["days", "joined"]].min(axis=1), event=cohort["event"].mask(still))
    after = cohort[still].assign(group=1, entry=cohort["joined"])
    return an.cox(pd.concat([before, after], ignore_index=True), "group")


def incidence(ratio: float = 1.0) -> float:
    """The share whose first event is a re-arrest, within a year, where its hazard is ``ratio`` times as high."""
    own, others = ratio * HAZARDS[CAUSE], sum(HAZARDS.values()) - HAZARDS[CAUSE]
    return float(own / (own + others) * constant(own + others).cdf(YEAR))


def _falling(**slopes: float) -> dict:
    """Columns: times with a falling hazard, by these log hazard ratios of the columns before, and the end."""
    return {CAUSE: lambda u, c: falling(np.exp(sum(slopes[name] * c[name] for name in slopes))).ppf(u), "end": FOLLOWED}


# fmt: off
COUNTS, WINDOW = ({"censoring": each, "ties": "none"} for each in ("none", "window of 3.5 months"))
FREE, FREE_2 = (float(falling(ratio).sf(YEAR)) for ratio in (1.0, RATIO))  # without the event after a year
HALF = (FREE + FREE_2) / 2  # where half have the higher hazard
# the mean time without the event within a year where times are recorded by whole days
MEAN, MEAN_2 = (float(falling(ratio).sf(np.arange(YEAR)).sum()) for ratio in (1.0, RATIO))
KM_FALLING, AJ_THREE = {"Kaplan-Meier at 365, log-log": FREE}, {"Aalen-Johansen at 365, log": incidence()}
OF_FALLING = {**KM_FALLING, "restricted mean to 365": MEAN}
KM_WEEKS = {f"Kaplan-Meier at 364, {ci}": float(falling().sf(364)) for ci in KINDS}
FLIP, NORMAL, FOLLOWED = lambda u, c: whole(u, 0, 1), lambda u, c: norm.ppf(u), lambda u, c: whole(u, 1, END)
FALLING = _falling()
THREE = {**{cause: lambda u, c, each=each: constant(each).ppf(u) for cause, each in HAZARDS.items()}, "end": FOLLOWED}
LATE = {"late": lambda u, c: u < 0.5, "entry": lambda u, c: np.where(c["late"], whole(u, 1, 200), np.nan)}
# two groups that are equally large in the population are .8 and .2 of the sample
SAMPLE = {"group": lambda u, c: (u >= 0.8).astype(int), "weight": "0.5 / (0.8 - 0.6 * group)"}
PLACES = {"place": np.repeat(np.arange(200), SIZE)}
TERMS = {"group": FLIP, "level": lambda u, c: np.array(["a", "b", "c"])[whole(u, 0, 2)], "number": NORMAL,
         "third": "level == 'c'", **_falling(group=GROUP, third=LEVEL_2, number=SLOPE)}
SEX = {"group": FLIP, "sex": FLIP, **_falling(group=GROUP, sex=SLOPE)}
BY_GROUP, BY_PLACE, BY_WEIGHT = {"by": "group"}, {"cluster": "place"}, {"weight": "weight"}
COX, COX_SEX = {"formula": "group + level + number"}, {"formula": "group + sex"}
COX_TRUTHS = {"Cox, Wald": GROUP, "Cox, Wald, number": SLOPE}
SCENARIOS = {
    "440 people, risk .09": _shares((440, 0.09)),
    "120 people, risk .35": _shares((120, 0.35)),
    "1445 people, risk .38": _shares((1445, 0.38)),
    "50 people, risk .01": _shares((50, 0.01), shown=("proportion, Wilson",)),
    "440 and 440 people, risks .09 and .15": _shares((440, 0.09), (440, 0.15)),
    "70 and 80 people, risks .8 and .6": _shares((70, 0.8), (80, 0.6)),
    "40 and 60 people, risks .02 and .05": _shares((40, 0.02), (60, 0.05), shown=("risk difference, Newcombe",)),
    # events expected in two groups, and their exposure: the rate is that of the first
    **{f"{p} and {q} events expected": Scenario(
        0, lambda rng, _, p=p, m=m, q=q, n=n: (_arrivals(rng, p), m, _arrivals(rng, q), n),
        {"rate, exact Poisson": p / m}, **COUNTS,
    ) for p, m, q, n in ((40, 722.59, 60, 800.0), (2, 40.0, 3, 30.0))},
    **{f"440 people observed from {entered}": Scenario(
        440, {"end": end, CAUSE: lambda u, c, risk=risk: 3.5 / risk * expon.ppf(u)},
        {"risk over the window, unequal follow-up": float(expon.cdf(risk))},
        lambda c, entered=entered: (int(c["event"].count()), len(c), 3.5, entered), **WINDOW,
    ) for entered, risk, end in (("start", 0.175, 3.5), ("evenly", 0.1937476, lambda u, c: 3.5 * u))},
    "falling hazard": Scenario(440, FALLING, {
        **{f"Kaplan-Meier at 365, {ci}": FREE for ci in KINDS},
        "Kaplan-Meier at 105, log-log": float(falling().sf(105)), "restricted mean to 365": MEAN,
        "quantile .25, from log-log": float(np.ceil(falling().ppf(0.25)))}),
    "falling hazard, few people": Scenario(40, FALLING, KM_WEEKS, shown=tuple(KM_WEEKS), ties="weeks"),
    "falling hazard, delayed entry": Scenario(800, {**FALLING, **LATE}, OF_FALLING, censoring=LATER),
    "constant hazard": Scenario(440, {CAUSE: lambda u, c: constant(HAZARD).ppf(u), "end": lambda u, c: END * u}, {
        "Kaplan-Meier at 365, log-log": float(constant(HAZARD).sf(YEAR)),
        "median, from log-log": float(constant(HAZARD).median()), "hazard of days 0 to 90, exact Poisson": HAZARD,
    }, censoring="each followed 0 to 730 days, evenly", ties="none"),
    "three causes": Scenario(440, THREE, {
        **{f"Aalen-Johansen at 365, {ci}": incidence() for ci in KINDS},
        "Kaplan-Meier at 365, log-log, competing events censored": float(constant(HAZARDS[CAUSE]).sf(YEAR))}),
    "three causes, delayed entry": Scenario(800, {**THREE, **LATE}, AJ_THREE, censoring=LATER),
    "two equal groups": Scenario(600, {**FALLING, "group": FLIP}, {"log-rank test": 0.05}, BY_GROUP),
    "four equal groups": Scenario(
        600, {**FALLING, "group": lambda u, c: whole(u, 0, 3)}, {"log-rank test": 0.05}, BY_GROUP, ", 4 groups"),
    "two equal groups, delayed entry": Scenario(
        600, {**FALLING, "group": FLIP, **LATE}, {"log-rank test": 0.05}, BY_GROUP, ", delayed entry", censoring=LATER),
    "two equal groups in unequal strata": Scenario(
        600, {"stratum": FLIP, "group": lambda u, c: (u < np.where(c["stratum"], 0.7, 0.3)).astype(int),
              **_falling(stratum=np.log(2))},
        {"log-rank test, stratified": 0.05}, {"by": ["group", "stratum"]}),
    "arrests that recur": Scenario(
        300, _recurring, {f"mean cumulative function at 365, {ci}": HAZARD * YEAR for ci in ("log", "plain")}),
    "half ever have the event": Scenario(
        440, {"ever": lambda u, c: u < 0.5,
              CAUSE: lambda u, c: np.where(c["ever"], weibull_min(1.2, scale=150.0).ppf(u), 10_950),
              "end": lambda u, c: whole(u, 1, 1_095)},
        {"share who ever return, profile likelihood": 0.05}, censoring="each followed 1 to 1095 days, evenly"),
    "sampled with weights": Scenario(800, {**SAMPLE, **_falling(group=np.log(RATIO))}, {
        **{f"Kaplan-Meier at 365, {ci}": HALF for ci in KINDS}, "restricted mean to 365": (MEAN + MEAN_2) / 2,
    }, BY_WEIGHT, ", weighted"),
    "three causes, sampled with weights": Scenario(
        800, {**SAMPLE, **THREE, CAUSE: lambda u, c: constant(HAZARDS[CAUSE] * RATIO ** c["group"]).ppf(u)},
        {"Aalen-Johansen at 365, log": (incidence() + incidence(RATIO)) / 2}, BY_WEIGHT, ", weighted"),
    "places of four people": Scenario(800, {**PLACES, **FALLING}, OF_FALLING, BY_PLACE, ", clustered"),
    "places of four people, ignored": Scenario(
        800, {**PLACES, **FALLING}, KM_FALLING, kind=", clusters ignored", shown=tuple(KM_FALLING)),
    "three causes, places of four people": Scenario(800, {**PLACES, **THREE}, AJ_THREE, BY_PLACE, ", clustered"),
    "one or four releases a person": Scenario(300, _several, {
        "reading: each release once": 1 - float(np.average([FREE, FREE_2], weights=RELEASES)),
        "reading: each person once": 1 - HALF, "reading: first releases": 1 - HALF}),
    "a group, a level and a number": Scenario(
        440, TERMS, {"Cox, Wald, group": GROUP, "Cox, Wald, level": LEVEL_2, "Cox, Wald, number": SLOPE,
                     "test of proportional hazards": 0.05}, COX),
    "a group, a level and a number, by the week": Scenario(440, TERMS, COX_TRUTHS, COX, ", Efron ties", ties="weeks"),
    "a group, a level and a number, delayed entry": Scenario(
        800, {**TERMS, **LATE}, COX_TRUTHS, COX, ", delayed entry", censoring=LATER),
    "a group and a sex": Scenario(440, SEX, {"Cox, Wald": GROUP}, COX_SEX, ", equal rows counted"),
    "a group and a sex, robust": Scenario(440, SEX, {"Cox, robust": GROUP}, {**COX_SEX, "robust": True}),
    "a group in four strata": Scenario(
        440, {"group": FLIP, "stratum": lambda u, c: whole(u, 0, 3), "ratio": f"exp({GROUP} * group)",
              "falling": lambda u, c: falling(c["ratio"]).ppf(u),
              CAUSE: lambda u, c: np.where(c["stratum"] < 2, c["falling"], constant(HAZARD * c["ratio"]).ppf(u)),
              "end": FOLLOWED},
        {"Cox, Wald": GROUP}, {"formula": "group", "strata": "stratum"}, ", stratified"),
    "a group and a competing event": Scenario(
        440, {"group": FLIP, CAUSE: lambda u, c: constant(0.0015 * np.exp(GROUP * c["group"])).ppf(u),
              "ice_custody": lambda u, c: constant(0.001 * np.exp(-GROUP * c["group"])).ppf(u), "end": FOLLOWED},
        {"Cox, Wald": GROUP}, {"formula": "group", "cause": CAUSE}, ", one cause"),
    "a group joined later": Scenario(
        440, {"joined": lambda u, c: whole(u, 1, 365), "time": lambda u, c: constant(0.0015).ppf(u), "end": FOLLOWED,
              CAUSE: f"time - (1 - exp(-{GROUP})) * (time - joined) * (time > joined)"},  # sooner, once joined
        {"Cox, Wald": GROUP}, _joined_later, ", changing covariate"),
    "a group sampled with weights": Scenario(
        600, {"group": lambda u, c: (u < 1 / 3).astype(int), "weight": "1.0 + group", **_falling(group=GROUP)},
        {"Cox, robust": GROUP}, {"formula": "group", "weight": "weight"}, ", weighted"),
    "a group of whole places": Scenario(
        800, {**PLACES, "group": "place % 2", "number": NORMAL, **_falling(group=GROUP, number=SLOPE)},
        {"Cox, robust, clustered": GROUP, "Cox, robust, number, clustered": SLOPE, IGNORED: GROUP},
        {"formula": "group + number", "cluster": "place"}, shown=(IGNORED,)),
}
# fmt: on
CLAIMS = sum(len(scenario.truths) - len(scenario.shown) for scenario in SCENARIOS.values())


def estimates(name: str, number: int) -> dict[str, tuple[float, float]]:
    """The limits of each interval in one simulation of a scenario, which is the same whatever else is run."""
    people, drawn, truths, made, *_, ties = SCENARIOS[name]
    rng = np.random.default_rng([SEED, zlib.crc32(name.encode()), number])
    if isinstance(made, dict):
        made = partial(an.cox if "formula" in made else an.life_table, **made)
    unit = {"days": 1, "weeks": 7, "none": None}[ties]
    found = drawn(rng, people) if callable(drawn) else made(draw(rng, people, drawn, unit))
    return {estimator: limits(ESTIMATORS[estimator](found)) for estimator in truths}


def row(name: str, estimator: str, found: np.ndarray) -> dict:
    """The row of the table for an interval in a scenario; ``people`` is 0 where counts are drawn."""
    scenario = SCENARIOS[name]
    claim = SHOWN if estimator in scenario.shown else AT_LEAST if estimator in EXACT else APPROXIMATE
    return {
        "estimator": estimator + scenario.kind, "setting": name, "people": scenario.people,
        "censoring": scenario.censoring, "ties": scenario.ties, "level": LEVEL,
        **table.counted(found, scenario.truths[estimator], claim, CLAIMS),
        "lower_first": found[: table.FIRST, 0].mean(), "upper_first": found[: table.FIRST, 1].mean(), "seed": SEED,
    }  # fmt: skip
