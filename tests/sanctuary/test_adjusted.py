"""Standardization, weighting and AIPW against a published example and independent software."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sanctuary import adjusted
from analysis.sanctuary.censoring import censoring_weights
from analysis.sanctuary.contrast import coded
from analysis.sanctuary.regression import fit, patterns

NHEFS = Path(__file__).parent / "published" / "nhefs.csv"
CATEGORIES = ["sex", "race", "education", "exercise", "active"]
TERMS = [*CATEGORIES, *(term for x in ("age", "smokeintensity", "smokeyrs", "wt71") for term in (x, f"I({x}**2)"))]


def smokers() -> pd.DataFrame:
    frame = pd.read_csv(NHEFS)
    return frame.astype(dict.fromkeys(CATEGORIES, "str"))


def data_of(frame: pd.DataFrame, outcome: str, family: str) -> adjusted.Data:
    matrix, _ = coded(frame, TERMS)
    group = frame["qsmk"].to_numpy().astype(int)
    everyone = censoring_weights(np.ones(len(frame)), np.ones(len(frame), dtype=bool), group, 1.0)
    return adjusted.Data(frame[outcome].to_numpy(float), group, matrix, everyone, family)


def difference(arms: list[adjusted.Arm]) -> tuple[float, float]:
    influence = arms[1].influence - arms[0].influence
    return arms[1].mean - arms[0].mean, float(np.sqrt((influence**2).sum()) / len(influence))


@pytest.fixture(scope="module")
def weight_gain() -> dict[str, tuple[float, float]]:
    data = data_of(smokers(), "wt82_71", "linear")
    score, models = adjusted.propensity(data), [adjusted.outcome_model(data, code) for code in (0, 1)]
    return {
        "unadjusted": difference([adjusted.unadjusted(data, code) for code in (0, 1)]),
        "standardized": difference([adjusted.standardized(data, models[code], code) for code in (0, 1)]),
        "weighted": difference([adjusted.weighted(data, score, code) for code in (0, 1)]),
        "doubly robust": difference([adjusted.doubly_robust(data, models[code], score, code) for code in (0, 1)]),
    }


def test_the_published_example(weight_gain: dict) -> None:
    # Hernan and Robins, What If: unadjusted 2.5 (12.1); weighted 3.4 (12.2); standardized 3.5 from a model with one interaction
    assert round(weight_gain["unadjusted"][0], 1) == 2.5
    assert round(weight_gain["weighted"][0], 1) == 3.4
    assert weight_gain["standardized"][0] == pytest.approx(3.5, abs=0.1)


def test_the_digits_of_independent_software(weight_gain: dict) -> None:
    # statsmodels 0.15.0: TreatmentEffect(ols("wt82_71 ~ ..."), qsmk, results_select=logit("qsmk ~ ...")).ra(), .ipw(), .aipw()
    assert weight_gain["standardized"] == pytest.approx((3.435799030459, 0.481108509429), abs=1e-6)
    assert weight_gain["weighted"][0] == pytest.approx(3.440535429646, abs=1e-6)
    assert weight_gain["doubly robust"][0] == pytest.approx(3.373264631902, abs=1e-6)


def test_influences_are_derivatives_in_the_weight_of_a_row() -> None:
    data = data_of(smokers(), "wt82_71", "linear")
    x, y, group, n = data.covariates, data.outcome, data.group, len(data.group)

    def by_hand(load: np.ndarray) -> np.ndarray:
        score = fit(x, group.astype(float), load, "logistic").fitted
        yes, no = (fit(x, y, load * side, "linear").fitted for side in (group, 1 - group))
        a, b = load * group / score, load * (1 - group) / (1 - score)
        robust = load @ (yes - no + group / score * (y - yes) - (1 - group) / (1 - score) * (y - no)) / load.sum()
        return np.array([robust, a @ y / a.sum() - b @ y / b.sum()])

    score, models = adjusted.propensity(data), [adjusted.outcome_model(data, code) for code in (0, 1)]
    robust = [adjusted.doubly_robust(data, models[code], score, code).influence for code in (0, 1)]
    plain = [adjusted.weighted(data, score, code).influence for code in (0, 1)]
    for row in range(0, n, 300):
        moved = [by_hand(1 + step * (np.arange(n) == row)) for step in (1e-3, -1e-3)]
        slope = (moved[0] - moved[1]) / 2e-3 * n
        assert slope == pytest.approx([robust[1][row] - robust[0][row], plain[1][row] - plain[0][row]], abs=1e-4)


def test_a_yes_or_no_outcome() -> None:
    # statsmodels 0.15.0, by hand from logit("qsmk ~ ...") and GLM(Binomial) of death in each group
    data = data_of(smokers(), "death", "logistic")
    score, models = adjusted.propensity(data), [adjusted.outcome_model(data, code) for code in (0, 1)]
    assert difference([adjusted.standardized(data, models[c], c) for c in (0, 1)])[0] == pytest.approx(
        -0.005162954767, abs=1e-8
    )
    assert difference([adjusted.weighted(data, score, c) for c in (0, 1)])[0] == pytest.approx(0.004562632715, abs=1e-8)
    assert difference([adjusted.doubly_robust(data, models[c], score, c) for c in (0, 1)])[0] == pytest.approx(
        -0.000139543677, abs=1e-8
    )


def test_influences_are_about_those_of_leaving_a_row_out() -> None:
    rng = np.random.default_rng(4)
    n = 250
    group, x = (rng.random(n) < 0.4).astype(int), rng.normal(size=n)
    time = np.ceil(rng.exponential(60, n) * np.exp(-0.4 * x)).astype(int)
    lost = np.ceil(rng.uniform(1, 150, n)).astype(int)
    event, time = time <= lost, np.minimum(time, lost)

    def arms(rows: np.ndarray) -> list[adjusted.Arm]:
        weights = censoring_weights(time[rows], event[rows], group[rows], 60)
        outcome = (event[rows] & (time[rows] <= 60)).astype(float)
        data = adjusted.Data(outcome, group[rows], np.column_stack([np.ones(len(rows)), x[rows]]), weights)
        score, model = adjusted.propensity(data), adjusted.outcome_model(data, 1)
        return [
            adjusted.unadjusted(data, 1), adjusted.weighted(data, score, 1), adjusted.standardized(data, model, 1),
            adjusted.doubly_robust(data, model, score, 1),
        ]  # fmt: skip

    everyone = arms(np.arange(n))
    for row in range(0, n, 25):
        without = arms(np.delete(np.arange(n), row))
        for whole, less in zip(everyone, without, strict=True):
            assert (n - 1) * (whole.mean - less.mean) == pytest.approx(whole.influence[row], rel=0.05, abs=0.02)
    for arm in everyone:
        assert arm.influence.mean() == pytest.approx(0, abs=1e-7)
        assert arm.load.mean() == pytest.approx(1)


def test_a_column_that_adds_nothing_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 1))
    y = (rng.random(80) < 0.4).astype(float)
    one = fit(np.column_stack([np.ones(80), x]), y, np.ones(80), "logistic")
    two = fit(np.column_stack([np.ones(80), x, 2 * x, np.zeros(80)]), y, np.ones(80), "logistic")
    assert two.fitted == pytest.approx(one.fitted)
    assert two.coefficients[2:].tolist() == [0, 0]


def test_separation_ends_with_finite_numbers() -> None:
    x = np.column_stack([np.ones(20), np.arange(20.0)])
    found = fit(x, (np.arange(20) >= 10).astype(float), np.ones(20), "logistic")
    assert np.isfinite(found.coefficients).all()
    assert np.isfinite(found.influence).all()
    assert found.fitted[[0, -1]] == pytest.approx([0, 1], abs=1e-4)


@pytest.mark.parametrize("family", ["logistic", "linear"])
@given(seed=st.integers(0, 10_000), collinear=st.booleans())
@settings(max_examples=30)
def test_a_fit_to_the_patterns_is_the_fit_to_the_rows(family, seed, collinear):
    rng = np.random.default_rng(seed)
    n = 300
    age, sex = rng.integers(2, 6, n) * 10.0, rng.integers(0, 2, n)
    matrix = np.column_stack([np.ones(n), age, sex, 2 * age - 1 if collinear else age * sex])
    weight = np.where(rng.random(n) < 0.3, 0.0, rng.uniform(0.5, 2, n))
    outcome = (rng.random(n) < 0.4).astype(float)
    found = patterns(matrix)
    assert len(found.rows) == len(np.unique(matrix, axis=0))
    assert np.array_equal(found.rows[found.number], matrix)
    by_row, by_pattern = (fit(matrix, outcome, weight, family, groups) for groups in (None, found))
    for name in ("coefficients", "fitted", "slope", "influence"):
        assert getattr(by_pattern, name) == pytest.approx(getattr(by_row, name), rel=1e-7, abs=1e-8)


def test_rows_that_nearly_all_differ_have_no_patterns():
    assert patterns(np.random.default_rng(1).random((200, 2))) is None
