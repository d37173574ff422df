import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.cox import cox

# Each: data set, rows kept, arguments, and what coxph gave: rows of coefficients and standard errors (robust first where
# there are two), log-likelihoods, and the chi-squares of cox.zph (the last one global).
FITS = {
    # coxph(Surv(time, status) ~ age + sex + ph.karno, lung)
    "efron": (
        "lung", [], {"formula": "age + sex + karno", "time": "time", "event": "status"},
        [[0.0123754041674, -0.49717029016, -0.0133218370752], [0.0094046102388, 0.16771274726, 0.0058800597217]],
        [-744.485468303, -735.078353300], [0.4782359005, 3.0852972327, 8.0172085941, 10.3589845408],
    ),
    # coxph(Surv(time, status) ~ age + sex, lung, ties = "breslow")
    "breslow": (
        "lung", [], {"formula": "age + sex", "time": "time", "event": "status", "ties": "breslow"},
        [[0.0170128891984, -0.51256479152], [0.0092219536849, 0.16746206314]],
        [-750.122018895, -743.079654198], [0.2079566899, 2.5994526889, 2.7609907724],
    ),
    # coxph(Surv(time, status) ~ age + sex, lung, weights = ph.karno / 50)
    "weights": (
        "lung", ["karno"], {"formula": "age + sex", "time": "time", "event": "status", "weight": "w"},
        [[0.0193760384196, -0.53157293929], [0.0094134859378, 0.16401580519], [0.0073601763655, 0.13274487329]],
        [-1327.04236603, -1314.24061386], [0.09200020719, 3.55875851042, 3.62186253289],
    ),
    # coxph(Surv(time, status) ~ age + sex + strata(ph.ecog), lung, robust = TRUE)
    "strata": (
        "lung", ["ecog"], {"formula": "age + sex", "time": "time", "event": "status", "strata": "ecog", "robust": True},
        [[0.0107721611223, -0.55351692580], [0.0099649455267, 0.16453181926], [0.0092538036605, 0.17087281318]],
        [-566.906517585, -560.674008643], [0.01616363242, 2.29994859259, 2.31430220298],
    ),
    # coxph(Surv(time, status) ~ age + sex, lung, weights = ph.karno / 50, cluster = inst, ties = "breslow")
    "weights, clusters, breslow": (
        "lung", ["karno", "inst"],
        {"formula": "age + sex", "time": "time", "event": "status", "weight": "w", "cluster": "inst", "ties": "breslow"},
        [[0.0193153387949, -0.52917748835], [0.0075366881916, 0.13863534992], [0.0073655189684, 0.13289524048]],
        [-1319.54833754, -1306.91076751], [0.1283774224, 3.7099291621, 3.8039456497],
    ),
    # coxph(Surv(start, stop, event) ~ (age + surgery) * transplant, heart, cluster = id)
    "time-dependent": (
        "heart", [], {"formula": "(age + surgery) * transplant", "time": "stop", "entry": "start", "cluster": "id"},
        [[0.013909138479, -0.54654021103, 0.11950386571, 0.034614293509, -0.29295093119],
         [0.017022577207, 0.64714065690, 0.32972485227, 0.028074837086, 0.75722824072],
         [0.018117861295, 0.61091152430, 0.32773535414, 0.027246077583, 0.75816837898]],
        [-298.121355673, -291.883571495],
        [0.14518442907, 0.76272087979, 0.01268927701, 2.29724375858, 3.01744279614, 7.72527652787],
    ),
    # coxph(Surv(start, stop, event) ~ age + year, heart, weights = 1 + id %% 3, cluster = id)
    "entry, weights, clusters": (
        "heart", [], {"formula": "age + year", "time": "stop", "entry": "start", "weight": "w", "cluster": "id"},
        [[0.0181540583867, -0.174751507364], [0.0151007602297, 0.076936157847], [0.0093477500213, 0.050037459422]],
        [-696.446929771, -687.484271888], [7.488486685, 3.402117364, 12.229374923],
    ),
    # coxph(Surv(start, stop, event) ~ rx + number + size + strata(enum), bladder2, cluster = id)
    "recurrent": (
        "bladder2", [],
        {"formula": "rx + number + size", "time": "stop", "entry": "start", "strata": "enum", "cluster": "id"},
        [[-0.33348872643, 0.119617237978, -0.0084946661066], [0.20478677194, 0.051386749761, 0.0616352080428],
         [0.21616791540, 0.053337810763, 0.0727622577568]],
        [-319.245635916, -315.990824872], [0.1996160784, 0.1203484626, 0.2812569511, 0.7945567014],
    ),
    # coxph(Surv(time, event == "pcm") ~ age + sex, mgus2)
    "cause-specific": (
        "mgus2", [], {"formula": "age + sex", "time": "time", "cause": "pcm"},
        [[0.0130385698250, -0.025137789294], [0.0082586859117, 0.188455848193]],
        [-721.935881295, -720.595073106], [3.6839151074, 0.1714736125, 3.8084389905],
    ),
    # coxph(Surv(futime, fustat) ~ age + rx, ovarian)
    "ovarian": (
        "ovarian", [], {"formula": "age + rx", "time": "futime", "event": "fustat"},
        [[0.147326595469, -0.80397301267], [0.046147047741, 0.63204937188]],
        [-34.9849403712, -27.0418988630], [0.2242656422, 0.7796068799, 0.9186699285],
    ),
}  # fmt: skip


