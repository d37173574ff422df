"""Worlds for Cox models: proportional hazards that hold, with one violation of independence or timing at a time."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.recidivism.cox import CoxFit, cox
from analysis.worlds.curves import CAUSE, CENSORED, END, delayed
from analysis.worlds.draws import exchangeable, exponential, observed, weibull, whole, whole_uniform
from analysis.worlds.trial import APPROXIMATE, SHOWN, Interval, Setting, not_rejected

GROUP, LEVEL_2, SLOPE = 0.5, -0.4, 0.3  # log hazard ratios of a group, of one of three levels, and of a number
CLUSTERS, SIZE, CORRELATION = 200, 4, 0.5


def _term(estimator: str, truth: float, term: str = "group", claim: str = APPROXIMATE, naive: bool = False) -> Interval:
    """The Wald interval of one coefficient."""

    def limits(fit: CoxFit) -> tuple[float, float]:
        row = fit.table.set_index("term").loc[term]
        half = (row["upper"] - row["lower"]) / 2 * (row["naive_se"] / row["se"] if naive else 1)
        return row["coef"] - half, row["coef"] + half

    return Interval(f"Cox, {estimator}", truth, limits, claim)


def _people(rng: np.random.Generator, n: int, unit: int = 1) -> pd.DataFrame:
    group, level, number = whole_uniform(rng, n, 0, 1), whole_uniform(rng, n, 0, 2), ndtri(rng.random(n))
    log_ratio = GROUP * group + LEVEL_2 * (level == 2) + SLOPE * number
    latent = {CAUSE: weibull(rng.random(n), np.exp(log_ratio))}
    kinds = pd.Categorical.from_codes(level, categories=["a", "b", "c"])
    return observed(latent, whole_uniform(rng, n, 1, END), unit, group=group, level=kinds, number=number)


def _fit(unit: int = 1) -> Callable[[np.random.Generator], CoxFit]:
    return lambda rng: cox(_people(rng, 440, unit), "group + level + number")


def _delayed(rng: np.random.Generator) -> CoxFit:
    return cox(delayed(_people(rng, 800), rng), "group + level + number")


def _grouped(rng: np.random.Generator, n: int = 440, **options) -> CoxFit:
    """Categories alone, so that equal rows are counted first."""
    group, sex = whole_uniform(rng, n, 0, 1), whole_uniform(rng, n, 0, 1)
    latent = {CAUSE: weibull(rng.random(n), np.exp(GROUP * group + SLOPE * sex))}
    return cox(observed(latent, whole_uniform(rng, n, 1, END), group=group, sex=sex), "group + sex", **options)


def _strata(rng: np.random.Generator) -> CoxFit:
    n = 440
    group, stratum = whole_uniform(rng, n, 0, 1), whole_uniform(rng, n, 0, 3)
    falling, flat = (
        weibull(rng.random(n), np.exp(GROUP * group)),
        exponential(rng.random(n), 0.002 * np.exp(GROUP * group)),
    )
    latent = {CAUSE: np.where(stratum < 2, falling, flat)}
    return cox(observed(latent, whole_uniform(rng, n, 1, END), group=group, stratum=stratum), "group", strata="stratum")


def _causes(rng: np.random.Generator) -> CoxFit:
    """A competing event on which the group has the opposite effect."""
    n = 440
    group = whole_uniform(rng, n, 0, 1)
    latent = {
        CAUSE: exponential(rng.random(n), 0.0015 * np.exp(GROUP * group)),
        "ice_custody": exponential(rng.random(n), 0.001 * np.exp(-GROUP * group)),
    }
    return cox(observed(latent, whole_uniform(rng, n, 1, END), group=group), "group", cause=CAUSE)


def _changing(rng: np.random.Generator) -> CoxFit:
    """The group is joined on a day between 1 and 365: two intervals a person."""
    n, rate = 440, 0.0015
    joined = whole_uniform(rng, n, 1, 365)
    need = exponential(rng.random(n), 1.0)  # cumulative hazard at which the event happens
    before = rate * joined
    latent = np.where(need <= before, need / rate, joined + (need - before) / (rate * np.exp(GROUP)))
    time, end = whole(latent), whole_uniform(rng, n, 1, END)
    last, hit = np.minimum(time, end), time <= end
    crosses = last > joined
    first = pd.DataFrame({"person": np.arange(n), "entry": np.nan, "days": np.minimum(last, joined),
                          "event": hit & ~crosses, "group": 0})  # fmt: skip
    second = pd.DataFrame({"person": np.arange(n), "entry": joined, "days": last, "event": hit, "group": 1})[crosses]
    return cox(pd.concat([first, second], ignore_index=True), "group")


def _weighted(rng: np.random.Generator) -> CoxFit:
    """People with the group are sampled half as often, and weights say so."""
    n = 600
    group = (rng.random(n) < 1 / 3).astype(np.int64)
    latent = {CAUSE: weibull(rng.random(n), np.exp(GROUP * group))}
    frame = observed(latent, whole_uniform(rng, n, 1, END), group=group, weight=1.0 + group)
    return cox(frame, "group", weight="weight")


def _places(rng: np.random.Generator) -> CoxFit:
    """The group is that of the place, and people of one place resemble each other."""
    place = np.repeat(np.arange(CLUSTERS), SIZE)
    group, number = place % 2, ndtri(rng.random(len(place)))
    ratio = np.exp(GROUP * group + SLOPE * number)
    latent = {CAUSE: weibull(exchangeable(rng, CLUSTERS, SIZE, CORRELATION), ratio)}
    frame = observed(latent, whole_uniform(rng, len(place), 1, END), group=group, number=number, place=place)
    return cox(frame, "group + number", cluster="place")


def _proportional(fit: CoxFit) -> tuple[float, float]:
    return not_rejected(fit.zph().set_index("term").loc["GLOBAL", "p_value"])


_ROWS = f"{CENSORED}; half enter on day 1 to 200"

SETTINGS = (
    Setting("a group, a level and a number", 440, CENSORED, "days", _fit(), (
        _term("Wald, group", GROUP), _term("Wald, level", LEVEL_2, "level[T.c]"), _term("Wald, number", SLOPE, "number"),
        Interval("test of proportional hazards", 0.05, _proportional),
    )),
    Setting("a group, a level and a number, by the week", 440, CENSORED, "weeks", _fit(7), (
        _term("Wald, Efron ties", GROUP), _term("Wald, number, Efron ties", SLOPE, "number"),
    )),
    Setting("a group, a level and a number, delayed entry", 800, _ROWS, "days", _delayed, (
        _term("Wald, delayed entry", GROUP), _term("Wald, number, delayed entry", SLOPE, "number"),
    )),
    Setting("a group and a sex", 440, CENSORED, "days", _grouped, (_term("Wald, equal rows counted", GROUP),)),
    Setting("a group and a sex, robust", 440, CENSORED, "days", lambda rng: _grouped(rng, robust=True), (
        _term("robust", GROUP),
    )),
    Setting("a group in four strata", 440, CENSORED, "days", _strata, (_term("Wald, stratified", GROUP),)),
    Setting("a group and a competing event", 440, CENSORED, "days", _causes, (_term("Wald, one cause", GROUP),)),
    Setting("a group joined later", 440, CENSORED, "days", _changing, (_term("Wald, changing covariate", GROUP),)),
    Setting("a group sampled with weights", 600, CENSORED, "days", _weighted, (_term("robust, weighted", GROUP),)),
    Setting("a group of whole places", CLUSTERS * SIZE, CENSORED, "days", _places, (
        _term("robust, clustered", GROUP), _term("robust, number, clustered", SLOPE, "number"),
        _term("Wald, clusters ignored", GROUP, claim=SHOWN, naive=True),
    )),
)  # fmt: skip
