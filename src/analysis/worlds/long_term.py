"""Worlds for the long term: the share who ever have the event, where follow-up is long enough to say."""

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from analysis.recidivism.extrapolate import extrapolate, profile_share
from analysis.recidivism.life_table import life_table
from analysis.worlds.curves import CAUSE
from analysis.worlds.draws import exponential, observed, whole_uniform
from analysis.worlds.trial import Interval, Setting, not_rejected

SHARE, SHAPE, SCALE = 0.5, 1.2, 150.0  # half ever have the event, by a Weibull law in days
END = 1_095


def _split(rng: np.random.Generator) -> pd.DataFrame:
    n = 440
    ever = rng.random(n) < SHARE
    time = SCALE * exponential(rng.random(n), 1.0) ** (1 / SHAPE)
    return life_table(observed({CAUSE: np.where(ever, time, 10.0 * END)}, whole_uniform(rng, n, 1, END)))


def _profiled(life: pd.DataFrame) -> tuple[float, float]:
    """Whether the profile likelihood excludes the true share: 1.92 below the best."""
    best = extrapolate(life, until=END, horizon=END, models=["split weibull"])["log_likelihood"].iat[0]
    held = profile_share(life, until=END, horizon=END, shares=[SHARE])["log_likelihood"].iat[0]
    return not_rejected(float(chdtrc(1, max(2 * (best - held), 0.0))))


SETTINGS = (
    Setting("half ever have the event", 440, "each followed 1 to 1095 days, evenly", "days", _split, (
        Interval("share who ever return, profile likelihood", 0.05, _profiled),
    )),
)  # fmt: skip
