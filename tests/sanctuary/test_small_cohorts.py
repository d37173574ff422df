"""Small cohorts of adopters: Welch's test, what one or two places borrow, and that nothing changes where cohorts are large."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.sanctuary.adoption import adoption_effect, average_effect
from analysis.sanctuary.adoption_panel import read_panel
from analysis.sanctuary.small_cohorts import as_normal, as_student

NAMES = {"outcome": "y", "unit": "unit", "time": "time", "adopted": "start"}


def two_periods(changes: np.ndarray, adopters: int) -> pd.DataFrame:
    """Units seen twice, the first ``adopters`` of which adopt in period 2."""
    n = len(changes)
    return pd.DataFrame({
        "unit": np.repeat(np.arange(n), 2), "time": [1, 2] * n, "y": np.column_stack([np.zeros(n), changes]).ravel(),
        "start": np.repeat([2.0] * adopters + [np.nan] * (n - adopters), 2),
    })  # fmt: skip


def effect(frame: pd.DataFrame, **options: object):
    return adoption_effect(frame, "y", "unit", "time", "start", **options)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 9), st.integers(3, 12), st.sampled_from([0.8, 0.95]))
def test_two_periods_are_welchs_test(seed: int, adopters: int, others: int, level: float) -> None:
    changes = np.random.default_rng(seed).normal(size=adopters + others)
    found = effect(two_periods(changes, adopters), small_sample=True, level=level).overall
    welch = stats.ttest_ind(changes[:adopters], changes[adopters:], equal_var=False)
    limits = welch.confidence_interval(level)
    assert (found.lower, found.upper) == pytest.approx((limits.low, limits.high), rel=1e-9)
    assert found.df == pytest.approx(welch.df)


@pytest.mark.parametrize("adopters", [1, 2])
def test_one_or_two_places_vary_as_their_controls_do(adopters: int) -> None:
    changes = np.array([5.0, 4.0, 1.0, 2.0, 4.0, 0.0, 3.0][2 - adopters :])
    found = effect(two_periods(changes, adopters), small_sample=True)
    others = changes[adopters:]
    variance = others.var(ddof=1)
    assert found.overall.se == pytest.approx(np.sqrt(variance / adopters + variance / len(others)))
    assert found.overall.df == pytest.approx(len(others) - 1)
    half = stats.t.isf(0.025, len(others) - 1) * found.overall.se
    assert found.overall.upper - found.overall.estimate == pytest.approx(half)
    assert any("taken to vary as the units that they are compared with" in said for said in found.statements)


def test_one_control_shows_no_variation() -> None:
    found = effect(two_periods(np.array([1.0, 2.0]), 1), small_sample=True)
    assert np.isnan([found.overall.se, found.overall.lower]).all()


def panel(seed: int, sizes: dict[float, int], periods: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = np.repeat(list(sizes), list(sizes.values()))
    n = len(start)
    return pd.DataFrame({
        "unit": np.repeat(np.arange(n), periods), "time": np.tile(np.arange(1, periods + 1), n),
        "y": rng.normal(size=n * periods), "start": np.repeat(start, periods),
    })  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["never", "not_yet"]))
def test_the_estimate_stays_and_the_interval_is_wider(seed: int, control: str) -> None:
    frame = panel(seed, {3.0: 4, 5.0: 7, np.nan: 9})
    plain, small = (effect(frame, control=control, small_sample=which) for which in (False, True))
    assert small.overall.estimate == plain.overall.estimate
    assert small.overall.se > plain.overall.se
    for name in ("by_cohort", "by_event_time", "group_time"):
        a, b = getattr(plain, name), getattr(small, name)
        assert (b["upper"] - b["lower"] > a["upper"] - a["lower"]).all()
    assert (small.by_event_time["band_upper"] >= small.by_event_time["upper"] - 1e-12).all()


def test_every_place_twice_is_every_place_once() -> None:
    frame = panel(3, {3.0: 5, 5.0: 6, np.nan: 8})
    twice = pd.concat([frame, frame.assign(unit=frame["unit"] + 1_000)]).assign(cluster=lambda f: f["unit"] % 1_000)
    one, two = effect(frame, small_sample=True).overall, effect(twice, cluster="cluster", small_sample=True).overall
    assert (two.estimate, two.se, two.df) == pytest.approx((one.estimate, one.se, one.df))


def test_large_cohorts_hardly_change() -> None:
    frame = panel(1, {3.0: 400, 5.0: 400, np.nan: 800})
    plain, small = (effect(frame, small_sample=which).overall for which in (False, True))
    assert small.upper == pytest.approx(plain.upper, abs=0.01 * (plain.upper - plain.lower))


def test_a_bootstrap_and_the_correction_are_two_ways_to_one_thing() -> None:
    with pytest.raises(ValueError, match="choose one"):
        effect(panel(1, {3.0: 4, np.nan: 4}), small_sample=True, bootstrap=10)


def test_the_interval_of_few_places_covers_where_the_published_one_does_not() -> None:
    # 300 panels of 3 cohorts of 3 places and 6 others: an exact 95 % interval covers 275 or more with a chance above .99
    covered = {False: 0, True: 0}
    for seed in range(300):
        frame = panel(seed, {3.0: 3, 4.0: 3, 5.0: 3, np.nan: 6})
        for which in covered:
            found = average_effect(read_panel(frame, NAMES), "never", 0.95, small_sample=which)
            covered[which] += found.lower <= 0 <= found.upper
    assert covered[True] >= 275
    assert covered[False] < covered[True]


def test_tails_of_student_and_normal_are_matched() -> None:
    freedom = np.array([1.0, 4.5, 30.0, np.inf])
    t = as_student(1.959964, freedom)
    assert t == pytest.approx([12.7062, 2.6599, 2.0423, 1.959964], abs=2e-3)  # R: qt(.975, c(1, 4.5, 30))
    assert as_normal(t, freedom) == pytest.approx([1.959964] * 4, abs=1e-9)
