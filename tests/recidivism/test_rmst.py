import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import rmst, rmst_difference


def test_area_by_hand():
    # survival 1 to day 2, 2/3 to day 5, 1/3 to day 6: 2 + 2 + 1/3
    life = life_table(pd.DataFrame({"days": [2, 5, 9], "event": [1, 1, 0]}))
    assert rmst(life, horizon=6)["rmst"].tolist() == pytest.approx([2 + 2 + 1 / 3])


def test_of_r(r_data):
    # summary(survfit(Surv(time, status) ~ sex, lung), rmean = 365)$table[, 5:6]
    life = life_table(r_data("lung"), by="sex", time="time", event="status")
    expected = [[241.495085192, 10.3582264911], [297.465409532, 10.7913239788]]
    np.testing.assert_allclose(rmst(life, horizon=365)[["rmst", "se"]], expected, rtol=1e-10)
    # the same for Surv(start, stop, event) ~ transplant, heart, rmean = 300
    life = life_table(r_data("heart"), by="transplant", time="stop", entry="start")
    expected = [[159.622339750, 21.1649572553], [150.998566825, 22.0317322014]]
    np.testing.assert_allclose(rmst(life, horizon=300)[["rmst", "se"]], expected, rtol=1e-10)


def test_weighted_errors_from_r_influence(r_data):
    lung = r_data("lung").assign(w=lambda f: f["age"] / 50)
    # f <- survfit(..., weights = age / 50, influence = TRUE): root of the sum of squared areas under influence.surv
    found = rmst(life_table(lung, time="time", event="status", weight="w"), horizon=365)
    np.testing.assert_allclose(found[["rmst", "se"]], [[260.93633912613, 8.09771025373]], rtol=1e-10)


def test_difference_and_ratio(r_data):
    life = life_table(r_data("lung"), by="sex", time="time", event="status")
    gap = rmst_difference(life, horizon=365).iloc[0]
    assert gap["estimate"] == pytest.approx(297.465409532 - 241.495085192)
    assert gap["se"] == pytest.approx(np.hypot(10.3582264911, 10.7913239788))
    ratio = rmst_difference(life, horizon=365, between="sex", ratio=True).iloc[0]
    assert ratio["estimate"] == pytest.approx(297.465409532 / 241.495085192)
    # the delta method on the log scale
    log_se = np.hypot(10.3582264911 / 241.495085192, 10.7913239788 / 297.465409532)
    assert np.log(ratio["upper"] / ratio["lower"]) == pytest.approx(2 * 1.959963985 * log_se)


def test_a_cluster_in_both_groups_counts_once(r_data):
    known = r_data("lung").dropna(subset="inst")
    life = life_table(known, by="sex", time="time", event="status", cluster="inst")
    # areas under influence.surv of each sex, summed by inst; root of the sum of squares of their difference
    found = rmst_difference(life, horizon=365).iloc[0]
    assert (found["estimate"], found["se"]) == pytest.approx((56.57383116179, 12.97503601630), rel=1e-10)
    assert rmst(life, horizon=365)["se"].tolist() == pytest.approx([9.90672687306, 8.99859483706], rel=1e-10)


def test_no_area_past_the_last_person(r_data):
    life = life_table(r_data("lung"), by="sex", time="time", event="status")
    found = rmst(life, horizon=1000)
    assert found["rmst"].isna().tolist() == [False, True]
    assert rmst_difference(life, horizon=1000)["estimate"].isna().all()


def test_clear_errors(r_data):
    life = life_table(r_data("lung"), by="sex", time="time", event="status")
    with pytest.raises(ValueError, match="horizon"):
        rmst(life, horizon=0)
    with pytest.raises(KeyError, match="between 'age'"):
        rmst_difference(life, horizon=10, between="age")
    with pytest.raises(ValueError, match="between which"):
        rmst_difference(life_table(r_data("lung"), time="time", event="status"), horizon=10)
