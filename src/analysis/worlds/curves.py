"""Worlds for curves: Kaplan-Meier, Aalen-Johansen, restricted means, quantiles, hazards."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.recidivism.curves import at, quantile
from analysis.recidivism.hazard import hazard
from analysis.recidivism.intervals import KINDS
from analysis.recidivism.life_table import life_table
from analysis.recidivism.rmst import rmst, rmst_difference, rmst_ratio
from analysis.recidivism.survival import cumulative_incidence, kaplan_meier
from analysis.worlds.draws import (
    exponential,
    observed,
    weibull,
    weibull_survival,
    whole_uniform,
)
from analysis.worlds.trial import APPROXIMATE, AT_LEAST, SHOWN, Interval, Setting, limits_of

YEAR, END = 365, 730
CENSORED = "each followed 1 to 730 days, evenly"
HAZARDS = {"rearrest": 0.0009, "ice_custody": 0.0005, "died": 0.00005}
CAUSE = "rearrest"
HAZARD = 0.002  # a day, where it is constant


def survival_at(life: pd.DataFrame, time: float, ci: str = "log-log") -> tuple[float, float]:
    """Limits of Kaplan-Meier at a time."""
    return limits_of(at(kaplan_meier(life, CAUSE, ci=ci), time))


def incidence_at(life: pd.DataFrame, time: float, ci: str = "log") -> tuple[float, float]:
    """Limits of Aalen-Johansen at a time."""
    return limits_of(at(cumulative_incidence(life, CAUSE, ci=ci), time))


def kaplan_meier_at(truth: float, time: int, ci: str = "log-log", claim: str = APPROXIMATE, kind: str = "") -> Interval:
    """The interval of Kaplan-Meier at a time, as a trial."""
    return Interval(f"Kaplan-Meier at {time}, {ci}{kind}", truth, lambda life: survival_at(life, time, ci), claim)


def aalen_johansen_at(truth: float, time: int, ci: str = "log", kind: str = "") -> Interval:
    """The interval of Aalen-Johansen at a time, as a trial."""
    return Interval(f"Aalen-Johansen at {time}, {ci}{kind}", truth, lambda life: incidence_at(life, time, ci))


def mean_to_a_year(truth: float, kind: str = "") -> Interval:
    """The interval of the restricted mean to a year, as a trial."""
    return Interval(f"restricted mean to {YEAR}{kind}", truth, lambda life: limits_of(rmst(life, horizon=YEAR)))


def means_differ(truth: float, kind: str = "") -> Interval:
    """The interval of a difference of restricted means, as a trial."""
    name = f"difference of restricted means to {YEAR}{kind}"
    return Interval(name, truth, lambda life: limits_of(rmst_difference(life, horizon=YEAR)))


def _quantile(name: str, truth: float, q: float) -> Interval:
    return Interval(f"{name}, from log-log", truth, lambda life: limits_of(quantile(kaplan_meier(life), q)))


def _first_hazard(truth: float, width: float) -> Interval:
    name = f"hazard of days 0 to {width:g}, exact Poisson"
    return Interval(name, truth, lambda life: limits_of(hazard(life, width=width)), AT_LEAST)


def _means_divided(truth: float) -> Interval:
    name = f"ratio of restricted means to {YEAR}"
    return Interval(name, truth, lambda life: limits_of(rmst_ratio(life, horizon=YEAR)))


def restricted_mean(ratio: float = 1.0, unit: int = 1) -> float:
    """The mean time without the event within a year where times are recorded by whole units."""
    steps = np.arange(0, YEAR, unit)
    return float((weibull_survival(steps, ratio) * np.diff(np.append(steps, YEAR))).sum())


def by_the_day(rng: np.random.Generator, n: int, unit: int = 1) -> pd.DataFrame:
    """A cohort with a falling hazard of one event."""
    return observed({CAUSE: weibull(rng.random(n))}, whole_uniform(rng, n, 1, END), unit)


def competing(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """A cohort with constant hazards of three events."""
    latent = {cause: exponential(rng.random(n), h) for cause, h in HAZARDS.items()}
    return observed(latent, whole_uniform(rng, n, 1, END))


def incidence(time: float) -> float:
    """The share whose first event is a re-arrest, by a time."""
    total = sum(HAZARDS.values())
    return float(-HAZARDS[CAUSE] / total * np.expm1(-total * time))


def delayed(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The same people, half of them seen only if still there on a day of entry from 1 to 200."""
    late = rng.random(len(frame)) < 0.5
    entry = np.where(late, whole_uniform(rng, len(frame), 1, 200), np.nan)
    return frame.assign(entry=entry)[~(entry >= frame["days"].to_numpy())].reset_index(drop=True)


