"""Worlds for the log-rank test, where groups do not differ, and for events that happen again."""

import numpy as np
import pandas as pd

from analysis.recidivism.curves import at
from analysis.recidivism.life_table import life_table
from analysis.recidivism.log_rank import log_rank
from analysis.recidivism.recurrent import mean_cumulative
from analysis.worlds.curves import CAUSE, CENSORED, END, YEAR, by_the_day, delayed
from analysis.worlds.draws import exponential, gamma_mean_one, observed, weibull, whole, whole_uniform
from analysis.worlds.trial import Interval, Setting, limits_of, not_rejected

RATE, FRAILTY = 0.002, 1.0  # arrests a day, and the variance of a person's own rate relative to it
_MOST = 60  # gaps drawn a person: more arrests within the end of follow-up than anyone has


def _groups(rng: np.random.Generator, number: int, late: bool = False) -> pd.DataFrame:
    frame = by_the_day(rng, 600)
    frame["group"] = whole_uniform(rng, 600, 0, number - 1)
    return life_table(delayed(frame, rng) if late else frame, by="group")


def _strata(rng: np.random.Generator) -> pd.DataFrame:
    """Strata with different hazards that the groups are unequally spread over."""
    n = 600
    stratum = whole_uniform(rng, n, 0, 1)
    group = (rng.random(n) < np.where(stratum, 0.7, 0.3)).astype(np.int64)
    latent = {CAUSE: weibull(rng.random(n), np.where(stratum, 2.0, 1.0))}
    frame = observed(latent, whole_uniform(rng, n, 1, END), group=group, stratum=stratum)
    return life_table(frame, by=["group", "stratum"])


def _arrests(rng: np.random.Generator) -> pd.DataFrame:
    """One row an arrest and one an end of follow-up; people differ in how often they are arrested."""
    n = 300
    rate = RATE * gamma_mean_one(rng.random(n), FRAILTY)
    time = whole(exponential(rng.random((n, _MOST)), rate[:, None]).cumsum(axis=1))
    end = whole_uniform(rng, n, 1, END)
    person, place = np.nonzero(time <= end[:, None])
    if place.max(initial=0) == _MOST - 1:
        raise RuntimeError(f"a person has {_MOST} arrests: draw more gaps")
    rows = pd.DataFrame({"person": person, "days": time[person, place], "event": CAUSE})
    return pd.concat([rows, pd.DataFrame({"person": np.arange(n), "days": end, "event": None})], ignore_index=True)


def _mean(ci: str) -> Interval:
    def limits(frame: pd.DataFrame) -> tuple[float, float]:
        return limits_of(at(mean_cumulative(frame, "person", "days", "event", ci=ci), YEAR))

    return Interval(f"mean cumulative function at {YEAR}, {ci}", RATE * YEAR, limits)


def _test(name: str, strata: str | None = None) -> Interval:
    return Interval(name, 0.05, lambda life: not_rejected(log_rank(life, strata=strata).p_value))


_LATE = f"{CENSORED}; half enter on day 1 to 200"

SETTINGS = (
    Setting("two equal groups", 600, CENSORED, "days", lambda rng: _groups(rng, 2), (_test("log-rank test"),)),
    Setting("four equal groups", 600, CENSORED, "days", lambda rng: _groups(rng, 4), (_test("log-rank test, 4 groups"),)),
    Setting("two equal groups, delayed entry", 600, _LATE, "days", lambda rng: _groups(rng, 2, late=True), (
        _test("log-rank test, delayed entry"),
    )),
    Setting("two equal groups in unequal strata", 600, CENSORED, "days", _strata, (
        _test("log-rank test, stratified", "stratum"),
    )),
    Setting("arrests that recur", 300, CENSORED, "days", _arrests, tuple(_mean(ci) for ci in ("log", "plain"))),
)  # fmt: skip
