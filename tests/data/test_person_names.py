"""Names and dates of birth brought to comparable form."""

import pandas as pd
import pytest

from analysis.data.person_names import comparable, split_full, tokens


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("GARCÍA-LÓPEZ", ["garcia", "lopez"]),
        ("O'Brien, Jr.", ["obrien"]),
        ("  de la  Cruz ", ["de", "la", "cruz"]),
        ("Nuñez III", ["nunez"]),
        ("FNU", []),
        ("Li Na", ["li", "na"]),
    ],
)
def test_tokens(name, parts):
    assert tokens(name) == parts


def test_fields_of_names_written_in_two_ways_agree():
    records = pd.DataFrame(
        {
            "first_name": ["José Luis", "JOSE-LUIS", "LNU"],
            "last_name": ["De la Cruz Peña", "delacruz pena", None],
            "birth_date": pd.to_datetime(["1980-03-09", "1980-03-09", None]),
            "sex": ["male", "unknown", None],
            "place": ["06037", "", None],
        },
        dtype=object,
    )
    out = comparable(records)
    assert out.loc[0, ["first_name", "first_1", "first_initial"]].tolist() == ["joseluis", "jose", "j"]
    assert out["first_name"][0] == out["first_name"][1]
    assert out["last_name"][0] == out["last_name"][1] == "delacruzpena"
    assert out.loc[0, ["last_1", "last_2"]].tolist() == ["cruz", "pena"]
    assert out.loc[0, ["birth_date", "birth_year", "birth_month_day"]].tolist() == ["1980-03-09", "1980", "03-09"]
    assert out["sex"].isna().tolist() == [False, True, True]
    assert out["place"].isna().tolist() == [False, True, True]
    assert out.loc[2].isna().all()


def test_a_full_name_is_split_at_the_comma_or_before_the_last_word():
    out = split_full(pd.Series(["GARCIA LOPEZ, MARIA E", "Maria Garcia", "Prince", None], dtype="str"))
    assert out["last_name"].tolist()[:3] == ["GARCIA LOPEZ", "Garcia", "Prince"]
    assert [name.strip() for name in out["first_name"].tolist()[:3]] == ["MARIA E", "Maria", ""]
