import numpy as np
import pytest

from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import log_rank


def test_of_r(r_data):
    lung = r_data("lung").dropna(subset=["ecog", "inst"])
    # survdiff(Surv(time, status) ~ sex, lung)$chisq
    found = log_rank(life_table(r_data("lung"), by="sex", time="time", event="status"))
    assert found.statistic == pytest.approx(10.3267419549, rel=1e-10)
    assert (found.df, round(found.p_value, 6)) == (1, 0.001311)
    # survdiff(Surv(time, status) ~ ph.ecog, lung): $chisq and $exp
    found = log_rank(life_table(r_data("lung").dropna(subset="ecog"), by="ecog", time="time", event="status"))
    assert found.statistic == pytest.approx(21.9621316825, rel=1e-10)
    np.testing.assert_allclose(
        found.table["expected"], [54.1526970189, 83.5275645751, 26.1473530653, 0.1723853407], rtol=1e-8
    )
    # survdiff(Surv(time, status) ~ ph.ecog + strata(inst), lung)$chisq
    life = life_table(lung, by=["inst", "ecog"], time="time", event="status")
    assert log_rank(life, strata="inst").statistic == pytest.approx(26.6198412145, rel=1e-10)


def test_delayed_entry_is_the_exact_score_test(r_data):
    # coxph(Surv(start, stop, event) ~ transplant, heart, init = 0, iter = 0, ties = "exact")$score
    life = life_table(r_data("heart"), by="transplant", time="stop", entry="start")
    assert log_rank(life).statistic == pytest.approx(0.175085839672, rel=1e-10)


def test_observed_and_expected_add_up(r_data):
    life = life_table(r_data("mgus2"), by="sex", time="time")
    found = log_rank(life, "death")
    assert found.table["observed"].sum() == pytest.approx(found.table["expected"].sum())
    assert found.table["n"].sum() == len(r_data("mgus2"))


def test_clear_errors(r_data):
    with pytest.raises(ValueError, match="two or more groups"):
        log_rank(life_table(r_data("lung"), time="time", event="status"))
    with pytest.raises(ValueError, match="use cox"):
        log_rank(life_table(r_data("lung"), by="sex", time="time", event="status", weight="age"))
