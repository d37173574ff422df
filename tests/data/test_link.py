"""Linking people: identifiers first, then names and dates of birth as jails write them."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from analysis.data.errors import InputError
from analysis.data.link_clusters import connect, engine_errors
from analysis.data.link_report import by_threshold


def records(*rows, columns=("first_name", "last_name", "birth_date", "identifier")):
    frame = pd.DataFrame(list(rows), columns=list(columns)).assign(source="a", record=range(1, len(rows) + 1))
    return frame.assign(birth_date=pd.to_datetime(frame["birth_date"]))


def together(linked):
    """The sets of records that are one person."""
    people = linked.people
    return {frozenset(group) for group in people.groupby("person_id")["record"].agg(list)}


def test_equal_identifiers_are_one_person_whatever_the_names_say(link):
    linked = link(records(("A", "B", "1980-01-01", "7"), ("C", "D", "1990-01-01", "7"), ("A", "B", "1980-01-01", "8")))
    assert together(linked) == {frozenset({1, 2}), frozenset({3})}
    assert linked.people["by"].tolist() == ["identifier", "identifier", "alone"]
    assert linked.people["match_weight"].isna().all()
    assert linked.same.to_dict() == {"7": "7", "8": "8"}  # already a hash in a build: rows elsewhere keep it
    assert linked.model.empty


def test_no_name_leaves_and_a_lone_record_has_an_id_from_its_content(link):
    linked = link(records(("A", "B", "1980-01-01", "7"), (None, "Garcia", None, None)))
    (alone,) = linked.people.loc[linked.people["record"] == 2, "person_id"]
    assert len(alone) == 32
    assert "garcia" not in linked.people.to_csv().casefold()
    again = link(records((None, "GARCÍA", None, None)))
    assert again.people["person_id"].tolist() == [alone]


def test_two_who_say_the_same_and_are_not_linked_stay_two(link):
    linked = link(records((None, "Garcia", None, None), (None, "Garcia", None, None)))
    assert linked.people["person_id"].nunique() == 2


def test_what_link_cannot_take_is_refused(link):
    rows = records(("A", "B", "1980-01-01", None))
    with pytest.raises(KeyError, match="last_name"):
        link(rows.drop(columns="last_name"))
    with pytest.raises(ValueError, match="expected a probability"):
        link(rows, threshold=3)
    with pytest.raises(ValueError, match="stand twice"):
        link(pd.concat([rows, rows]))


def test_without_splink_one_line_says_how_to_get_it(link, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "splink", None)
    with pytest.raises(InputError, match="needs splink, which is not installed"):
        link(records(("A", "B", "1980-01-01", None), ("A", "B", "1980-01-01", None)))


def tables(nodes, pairs, identified=()):
    """A database as records and pairs leave it; ``nodes`` gives for each record the first with the same identifier."""
    connection = duckdb.connect()
    whole = pd.DataFrame({"id": range(len(nodes)), "node": nodes})
    whole["identified"] = whole["id"].isin(identified)
    pairs = pd.DataFrame(pairs, columns=["left", "right", "match_probability"]).assign(match_weight=0.0)
    for name, frame in (("records", whole), ("places", whole), ("pairs", pairs)):
        connection.register("frame", frame)
        connection.execute(f"create table {name} as select * from frame")
    return connection


def clusters(connection):
    found = connection.execute("select cluster from records join clusters using (node) order by id").fetchall()
    return [number for (number,) in found]


def test_without_pairs_identifiers_alone_make_clusters():
    connection = tables([0, 1, 0, 3], [])
    connect(connection, 0.5)
    assert clusters(connection) == [0, 1, 0, 3]
    connection = tables([], [])
    connect(connection, 0.5)
    assert clusters(connection) == []


def test_clusters_are_connected_components_numbered_by_their_first_record():
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    pairs = [(0, 2, 0.9), (3, 4, 0.9), (2, 3, 0.6)]
    connection = tables(range(5), pairs)
    connect(connection, 0.9)
    assert clusters(connection) == [0, 1, 0, 3, 3]
    connect(connection, 0.6)
    assert clusters(connection) == [0, 1, 0, 0, 0]
    connection = tables([0, 1, 2, 2, 1], pairs)  # 2 and 3 share an identifier, and so do 1 and 4
    connect(connection, 0.9)
    assert clusters(connection) == [0] * 5


@given(
    nodes=st.lists(st.integers(0, 39), min_size=40, max_size=40),
    pairs=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39), st.sampled_from([0.5, 0.7, 0.9])), max_size=60),
)
@settings(max_examples=25)
def test_clusters_are_those_of_a_graph_search(nodes, pairs):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    first = {identifier: nodes.index(identifier) for identifier in nodes}
    own = [first[identifier] for identifier in nodes]
    connection = tables(own, pairs)
    connect(connection, 0.7)
    edges = [(i, node) for i, node in enumerate(own)] + [(a, b) for a, b, p in pairs if p >= 0.7]
    graph = coo_array((np.ones(len(edges)), tuple(zip(*edges, strict=True))), shape=(40, 40))
    label = connected_components(graph, directed=False)[1]
    assert clusters(connection) == [int(np.flatnonzero(label == one)[0]) for one in label]


def test_the_report_is_what_hand_arithmetic_gives():
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    # identifiers x, x, y, none, y; records 2 and 4 share one, and were never compared
    connection = tables([0, 0, 2, 3, 2], [(0, 1, 0.99), (0, 2, 0.9), (1, 2, 0.6)], identified=(0, 1, 2, 4))
    report = by_threshold(connection, 0.9, expected=0.99 + 0.9 + 0.6 + 0.1).set_index("threshold")
    row = report.loc[0.9]
    assert row["chosen"]
    assert (row["pairs"], row["people"], row["largest"]) == (2, 2, 4)
    assert row["model_precision"] == pytest.approx((0.99 + 0.9) / 2)
    assert row["model_recall"] == pytest.approx((0.99 + 0.9) / (0.99 + 0.9 + 0.6 + 0.1))
    assert (row["identified_pairs"], row["identified_agree"]) == (2, 1)
    assert row["identified_recall"] == pytest.approx(1 / 2)
    assert (report.loc[0.999, "people"], report.loc[0.999, "largest"]) == (3, 2)
    assert report.loc[0.5, "match_weight"] == 0
    assert np.isnan(report.loc[0.999, "model_precision"])


def test_what_the_engine_says_is_not_wrapped_in_what_splink_says():
    splink = pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab)")
    api = splink.DuckDBAPI(connection=tables([0], []))
    with pytest.raises(duckdb.CatalogException, match="no_such_edges"), engine_errors():
        splink.clustering.cluster_pairwise_predictions_at_threshold("records", "no_such_edges", api, "id")