def prepared(frame, known):
    frame = frame.dropna(subset=known)
    if "karno" in frame and "inst" in frame:
        return frame.assign(w=frame["karno"] / 50)
    return frame.assign(w=1 + frame["id"] % 3) if "id" in frame else frame


@pytest.mark.parametrize("name", FITS)
def test_of_r(r_data, name):
    data, known, options, numbers, logs, zph = FITS[name]
    fit = cox(prepared(r_data(data), known), **options)
    table = fit.table
    np.testing.assert_allclose(table["coef"], numbers[0], rtol=1e-7)
    np.testing.assert_allclose(table["se"], numbers[1], rtol=1e-7)
    np.testing.assert_allclose(table["naive_se"], numbers[-1], rtol=1e-7)
    np.testing.assert_allclose([fit.log_likelihood_null, fit.log_likelihood], logs, rtol=1e-11)
    np.testing.assert_allclose(fit.zph()["chi_square"], zph, rtol=1e-7)
    np.testing.assert_allclose(table["hazard_ratio"], np.exp(table["coef"]))
    np.testing.assert_allclose(table["upper"] - table["lower"], 2 * 1.959963984540054 * table["se"])


def test_factors_of_zph(r_data):
    veteran = r_data("veteran")
    veteran["celltype"] = pd.Categorical(veteran["celltype"], ["squamous", "smallcell", "adeno", "large", "unseen"])
    # coxph(Surv(time, status) ~ trt + celltype + karno, veteran)
    fit = cox(veteran, "trt + celltype + karno", time="time", event="status")
    levels = [f"celltype[T.{name}]" for name in ("smallcell", "adeno", "large")]
    assert fit.table["term"].tolist() == ["trt", *levels, "karno"]
    table = fit.zph().set_index("term")
    assert table["df"].tolist() == [1, 3, 1, 5]
    # cox.zph(...)
    chi_square = table.loc[["trt", "karno", "GLOBAL"], "chi_square"]
    np.testing.assert_allclose(chi_square, [0.2063074121, 12.8133255911, 22.8596852750], rtol=1e-6)