def _groups(rng: np.random.Generator) -> pd.DataFrame:
    n, fin = 500, np.repeat([0, 1], 250)
    frame = observed({CAUSE: weibull(rng.random(n), np.where(fin, 1.6, 1.0))}, whole_uniform(rng, n, 1, END))
    return life_table(frame.assign(fin=fin), by="fin")


def _counted(draw: Callable[..., pd.DataFrame], *settings: int) -> Callable[[np.random.Generator], pd.DataFrame]:
    return lambda rng: life_table(draw(rng, *settings))


def _constant(rng: np.random.Generator) -> pd.DataFrame:
    n = 440
    return life_table(observed({CAUSE: exponential(rng.random(n), HAZARD)}, END * rng.random(n), None))


_S, _SHORT = float(weibull_survival(YEAR)), float(weibull_survival(105))
_WEEKS = float(weibull_survival(364))
_QUARTER = int(np.flatnonzero(weibull_survival(np.arange(END)) <= 0.75)[0])
_MEANS = restricted_mean(), restricted_mean(1.6)

_LATE = f"{CENSORED}; half enter on day 1 to 200"

SETTINGS = (
    Setting("falling hazard", 440, CENSORED, "days", _counted(by_the_day, 440), (
        *(kaplan_meier_at(_S, YEAR, ci) for ci in KINDS), kaplan_meier_at(_SHORT, 105),
        mean_to_a_year(_MEANS[0]), _quantile("quantile .25", _QUARTER, 0.25),
    )),
    Setting("falling hazard, few people", 40, CENSORED, "weeks", _counted(by_the_day, 40, 7), tuple(
        kaplan_meier_at(_WEEKS, 364, ci, SHOWN) for ci in KINDS
    )),
    Setting("falling hazard, delayed entry", 800, _LATE, "days", lambda rng: life_table(delayed(by_the_day(rng, 800), rng)), (
        kaplan_meier_at(_S, YEAR), mean_to_a_year(_MEANS[0]),
    )),
    Setting("constant hazard", 440, "each followed 0 to 730 days, evenly", "none", _constant, (
        kaplan_meier_at(float(np.exp(-HAZARD * YEAR)), YEAR), _quantile("median", np.log(2) / HAZARD, 0.5),
        _first_hazard(HAZARD, 90),
    )),
    Setting("three causes", 440, CENSORED, "days", _counted(competing, 440), (
        *(aalen_johansen_at(incidence(YEAR), YEAR, ci) for ci in KINDS),
        kaplan_meier_at(float(np.exp(-HAZARDS[CAUSE] * YEAR)), YEAR, kind=", competing events censored"),
    )),
    Setting("three causes, delayed entry", 800, _LATE, "days", lambda rng: life_table(delayed(competing(rng, 800), rng)), (
        aalen_johansen_at(incidence(YEAR), YEAR),
    )),
    Setting("two groups, hazard ratio 1.6", 500, CENSORED, "days", _groups, (
        means_differ(_MEANS[1] - _MEANS[0]), _means_divided(_MEANS[1] / _MEANS[0]),
    )),
)  # fmt: skip
