import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.recidivism.cohort import as_cohort
from analysis.recidivism.cox import cox
from analysis.recidivism.life_table import life_table
from analysis.recidivism.projections import extrapolate
from analysis.recidivism.recurrent import mean_cumulative
from analysis.recidivism.survival import (
    at,
    cumulative_incidence,
    kaplan_meier,
    log_rank,
    pseudo_values,
    quantile,
    rmst,
)
from analysis.recidivism.yearly import hazard, yearly

FEW = settings(max_examples=40, deadline=None)


@st.composite
def cohorts(draw):
    """Small cohorts with ties, two causes, censoring, delayed entry, weights, clusters and two groups."""
    size, seed = draw(st.integers(1, 60)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 13, size)
    entry = rng.integers(0, 12, size).astype(float)
    event = rng.choice(["rearrest", "died", None], size, p=[0.5, 0.2, 0.3])
    return pd.DataFrame(
        {
            "days": days,
            "event": pd.Categorical(event, categories=["died", "rearrest"]),
            "entry": np.where((entry < days) & (rng.random(size) < 0.6), entry, np.nan),
            "sex": rng.choice(["f", "m"], size),
            "n": rng.integers(1, 5, size),
            "w": rng.gamma(2, 1, size).round(2) + 0.01,
            "who": rng.integers(0, 5, size),
        }
    )


OPTIONS = st.sampled_from([{}, {"count": "n"}, {"weight": "w"}, {"cluster": "who"}, {"weight": "w", "cluster": "who"}])
CURVES = st.sampled_from([kaplan_meier, cumulative_incidence])


