"""Worlds for sandwich intervals: people sampled with unequal weights, people in clusters, several releases a person."""

import numpy as np
import pandas as pd

from analysis.recidivism.intervals import KINDS
from analysis.recidivism.life_table import life_table
from analysis.recidivism.sampling import readings
from analysis.worlds.curves import (
    CAUSE,
    CENSORED,
    END,
    HAZARDS,
    YEAR,
    aalen_johansen_at,
    incidence,
    kaplan_meier_at,
    mean_to_a_year,
    means_differ,
    restricted_mean,
)
from analysis.worlds.draws import exchangeable, exponential, observed, weibull, weibull_survival, whole_uniform
from analysis.worlds.trial import SHOWN, Interval, Setting, limits_of

RATIO = 2.0  # hazard of the people who are sampled less often, relative to the others
SAMPLED = np.array([0.8, 0.2])  # the sample's shares of two groups that are equally large in the population
CLUSTERS, SIZE, CORRELATION = 200, 4, 0.5
RELEASES = np.array([1, 4])  # releases a person has, by the person's hazard


def _weighted(rng: np.random.Generator) -> pd.DataFrame:
    n = 800
    group = (rng.random(n) >= SAMPLED[0]).astype(np.int64)
    ratio = np.where(group, RATIO, 1.0)
    weight = (0.5 / SAMPLED)[group]
    frame = observed({CAUSE: weibull(rng.random(n), ratio)}, whole_uniform(rng, n, 1, END), weight=weight)
    return life_table(frame, weight="weight")


def _weighted_causes(rng: np.random.Generator) -> pd.DataFrame:
    n = 800
    group = (rng.random(n) >= SAMPLED[0]).astype(np.int64)
    rates = {cause: h * np.where(group & (cause == CAUSE), RATIO, 1.0) for cause, h in HAZARDS.items()}
    latent = {cause: exponential(rng.random(n), rate) for cause, rate in rates.items()}
    frame = observed(latent, whole_uniform(rng, n, 1, END), weight=(0.5 / SAMPLED)[group])
    return life_table(frame, weight="weight")


def _weighted_incidence() -> float:
    own = np.array([1.0, RATIO]) * HAZARDS[CAUSE]
    total = own + sum(HAZARDS.values()) - HAZARDS[CAUSE]
    return float((-own / total * np.expm1(-total * YEAR)).mean())


def _places(rng: np.random.Generator) -> pd.DataFrame:
    """People of one place resemble each other, and half of each place's are of one group."""
    frame = observed(
        {CAUSE: weibull(exchangeable(rng, CLUSTERS, SIZE, CORRELATION))},
        whole_uniform(rng, CLUSTERS * SIZE, 1, END),
        place=np.repeat(np.arange(CLUSTERS), SIZE),
    )
    return frame.assign(half=np.tile(np.arange(SIZE) % 2, CLUSTERS))


def _places_causes(rng: np.random.Generator) -> pd.DataFrame:
    latent = {
        cause: exponential(exchangeable(rng, CLUSTERS, SIZE, CORRELATION), rate) for cause, rate in HAZARDS.items()
    }
    frame = observed(latent, whole_uniform(rng, CLUSTERS * SIZE, 1, END), place=np.repeat(np.arange(CLUSTERS), SIZE))
    return life_table(frame, cluster="place")


def _several(rng: np.random.Generator) -> pd.DataFrame:
    """Half of the people return often and have more releases."""
    n = 300
    kind = (rng.random(n) < 0.5).astype(np.int64)
    person = np.repeat(np.arange(n), RELEASES[kind])
    ratio = np.where(kind[person], RATIO, 1.0)
    frame = observed(
        {CAUSE: weibull(rng.random(len(person)), ratio)}, whole_uniform(rng, len(person), 1, END), person_id=person
    )
    number = np.arange(len(person)) - np.searchsorted(person, person)
    frame["released"] = np.datetime64("2020-01-01") + number.astype("timedelta64[D]")
    frame.attrs = {"row": "release", "origin": "released"}
    return readings(frame, YEAR)


_S = weibull_survival(YEAR), weibull_survival(YEAR, RATIO)
_MEAN = restricted_mean()
_MIXED = float(np.mean(_S))
_BY_RELEASE = float(1 - np.average(_S, weights=RELEASES))

_PEOPLE = CLUSTERS * SIZE

SETTINGS = (
    Setting("sampled with weights", 800, CENSORED, "days", _weighted, (
        *(kaplan_meier_at(_MIXED, YEAR, ci, kind=", weighted") for ci in KINDS),
        mean_to_a_year((_MEAN + restricted_mean(RATIO)) / 2, ", weighted"),
    )),
    Setting("three causes, sampled with weights", 800, CENSORED, "days", _weighted_causes, (
        aalen_johansen_at(_weighted_incidence(), YEAR, kind=", weighted"),
    )),
    Setting("places of four people", _PEOPLE, CENSORED, "days", lambda rng: life_table(_places(rng), cluster="place"), (
        kaplan_meier_at(float(_S[0]), YEAR, kind=", clustered"), mean_to_a_year(_MEAN, ", clustered"),
    )),
    Setting("places of four people, ignored", _PEOPLE, CENSORED, "days", lambda rng: life_table(_places(rng)), (
        kaplan_meier_at(float(_S[0]), YEAR, claim=SHOWN, kind=", clusters ignored"),
    )),
    Setting("places of four people, two groups in each", _PEOPLE, CENSORED, "days",
            lambda rng: life_table(_places(rng), by="half", cluster="place"), (means_differ(0.0, ", clustered"),)),
    Setting("three causes, places of four people", _PEOPLE, CENSORED, "days", _places_causes, (
        aalen_johansen_at(incidence(YEAR), YEAR, kind=", clustered"),
    )),
    Setting("one or four releases a person", 300, CENSORED, "days", _several, (
        Interval("reading: each release once", _BY_RELEASE, lambda found: limits_of(found, 0)),
        Interval("reading: each person once", 1 - _MIXED, lambda found: limits_of(found, 1)),
        Interval("reading: first releases", 1 - _MIXED, lambda found: limits_of(found, 2)),
    )),
)  # fmt: skip
