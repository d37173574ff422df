"""The audit of the published claims, and that one changed number changes what it should and nothing else."""

import math

import pytest

from analysis.claims.audit import audit
from analysis.claims.checks import checks
from analysis.claims.read import read_claims
from analysis.claims.rules import printed, rules

GIVES = "the stated counts give the stated percentage"


def test_one_row_a_claim_with_the_columns_of_the_contract(claims):
    found = audit()
    assert list(found) == ["claim_id", "recomputed", "lower", "upper", "arithmetic", "units", "follow_up", "source"]
    assert found["claim_id"].tolist() == claims["claim_id"].tolist()


def test_the_figure_of_2018_by_hand():
    row = audit().set_index("claim_id").loc["nyc-2018-short-window"]
    assert (row["recomputed"], row["lower"], row["upper"]) == pytest.approx(
        (40 / 440, 0.067471, 0.121428), abs=5e-7
    )  # prop.test(40, 440, correct = FALSE)
    assert (row["arithmetic"], row["units"], row["follow_up"], row["source"]) == (
        GIVES,
        "mixed",
        "unequal",
        "confirmed",
    )


def test_1867_of_8145_by_r():
    row = audit().set_index("claim_id").loc["cis-2015-declined-detainers"]
    assert (row["lower"], row["upper"]) == pytest.approx(
        (0.220221, 0.238475), abs=5e-7
    )  # prop.test(1867, 8145, correct = FALSE)
    assert (row["arithmetic"], row["units"]) == (GIVES, "match")


def test_arrests_over_people_are_no_share_and_carry_no_interval():
    row = audit().set_index("claim_id").loc["cis-2015-arrest-events"]
    assert row["recomputed"] == pytest.approx(4298 / 8145)
    assert math.isnan(row["lower"])
    assert row["units"] == "mixed"


def test_both_forms_of_the_figure_of_2012_are_reproduced():
    row = audit().set_index("claim_id").loc["house-2012-secure-communities"]
    assert row["arithmetic"] == GIVES


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ({"numerator": "60"}, {"recomputed", "lower", "upper", "arithmetic"}),
        ({"numerator": "41"}, {"recomputed", "lower", "upper"}),  # 9.1 to 9.3 percent: still about 9
        ({"numerator_code": "detainers"}, {"units"}),
        ({"follow_up_code": "equal"}, {"follow_up"}),
        ({"source_seen": "partly"}, {"source"}),
        ({"source_code": "none_given"}, {"source"}),
        ({"stated_as": "", "stated_percent": ""}, {"arithmetic"}),
        ({"note": "another note"}, set()),
    ],
)
def test_a_changed_value_changes_its_own_row_where_the_rules_say_so_and_nothing_else(copied, values, changed):
    before, after = audit(copied(0)), audit(copied(0, **values))
    assert after.iloc[1:].equals(before.iloc[1:])
    assert {c for c in after if after.loc[0, c] != before.loc[0, c]} == changed


def test_every_finding_is_printed_with_its_rule(claims):
    table = printed()
    for _, claim in claims.iterrows():
        for name, check in checks(claim).items():
            rows = table[table["check"] == name.replace("_", "-").capitalize()]
            assert check.says in rows.loc[rows["finding"] == check.finding, "given where"].tolist()


def test_every_check_ends_with_a_rule_that_always_applies():
    for check in [*rules()["check"], rules()["record"]]:
        assert not {"when", "same"} & check["rule"][-1].keys()


def test_an_unconfirmed_figure_is_never_shown_as_confirmed(copied):
    for seen in ("partly", "no"):
        claim = read_claims(copied(0, source_seen=seen)).iloc[0]
        assert checks(claim)["source"].finding == "secondary"
        assert checks(claim)["source"].fine is None
