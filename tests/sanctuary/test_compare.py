"""The comparison's contract, its agreement with the parts it is made of, and what it says where nothing can be had."""

import numpy as np
import pandas as pd
import pytest

from analysis.recidivism.cohort import Cohort, as_cohort
from analysis.recidivism.cox import cox
from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence
from analysis.sanctuary.compare import COLUMNS, compare
from analysis.sanctuary.designs import DOUBLY_ROBUST, RANDOMIZED, STANDARDIZED, UNADJUSTED, WEIGHTED


def made(frame: pd.DataFrame, **meaning: object) -> Cohort:
    return as_cohort(frame, event="rearrest", **{"origin": "prepared", **meaning})


def row(table: pd.DataFrame, design: str, estimand: str = "risk difference") -> pd.Series:
    return table[(table["design"] == design) & table["estimand"].str.startswith(estimand)].iloc[0]


def test_the_contract(cohort: pd.DataFrame) -> None:
    table = compare(made(cohort), adjust=["age", "sex"], horizon=365)
    assert list(table.columns) == COLUMNS
    assert table["question"].unique().tolist() == ["(a) everyone with a detainer"]
    assert table["design"].tolist() == [
        UNADJUSTED, STANDARDIZED, WEIGHTED, DOUBLY_ROBUST, DOUBLY_ROBUST, "Cox, unadjusted", "Cox, adjusted",
    ]  # fmt: skip
    assert set(table["clusters_0"]) == set(table["clusters_1"]) == {30}
    assert table.attrs["names"] == ("none", "limits")
    assert table.attrs["headline"] == ""
    assert (table["lower"] < table["estimate"]).all()
    assert (table["estimate"] < table["upper"]).all()


def test_unadjusted_is_aalen_johansen(cohort: pd.DataFrame) -> None:
    table = compare(made(cohort), horizon=365)
    risks = at(cumulative_incidence(life_table(cohort, by="policy"), "rearrest"), 365).set_index("policy")["incidence"]
    assert row(table, UNADJUSTED)["estimate"] == pytest.approx(risks["limits"] - risks["none"])
    assert table.attrs["risks"][UNADJUSTED] == pytest.approx((risks["none"], risks["limits"]))


def test_cox_is_cox_up_to_the_horizon(cohort: pd.DataFrame) -> None:
    table = compare(made(cohort), adjust=["age", "sex"], horizon=200)
    cut = cohort.assign(
        x=(cohort["policy"] == "limits").astype(float),
        event=(cohort["event"] == "rearrest") & (cohort["days"] <= 200),
        days=cohort["days"].clip(upper=200),
    )
    fit = cox(cut, "x + age + sex", cluster="policy_cluster")
    found = row(table, "Cox, adjusted", "hazard ratio")
    assert found["estimate"] == pytest.approx(fit.table["hazard_ratio"].iloc[0], rel=1e-8)
    se = fit.table["se"].iloc[0] * (60 / 59) ** 0.5
    assert np.log(found["upper"] / found["estimate"]) == pytest.approx(
        2.0452296 * se, rel=1e-6
    )  # t with 29 degrees of freedom


def test_adjustment_takes_out_what_age_explains(make_people) -> None:
    gaps = [compare(made(make_people(seed, size=60)), adjust=["age"], horizon=365) for seed in range(6)]
    raw, adjusted = (
        np.mean([row(table, design)["estimate"] for table in gaps]) for design in (UNADJUSTED, DOUBLY_ROBUST)
    )
    assert abs(adjusted) < abs(raw) / 2  # people are 3 years older where detainers are limited, and that is all


def test_rows_and_labels_in_another_order_give_the_same(cohort: pd.DataFrame) -> None:
    shuffled = cohort.sample(frac=1, random_state=1)
    a, b = (compare(made(frame), adjust=["age", "sex"]) for frame in (cohort, shuffled))
    assert b["estimate"].to_numpy() == pytest.approx(a["estimate"].to_numpy(), rel=1e-8)
    assert b["lower"].to_numpy() == pytest.approx(a["lower"].to_numpy(), rel=1e-8)


def test_counts_give_what_the_rows_give(cohort: pd.DataFrame) -> None:
    people = made(cohort)
    counted = people.count(["policy", "policy_cluster", "jurisdiction", "operator", "age", "sex", "follow_up"])
    a, b = (compare(each, adjust=["age", "sex"]) for each in (people, counted))
    pd.testing.assert_frame_equal(a, b, rtol=1e-9)


