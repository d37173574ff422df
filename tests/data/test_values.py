"""Single columns: text, numbers and labels."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from analysis.data.errors import InputError
from analysis.data.spec import column
from analysis.data.tables import SEVERITIES, TABLES
from analysis.data.values import as_category, as_number, as_text, filled, raw_text


def text(*values: str) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def test_numbers():
    numbers, bad = as_number(text("1,234", "-3", "1e3", "0.5", "", "ten", "1,23", "inf", "nan", "0x10", "True"))
    assert numbers[:4].tolist() == [1234.0, -3.0, 1000.0, 0.5]
    assert numbers[4:].isna().all()
    assert bad.tolist() == [False] * 5 + [True] * 6


def test_raw_text_of_numbers_and_blanks():
    assert raw_text(pd.Series([1.0, 0.25, np.nan, 1e20, np.inf])).tolist() == ["1", "0.25", "", "1e+20", "inf"]
    assert raw_text(pd.Series([1, None], dtype="Int64")).tolist() == ["1", ""]
    assert raw_text(pd.Series([" a\u00a0 b\n", None, "NA"], dtype="str")).tolist() == ["a b", "", "NA"]
    assert raw_text(pd.Series(pd.Categorical([1.0, None]))).tolist() == ["1", ""]
    assert raw_text(pd.Series([True, None, 3, "x"], dtype=object)).tolist() == ["True", "", "3", "x"]


def test_filled_counts_values_other_than_white_space():
    frame = pd.DataFrame(
        {"a": text("x", " ", ""), "b": [1.0, np.nan, 3.0], "c": pd.Categorical(["x", None, " "]), "d": [None, "y", {}]}
    )
    assert filled(frame) == [1, 2, 1, 2]
    assert filled(frame.iloc[:0]) == [0, 0, 0, 0]


def severity(**rule):
    return column("severity", {"from": "x", **rule}, TABLES["arrests"], None, "here")


def test_labels_are_taken_by_the_map_then_by_their_own_name():
    unknown = Counter()
    rule = severity(values={"F ": "felony", "m": "misdemeanor", "?": ""})
    values, bad = as_category(text("f", "M", "FELONY", "", "?", "zz", "zz"), rule, unknown)
    assert values.tolist() == ["felony", "misdemeanor", "felony", "unknown", "unknown", "unknown", "unknown"]
    assert tuple(values.cat.categories) == SEVERITIES
    assert not bad.any()
    assert unknown == {("severity", "zz"): 2}


def test_a_key_is_looked_up_in_place_of_the_whole_text():
    rule = severity(key="^[A-Z]", values={"F": "felony"})
    assert as_category(text("F2 - second degree", "x"), rule, Counter())[0].tolist() == ["felony", "unknown"]
    with pytest.raises(InputError, match="there are no values"):
        severity(key="^[A-Z]")


def test_a_vocabulary_without_unknown_sets_other_values_aside():
    rule = column("kind", {"from": "x", "values": {"DEAD": "died", "none": ""}}, TABLES["exits"], None, "here")
    values, bad = as_category(text("dead", "none", "moved", ""), rule, Counter())
    assert values.isna().tolist() == [False, True, True, True]
    assert bad.tolist() == [False, False, True, False]


def test_text_keeps_what_a_map_does_not_name():
    rule = column("facility", {"from": "x", "values": {"A": "Jail A", "B": ""}}, TABLES["arrests"], None, "here")
    assert as_text(text("a", "b", "C"), rule)[0].astype("str").fillna("").tolist() == ["Jail A", "", "C"]
