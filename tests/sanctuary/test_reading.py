"""Many answers side by side, the plan, and what an offence rule would have done."""

import itertools
from datetime import date

import pandas as pd
import pytest

from analysis.data.errors import InputError
from analysis.publish import figures
from analysis.recidivism.cohort import Cohort, as_cohort
from analysis.recidivism.life_table import life_table
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier
from analysis.recidivism.windows import ESTIMANDS, estimands
from analysis.sanctuary import answers, views, views_people
from analysis.sanctuary.counterfactual import under_rule
from analysis.sanctuary.plan import plan_of, read_plan
from analysis.sanctuary.rule_file import OffenceRule


def made(frame: pd.DataFrame, **meaning: object) -> Cohort:
    return as_cohort(frame, event="rearrest", **{"origin": "prepared", **meaning})


def test_a_plan_is_dated_and_checked(tmp_path) -> None:
    file = tmp_path / "plan.toml"
    assert plan_of(tmp_path) is None
    file.write_text('written = 2024-05-01\n[question.risk]\nasks = "what?"\nhorizon = 365\n', encoding="utf-8")
    plan = plan_of(tmp_path)
    assert plan.questions["risk"]["horizon"] == 365
    assert plan.younger_than(date(2024, 4, 30))
    assert not plan.younger_than(date(2024, 5, 1))
    assert not plan.younger_than(None)
    for text, says in (
        ('written = "May"\n', "expected a date"),
        ("written = 2024-05-01\nquestions = 1\n", "Did you mean 'question'"),
        ("written = 2024-05-01\n[question.a]\nask = 1\n", "Did you mean 'asks'"),
        ("written = \n", "not valid TOML"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=says):
            read_plan(file)


def test_both_sides_of_a_rule_add_up() -> None:
    rule = OffenceRule(name="r", title="R", basis="conviction", groups=["assault"], instrument="x")
    frame = pd.DataFrame({
        "person_id": list("abcdefgh"), "criminality": ["convicted"] * 4 + ["pending"] * 2 + ["unknown"] * 2,
        "charge_group": ["assault", "assault", "theft", "theft", "assault", "theft", "assault", "theft"],
        "follow_up": [200] * 7 + [50], "days": [10, 200, 20, 200, 30, 200, 40, 50],
        "event": ["rearrest", None, "rearrest", None, "rearrest", None, "rearrest", None],
    })  # fmt: skip
    detainers = pd.DataFrame(
        {"person_id": ["b", "c"], "outcome_raw": ["United States Citizen Interviewed", "Case Closed"]}
    )
    table = under_rule(rule, made(frame), days=105, detainers=detainers).set_index("reading")
    low, high = table.iloc[0], table.iloc[1]  # unknown as released, unknown as held
    assert low["people"] == 7
    assert (table["released"] + table["held"] == table["people"]).all()
    assert (low["released"], low["rearrested_released"], low["held"], low["held_without"]) == (5, 3, 2, 1)
    assert (high["released"], high["rearrested_released"], high["held_without"]) == (4, 2, 1)
    assert low["per_100"] == pytest.approx(100 * 3 / 7)
    assert low["held_not_removable"] == 1
    assert table.attrs["left_out"] == {"not to be followed for the whole window": 1}
    assert under_rule(rule, made(frame), days=105)["held_not_removable"].isna().all()


def test_flows_and_shares_count_every_detainer_once() -> None:
    frame = pd.DataFrame(
        {
            "policy": ["limits", "limits", "none", "none", "none"],
            "outcome": ["declined", "unknown", "ice_custody", "declined", "unknown"],
        }
    )
    flows = views.flows(frame)
    assert flows["count"].sum() == 5
    assert flows["stage"].iloc[0] == "rules that limit detainers"
    shares = views.three_shares(frame).set_index("rule")
    none = shares.loc["no rule listed"]
    assert (
        none["of all"],
        none["of outcomes"],
        none["of decisions"],
    ) == pytest.approx((1 / 3, 1 / 2, 1 / 2))


def test_answers_under_each_definition(cohort: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    def policy(people: Cohort, definition: str, on: str, observed: object) -> Cohort:
        return people if definition == "direction" else made(people.frame.assign(policy="none"))

    monkeypatch.setattr(answers, "with_policy", policy)
    table = answers.answers(made(cohort), ["direction", "law"], "direction", horizon=365)
    assert table.loc[table["definition"] == "law", "assumes"].iloc[0].startswith("cannot be estimated")
    assert table["primary"].tolist() == [True, True, False]


def test_what_designs_share_is_said_once() -> None:
    table = pd.DataFrame(
        [
            ("risk difference", "unadjusted", "groups alike; bootstrap over 16 clusters"),
            ("risk difference", "AIPW", "one model is right; bootstrap over 16 clusters"),
            ("hazard ratio", "Cox, unadjusted", "hazards in proportion; sandwich"),
            ("hazard ratio", "Cox, adjusted", "hazards in proportion; sandwich"),
            ("mean", "alone", "nothing"),
        ],
        columns=["estimand", "design", "assumes"],
    )
    assert answers.assumptions(table) == [
        ("unadjusted", "groups alike"),
        ("AIPW", "one model is right"),
        ("all of these", "bootstrap over 16 clusters"),
        ("Cox, unadjusted; Cox, adjusted", "hazards in proportion; sandwich"),
        ("alone", "nothing"),
    ]
    assert answers.assumptions(table.iloc[:0]) == []


def test_decisions_by_place_and_released_side_by_side() -> None:
    frame = pd.DataFrame({
        "jurisdiction": ["06037"] * 4 + ["06001"] * 3 + ["06"], "policy": ["limits"] * 4 + ["none"] * 3 + ["none"],
        "outcome": ["declined", "ice_custody", "declined", "unknown", "ice_custody", "declined", "unknown", "declined"],
    })  # fmt: skip
    found = views_people.declined_by_place(frame, least=2, name=lambda code: f"place {code}")
    assert found["label"].tolist() == ["place 06001: no rule listed", "place 06037: limits"]
    assert found[["numerator", "denominator"]].to_numpy().tolist() == [[1, 2], [2, 3]]
    described = pd.DataFrame({
        "event": "any", "estimand": ["risk by 365 days, none", "risk by 365 days, limits", "risk difference by 365 days", "difference in mean days"],
        "estimate": [0.2, 0.3, 0.1, 5.0], "lower": [0.1, 0.2, 0.0, 4.0], "upper": [0.3, 0.4, 0.2, 6.0],
    })  # fmt: skip
    assert views_people.side_by_side(described).iloc[0].tolist() == ["any", 0.2, 0.3, 0.1, 0.0, 0.2]


def test_estimands_and_rates_stand_side_by_side_by_rule(cohort: pd.DataFrame) -> None:
    people = made(cohort, competing=("ice_custody", "removed"))
    later = cohort.assign(event=cohort["event"].where(cohort["event"] == "rearrest"))
    found = views_people.estimands_by_rule(people, made(later), 365).set_index(["estimand", "policy"])
    assert set(found.index.levels[0]) == {*ESTIMANDS, "ice_custody"}  # nobody was removed
    for policy, part in cohort.groupby("policy"):
        alone = estimands(made(part), 365, later=made(later[later["policy"] == policy]))["estimate"].tolist()
        assert [found.loc[(name, policy), "estimate"] for name in ESTIMANDS] == pytest.approx(alone)
        life = life_table(part)
        free = at(kaplan_meier(life_table(part.assign(event=part["event"].notna())), "event"), 365)["survival"].iloc[0]
        shares = [
            at(cumulative_incidence(life, cause), 365)["incidence"].iloc[0] for cause in ("rearrest", "ice_custody")
        ]
        assert found.loc[("ice_custody", policy), "estimate"] == pytest.approx(shares[1])
        assert sum(shares) + free == pytest.approx(1)  # everyone is re-arrested first, taken first, or neither
        rate = views_people.rates_by_rule(people, 365).set_index("policy").loc[policy]
        hit = (part["event"] == "rearrest") & (part["days"] <= 365)
        assert rate["people"] == found.loc[("first event", policy), "people"] == len(part)
        assert rate["estimate"] == pytest.approx(hit.sum() / (part["days"].clip(upper=365).sum() / 365.25))


def test_the_order_of_places_tells_nothing_of_exact_counts() -> None:
    codes = [f"060{n:02d}" for n in range(1, 13, 2)]

    def drawn(declined: list[int]):
        parts = [
            pd.DataFrame(
                {"jurisdiction": code, "policy": "limits", "outcome": ["declined"] * k + ["ice_custody"] * (60 - k)}
            )
            for code, k in zip(codes, declined, strict=True)
        ]
        forest = views_people.declined_by_place(pd.concat(parts, ignore_index=True), least=30)
        return figures.dots(forest, what="Share declined", ranked=True)

    orders = {
        tuple(drawn([20, *small, 30, 40]).released("restricted").data.frame["label"])
        for small in itertools.permutations((2, 5, 6))
    }
    assert orders == {tuple(f"{codes[i]}: limits" for i in (5, 4, 0, 1, 2, 3))}  # 2, 5 and 6 are all shown as 3
    assert drawn([20, 2, 8, 5, 30, 40]).released("public").table["numerator"].tolist() == [40, 30, 20, 8, 5, 2]
