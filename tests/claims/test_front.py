"""What the index says first: every number is that of a published row, and nothing is said where a row is wanting."""

import re

from analysis.claims import front
from analysis.claims.read import read_claims


def test_the_answers_hold_the_numbers_of_the_published_rows(claims):
    short, long, sanctuary = front.answers(claims)["says"]
    assert short.startswith("40 of 440 is 9.1\u00a0%: the division is right. But the 440 are detainers")
    assert short.endswith("if the count closed in mid-April, nobody was followed for more than 15 weeks.")
    assert "44\u00a0% were arrested again within a year and 68\u00a0% within three" in long
    assert (
        "published by the Center for Immigration Studies (1,867 of 8,145 people arrested again within 0 to 243 days; TRAC: unclear"
        in sanctuary
    )
    assert (
        "a study of counties (Hausman 2020) reports no measurable effect on crime but follows no people." in sanctuary
    )
    assert front.answers(claims)["href"].tolist() == [f"claims.html#claim-{name}" for name in front.ANSWERED]


def test_another_count_is_another_answer(copied):
    changed = front.answers(read_claims(copied(0, numerator="60")))
    assert changed["says"][0].startswith("60 of 440 is 13.6\u00a0%: the division gives another figure.")


def test_nothing_is_said_of_claims_that_are_not_there(claims):
    assert front.answers(claims[claims["claim_id"] != "cis-2018-long-term"]).empty


def test_claims_are_found_by_what_people_type(claims):
    words = set(re.findall(r"\w+", front.words(claims).lower()))
    assert {"50", "fifty", "york", "sanctuary", "9", "nyc"} <= words
