"""Specifications from shared life tables equal those made one by one, through the cohort and its own life table."""

import numpy as np
import pandas as pd
import pytest

from analysis.claims.histories import SPAN, episode_starts
from analysis.claims.multiverse import specification_curve
from analysis.data.errors import InputError
from analysis.recidivism.cohort import cohort
from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier

END = {"prepared": "2024-11-30", "released": "2024-11-30"}  # the earliest data end, of exits


@pytest.fixture(scope="module")
def curves(small):
    return {asked: specification_curve(small, asked) for asked in ("released", "prepared", "repeat")}


def one_by_one(small, origin: str, spec: dict, event: str | None = None) -> tuple[float, float, float]:
    lag = {"as_stated": 14, "days_30": 44, "days_60": 74}[spec["lag"]]
    until = pd.Timestamp(END[origin]) - pd.Timedelta(days=lag)
    competing = () if spec["competing"] == "any_later" else ("ice_custody", "removed", "died")
    least = 0 if spec.get("same_day") == "counted" else 1
    gap = {"none": 0, "days_7": 7, "days_30": 30}[spec["minimum_gap"]]
    people = cohort(
        small, origin, event, competing=competing, min_days=least, until=until.date(), entry_days=gap,
        custody=spec["custody"] == "counted",
    )  # fmt: skip
    if spec["followed"] == "complete":
        people = people.where("follow_up >= 105")
    groups = {
        "local": ["local"],
        "local_and_state": ["local", "state_prison"],
        "known": ["local", "state_prison", "federal"],
    }
    if spec.get("facilities", "all") != "all":
        people = people.where(lambda rows: rows["operator"].isin(groups[spec["facilities"]]))
    life = life_table(people)
    if spec["competing"] == "first_event":
        found = at(cumulative_incidence(life, people.event), [105]).iloc[0]
        return found["incidence"], found["lower"], found["upper"]
    found = at(kaplan_meier(life, people.event), [105]).iloc[0]
    return 1 - found["survival"], 1 - found["upper"], 1 - found["lower"]


@pytest.mark.parametrize("asked", ["released", "prepared"])
def test_specifications_equal_those_made_one_by_one(small, curves, asked):
    curve = curves[asked]
    known = curve[(curve["tie"] == "event_first") & (curve.get("missing_ids", "set_aside") == "set_aside")]
    chosen = known.sample(8, random_state=3)
    for _, row in chosen.iterrows():
        spec = {**curve.attrs["fixed"], **row[curve.attrs["choices"]].to_dict()}
        expected = one_by_one(small, asked, spec)
        assert (row["estimate"], row["lower"], row["upper"]) == pytest.approx(expected, abs=1e-12), spec


def test_the_primary_one_equals_the_default_cohort(small, curves):
    for asked, curve in curves.items():
        people = cohort(
            small, "released" if asked == "released" else "prepared", "repeat_detainer" if asked == "repeat" else None
        )
        expected = at(cumulative_incidence(life_table(people), people.event), [105]).iloc[0]
        [row] = curve[curve["primary"]].to_dict("records")
        assert row["estimate"] == pytest.approx(expected["incidence"], abs=1e-12)
        assert (row["numerator"], row["denominator"]) == (expected["events"], len(people))


def test_every_combination_stands_once_in_order(curves):
    for curve in curves.values():
        assert not curve[curve.attrs["choices"]].duplicated().any()
        assert curve["primary"].sum() == 1
        assert curve["estimate"].dropna().is_monotonic_increasing
    assert len(curves["prepared"]) >= 1000


def test_rows_without_a_person_as_people_of_their_own_only_add_to_the_denominator(curves):
    curve = curves["prepared"]
    menu = [choice for choice in curve.attrs["choices"] if choice != "missing_ids"]
    pairs = curve.pivot(index=menu, columns="missing_ids", values=["numerator", "denominator"])
    assert (pairs["numerator", "own_person"] == pairs["numerator", "set_aside"]).all()
    assert (pairs["denominator", "own_person"] >= pairs["denominator", "set_aside"]).all()


def test_changing_outcomes_never_changes_a_denominator_of_those_who_start(small):
    fewer = type(small).__new__(type(small))
    fewer.__dict__ = {**small.__dict__, "_frames": {**small._frames, "arrests": small.frame("arrests").iloc[:50]}}
    menu = ["competing", "tie", "custody", "followed", "lag", "missing_ids", "facilities"]
    before, after = (
        c[c["minimum_gap"] == "none"].set_index(menu)["denominator"].sort_index()
        for c in (specification_curve(small, "prepared"), specification_curve(fewer, "prepared"))
    )
    assert before.equals(after)


def test_the_same_data_in_another_order_give_the_same_curve(small, curves):
    turned = type(small).__new__(type(small))
    turned.__dict__ = {
        **small.__dict__,
        "_frames": {k: f.iloc[::-1].reset_index(drop=True) for k, f in small._frames.items()},
    }
    pd.testing.assert_frame_equal(specification_curve(turned, "prepared"), curves["prepared"])


def test_episodes_by_hand():
    days = np.array([0, 1, 31, 32, 70])  # one person
    keys = np.concatenate([days, SPAN + np.array([5])])  # and another with one detainer
    flagged = np.array([False, True, False, True, False, False])  # a day after the one before
    assert episode_starts(keys, flagged, 30, True).tolist() == [0, 70, SPAN + 5]
    assert episode_starts(keys, flagged, 30, False).tolist() == [0, 31, 70, SPAN + 5]
    assert episode_starts(keys, flagged, 0, True).tolist() == keys.tolist()


def test_a_window_of_part_days_is_refused(small):
    with pytest.raises(InputError, match="whole days"):
        specification_curve(small, "prepared", days=10.5)


def test_a_dataset_without_people_cannot_answer(small):
    nobody = type(small).__new__(type(small))
    frames = {k: f.assign(person_id=None) if k == "detainers" else f for k, f in small._frames.items()}
    nobody.__dict__ = {**small.__dict__, "_frames": frames}
    with pytest.raises(InputError, match="no row names a person"):
        specification_curve(nobody, "prepared")
