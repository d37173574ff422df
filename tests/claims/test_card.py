"""The words of a card come from its row and from the printed rules, and hold nothing that a party would object to."""

import re

import pandas as pd

from analysis.claims import card
from analysis.claims.context import comparisons
from analysis.claims.read import one_claim, read_claims
from analysis.claims.rules import rules

LOADED = re.compile(
    r"\b(alien|illegal|undocumented|criminal|offender|dangerous|shocking|only|merely|misleading|false|wrong|exaggerat\w*|flawed|biased|"
    r"reckless|failed|refus\w+|tough|weak|obvious\w*|clearly|of course|unfortunately)\b",
    re.IGNORECASE,
)


def own_words(value) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in own_words(item)]
    if isinstance(value, list):
        return [text for item in value for text in own_words(item)]
    return [value] if isinstance(value, str) else []


def test_the_rules_and_comparisons_hold_no_loaded_word():
    words = own_words(rules()) + own_words(comparisons())
    assert len(words) > 50
    assert [text for text in words if LOADED.search(text)] == []


def test_a_card_shows_every_count_with_its_unit_and_its_source(claims):
    for _, claim in claims.iterrows():
        told = card.as_stated(claim).set_index("what")["as stated"]
        assert told["Source"] == claim["source"]
        for name in ("Numerator", "Denominator"):
            if pd.notna(claim[name.lower()]):
                assert f"{int(claim[name.lower()]):,} {claim[f'{name.lower()}_unit']}" in told[name]


def test_the_checks_in_words(claims):
    lines, values = card.check_lines(one_claim(claims, "nyc-2018-short-window"))
    assert [(name, fine) for name, _, fine in lines] == [
        ("Arithmetic", True),
        ("Units", False),
        ("Follow-up", False),
        ("Source", True),
    ]
    assert (
        lines[0][1].format(**values)
        == "The division is right: 40 / 440 = 9.1%, stated as about 9 percent. What it measures is another matter."
    )
    assert lines[1][1] == "Mixed: people in ICE's release and crimes in LifeZette's article over detainers"
    assert lines[2][1] == "Unequal: 0 to 105 days"


def test_the_number_that_is_compared_is_the_number_that_is_shown(claims):
    def said(name):
        template, values = card.arithmetic(one_claim(claims, name))
        return template.format(**values)

    assert said("cis-2015-reapprehension").startswith(
        "The division is right: (1,867 - 750) / 1,867 = 59.8%, stated as 60 percent remained at large."
    )
    # 16.4 is not 17: what agrees is what "more than" allows
    assert "16.4%, and 16.2% to 17.0% as the words before the counts allow" in said("house-2012-secure-communities")
    assert said("rand-2008") == "Nothing to recompute"


def test_no_check_can_be_quoted_alone_as_a_confirmation(claims):
    for _, claim in claims.iterrows():
        words = card.check_lines(claim)[0][0][1]
        assert "eproduced" not in words
        assert words.endswith("another matter.") or not words.startswith("The division is right")


def test_the_time_of_a_claim_is_said_as_exactly_as_it_is_known(claims):
    names = ("nyc-2018-short-window", "boston-globe-2016", "rand-2008")
    assert [card.when(one_claim(claims, name)) for name in names] == ["June 2018", "4 June 2016", "2008"]


def test_every_claim_has_a_record_that_would_settle_it(claims):
    said = {claim["claim_id"]: card.settled_by(claim) for _, claim in claims.iterrows()}
    assert "date of release" in said["nyc-2018-short-window"]
    assert "source of the figure" in said["cis-2018-long-term"]
    assert "by month" in said["hausman-2020"]
    assert all(said.values())


def test_swapping_the_numerator_changes_the_card_and_no_other(copied):
    before, after = read_claims(copied(0)), read_claims(copied(0, numerator="60"))
    assert card.check_lines(after.iloc[0])[0][0][1].startswith("The division does not give the figure")
    assert card.check_lines(after.iloc[0])[0][1:] == card.check_lines(before.iloc[0])[0][1:]
    for i in range(1, len(before)):
        assert card.check_lines(after.iloc[i])[0] == card.check_lines(before.iloc[i])[0]
