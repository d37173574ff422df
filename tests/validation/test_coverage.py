"""The coverage of every interval: the stored table, and whether today's code still gives it."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import binom

import analysis as an
from validation import coverage, table
from validation.table import APPROXIMATE, AT_LEAST, FIRST, PUBLISHED, SHOWN, band, counted

KEY = ["estimator", "setting"]


@pytest.fixture(scope="module")
def stored():
    return pd.read_csv(PUBLISHED / "worlds.csv")


def test_each_interval_that_claims_its_level_reaches_it(stored):
    claimed = stored[stored["claim"] != SHOWN]
    assert len(claimed) == coverage.CLAIMS
    assert claimed.loc[claimed["verdict"] != "within", [*KEY, "coverage", "verdict"]].values.tolist() == []
    assert (stored["worlds"] == 2_000).all()
    assert (stored[["covered", "above", "below", "undefined"]].sum(axis=1) == stored["worlds"]).all()


@pytest.mark.thorough
def test_todays_code_gives_the_first_of_the_stored_simulations_again(stored):
    found = [
        coverage.row(name, *each)
        for name in coverage.SCENARIOS
        for each in table.simulate(coverage.estimates, name, range(FIRST)).items()
    ]
    same = [*KEY, "people", "censoring", "ties", "claim", "level", "seed", "covered_first"]
    again = pd.DataFrame(found)
    assert again[same].values.tolist() == stored[same].values.tolist()
    for name in ("truth", "lower_first", "upper_first"):
        assert again[name].to_numpy() == pytest.approx(stored[name].to_numpy(), rel=1e-5, nan_ok=True), name


# the share of samples whose interval covers, summed over all samples in R: sum(dbinom(k, n, p)[lower <= p & p <= upper]) with the
# limits of prop.test(correct = FALSE) or qbeta, and sum(dpois(k, m)[lower <= m & m <= upper]) with those of qgamma
@pytest.mark.parametrize(
    ("estimator", "setting", "exact"),
    [
        ("proportion, Wilson", "440 people, risk .09", 0.95491055),
        ("proportion, Clopper-Pearson", "440 people, risk .09", 0.96319907),
        ("proportion, Wilson", "120 people, risk .35", 0.9560664),
        ("proportion, Wilson", "1445 people, risk .38", 0.952131),
        ("proportion, Wilson", "50 people, risk .01", 0.91056469),
        ("proportion, Clopper-Pearson", "50 people, risk .01", 0.98618273),
        ("rate, exact Poisson", "40 and 60 events expected", 0.96066641),
        ("rate, exact Poisson", "2 and 3 events expected", 0.98343639),
    ],
)
def test_coverage_agrees_with_the_sum_over_all_samples(stored, estimator, setting, exact):
    row = stored.set_index(KEY).loc[(estimator, setting)]
    assert binom.cdf(row["covered"], row["worlds"], exact) > 1e-4
    assert binom.sf(row["covered"] - 1, row["worlds"], exact) > 1e-4


def test_a_simulation_is_the_same_whatever_else_is_run():
    few, more = (table.simulate(coverage.estimates, "three causes", range(first, 6)) for first in (3, 0))
    assert all(np.array_equal(few[name], more[name][3:]) for name in few)


@pytest.mark.thorough
def test_an_interrupted_run_goes_on_where_it_was(tmp_path, capsys):
    chosen = list(coverage.SCENARIOS)[:2]
    first, whole = tmp_path / "first", tmp_path / "whole"
    for folder in (first, whole):
        folder.mkdir()
    run = ("worlds", "setting", chosen, coverage.estimates)
    with pytest.raises(ZeroDivisionError):
        table.compute(*run, lambda name, *each: coverage.row(name, *each) if name == chosen[0] else 1 / 0, 1, 60, first)
    assert [path.suffix for path in first.iterdir()] == [".csv"]
    assert not (first / "worlds.csv").exists()
    capsys.readouterr()
    found = table.compute(*run, coverage.row, 2, 60, first)
    assert capsys.readouterr().out == f"worlds: {chosen[1]}\n"
    assert found.equals(table.compute(*run, coverage.row, 1, 60, whole))
    assert [path.name for path in first.iterdir()] == ["worlds.csv"]
    assert set(found["code_hash"]) == {table.code_hash()}


@pytest.mark.parametrize(("width", "found"), [(1.0, "within"), (0.8, "below"), (1.5, "above")])
def test_an_interval_that_is_too_short_or_too_long_is_found(width, found):
    z = np.random.default_rng(1).standard_normal(2_000)
    row = counted(np.stack([z - 1.959964 * width, z + 1.959964 * width], axis=1), 0.0, APPROXIMATE, 66)
    assert row["verdict"] == found
    assert row["coverage"] == pytest.approx(
        {1.0: 0.95, 0.8: 0.8831, 1.5: 0.9967}[width], abs=0.02
    )  # 2 pnorm(1.96 x) - 1


def test_the_band_is_that_of_the_binomial_with_bonferronis_correction():
    # R: qbinom(.025, 2000, .95); 2000 - qbinom(.025, 2000, .05)
    assert band(2_000, APPROXIMATE, 1) == (1_880, 1_919)
    # R: qbinom(.05, 2000, .95)
    assert band(2_000, AT_LEAST, 1) == (1_884, 2_000)
    # R: qbinom(.05 / 66 / 2, 2000, .95); 2000 - qbinom(.05 / 66 / 2, 2000, .05)
    assert band(2_000, APPROXIMATE, 66) == (1_866, 1_931)


def test_a_limit_that_is_not_defined_does_not_cover():
    ends = [[0.0, 1.0], [0.6, 1.0], [0.0, 0.4], [np.nan, 1.0], [0.0, np.nan], [0.5, np.inf]]
    rows = [counted(np.array([each]), 0.5, APPROXIMATE, 1) for each in ends]
    seen = [name for row in rows for name in ("covered", "above", "below", "undefined") if row[name]]
    assert seen == ["covered", "above", "below", "undefined", "undefined", "covered"]


def test_truths_agree_with_numerical_integration_and_large_simulations():
    total, own = sum(coverage.HAZARDS.values()), coverage.HAZARDS["rearrest"]
    assert coverage.incidence() == pytest.approx(quad(lambda t: own * np.exp(-total * t), 0, 365)[0], rel=1e-9)
    # recorded by the day the mean is half a day longer than in continuous time, less half of those who have the event by then
    area = quad(coverage.falling().sf, 0, 365)[0]
    mean = coverage.MEAN
    assert mean == pytest.approx(area + coverage.falling().cdf(365) / 2, abs=0.02)
    rng = np.random.default_rng(1)
    time = np.ceil(coverage.falling(coverage.RATIO).ppf(rng.random(400_000)))
    assert (time > 365).mean() == pytest.approx(coverage.FREE_2, abs=0.004)
    assert np.minimum(time, 365).mean() == pytest.approx(coverage.MEAN_2, abs=1.0)
    life = an.life_table(coverage.draw(rng, 100_000, coverage.THREE))
    found = an.at(an.cumulative_incidence(life, "rearrest"), 365)
    assert abs(found["incidence"].iat[0] - coverage.incidence()) < 4.5 * found["se"].iat[0]


def test_people_of_one_group_resemble_each_other_and_each_alone_is_uniform():
    u = coverage.exchangeable(np.random.default_rng(1), 100_000, 2, 0.5).reshape(-1, 2)
    assert np.quantile(u, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)
    # Spearman's correlation of a Gaussian copula: 6 / pi asin(r / 2)
    assert np.corrcoef(u.T)[0, 1] == pytest.approx(6 / np.pi * np.arcsin(0.25), abs=0.01)
