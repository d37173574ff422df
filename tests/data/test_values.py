"""Single columns: text, numbers and labels."""

from datetime import date

import numpy as np
import pytest

from analysis.data.errors import InputError
from analysis.data.spec import column
from analysis.data.tables import SEVERITIES, TABLES
from analysis.data.values import as_birth_year, as_category, as_flag, as_number, as_place, as_text, texts

text = lambda *values: texts(values)  # noqa: E731


def test_numbers():
    numbers, bad = as_number(text("1,234", "-3", "1e3", "0.5", "", "ten", "1,23", "inf", "nan", "0x10", "True"))
    assert numbers[:4].tolist() == [1234.0, -3.0, 1000.0, 0.5]
    assert numbers[4:].isna().all()
    assert bad.tolist() == [False] * 5 + [True] * 6


def test_european_numbers_are_not_taken_for_american():
    numbers, bad = as_number(text("1.095,0", "56,5", "1.200", "730"))
    assert bad.tolist() == [True, True, True, False]
    assert numbers[3:].tolist() == [730]


def test_nobody_is_born_in_the_year_34():
    assert as_birth_year(text("34", "1985", "2150", "", "x"), ())[1].tolist() == [True, False, True, False, True]
    assert as_birth_year(text("34", "150"), (), age=True)[1].tolist() == [False, True]
    assert as_birth_year(text("03/09/1985"), ("%m/%d/%Y",))[0].tolist() == [1985]


def test_texts_of_numbers_dates_and_blanks():
    assert texts([1.0, 0.25, np.nan, 1e20, np.inf, None]).tolist() == ["1", "0.25", "", "1e+20", "inf", ""]
    assert texts([" a\u00a0 b\n", None, "NA", True, 3, date(2018, 1, 31)]).tolist() == [
        "a b",
        "",
        "NA",
        "True",
        "3",
        "2018-01-31",
    ]


def severity(**rule):
    return column("severity", {"from": "x", **rule}, TABLES["arrests"], None, "here")


def test_labels_are_taken_by_the_map_then_by_their_own_name():
    rule = severity(values={"F ": "felony", "m": "misdemeanor", "?": ""})
    values, bad = as_category(text("f", "M", "FELONY", "", "?", "zz"), rule)
    assert values.tolist() == ["felony", "misdemeanor", "felony", "unknown", "unknown", "unknown"]
    assert {*values} <= {*SEVERITIES}
    assert bad.tolist() == [False] * 5 + [True]


def test_a_key_is_looked_up_in_place_of_the_whole_text():
    rule = severity(key="^[A-Z]", values={"F": "felony"})
    assert as_category(text("F2 - second degree", "x"), rule)[0].tolist() == ["felony", "unknown"]
    with pytest.raises(InputError, match="there are no values"):
        severity(key="^[A-Z]")


def test_a_vocabulary_without_unknown_sets_other_values_aside():
    rule = column("kind", {"from": "x", "values": {"DEAD": "died", "none": ""}}, TABLES["exits"], None, "here")
    values, bad = as_category(text("dead", "none", "moved", ""), rule)
    assert values.isna().tolist() == [False, True, True, True]
    assert bad.tolist() == [False, False, True, False]


def test_text_keeps_what_a_map_does_not_name():
    rule = column("facility", {"from": "x", "values": {"A": "Jail A", "B": ""}}, TABLES["arrests"], None, "here")
    assert as_text(text("a", "b", "C"), rule)[0].astype("str").fillna("").tolist() == ["Jail A", "", "C"]


@pytest.mark.parametrize(
    ("raw", "value"),
    [("Yes", True), ("true", True), ("1", True), ("N", False), ("", None), ("maybe", None), ("J", True)],
)
def test_a_flag_is_yes_no_or_missing_and_never_a_guess(raw, value):
    rule = column("judicial_warrant", {"from": "w", "values": {"J": "yes"}}, TABLES["detainers"], None, "here")
    found, bad = as_flag(text(raw), rule)
    assert found.dtype == "boolean"
    assert (None if found.isna()[0] else bool(found[0])) is value
    assert bad[0] == (raw == "maybe")


def test_states():
    rule = column("state", {"from": "x"}, TABLES["arrests"], None, "here")
    found, bad = as_place(text("Texas", "TX", "48", "texas ", "Guam", "", "Ontario"), rule)
    assert found.fillna("").tolist() == ["TX", "TX", "TX", "TX", "GU", "", ""]
    assert bad.tolist() == [False] * 6 + [True]
