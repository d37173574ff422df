"""Which curves a dataset allows, and that no point of one rests on few people."""

import json

import pandas as pd
import pytest

from analysis.claims import asked
from analysis.claims.choices import differences, risks
from analysis.claims.multiverse import specification_curve
from analysis.claims.reader import clusters, misled, rows


def test_every_question_has_a_curve_or_a_reason(small):
    found, why = asked.curves(small, 105)
    assert set(found) | set(why) == set(risks()) | set(differences())
    assert not set(found) & set(why)
    assert "no two groups apart" in why["sanctuary"]  # one county, under no listed rule
    for curve in found.values():
        assert curve["numerator"].min() >= 10
        assert curve["primary"].sum() == 1


def test_each_group_of_a_difference_needs_events_and_people_without_one():
    curve = pd.DataFrame(
        {
            "estimate": [0.1, 0.1, 0.1, None], "events_0": [10, 9, 10, 10], "people_0": [20, 20, 20, 20],
            "events_1": [10, 10, 10, 10], "people_1": [20, 20, 19, 20],
        }
    )  # fmt: skip
    assert asked.enough(curve).tolist() == [True, False, False, False]


def test_a_known_difference_is_that_of_everyone_under_either_rule(small, tmp_path):
    small_here = type(small).__new__(type(small))
    small_here.__dict__ = {**small.__dict__, "folder": tmp_path, "kind": "synthetic"}
    truth = {
        "prepared": {"first_event": {"105": {"risk": 0.03}}},
        "had_everyone": {"limits": {"365": {"risk": 0.19}}, "none": {"365": {"risk": 0.08}}},
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    assert asked.truths(small_here, 105) == pytest.approx({"prepared": 0.03, "sanctuary": 0.11})
    small_here.kind = "real"
    assert asked.truths(small_here, 105) == {}


def test_the_letters_of_the_menu_are_those_of_the_figure(small):
    found, _ = asked.curves(small, 105)
    menu = asked.menu_in_words(found).set_index(["question", "choice"])
    assert menu["options"].str.startswith("a ").all()
    assert menu.loc[("People released, from their release to a first re-arrest", "reporting lag"), "options"] == (
        "a as stated; b 30 days more; c 60 days more"
    )


def test_no_curve_runs_over_different_questions(small):
    found, _ = asked.curves(small, 105)
    whole = specification_curve(small, "released", 105)
    whole = whole[asked.enough(whole)]
    curve = found["released"]
    assert not {"competing", "minimum_gap", "facilities"} & {*curve, *curve.attrs["choices"]}
    assert "censor" not in " ".join(asked.menu_in_words(found)["options"])
    alike = whole[(whole["competing"] == "first_event") & (whole["minimum_gap"] == "none")]
    assert curve["estimate"].tolist() == alike["estimate"].tolist()
    # each question has its line, with its own answer and its own range
    lines = curve.attrs["estimands"]
    primary = whole[whole["primary"]].iloc[0]
    rest = [choice for choice in whole.attrs["choices"] if choice not in ("competing", "minimum_gap")]
    one_changed = [("first_event", "none"), ("censored", "none"), ("any_later", "none"), ("first_event", "days_7"), ("first_event", "days_30")]  # fmt: skip
    for (competing, gap), line in zip(one_changed, lines.itertuples(), strict=True):
        part = whole[(whole["competing"] == competing) & (whole["minimum_gap"] == gap)]
        [own] = part[(part[rest] == primary[rest]).all(axis=1)]["estimate"]
        assert (line.estimate, line.lowest, line.highest) == (own, part["estimate"].min(), part["estimate"].max())
        assert line.specifications == len(part)


def test_other_facilities_hold_other_people_and_are_another_question(small):
    found, _ = asked.curves(small, 105)
    lines = found["prepared"].attrs["estimands"]
    assert set(lines["facilities"]) == {"all", "known operator", "local", "local and state"}
    assert "facilities" not in found["prepared"]


def test_a_curve_of_one_question_stays_whole():
    curve = pd.DataFrame({"lag": ["none", "days_30"], "estimate": [0.1, 0.2], "lower": [0.0, 0.1], "upper": [0.2, 0.3]})
    curve = curve.assign(primary=[True, False])
    curve.attrs = {"choices": ["lag"]}
    kept = asked.one_estimand(curve)
    assert kept["estimate"].tolist() == [0.1, 0.2]
    assert kept.attrs["choices"] == ["lag"]
    assert len(kept.attrs["estimands"]) == 1


def test_the_rows_of_the_calculator_are_those_of_a_cohort(small):
    detainers = small.frame("detainers")
    sexes = detainers.assign(sex=["female", "male"] * (len(detainers) // 2))
    here = type(small).__new__(type(small))
    here.__dict__ = {**small.__dict__, "_frames": {**small._frames, "detainers": sexes}, "_tables": {}}
    found = rows(here, [30, 105])
    assert set(found["unit"]) == {
        "people released, first release: re-arrested", "every release: re-arrested", "people with a detainer: re-arrested",
        "people with a detainer: with a repeat detainer",
    }  # fmt: skip
    parts = found[(found["by"] == "sex") & (found["time"] == 105)].groupby("unit")["denominator"].sum()
    whole = found[(found["by"] == "") & (found["time"] == 105)].set_index("unit")["denominator"]
    assert parts.equals(whole[parts.index])


def test_sentences_from_a_curve():
    none = pd.DataFrame({"choice": ["primary"], "option": [""], "misled": [False]})
    assert misled(none) == "no single choice would have misled"
    one = pd.DataFrame({"choice": ["primary", "facilities"], "option": ["", "all"], "misled": [True, True]})
    assert misled(one) == "what would have misled is the primary one; facilities: all"
    curve = pd.DataFrame({"primary": [True, False], "clusters_0": [15, 15], "clusters_1": [12, 1]})
    assert "12 clusters under rules that limit and 15" in clusters(curve)
    assert "fewer than 10" in clusters(curve)
