"""Linking people: identifiers first, then names and dates of birth as jails write them."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from analysis.data.errors import InputError
from analysis.data.link import link
from analysis.data.link_report import by_threshold, clusters


def hashed(values):
    """A stand-in for the keyed hash."""
    return values.map(lambda text: hashlib.sha256(b"key" + text.encode()).hexdigest()[:32], na_action="ignore")


def records(*rows, columns=("first_name", "last_name", "birth_date", "identifier")):
    frame = pd.DataFrame(list(rows), columns=list(columns)).assign(source="a", record=range(1, len(rows) + 1))
    return frame.assign(birth_date=pd.to_datetime(frame["birth_date"]))


def together(linked):
    """The sets of records that are one person."""
    people = linked.people
    return {frozenset(group) for group in people.groupby("person_id")["record"].agg(list)}


def test_equal_identifiers_are_one_person_whatever_the_names_say():
    linked = link(
        records(("A", "B", "1980-01-01", "7"), ("C", "D", "1990-01-01", "7"), ("A", "B", "1980-01-01", "8")), hashed
    )
    assert together(linked) == {frozenset({1, 2}), frozenset({3})}
    assert linked.people["by"].tolist() == ["identifier", "identifier", "alone"]
    assert linked.people["match_weight"].isna().all()
    assert linked.same.to_dict() == {"7": "7", "8": "8"}  # already a hash in a build: rows elsewhere keep it
    assert linked.model.empty


def test_no_name_leaves_and_a_lone_record_has_an_id_from_its_content():
    linked = link(records(("A", "B", "1980-01-01", "7"), (None, "Garcia", None, None)), hashed)
    (alone,) = linked.people.loc[linked.people["record"] == 2, "person_id"]
    assert len(alone) == 32
    assert "garcia" not in linked.people.to_csv().casefold()
    again = link(records((None, "GARCÍA", None, None)), hashed)
    assert again.people["person_id"].tolist() == [alone]


def test_two_who_say_the_same_and_are_not_linked_stay_two():
    linked = link(records((None, "Garcia", None, None), (None, "Garcia", None, None)), hashed)
    assert linked.people["person_id"].nunique() == 2


def test_what_link_cannot_take_is_refused():
    rows = records(("A", "B", "1980-01-01", None))
    with pytest.raises(KeyError, match="last_name"):
        link(rows.drop(columns="last_name"), hashed)
    with pytest.raises(ValueError, match="expected a probability"):
        link(rows, hashed, threshold=3)
    with pytest.raises(ValueError, match="stand twice"):
        link(pd.concat([rows, rows]), hashed)


def test_without_splink_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "splink", None)
    with pytest.raises(InputError, match="needs splink, which is not installed"):
        link(records(("A", "B", "1980-01-01", None), ("A", "B", "1980-01-01", None)), hashed)


def test_clusters_are_connected_components():
    links = pd.DataFrame({"left": [0, 3], "right": [2, 4]})
    assert clusters(5, links).tolist() == [0, 1, 0, 2, 2]
    assert clusters(5, links, pd.DataFrame({"left": [2], "right": [3]})).tolist() == [0, 1, 0, 0, 0]
    assert clusters(0).tolist() == []


def test_the_report_is_what_hand_arithmetic_gives():
    pairs = pd.DataFrame(
        {
            "left": [0, 0, 1, 2],
            "right": [1, 2, 2, 3],
            "match_probability": [0.99, 0.9, 0.6, 0.1],
            "match_weight": [0.0] * 4,
        }
    )
    nothing = pd.DataFrame({"left": [], "right": []}, dtype="int64")
    identifier = pd.Series(
        ["x", "x", "y", None, "y"], dtype="str"
    )  # records 2 and 4 share one, and were never compared
    report = by_threshold(pairs, nothing, identifier, 0.9).set_index("threshold")
    row = report.loc[0.9]
    assert row["chosen"]
    assert (row["pairs"], row["people"], row["largest"]) == (2, 3, 3)
    assert row["model_precision"] == pytest.approx((0.99 + 0.9) / 2)
    assert row["model_recall"] == pytest.approx((0.99 + 0.9) / (0.99 + 0.9 + 0.6 + 0.1))
    assert (row["identified_pairs"], row["identified_agree"]) == (2, 1)
    assert row["identified_recall"] == pytest.approx(1 / 2)
    assert report.loc[0.5, "match_weight"] == 0
    assert np.isnan(report.loc[0.999, "model_precision"])