@FEW
@given(cohorts(), OPTIONS, CURVES, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(frame, options, curve, shuffle):
    order = list(range(len(frame)))
    shuffle.shuffle(order)
    one, other = (curve(life_table(f, by="sex", **options), "rearrest") for f in (frame, frame.iloc[order]))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def counted(estimator):
    """An estimator of a life table, as a function of a frame and its column of counts."""
    return lambda frame, count: estimator(life_table(frame, by="sex", count=count))


ESTIMATORS = {
    "life_table": counted(lambda life: life),
    "kaplan_meier": counted(lambda life: kaplan_meier(life, "rearrest")),
    "cumulative_incidence": counted(lambda life: cumulative_incidence(life, "rearrest")),
    "at": counted(lambda life: at(cumulative_incidence(life, "rearrest"), [0, 5, 30])),
    "quantile": counted(lambda life: quantile(kaplan_meier(life, "rearrest"), [0.1, 0.5])),
    "rmst": counted(lambda life: rmst(life, "rearrest", horizon=6)),
    "log_rank": counted(lambda life: log_rank(life, "rearrest").table),
    "yearly": counted(lambda life: yearly(life, "rearrest", year=4, incomplete="estimate")),
    "hazard": counted(lambda life: hazard(life, "rearrest", width=5)),
    "extrapolate": counted(lambda life: extrapolate(life, "rearrest", 6, 12, ["exponential", "weibull"])),
    "cox": lambda frame, count: cox(frame, "sex", cause="rearrest", count=count).table,
    # in the order of the rows: those repeated are looked up by their labels
    "pseudo_values": lambda frame, count: (
        pseudo_values(frame, "rearrest", 4, count=count).to_frame().groupby(level=0).first()
    ),
    "mean_cumulative": lambda frame, count: mean_cumulative(
        frame.assign(who=range(len(frame))), "who", "days", "event", "entry", "sex", "rearrest", count=count
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
@settings(max_examples=15, deadline=None)
@given(frame=cohorts())
def test_a_count_is_rows_repeated(name, frame):
    def found(*of):
        try:
            return ESTIMATORS[name](*of)
        except ValueError as reason:
            return pd.DataFrame({"reason": [str(reason)]})

    one, other = found(frame, "n"), found(frame.loc[frame.index.repeat(frame["n"])], None)
    pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-9)


def test_counts_that_a_cohort_made_are_its_rows(r_data):
    frame = r_data("mgus2").rename(columns={"time": "days"}).assign(n=1)
    people = as_cohort(frame, event="pcm", time_unit="month")
    counts = people.count(["sex"])
    assert len(counts) < len(people)
    rows, patterns = cox(people, "sex"), cox(counts, "sex")
    np.testing.assert_allclose(rows.table.drop(columns="term"), patterns.table.drop(columns="term"), rtol=1e-9)
    assert rows.n == patterns.n == len(frame)
    of_patterns = pseudo_values(counts, horizon=60)
    assert np.average(of_patterns, weights=counts.frame["count"]) == pytest.approx(
        pseudo_values(people, horizon=60).mean()
    )


@FEW
@given(cohorts(), OPTIONS, CURVES)
def test_a_stratum_alone_is_the_stratum_among_others(frame, options, curve):
    together = curve(life_table(frame, by="sex", **options), "rearrest")
    for sex, group in frame.groupby("sex"):
        alone = curve(life_table(group, **options), "rearrest")
        among = together[together["sex"] == sex].drop(columns="sex").reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, among, check_exact=False, rtol=1e-9, atol=1e-12)


@FEW
@given(cohorts(), OPTIONS)
def test_weeks_are_days_over_seven(frame, options):
    weeks = frame.assign(days=frame["days"] / 7, entry=frame["entry"] / 7)
    one, other = (kaplan_meier(life_table(f, **options), "rearrest") for f in (frame, weeks))
    np.testing.assert_allclose(one["time"], other["time"] * 7)
    pd.testing.assert_frame_equal(one.drop(columns="time"), other.drop(columns="time"))
    horizon = float(frame["days"].max())
    if horizon:
        in_days = rmst(life_table(frame, **options), "rearrest", horizon=horizon)
        in_weeks = rmst(life_table(weeks, **options), "rearrest", horizon=horizon / 7)
        np.testing.assert_allclose(in_days[["rmst", "se"]], in_weeks[["rmst", "se"]] * 7, atol=1e-9)


@FEW
@given(cohorts(), OPTIONS)
def test_shares_add_up(frame, options):
    life = life_table(frame, **options)
    every = life_table(frame.assign(event=frame["event"].notna()), **options)
    shares = [cumulative_incidence(life, cause)["incidence"] for cause in ("died", "rearrest")]
    np.testing.assert_allclose(sum(shares) + kaplan_meier(every)["survival"], 1, atol=1e-9)
    leaving = life[["censored", "died", "rearrest"]].to_numpy().sum()
    rows = (
        frame[options["count"]].sum() if "count" in options else frame["w"].sum() if "weight" in options else len(frame)
    )
    assert leaving == pytest.approx(rows)


@FEW
@given(cohorts(), st.data())
def test_outcomes_change_no_denominator(frame, data):
    changed = frame.assign(event=data.draw(st.permutations(frame["event"].tolist())))
    one, other = life_table(frame), life_table(changed)
    pd.testing.assert_frame_equal(one[["time", "at_risk"]], other[["time", "at_risk"]])


@FEW
@given(cohorts(), OPTIONS)
def test_weights_of_one_are_no_weights_but_for_the_errors(frame, options):
    plain = kaplan_meier(life_table(frame), "rearrest")
    ones = kaplan_meier(life_table(frame.assign(w=1.0), weight="w"), "rearrest")
    np.testing.assert_allclose(plain["survival"], ones["survival"], atol=1e-12)
    # doubling every weight changes neither the estimate nor its error
    weighted = life_table(frame, weight="w"), life_table(frame.assign(w=frame["w"] * 2), weight="w")
    one, other = (kaplan_meier(life, "rearrest") for life in weighted)
    np.testing.assert_allclose(one[["survival", "se"]], other[["survival", "se"]], atol=1e-9)


@FEW
@given(cohorts())
def test_greenwood_is_the_robust_error_of_a_tie_free_share(frame):
    # with everyone followed to the end, both are the binomial error
    full = frame.assign(days=np.where(frame["event"] == "rearrest", 1, 5), event=(frame["event"] == "rearrest"))
    p, n = full["event"].mean(), len(full)
    curve = at(kaplan_meier(life_table(full, entry=None)), [4])
    if p < 1:
        assert curve["survival"].iloc[0] == pytest.approx(1 - p)
        assert curve["se"].iloc[0] == pytest.approx((p * (1 - p) / n) ** 0.5)
        robust = at(kaplan_meier(life_table(full.assign(w=1.0), weight="w", entry=None)), [4])
        assert robust["se"].iloc[0] == pytest.approx((p * (1 - p) / n) ** 0.5, abs=1e-12)


@FEW
@given(cohorts())
def test_first_events_bound_the_mean_number(frame):
    person = frame.assign(person=range(len(frame)))
    mean = mean_cumulative(person, id="person", time="days", event="event", entry="entry", cause="rearrest")
    life = life_table(frame)
    assert (mean["mean"] >= 1 - kaplan_meier(life, "rearrest")["survival"] - 1e-12).all()


@FEW
@given(cohorts(), st.sampled_from(["efron", "breslow"]), OPTIONS)
def test_cox_ignores_order(frame, ties, options):
    try:
        fit = cox(frame, "sex", cause="rearrest", ties=ties, **options)
    except ValueError as reason:
        assert "no events" in str(reason) or "constant" in str(reason)  # noqa: PT017
        return
    turned = cox(frame.iloc[::-1], "sex", cause="rearrest", ties=ties, **options)
    pd.testing.assert_frame_equal(fit.table, turned.table)
