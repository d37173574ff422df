import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.life_table import life_table, strata_slices
from analysis.recidivism.survival import (
    area_under,
    at,
    cumulative_incidence,
    interval,
    kaplan_meier,
    log_rank,
    pseudo_values,
    quantile,
    quantile_of_level,
    rmst,
)

# disease, months, status of sksurv.datasets.load_bmt(): Scrucca, Santucci and Aversa (2007), Bone Marrow Transplantation 40: 381-387
BMT = """
    0,13,2 0,1,1 0,72,0 0,7,2 0,8,2 1,67,0 0,9,2 0,5,2 1,70,0 1,4,0 1,7,0 1,68,0 0,1,2 1,10,2 1,7,2 1,3,1 1,4,1 1,4,1
    1,3,1 1,3,1 0,22,2 1,8,1 1,2,2 0,0,2 0,0,1 0,35,0 1,35,0 0,4,2 0,14,2 0,26,2 0,3,2 1,2,0 1,8,0 1,32,0 0,12,1
"""


def columns(curve, times):
    name = "survival" if "survival" in curve else "incidence"
    return at(curve, times)[[name, "se", "lower", "upper"]].to_numpy()


# summary(survfit(Surv(time, status) ~ 1, lung, ...), times = c(100, 365, 700))
LUNG = {
    "log-log": [
        [0.863968967645, 0.0227102304342, 0.812222319754, 0.902310180515],
        [0.409241624460, 0.0358236381720, 0.338714269088, 0.478380767647],
        [0.142391505655, 0.0303413106484, 0.089373801688, 0.207370310114],
    ],
    "log": [
        [0.863968967645, 0.0227102304342, 0.8205848920813, 0.909646746190],
        [0.409241624460, 0.0358236381720, 0.3447215817958, 0.485837603547],
        [0.142391505655, 0.0303413106484, 0.0937792807208, 0.216202776635],
    ],
}


@pytest.mark.parametrize("ci", ["log-log", "log"])
def test_kaplan_meier_of_r(r_data, ci):
    life = life_table(r_data("lung"), time="time", event="status")
    np.testing.assert_allclose(columns(kaplan_meier(life, ci=ci), [100, 365, 700]), LUNG[ci], rtol=1e-9)


def test_plain_ninety_percent_of_r(r_data):
    # conf.type = "plain", conf.int = .9
    life = life_table(r_data("lung"), time="time", event="status")
    limits = columns(kaplan_meier(life, ci="plain", level=0.9), [100, 365, 700])[:, 2:]
    expected = [[0.8266139627467, 0.901323972544], [0.3503169832822, 0.468166265638], [0.0924844907883, 0.192298520521]]
    np.testing.assert_allclose(limits, expected, rtol=1e-9)


