"""Offence rules: every condition by hand, three-valued, with both bounds of what is not known."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.data.errors import InputError
from analysis.sanctuary.rule_file import read_rule, shipped_rules
from analysis.sanctuary.rules import honoured, honoured_bounds

LAW, REPORTED = "nyc-2014-law", "nyc-2014-as-reported"
COLUMNS = ["criminality", "charge_group", "prepared", "conviction_date", "judicial_warrant"]
CASES = [  # criminality, group, prepared, convicted, warrant; the law's answer and condition; the answer as reported
    (("convicted", "robbery", "2018-02-01", "2016-01-01", True), True, "every condition holds", True),
    (("convicted", "robbery", "2018-02-01", "2016-01-01", False), False, "warrant", True),
    (("convicted", "robbery", "2018-02-01", "2013-02-01", True), True, "every condition holds", True),
    (("convicted", "robbery", "2018-02-01", "2013-01-31", True), False, "look-back", True),
    (("convicted", "robbery", "2018-02-01", None, True), None, "unknown: look-back", True),
    (("convicted", "robbery", "2018-02-01", "2018-03-01", True), False, "look-back", True),
    (("pending", "robbery", "2018-02-01", None, True), False, "conviction", True),
    (("pending", "drug", "2018-02-01", None, True), False, "conviction", None),
    (("convicted", "drug", "2018-02-01", "2017-01-01", True), None, "unknown: offence", None),
    (("convicted", "immigration", "2018-02-01", "2017-01-01", True), False, "offence", False),
    (("convicted", "unknown", "2018-02-01", "2017-01-01", None), None, "unknown: warrant", None),
    (("unknown", "assault", "2018-02-01", "2017-01-01", True), None, "unknown: conviction", None),
    (("other", "assault", "2018-02-01", "2017-01-01", None), False, "conviction", False),
    (("pending", "immigration", "2018-02-01", None, None), False, "conviction", False),
    (("convicted", "assault", "2018-02-01", "2010-01-01", None), False, "look-back", True),
]
FRAME = pd.DataFrame([case[0] for case in CASES], columns=COLUMNS, index=range(10, 10 + len(CASES)))


def answers(found: pd.DataFrame) -> list[bool | None]:
    return [None if pd.isna(value) else bool(value) for value in found["honoured"]]


def test_the_law():
    found = honoured(LAW, FRAME)
    assert answers(found) == [case[1] for case in CASES]
    assert found["condition"].astype("str").tolist() == [case[2] for case in CASES]
    assert found.index.equals(FRAME.index)
    assert found["honoured"].dtype == "boolean"
    assert found.attrs["unknown"] == 4
    assert "approximated by charge groups" in found.attrs["approximate"]


def test_the_law_as_an_article_words_it():
    assert answers(honoured(REPORTED, FRAME)) == [case[3] for case in CASES]


def test_both_bounds():
    assert answers(honoured(LAW, FRAME, missing="release")) == [case[1] is True for case in CASES]
    assert answers(honoured(LAW, FRAME, missing="honour")) == [case[1] is not False for case in CASES]
    found = honoured_bounds(LAW, FRAME).iloc[0].to_dict()
    assert found == {"detainers": 15, "honoured": 2, "released": 9, "unknown": 4, "lower": 2 / 15, "upper": 6 / 15}
    assert honoured_bounds(LAW, FRAME.iloc[:0])[["lower", "upper"]].isna().all(axis=None)


def test_columns_that_are_absent_are_unknown_and_named():
    bare = FRAME[["criminality", "charge_group", "prepared"]]
    found = honoured(LAW, bare)
    assert found.attrs["absent"] == ["judicial_warrant", "conviction_date"]
    assert found["condition"].iloc[0] == "unknown: warrant"
    assert found["condition"].iloc[6] == "conviction"  # what fails without them fails
    assumed = honoured(LAW, bare, assume={"warrant": True, "look-back": True})
    assert assumed.attrs["absent"] == []
    assert answers(assumed) == [
        True,
        True,
        True,
        True,
        True,
        True,
        False,
        False,
        None,
        False,
        None,
        None,
        False,
        False,
        True,
    ]
    assert not honoured(LAW, bare, assume={"warrant": False})["honoured"].any()


truth = st.sampled_from([True, False, None])


@given(st.lists(st.tuples(truth, truth, truth, truth), min_size=1, max_size=12))
def test_three_valued_logic(rows):
    """False where one condition is false, else unknown where one is unknown, else true: whatever their order."""
    frame = pd.DataFrame(
        [
            {
                "criminality": {True: "convicted", False: "other", None: "unknown"}[conviction],
                "charge_group": {True: "assault", False: "immigration", None: "drug"}[offence],
                "prepared": "2020-01-01",
                "conviction_date": {True: "2019-01-01", False: "2001-01-01", None: None}[recent],
                "judicial_warrant": warrant,
            }
            for warrant, conviction, offence, recent in rows
        ]
    )
    expected = [False if False in row else None if None in row else True for row in rows]
    found = honoured(LAW, frame)
    assert answers(found) == expected
    names = ("warrant", "conviction", "offence", "look-back")
    for row, condition in zip(rows, found["condition"].astype("str"), strict=True):
        if False in row:
            assert condition == names[row.index(False)]
        elif None in row:
            assert condition == f"unknown: {names[row.index(None)]}"
        else:
            assert condition == "every condition holds"


RULE = """
title = "Test"
basis = "charge"
groups = ["assault"]
instrument = "made for a test"
[[exceptions]]
column = "age_group"
values = ["under 18"]
then = "release"
[[exceptions]]
column = "list"
values = ["yes"]
then = "honour"
"""


def test_exceptions_fix_the_answer_and_absent_ones_are_named(tmp_path):
    path = tmp_path / "rule.toml"
    path.write_text(RULE)
    frame = pd.DataFrame(
        {
            "criminality": ["pending"] * 3,
            "charge_group": ["assault", "assault", "immigration"],
            "age_group": ["under 18", "adult", "adult"],
        }
    )
    found = honoured(path, frame)
    assert answers(found) == [False, True, False]
    assert found["condition"].tolist() == ["exception: age_group", "every condition holds", "offence"]
    assert found.attrs["not_examined"] == ["list"]
    both = honoured(path, frame.assign(list=["yes", "no", "yes"]))
    assert answers(both) == [False, True, True]  # the first exception goes before the second


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('basis = "charge"', 'basis = "charges"', "Did you mean 'charge'"),
        ('["assault"]', '["asault"]', "Did you mean 'assault'"),
        ('["assault"]', '"assault"', "expected a list"),
        ('title = "Test"', 'titel = "Test"', "unknown key 'titel'.*Did you mean 'title'"),
        ('instrument = "made for a test"', "", "the key 'instrument' is missing"),
        ('basis = "charge"', 'basis = "charge"\nlook_back_years = 5', "goes with basis = 'conviction'"),
        ('basis = "charge"', 'basis = "conviction"\nlook_back_years = 0', "above 0"),
        ('basis = "charge"', 'basis = "charge"\nwarrant = "yes"', "expected true or false"),
        ('basis = "charge"', 'basis = "charge"\npartly = ["assault"]', "stands in groups and in partly"),
        ('then = "honour"', 'then = "hold"', "exception 2"),
        ('title = "Test"', "title = Test", "not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_rule_file(tmp_path, old, new, said):
    path = tmp_path / "rule.toml"
    path.write_text(RULE.replace(old, new, 1))
    with pytest.raises(InputError, match=said):
        read_rule(path)


def test_what_cannot_be_used_is_refused():
    with pytest.raises(InputError, match=f"Did you mean '{LAW}'"):
        honoured("nyc-2014-laws", FRAME)
    with pytest.raises(InputError, match="no column 'charge_group'"):
        honoured(LAW, FRAME.drop(columns="charge_group"))
    with pytest.raises(InputError, match="missing = 'drop'"):
        honoured(LAW, FRAME, missing="drop")
    with pytest.raises(InputError, match="no condition"):
        honoured(REPORTED, FRAME, assume={"warrant": True})
    with pytest.raises(InputError, match="other values than true and false"):
        honoured(LAW, FRAME.assign(judicial_warrant="perhaps"))


def test_shipped_rules_are_read_and_labelled():
    assert shipped_rules() == [REPORTED, LAW]
    for name in shipped_rules():
        rule = read_rule(name)
        assert "about 170" in rule.approximate
        assert rule.start.isoformat() == "2014-12-14"
    assert read_rule(LAW).look_back_years == 5
