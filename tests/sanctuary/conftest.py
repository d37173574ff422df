"""Cohorts for comparisons, made by hand so that what they should give is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")


def people(seed: int = 0, places: int = 60, size: int = 30, effect: float = 0.0) -> pd.DataFrame:
    """People in places that limit and places that do not: age decides re-arrest, custody competes, some are lost."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(places), size)
    limits = place % 2 == 0
    n = len(place)
    age = rng.normal(32, 8, n) + 3 * limits
    sex = np.where(rng.random(n) < 0.8, "male", "female")
    rate = 0.001 * np.exp(0.05 * (age - 32) + effect * limits)
    waits = np.stack([rng.exponential(1 / rate), rng.exponential(1 / 0.0008, n), rng.uniform(100, 900, n)])
    first, days = waits.argmin(axis=0), np.ceil(waits.min(axis=0)).astype(int)
    frame = pd.DataFrame({
        "jurisdiction": [f"{10 + p // 30:02d}{2 * (p % 30) + 1:03d}" for p in place], "policy": np.where(limits, "limits", "none"), "operator": "local",
        "age": age, "sex": pd.Categorical(sex), "follow_up": np.floor(waits[2]).astype(int), "days": days,
        "event": pd.Categorical.from_codes(np.where(first == 2, -1, first), ["rearrest", "ice_custody"]),
    })  # fmt: skip
    frame["policy_cluster"] = pd.Categorical(frame["jurisdiction"])
    return frame


@pytest.fixture
def cohort() -> pd.DataFrame:
    return people()


@pytest.fixture
def make_people():
    return people
