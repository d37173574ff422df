import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier, quantile


def test_at_carries_nothing_past_the_last_person(r_data):
    curve = kaplan_meier(life_table(r_data("lung"), by="sex", time="time", event="status"))
    read = at(curve, [0, 990, 2000])
    assert read["beyond_follow_up"].tolist() == [False, False, True, False, True, True]
    assert read.loc[read["beyond_follow_up"], ["survival", "se", "lower", "upper"]].isna().all(axis=None)
    assert read.loc[read["beyond_follow_up"], "at_risk"].eq(0).all()
    assert read.loc[[0, 3], "survival"].tolist() == [1, 1]
    assert read.loc[[0, 3], "at_risk"].tolist() == [138, 90]
    with pytest.raises(ValueError, match="0 or more"):
        at(curve, [-1])


def test_at_counts_people_who_enter_between_steps():
    frame = pd.DataFrame({"days": [10, 10, 10], "entry": [np.nan, 4, 8], "event": [1, 0, 0]})
    assert at(kaplan_meier(life_table(frame)), [3, 5, 9])["at_risk"].tolist() == [1, 2, 3]


def test_quantiles_of_r(r_data):
    # quantile(survfit(Surv(time, status) ~ sex, lung, conf.type = "log-log"), c(.25, .5))
    curve = kaplan_meier(life_table(r_data("lung"), by="sex", time="time", event="status"))
    found = quantile(curve, [0.25, 0.5])[["time", "lower", "upper"]].to_numpy().tolist()
    assert found == [[144, 105, 176], [270, 210, 306], [226, 167, 310], [426, 345, 524]]


def test_a_flat_stretch_at_the_quantile_gives_its_middle():
    # quantile(survfit(Surv(c(1, 2, 3, 4), c(1, 1, 1, 1)) ~ 1), .5): 2.5
    curve = kaplan_meier(life_table(pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 1, 1, 1]})))
    assert quantile(curve, 0.5)["time"].tolist() == [2.5]
    assert quantile(curve, 0.6)["time"].tolist() == [3]
    half = kaplan_meier(life_table(pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 0, 0, 0]})))
    assert quantile(half, 0.9)["time"].isna().all()


def test_a_flat_stretch_to_the_end_of_follow_up_gives_its_middle_as_far_as_it_is_seen():
    # quantile(survfit(Surv(1:6, c(1, 1, 1, 0, 0, 0)) ~ 1), c(0, .25, .5, .6)): 0, 2, 4.5, NA (survival 3.5-3)
    curve = kaplan_meier(life_table(pd.DataFrame({"days": range(1, 7), "event": [1, 1, 1, 0, 0, 0]})))
    found = quantile(curve, [0, 0.25, 0.5, 0.6])["time"].tolist()
    assert found[:3] == [0, 2, 4.5]
    assert np.isnan(found[3])
    # quantile(survfit(Surv(c(1, 2, 2), c(1, 0, 0)) ~ 1), 1 / 3): 1.5
    assert quantile(kaplan_meier(life_table(pd.DataFrame({"days": [1, 2, 2], "event": [1, 0, 0]}))), 1 / 3)[
        "time"
    ].tolist() == [1.5]


def test_quantiles_of_an_incidence_read_its_own_limits(r_data):
    curve = cumulative_incidence(life_table(r_data("mgus2"), time="time"), "death")
    found = quantile(curve, 0.5).iloc[0]
    before, after = (at(curve, [found["time"] - 1, found["time"]])["incidence"]).tolist()
    assert before < 0.5 <= after
    # the upper limit reaches a half first
    assert found["lower"] <= found["time"] <= found["upper"]
    assert at(curve, found["lower"])["upper"].iloc[0] >= 0.5


def test_only_curves_are_read():
    with pytest.raises(ValueError, match="expected a curve"):
        at(pd.DataFrame({"time": [1], "x": [2]}), 1)
    with pytest.raises(ValueError, match="q must lie"):
        quantile(kaplan_meier(life_table(pd.DataFrame({"days": [1], "event": [1]}))), 2)