def test_north_carolina(recid):
    formula = "workprg + priors + tserved + felon + alcohol + drugs + black + married + educ + age"
    fit = cox(recid, formula)
    table = fit.table.set_index("term")
    assert table.loc["priors", ["coef", "se"]].round(6).tolist() == [0.088017, 0.013463]
    assert table.loc["black", ["coef", "se"]].round(6).tolist() == [0.435065, 0.088376]
    assert round(fit.log_likelihood, 6) == -3813.078535
    assert (fit.n, fit.events, fit.dropped) == (1445, 552, 0)


def test_counting_first_changes_nothing(r_data):
    lung = r_data("lung").assign(old=lambda f: f["age"] > 60, w=lambda f: 1 + f["age"] % 5 / 4)
    formula = "C(old) + C(sex)"
    for options in ({}, {"ties": "breslow"}, {"robust": True}, {"weight": "w"}, {"strata": "sex", "formula": "C(old)"}):
        options = {"formula": formula, "time": "time", "event": "status"} | options
        grouped = cox(lung, **options)
        # a spline-like term keeps every row apart
        rows = cox(lung, **{**options, "formula": options["formula"].replace("C(old)", "I(old * 1.0)")})
        np.testing.assert_allclose(
            grouped.table.drop(columns="term").to_numpy(), rows.table.drop(columns="term").to_numpy(), rtol=1e-7
        )
        assert grouped.log_likelihood == pytest.approx(rows.log_likelihood, rel=1e-12)


def test_an_engine_gives_the_same_fit(r_data):
    lung = r_data("lung").assign(sex=lambda f: f["sex"].map({1: "male", 2: "female"}))
    here = cox(lung, "age + sex", time="time", event="status")
    there = cox(ibis.memtable(lung), "age + sex", time="time", event="status")
    np.testing.assert_allclose(here.table["coef"], there.table["coef"], rtol=1e-10)
    assert (here.n, here.events) == (there.n, there.events)


def test_missing_covariates_are_counted(r_data):
    assert cox(r_data("lung"), "age + karno", time="time", event="status").dropped == 1


def test_the_place_of_a_covariate_does_not_matter(r_data):
    lung = r_data("lung")
    near = cox(lung, "age + sex", time="time", event="status").table
    far = cox(lung.assign(age=lung["age"] * 1e-3 + 1e6), "age + sex", time="time", event="status").table
    np.testing.assert_allclose(far["coef"] * [1e-3, 1], near["coef"], rtol=1e-5)


def test_an_estimate_that_runs_away_is_said():
    frame = pd.DataFrame(
        {"days": range(1, 13), "event": [1, 0] * 6, "x": [1, 0] * 6, "z": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]}
    )
    fit = cox(frame, "x + z")
    assert fit.infinite == ("x",)
    assert np.isinf(fit.table.loc[0, "coef"])
    assert fit.table.loc[0, ["se", "lower", "upper", "p_value"]].isna().all()
    assert np.isfinite(fit.table.loc[1, ["coef", "se"]].astype(float)).all()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"formula": "age + sexx"}, KeyError, "did you mean 'sex'"),
        ({"formula": "time ~ age"}, ValueError, "left-hand side"),
        ({"formula": "age +"}, ValueError, "cannot be read"),
        ({"formula": "1"}, ValueError, "no covariates"),
        ({"formula": "age + I(2 * age)"}, ValueError, "combination of the terms before it"),
        ({"formula": "constant"}, ValueError, "constant"),
        ({"ties": "exact"}, ValueError, "ties"),
        ({"event": "never"}, ValueError, "no events"),
        ({"cause": "rearrest"}, KeyError, "cause 'rearrest'"),
        ({"cluster": "inst"}, ValueError, "cluster 'inst' is missing"),
        ({"cluster": "sex", "robust": False}, ValueError, "cluster implies robust"),
    ],
)
def test_clear_errors(r_data, options, error, words):
    frame = r_data("lung").assign(constant=1, never=0)
    with pytest.raises(error, match=words):
        cox(frame, **{"formula": "age + sex", "time": "time", "event": "status", **options})
