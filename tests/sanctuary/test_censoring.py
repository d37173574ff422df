"""Censoring weights are the Aalen-Johansen estimate, with its clustered errors."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence
from analysis.sanctuary.adjusted import Data, unadjusted
from analysis.sanctuary.censoring import censoring_weights


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.integers(5, 60), st.integers(20, 200))
def test_the_weighted_share_is_aalen_johansen_and_so_is_its_error(seed: int, horizon: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    time, lost = rng.integers(1, 80, n), rng.integers(1, 120, n)
    cause = rng.integers(0, 2, n)
    event, days = time <= lost, np.minimum(time, lost)
    days[0], event[0] = 200, False  # someone is followed beyond every horizon
    frame = pd.DataFrame(
        {"days": days, "event": np.where(event, np.array(["a", "b"])[cause], None), "cluster": rng.integers(0, 9, n)}
    )
    hit = (event & (cause == 0) & (days <= horizon)).astype(float)
    if not hit.any():
        return
    group = np.zeros(n, dtype=int)
    weights = censoring_weights(days, event, group, horizon)
    arm = unadjusted(Data(hit, group, np.ones((n, 1)), weights), 0)
    for cluster in (None, "cluster"):
        curve = cumulative_incidence(life_table(frame, cluster=cluster), "a")
        row = at(curve, horizon).iloc[0]
        code = np.arange(n) if cluster is None else frame["cluster"]
        sums = np.bincount(code, weights=arm.influence)
        assert arm.mean == pytest.approx(row["incidence"], abs=1e-10)
        assert np.sqrt(sums @ sums) / n == pytest.approx(row["se"], abs=1e-10)
    assert weights.weight.mean() == pytest.approx(1.0)


def test_by_hand() -> None:
    # lost at 2 out of three at risk of it: G = 2/3 from then on
    weights = censoring_weights(np.array([1, 2, 3, 9]), np.array([True, False, True, False]), np.zeros(4, dtype=int), 5)
    assert weights.weight.tolist() == pytest.approx([1.0, 0.0, 1.5, 1.5])
    assert weights.lost == 1


def test_with_full_follow_up_every_weight_is_one() -> None:
    weights = censoring_weights(np.array([3, 5, 5]), np.array([True, False, False]), np.array([0, 0, 1]), 5)
    assert weights.weight.tolist() == [1, 1, 1]
    assert weights.correction(np.ones(3)).tolist() == [0, 0, 0]
