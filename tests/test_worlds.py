"""The coverage of every interval: the table that is stored, and whether today's code still gives it."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtri
from scipy.stats import binom

from analysis.worlds import bands, counts, curves, draws, table
from analysis.worlds.trial import AT_LEAST, SHOWN, Interval, Setting, limits, not_rejected, outcomes

KEY = ["estimator", "setting"]


@pytest.fixture(scope="module")
def stored():
    return table.stored()


def test_each_interval_that_claims_its_level_reaches_it(stored):
    held = stored[stored["claim"] != SHOWN]
    assert len(held) == table.CLAIMS
    assert held.loc[held["verdict"] != "within", [*KEY, "coverage", "verdict"]].values.tolist() == []
    assert (stored["worlds"] >= 2_000).all()
    assert (stored[["covered", "above", "below", "undefined"]].sum(axis=1) == stored["worlds"]).all()


def test_todays_code_gives_the_first_of_the_stored_worlds_again(stored):
    # that the source has another hash is no failure: most changes of a source change no limit, and this one tells
    found = table.coverage({each.name: limits(each, 0, table.PREFIX) for each in table.SETTINGS})
    assert found[KEY].values.tolist() == stored[KEY].values.tolist()
    assert (found["covered_first"] == stored["covered_first"]).all()
    for name in ("truth", "lower_first", "upper_first"):
        assert found[name].to_numpy() == pytest.approx(stored[name].to_numpy(), rel=1e-5, nan_ok=True), name
    same = ["people", "censoring", "ties", "claim", "level", "seed"]
    assert found[same].astype(str).equals(stored[same].astype(str))


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


def test_a_world_is_the_same_whatever_else_is_run():
    setting = next(each for each in table.SETTINGS if each.name == "three causes")
    assert np.array_equal(limits(setting, 3, 6), limits(setting, 0, 6)[:, 3:])


def test_processes_change_nothing():
    chosen = [table.SETTINGS[0], table.SETTINGS[4]]
    alone, said = table.run(40, workers=1, settings=chosen), []
    assert table.run(40, workers=2, settings=chosen, say=said.append).equals(alone)
    assert said == [f"1 of 2: {chosen[0].name}", f"2 of 2: {chosen[1].name}"]


@pytest.mark.parametrize(("shift", "found"), [((-1, 1), "within"), ((-0.8, 0.8), "below"), ((-1.5, 1.5), "above")])
def test_an_interval_that_is_too_short_or_too_long_is_found(shift, found):
    half = 1.959964

    def draw(rng):
        return float(ndtri(rng.random()))

    def off(z):
        return z + shift[0] * half, z + shift[1] * half

    setting = Setting("normal", 1, "none", "none", draw, (Interval("z", 0.0, off),))
    [row] = table.coverage({"normal": limits(setting, 0, 2_000)}, [setting]).itertuples()
    assert row.verdict == found
    assert row.coverage == pytest.approx({1: 0.95, 0.8: 0.8831, 1.5: 0.9967}[shift[1]], abs=0.02)  # 2 pnorm(1.96 x) - 1


def test_the_band_is_that_of_the_binomial_with_bonferronis_correction():
    # R: qbinom(.025, 2000, .95); 2000 - qbinom(.025, 2000, .05)
    assert bands.band(2_000, 0.95, "approximate", 1) == (1_880, 1_919)
    # R: qbinom(.05, 2000, .95)
    assert bands.band(2_000, 0.95, AT_LEAST, 1) == (1_884, 2_000)
    # R: qbinom(.05 / 66 / 2, 2000, .95); 2000 - qbinom(.05 / 66 / 2, 2000, .05)
    assert bands.band(2_000, 0.95, "approximate", 66) == (1_866, 1_931)
    assert [bands.verdict(k, (10, 20)) for k in (9, 10, 20, 21)] == ["below", "within", "within", "above"]


def test_a_limit_that_is_not_defined_does_not_cover():
    seen = outcomes(np.array([[0.0, 1.0], [0.6, 1.0], [0.0, 0.4], [np.nan, 1.0], [0.0, np.nan], [0.5, np.inf]]), 0.5)
    assert seen.tolist() == [0, 1, 2, 3, 3, 0]
    assert [outcomes(np.array([not_rejected(p)]), 0.05)[0] for p in (0.04, 0.06)] == [2, 0]


def test_truths_agree_with_numerical_integration_and_large_worlds():
    total, own = sum(curves.HAZARDS.values()), curves.HAZARDS["rearrest"]
    assert curves.incidence(365) == pytest.approx(quad(lambda t: own * np.exp(-total * t), 0, 365)[0], rel=1e-9)
    # recorded by the day the mean is half a day longer than in continuous time, less half of those who have the event by then
    area = quad(lambda t: float(draws.weibull_survival(t)), 0, 365)[0]
    assert curves.restricted_mean() == pytest.approx(area + (1 - float(draws.weibull_survival(365))) / 2, abs=0.02)
    rng = np.random.default_rng(1)
    time = draws.whole(draws.weibull(rng.random(400_000), 1.6))
    assert (time > 365).mean() == pytest.approx(float(draws.weibull_survival(365, 1.6)), abs=0.004)
    assert np.minimum(time, 365).mean() == pytest.approx(curves.restricted_mean(1.6), abs=1.0)
    frame = curves.competing(rng, 400_000)
    assert set(frame["event"].cat.categories) == set(curves.HAZARDS)


def test_people_of_one_group_resemble_each_other_and_each_alone_is_uniform():
    u = draws.exchangeable(np.random.default_rng(1), 100_000, 2, 0.5).reshape(-1, 2)
    assert np.quantile(u, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)
    # Spearman's correlation of a Gaussian copula: 6 / pi asin(r / 2)
    assert np.corrcoef(u.T)[0, 1] == pytest.approx(6 / np.pi * np.arcsin(0.25), abs=0.01)
    frailty = draws.gamma_mean_one(np.random.default_rng(1).random(200_000), 2.0)
    assert (frailty.mean(), frailty.var()) == pytest.approx((1, 2), rel=0.03)


def test_the_stored_table_says_whether_the_source_changed(tmp_path, stored):
    chosen = [counts.SETTINGS[0]]
    table.store(table.run(20, workers=1, settings=chosen), tmp_path / "worlds.csv")
    assert table.stored(tmp_path).attrs["current"] is True
    text = (tmp_path / "worlds.csv").read_text(encoding="utf-8").replace(table.code_hash(), "another")
    (tmp_path / "worlds.csv").write_text(text, encoding="utf-8")
    assert table.stored(tmp_path).attrs["current"] is False
    assert isinstance(stored.attrs["current"], bool)
