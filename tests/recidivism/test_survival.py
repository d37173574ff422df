import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier

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


def test_one_cause_is_one_minus_kaplan_meier(r_data):
    life = life_table(r_data("lung"), time="time", event="status")
    curve = kaplan_meier(life)
    both = cumulative_incidence(life)
    np.testing.assert_allclose(both["incidence"], 1 - curve["survival"], atol=1e-14)


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