def test_weighted_and_clustered_errors_of_r(r_data):
    lung = r_data("lung").assign(w=lambda f: f["age"] / 50)
    # survfit(..., weights = age / 50, conf.type = "log")
    found = columns(kaplan_meier(life_table(lung, time="time", event="status", weight="w"), ci="log"), [100, 365, 700])
    expected = [
        [0.855593159895, 0.0240748861296, 0.809684806885, 0.904104472547],
        [0.402207444415, 0.0360166103627, 0.337463854775, 0.479372312188],
        [0.135178107434, 0.0294590797914, 0.088187251053, 0.207208190655],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    # survfit(..., cluster = inst, subset = !is.na(inst), conf.type = "log-log")
    known = lung[lung["inst"].notna()]
    found = columns(kaplan_meier(life_table(known, time="time", event="status", cluster="inst")), [100, 365, 700])
    expected = [
        [0.863369376585, 0.0214270706223, 0.814993538142, 0.899871575652],
        [0.412183921368, 0.0300163188181, 0.353048179621, 0.470266473795],
        [0.143415248260, 0.0229854005820, 0.101980845720, 0.191671236239],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_left_truncation_of_r(r_data):
    heart = r_data("heart").assign(w=lambda f: 1 + f["id"] % 3)
    # survfit(Surv(start, stop, event) ~ 1, heart, conf.type = "log-log")
    found = columns(kaplan_meier(life_table(heart, time="stop", entry="start")), [10, 100, 1000])
    expected = [
        [0.873786407767, 0.0327217930658, 0.792587461050, 0.924678235379],
        [0.494008259840, 0.0499462573155, 0.392976095517, 0.587164921777],
        [0.205081358438, 0.0493895460925, 0.118337728972, 0.308463173723],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    # the same with weights = 1 + id %% 3, cluster = id
    life = life_table(heart, time="stop", entry="start", weight="w", cluster="id")
    expected = [
        [0.898058252427, 0.0297779012210, 0.821367253549, 0.942944829019],
        [0.484137375997, 0.0538788193676, 0.375366851636, 0.584495869207],
        [0.210673902265, 0.0543244366030, 0.115963323084, 0.324375352521],
    ]
    np.testing.assert_allclose(columns(kaplan_meier(life), [10, 100, 1000]), expected, rtol=1e-9)


MGUS = {
    # summary(survfit(Surv(time, factor(event)) ~ 1, mgus2), times = c(60, 120, 240))$pstate, $std.err, $lower, $upper
    ("pcm", "log"): [
        [0.0341037129743, 0.00488925790767, 0.0257495519743, 0.0451682902988],
        [0.0637221680131, 0.00679684842396, 0.0517009060759, 0.0785385596594],
        [0.0998137159355, 0.00978484679339, 0.0823656279744, 0.1209579545966],
    ],
    ("death", "log"): [
        [0.320367010268, 0.0125673715476, 0.296658513169, 0.345970254389],
        [0.531817704080, 0.0140596451620, 0.504963057458, 0.560100518634],
        [0.724027976143, 0.0156063450678, 0.694077218431, 0.755271166258],
    ],
    ("pcm", "log-log"): [
        [0.0341037129743, 0.00488925790767, 0.0254419907443, 0.0446577215453],
        [0.0637221680131, 0.00679684842396, 0.0512816760849, 0.0779330245960],
        [0.0998137159355, 0.00978484679339, 0.0816899507074, 0.1200191317174],
    ],
    ("pcm", "plain"): [
        [0.0341037129743, 0.00488925790767, 0.0245209435642, 0.0436864823845],
        [0.0637221680131, 0.00679684842396, 0.0504005898938, 0.0770437461325],
        [0.0998137159355, 0.00978484679339, 0.0806357686262, 0.1189916632448],
    ],
}


@pytest.mark.parametrize(("cause", "ci"), MGUS)
def test_aalen_johansen_of_r(r_data, cause, ci):
    life = life_table(r_data("mgus2"), time="time")
    np.testing.assert_allclose(
        columns(cumulative_incidence(life, cause, ci), [60, 120, 240]), MGUS[cause, ci], rtol=1e-9
    )


def test_aalen_johansen_with_weights_entry_and_clusters(r_data):
    mgus = r_data("mgus2").assign(w=lambda f: f["age"] / 50, late=lambda f: np.minimum(f["age"] % 13, f["time"] - 0.5))
    # survfit(Surv(time, ev) ~ 1, mgus2, weights = age / 50)
    found = columns(cumulative_incidence(life_table(mgus, time="time", weight="w"), "pcm"), [60, 120, 240])
    expected = [
        [0.0353307531021, 0.00509671749168, 0.0266293702466, 0.0468753899624],
        [0.0639450112247, 0.00685717185466, 0.0518236133029, 0.0789015701515],
        [0.0960941963004, 0.00948444114230, 0.0791925017479, 0.1166031424542],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    # survfit(Surv(late, time, ev) ~ 1, mgus2, id = 1:nrow(mgus2))
    found = columns(cumulative_incidence(life_table(mgus, time="time", entry="late"), "pcm"), [60, 120, 240])
    expected = [
        [0.0293100842746, 0.00579060590378, 0.0198998875330, 0.0431701454975],
        [0.0469859459323, 0.00669013906079, 0.0355442066306, 0.0621108001678],
        [0.0685248549421, 0.00833671983830, 0.0539872392145, 0.0869771415088],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    # survfit ignores cluster= here; f <- survfit(..., weights = w, influence = TRUE)
    # sqrt(sum(rowsum(w * f$influence.pstate[, match(t, f$time), 2], age)^2)) at t = 54 and 108
    life = life_table(mgus, time="time", weight="w", cluster="age")
    found = at(cumulative_incidence(life, "pcm"), [54, 108])["se"]
    np.testing.assert_allclose(found, [0.004464886081, 0.005398317949], rtol=1e-9)


def test_north_carolina(recid):
    found = 1 - at(kaplan_meier(life_table(recid), "return_to_prison"), [6, 12, 24, 36, 60, 70, 81])["survival"]
    np.testing.assert_allclose(found, [0.058131, 0.126644, 0.233910, 0.295502, 0.362630, 0.377855, 0.384616], atol=5e-7)


def test_bone_marrow_transplants():
    rows = [map(int, row.split(",")) for row in BMT.split()]
    bmt = pd.DataFrame(rows, columns=["disease", "days", "status"])
    life = life_table(bmt.assign(event=bmt["status"].map({1: "1", 2: "2"})))
    # events at time 0 count, at risk from the start
    assert life.iloc[0][["at_risk", "1", "2"]].tolist() == [35, 1, 1]
    for cause, expected in (("1", [0.2049261, 0.2728390]), ("2", [0.1757917, 0.3407601])):
        found = at(cumulative_incidence(life, cause), [6, 12])["incidence"]
        np.testing.assert_allclose(found, expected, atol=5e-8)


def test_edges():
    censored = life_table(pd.DataFrame({"days": [1, 2, 2], "event": [None] * 3}).astype({"event": "str"}))
    with pytest.raises(ValueError, match="say which cause"):
        kaplan_meier(censored)
    with_cause = pd.DataFrame({"days": [1, 2], "event": pd.Categorical([None, None], categories=["rearrest"])})
    curve = kaplan_meier(life_table(with_cause))
    assert curve["survival"].tolist() == [1, 1]
    assert curve["se"].tolist() == [0, 0]
    assert curve[["lower", "upper"]].isna().all(axis=None)
    everyone = kaplan_meier(life_table(pd.DataFrame({"days": [1, 1], "event": [1, 1]})))
    # R: survival 0, standard error NaN, interval NA
    assert everyone["survival"].tolist() == [0]
    assert everyone[["se", "lower", "upper"]].isna().all(axis=None)
    assert len(kaplan_meier(life_table(with_cause.iloc[:0]), "rearrest")) == 0


def test_unknown_cause_names_the_nearest(r_data):
    life = life_table(r_data("mgus2"), time="time")
    with pytest.raises(KeyError, match="did you mean 'death'"):
        kaplan_meier(life, "deaths")
    with pytest.raises(ValueError, match="ci must be one of"):
        kaplan_meier(life, "death", ci="loglog")


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


def test_where_a_transformation_is_undefined_so_is_the_interval():
    # survival:::survfit_confint(c(0, 1), c(0, 0), logse = FALSE, conf.type, .95)
    ends = np.array([0.0, 1.0])
    for ci, lower in (("log-log", [np.nan, np.nan]), ("log", [np.nan, 1]), ("plain", [0, 1])):
        found = interval(ends, np.zeros(2), ci, 0.95)
        np.testing.assert_array_equal(found[0], lower)
        np.testing.assert_array_equal(found[1], lower)


def test_limits_stay_between_zero_and_one():
    p = np.linspace(0.01, 0.99, 50)
    for ci in ("log-log", "log", "plain"):
        lower, upper = interval(p, np.full(50, 0.3), ci, 0.95)
        assert ((lower >= 0) & (lower <= p) & (p <= upper) & (upper <= 1)).all()
    assert interval(np.array([3.0]), np.array([1.0]), "log", 0.95, ceiling=np.inf)[1][0] > 3


def test_levels():
    assert quantile_of_level(0.95) == pytest.approx(1.959963984540054)
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_of_level(95)


def test_area_by_hand():
    # survival 1 to day 2, 2/3 to day 5, 1/3 to day 6: 2 + 2 + 1/3
    life = life_table(pd.DataFrame({"days": [2, 5, 9], "event": [1, 1, 0]}))
    assert rmst(life, horizon=6)["rmst"].tolist() == pytest.approx([2 + 2 + 1 / 3])


def test_restricted_means_of_r(r_data):
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


def test_a_cluster_in_both_groups_counts_once(r_data):
    known = r_data("lung").dropna(subset="inst")
    life = life_table(known, by="sex", time="time", event="status", cluster="inst")
    # areas under influence.surv of each sex, summed by inst; root of the sum of squares of their difference
    (first, _, one), (second, _, other) = (
        area_under(life, "event", 365, *each) for each in strata_slices(life, ["sex"])
    )
    assert (second - first, np.linalg.norm(other - one)) == pytest.approx((56.57383116179, 12.97503601630), rel=1e-10)
    assert rmst(life, horizon=365)["se"].tolist() == pytest.approx([9.90672687306, 8.99859483706], rel=1e-10)


def test_no_area_past_the_last_person(r_data):
    life = life_table(r_data("lung"), by="sex", time="time", event="status")
    found = rmst(life, horizon=1000)
    assert found["rmst"].isna().tolist() == [False, True]


def test_clear_errors_of_means(r_data):
    life = life_table(r_data("lung"), by="sex", time="time", event="status")
    with pytest.raises(ValueError, match="horizon"):
        rmst(life, horizon=0)


def test_log_rank_of_r(r_data):
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


def test_clear_errors_of_the_test(r_data):
    with pytest.raises(ValueError, match="two or more groups"):
        log_rank(life_table(r_data("lung"), time="time", event="status"))
    with pytest.raises(ValueError, match="use cox"):
        log_rank(life_table(r_data("lung"), by="sex", time="time", event="status", weight="age"))


def test_a_cause_that_nobody_has_is_a_curve_of_zero():
    # a place without events: the cohort says which events it follows, though its column is text
    frame = pd.DataFrame({"days": [3, 5, 9], "event": ["died", None, None]})
    frame.attrs = {"event": "rearrest", "competing": ["died", "removed"]}
    life = life_table(frame)
    assert list(life.columns) == ["time", "at_risk", "censored", "died", "rearrest", "removed"]
    assert kaplan_meier(life, "rearrest")["survival"].tolist() == [1, 1, 1]
    assert cumulative_incidence(life, "removed")[["incidence", "se"]].to_numpy().tolist() == [[0, 0]] * 3
    assert rmst(life, "rearrest", horizon=6)["rmst"].tolist() == [6]
    with pytest.raises(KeyError, match="did you mean 'rearrest'"):
        kaplan_meier(life, "rearest")


def test_the_mean_is_known_once_the_curve_has_reached_zero():
    # print(survfit(Surv(c(1, 2, 3), c(1, 1, 1)) ~ 1), rmean = 10): 2 and 0.471 (survival 3.5-3)
    life = life_table(pd.DataFrame({"days": [1, 2, 3], "event": [1, 1, 1]}))
    found = rmst(life, horizon=10).iloc[0]
    assert (found["rmst"], found["se"]) == pytest.approx((2, (2 / 9) ** 0.5))
    assert rmst(life_table(pd.DataFrame({"days": [1, 2, 3], "event": [1, 1, 0]})), horizon=10)["rmst"].isna().all()


def test_a_flat_stretch_of_r_with_two_causes():
    # quantile(survfit(...), .25) of the same eight people in R: 4.5
    event = [None, None, None, None, "a", None, "b", None]
    life = life_table(pd.DataFrame({"days": [0, 1, 2, 2, 3, 4, 4, 6], "event": event}))
    assert quantile(kaplan_meier(life, "a"), 0.25)["time"].tolist() == [4.5]


def competing(n, seed=3, late=False):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"days": rng.integers(1, 40, n), "event": rng.choice(["a", "b", None], n)})
    return frame.assign(entry=np.where(rng.random(n) < 0.4, frame["days"] - 1.0, np.nan) if late else np.nan)


def aalen_johansen(frame, weight, horizon):
    """By hand, from the definition: the sum over event times of S(t-) d / n."""
    days, event, share, free = frame["days"].to_numpy(), frame["event"].to_numpy(), 0.0, 1.0
    entry = frame["entry"].fillna(-1).to_numpy()
    for t in np.unique(days[days <= horizon]):
        n = weight[(entry < t) & (days >= t)].sum()
        d = [weight[(days == t) & (event == cause)].sum() for cause in ("a", "b")]
        share += free * d[0] / n
        free *= 1 - sum(d) / n
    return share


@pytest.mark.parametrize("late", [False, True])
def test_pseudo_values_are_the_influence_and_nearly_leave_one_out(late):
    frame = competing(200, late=late)
    found = pseudo_values(frame, "a", horizon=20).to_numpy()
    one, people = np.ones(len(frame)), len(frame)
    whole = aalen_johansen(frame, one, 20)
    assert found.mean() == pytest.approx(whole)
    slopes, jackknife = np.empty(people), np.empty(people)
    for i in range(people):
        step = 1e-6 * (np.arange(people) == i)
        up, down = aalen_johansen(frame, one + step, 20), aalen_johansen(frame, one - step, 20)
        slopes[i] = (up - down) / 2e-6
        jackknife[i] = people * whole - (people - 1) * aalen_johansen(frame, one - step * 1e6, 20)
    np.testing.assert_allclose(found, whole + people * slopes, atol=1e-6)
    np.testing.assert_allclose(found, jackknife, atol=4 / people if not late else 0.1)


def test_pseudo_values_without_censoring_are_what_happened():
    frame = pd.DataFrame({"days": [2, 3, 5, 9], "event": ["a", "b", None, "a"]}, index=list("wxyz"))
    found = pseudo_values(frame, "a", horizon=4)
    assert found.index.tolist() == list("wxyz")
    np.testing.assert_allclose(found, [1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(pseudo_values(frame, "a", horizon=1), 0, atol=1e-12)
    with pytest.raises(ValueError, match="nobody was followed to 10"):
        pseudo_values(frame.assign(event=["a", None, "a", None]), "a", horizon=10)


def test_pseudo_values_of_counts_are_those_of_the_rows_counted():
    frame = competing(60, late=True).assign(n=lambda f: 1 + f["days"] % 3)
    repeated = frame.loc[frame.index.repeat(frame["n"])]
    rows = pseudo_values(repeated, "a", horizon=15).groupby(level=0).first()
    np.testing.assert_allclose(pseudo_values(frame, "a", horizon=15, count="n"), rows, atol=1e-12)