def test_other_groups_other_operators_and_months(cohort: pd.DataFrame) -> None:
    some = cohort.assign(
        policy=cohort["policy"].where(np.arange(len(cohort)) % 5 > 0, "requires"),
        operator=np.where(np.arange(len(cohort)) % 7 > 0, "local", "federal"),
    )
    table = compare(made(some))
    assert table.attrs["left_out"]["policy neither none nor limits"] > 0
    assert table.attrs["left_out"]["not at a facility run by: local"] > 0
    assert compare(made(some), contrast=("requires", "none")).attrs["names"] == ("none", "requires")
    binary = cohort.assign(
        treated=(cohort["policy"] == "limits").astype(int), days=np.ceil(cohort["days"] / 30.4375).astype(int)
    )
    table = compare(made(binary, time_unit="month"), group="treated", horizon=365)
    assert table.attrs["names"] == ("0", "1")
    assert table.attrs["horizon"] == 12
    with pytest.raises(ValueError, match="expected two groups"):
        compare(made(some), group="jurisdiction")
    with pytest.raises(KeyError, match="limits"):
        compare(made(some), contrast=("limit", "none"))


def test_a_released_cohort_is_described_and_no_more(cohort: pd.DataFrame) -> None:
    table = compare(made(cohort, origin="released"), adjust=["age", "sex"])
    assert set(table["design"]) == {"descriptive"}
    assert table["question"].iloc[0] == "(b) everyone released, descriptive only"
    assert table["assumes"].str.contains("no causal reading").all()


def test_few_clusters_warn_and_are_dealt_out(make_people) -> None:
    table = compare(made(make_people(places=12, size=120)), adjust=["age"])
    assert "6 clusters with none and 6 clusters with limits" in table.attrs["headline"]
    assert RANDOMIZED in table["design"].tolist()
    assert "wild cluster restricted bootstrap" in row(table, DOUBLY_ROBUST)["assumes"]


def test_one_place_on_a_side(make_people) -> None:
    frame = make_people(places=9, size=100)
    frame = frame[(frame["policy"] == "none") | (frame["jurisdiction"] == "10001")]
    table = compare(made(frame), adjust=["age"])
    found = row(table, DOUBLY_ROBUST)
    assert np.isfinite(found["estimate"])
    assert np.isnan(found["lower"])
    assert "no interval: 1 cluster on a side" in found["assumes"]
    assert table["clusters_1"].iloc[0] == 1


def test_no_variation_in_policy(cohort: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="holds none; expected two groups"):
        compare(made(cohort[cohort["policy"] == "none"]))


def test_covariates_that_tell_the_groups_apart(cohort: pd.DataFrame) -> None:
    frame = cohort.assign(marker=np.where(cohort["policy"] == "limits", 1.0, 0.0), label=cohort["policy"].astype("str"))
    for covariate in ("marker", "label"):
        table = compare(made(frame), adjust=[covariate])
        assert np.isfinite(row(table, UNADJUSTED)["estimate"])
        for design in (STANDARDIZED, WEIGHTED, DOUBLY_ROBUST):
            assert np.isnan(row(table, design)["estimate"])
            assert "apart completely" in row(table, design)["assumes"]


def test_an_empty_stratum_is_set_aside_and_named(cohort: pd.DataFrame) -> None:
    kind = np.where((cohort["policy"] == "limits") & (cohort["age"] > 45), "old", "other")
    frame = cohort.assign(kind=kind)
    table = compare(made(frame), adjust=["kind"])
    assert table.attrs["trimmed"] == int((kind == "old").sum())
    assert "strata: kind old" in row(table, DOUBLY_ROBUST)["assumes"]
    assert np.isfinite(row(table, DOUBLY_ROBUST)["estimate"])


def test_all_removed_and_nobody_followed_so_long(cohort: pd.DataFrame) -> None:
    gone = cohort.assign(event=pd.Categorical(["removed"] * len(cohort), categories=["rearrest", "removed"]))
    table = compare(made(gone), adjust=["age"])
    assert table["estimate"].isna().all()
    assert table["assumes"].str.contains("nobody").all()
    late = compare(made(cohort), horizon=2_000)
    assert "was followed for 2000 days" in row(late, UNADJUSTED)["assumes"]


def test_delayed_entry_and_missing_clusters_are_refused(cohort: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="delayed entry"):
        compare(made(cohort.assign(entry=1.0)))
    with pytest.raises(ValueError, match="where the policy is set must be known"):
        compare(made(cohort.assign(policy_cluster=cohort["policy_cluster"].where(cohort.index > 3))))
    with pytest.raises(KeyError, match="age"):
        compare(made(cohort), adjust=["agee"])


def test_formula_terms_are_covariates(cohort: pd.DataFrame) -> None:
    plain = compare(made(cohort), adjust=["age"])
    squared = compare(made(cohort.assign(sq=cohort["age"] ** 2)), adjust=["age", "sq"])
    formula = compare(made(cohort), adjust=["age", "I(age**2)"])
    assert row(formula, DOUBLY_ROBUST)["estimate"] == pytest.approx(row(squared, DOUBLY_ROBUST)["estimate"], rel=1e-6)
    assert row(formula, DOUBLY_ROBUST)["estimate"] != row(plain, DOUBLY_ROBUST)["estimate"]


def test_a_frame_is_refused_with_what_to_do(cohort: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match="as_cohort"):
        compare(cohort)
