"""Differences from shared counts equal those of `compare` on a cohort of its own, digit for digit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.claims.choices import differences, risks
from analysis.claims.differences import adjusted, difference_curve
from analysis.claims.governed import in_bands
from analysis.claims.tallies import facilities
from analysis.data.errors import InputError
from analysis.data.tables import OPERATORS
from analysis.recidivism.cohort import cohort
from analysis.sanctuary.compare import compare
from analysis.sanctuary.designs import STANDARDIZED, UNADJUSTED
from analysis.sanctuary.policy import with_policy

POLICIES = Path(__file__).parents[2] / "data" / "raw" / "demo" / "policies.csv"
COUNTIES = [f"{state}{county:03d}" for state in (80, 82, 83, 85) for county in range(1, 11, 2)]
HORIZON = 120
END = "2024-11-16"  # the earliest data end, of exits, less the lag


@pytest.fixture(scope="module")
def ruled(small, tmp_path_factory):
    """The small dataset, larger, in counties with and without rules, with a year of birth and a sex."""
    found = type(small)(tmp_path_factory.mktemp("ruled"), n=6000)
    rng = np.random.default_rng(20141214)
    detainers, n = found._frames["detainers"], len(found._frames["detainers"])
    found._frames["detainers"] = detainers.assign(
        jurisdiction=rng.choice(COUNTIES, n), birth_year=rng.choice([1970, 1980, 1990, 2000], n),
        sex=rng.choice(["female", "male"], n),
    )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def curves(ruled):
    return {asked: difference_curve(ruled, asked, HORIZON, policies=POLICIES) for asked in differences()}


def one_by_one(ruled, asked: str, spec: dict) -> pd.Series:
    event = "repeat_detainer" if asked == "sanctuary_repeat" else "rearrest"
    gaps = {"none": 0, "days_0": 0, "days_7": 7, "days_30": 30, "days_60": 60, "days_90": 90}
    people = cohort(
        ruled, "prepared", event, competing=() if spec["competing"] == "any_later" else ("ice_custody", "removed", "died"),
        entry_days=gaps[spec["minimum_gap"]], until=END,
    )  # fmt: skip
    rows = people.frame.assign(entry=np.nan)  # everyone enters on one day: those followed so far, from there on
    if spec["competing"] == "censored":
        rows["event"] = rows["event"].where(rows["event"] == event)
    names = adjusted(spec["adjustment"])
    rows["age"] = in_bands(rows["age"])
    rows["stratum"] = rows[names].astype("str").agg("/".join, axis=1) if names else "all"
    people = with_policy(replace(people, rows=rows), spec["definition"], "prepared", POLICIES)
    run = [OPERATORS[i] for i in facilities(spec["facilities"])]
    found = compare(
        people, adjust=["stratum"] if names else [], horizon=HORIZON, contrast=("limits", "none"), operators=run
    )
    design = STANDARDIZED if names else UNADJUSTED
    [row] = found[(found["design"] == design) & found["estimand"].str.startswith("risk difference")].to_dict("records")
    return pd.Series(row)


@pytest.mark.parametrize("asked", ["sanctuary", "sanctuary_repeat"])
def test_differences_equal_those_made_one_by_one(ruled, curves, asked):
    curve = curves[asked]
    known = curve[
        curve["missing_ids"] == "set_aside"
    ]  # a cohort follows known people, with the defaults of these choices
    for choice, default in {"tie": "event_first", "episode_gap": "days_30", "duplicates": "kept"}.items():
        known = known[known[choice] == default] if choice in known else known
    chosen = pd.concat([known.sample(9, random_state=7), curve[curve["primary"]]])
    for _, row in chosen.iterrows():
        spec = {**curve.attrs["fixed"], **row[curve.attrs["choices"]].to_dict()}
        expected = one_by_one(ruled, asked, spec)
        assert row["estimate"] == pytest.approx(expected["estimate"], abs=1e-9), spec
        # the bootstrap's limits are closed in on by fewer halvings
        assert (row["lower"], row["upper"]) == pytest.approx((expected["lower"], expected["upper"]), abs=1e-4), spec
        assert (row["clusters_0"], row["clusters_1"]) == (expected["clusters_0"], expected["clusters_1"])


def test_every_combination_stands_once_in_order_and_one_is_primary(curves):
    for curve in curves.values():
        assert not curve[curve.attrs["choices"]].duplicated().any()
        assert curve["primary"].sum() == 1
        assert curve["estimate"].dropna().is_monotonic_increasing
        first = curve[curve["primary"]].iloc[0]
        assert first["facilities"] == "local"
        assert first["competing"] == "first_event"


def test_what_cannot_be_had_is_left_out_with_its_reason(curves):
    assert "outcome" in curves["sanctuary"].attrs["offered"]["observed"]
    assert set(curves["sanctuary"]["adjustment"]) == {"age_sex", "none"}  # no criminality in these files


def test_outcomes_never_change_who_is_compared(ruled, curves):
    fewer = type(ruled).__new__(type(ruled))
    fewer.__dict__ = {**ruled.__dict__, "_frames": {**ruled._frames, "arrests": ruled.frame("arrests").iloc[:200]}}
    menu = curves["sanctuary"].attrs["choices"]
    sizes = ["people_0", "people_1", "clusters_0", "clusters_1"]
    before, after = (
        c[c["minimum_gap"] == "none"].set_index(menu)[sizes].sort_index()
        for c in (curves["sanctuary"], difference_curve(fewer, "sanctuary", HORIZON, policies=POLICIES))
    )
    pd.testing.assert_frame_equal(before, after)


def test_rules_that_tell_no_two_groups_apart_are_refused(ruled, tmp_path):
    rules = pd.read_csv(POLICIES, dtype="str", keep_default_na=False)
    none = rules.assign(direction="none")  # nobody is under a rule that limits
    none.to_csv(tmp_path / "policies.csv", index=False)
    with pytest.raises(InputError, match="no two groups apart"):
        difference_curve(ruled, "sanctuary", HORIZON, policies=tmp_path / "policies.csv")


def test_the_plan_names_the_primary_one(ruled, tmp_path):
    (tmp_path / "plan.toml").write_text(
        'written = 2026-01-01\n[question.risk]\nasks = "?"\ndefinition = "law"\nadjust = ["sex", "age"]\noperators = ["local", "state_prison"]\n'
        "horizon = 90\n", encoding="utf-8",
    )  # fmt: skip
    curve = difference_curve(ruled, plan=tmp_path, policies=POLICIES)
    first = curve[curve["primary"]].iloc[0]
    assert (first["definition"], first["adjustment"], first["facilities"]) == ("law", "age_sex", "local_and_state")
    assert curve.attrs["days"] == 90


@pytest.mark.parametrize(
    ("line", "says"),
    [('adjust = ["height"]', "none of the sets"), ('definition = "guess"', "definition = 'guess'"), ('operators = ["federal"]', "none of the sets")],
)  # fmt: skip
def test_a_plan_that_no_curve_offers_is_refused(ruled, tmp_path, line, says):
    (tmp_path / "plan.toml").write_text(
        f'written = 2026-01-01\n[question.risk]\nasks = "?"\n{line}\n', encoding="utf-8"
    )
    with pytest.raises(InputError, match=says):
        difference_curve(ruled, plan=tmp_path, policies=POLICIES)


def test_the_two_kinds_of_question_are_told_apart(ruled):
    assert not set(risks()) & set(differences())
    with pytest.raises(InputError, match="specification_curve answers it"):
        difference_curve(ruled, "prepared")
