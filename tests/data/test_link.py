"""Linking people: identifiers first, then names and dates of birth as jails write them, on files whose truth is known."""

import sys
from itertools import combinations

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from analysis.data import link as linking
from analysis.data.errors import InputError
from analysis.data.person_names import COMPARABLE, split_full
from validation.simulator import Simulation, tables
from validation.simulator.histories import history
from validation.simulator.local_files import identities, misspelt

ERRORS = 0.03  # share of rows with an error, in each field


def records(*rows, columns=("first_name", "last_name", "birth_date", "identifier")):
    return pd.DataFrame(list(rows), columns=list(columns)).assign(source="a", record=range(1, len(rows) + 1))


# ---- identifiers, and what is refused


def test_equal_identifiers_are_one_person_whatever_the_names_say(link):
    linked = link(records(("A", "B", "1980-01-01", "7"), ("C", "D", "1990-01-01", "7"), ("A", "B", "1980-01-01", "8")))
    assert linked.people["person_id"].tolist() == ["7", "7", "8"]
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


def test_what_link_cannot_take_is_refused(link, monkeypatch):
    rows = records(("A", "B", "1980-01-01", None), ("A", "B", "1980-01-01", None))
    with pytest.raises(ValueError, match="a, record 1 stands twice"):
        link(pd.concat([rows, rows]))
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(InputError, match="needs splink, which is not installed"):
        link(rows)


def test_what_the_engine_says_is_not_wrapped_in_what_splink_says(link, monkeypatch):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab)")
    monkeypatch.setattr(linking, "BLOCKS", ("l.no_such_column = r.no_such_column",))
    with pytest.raises(duckdb.BinderException, match="no_such_column"):
        link(records(("A", "B", "1980-01-01", None), ("A", "B", "1980-01-01", None)))


# ---- names


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("GARCÍA-LÓPEZ", ["garcia", "lopez"]),
        ("O'Brien, Jr.", ["obrien"]),
        ("  de la  Cruz ", ["de", "la", "cruz"]),
        ("Nun\u0303ez III", ["nunez"]),
        ("FNU", []),
        ("Li Na", ["li", "na"]),
    ],
)
def test_words_of_a_name(name, words):
    con = duckdb.connect()
    con.execute(COMPARABLE.partition("create view")[0])
    assert con.execute("select words(?)", [name]).fetchall() == [(words,)]


def test_fields_of_names_written_in_two_ways_agree():
    con = duckdb.connect()
    con.execute("""create view raw as select * from (values
        ('a', 1, null, 'José Luis', 'De la Cruz Peña', '1980-03-09', 'male', '06037'),
        ('a', 2, null, 'JOSE-LUIS', 'delacruz pena', '1980-03-09', 'unknown', ''), ('a', 3, null, 'LNU', null, null, null, null))
        t(source, record, identifier, first_name, last_name, birth_date, sex, place)""")
    con.execute(COMPARABLE)
    one, other, nothing = con.execute(
        f"select birth_date::text, {', '.join(linking.FIELDS)} from comparable"
    ).fetchall()
    assert one[:6] == ("1980-03-09", "joseluis", "jose", "delacruzpena", "cruz", "pena")
    assert other[:4] == one[:4]
    assert (one[7:], other[7:]) == (("male", "06037"), (None, None))
    assert set(nothing) == {None}


def test_a_full_name_is_split_at_the_comma_or_before_the_last_word():
    out = split_full(pd.Series(["GARCIA LOPEZ, MARIA E", "Maria Garcia", "Prince", None], dtype="str"))
    assert out["last_name"].tolist()[:3] == ["GARCIA LOPEZ", "Garcia", "Prince"]
    assert [name.strip() for name in out["first_name"].tolist()[:3]] == ["MARIA E", "Maria", ""]


# ---- clusters and the report


def made(nodes, pairs, identifiers=()):
    """A database with records and pairs; ``nodes`` gives for each record the first with the same identifier."""
    con = duckdb.connect()
    whole = pd.DataFrame({"id": range(len(nodes)), "node": nodes})
    whole["identifier"] = pd.Series([*identifiers, *[None] * (len(nodes) - len(identifiers))], dtype="str")
    pairs = pd.DataFrame(pairs, columns=["left", "right", "match_probability"])
    con.execute("create table records as select * from whole; create table named as select * from records")
    con.execute("create table pairs as select * from pairs")
    return con


def clusters(con):
    found = con.execute("select cluster from records join clusters using (node) order by id").fetchall()
    return [number for (number,) in found]


def test_without_pairs_identifiers_alone_make_clusters(monkeypatch):
    monkeypatch.setitem(sys.modules, "splink", None)
    for nodes in ([0, 1, 0, 3], []):
        con = made(nodes, [])
        linking.connect(con, 0.5)
        assert clusters(con) == nodes


@given(
    nodes=st.lists(st.integers(0, 39), min_size=40, max_size=40),
    pairs=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39), st.sampled_from([0.5, 0.7, 0.9])), max_size=60),
)
@settings(max_examples=25, deadline=None)
def test_clusters_are_those_of_a_graph_search_numbered_by_their_first_record(nodes, pairs):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    own = [nodes.index(identifier) for identifier in nodes]
    con = made(own, pairs)
    linking.connect(con, 0.7)
    edges = [(i, node) for i, node in enumerate(own)] + [(a, b) for a, b, p in pairs if p >= 0.7]
    graph = coo_array((np.ones(len(edges)), tuple(zip(*edges, strict=True))), shape=(40, 40))
    label = connected_components(graph, directed=False)[1]
    assert clusters(con) == [int(np.flatnonzero(label == one)[0]) for one in label]


def test_the_report_is_what_hand_arithmetic_gives():
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    # records 2 and 4 share an identifier, and were never compared
    con = made([0, 0, 2, 3, 2], [(0, 1, 0.99), (0, 2, 0.9), (1, 2, 0.6)], identifiers=("x", "x", "y", None, "y"))
    report = linking.by_threshold(con, 0.9, expected=0.99 + 0.9 + 0.6 + 0.1).set_index("threshold")
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


# ---- the model


def test_the_levels_of_each_comparison_are_shares():
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    for one in linking.comparisons():
        assert (sum(one.m_probabilities), sum(one.u_probabilities)) == pytest.approx((1, 1), abs=1e-6)


# Each line: two records, and whether they are one person. None of these files is large enough to learn from,
# so that the model's own values decide.
AS_WRITTEN = [
    ("Zoë", "Quiñones Ávila", "1980-03-09", "ZOE", "QUINONES-AVILA", "1980-03-09", True),  # accents, hyphen
    ("Maria", "Garcia Lopez", "1979-03-09", "Maria", "Lopez Garcia", "1979-03-09", True),  # surnames in another order
    ("Elena", "Fuentes Rosales", "1978-03-09", "Elena", "Rosales", "1978-03-09", True),  # one surname left out
    ("Ana Lucia", "Trujillo", "1977-03-09", "Ana", "Trujillo", "1977-03-09", True),  # one given name left out
    ("B", "Villalobos", "1976-03-09", "Beatriz", "Villalobos", "1976-03-09", True),  # an initial
    ("Huang", "Mei", "1975-03-09", "Mei", "Huang", "1975-03-09", True),  # names exchanged
    ("Ingrid", "Castellanos", "1974-03-09", "Ingrid", "Castelalnos", "1974-03-09", True),  # two letters exchanged
    ("Amrta", "Etcheverry", "1973-03-09", "Marta", "Etchevery", "1973-03-09", True),  # a slip in both names
    ("Paloma", "Iturbide", "1972-03-09", "Paloma", "Iturbide", "1972-09-03", True),  # day and month exchanged
    ("Renata", "Zaldivar", "1971-03-09", "Renata", "Zaldivar", "1971-03-08", True),  # a digit off
    ("Sofia", "Bustamante", "1970-03-09", "Sofia", "Bustamante", "1971-03-09", True),  # a digit off in the year
    ("Teresa", "De la Cruz", "1969-03-09", "Teresa", "Delacruz", "1969-03-09", True),  # spaces
    ("Ursula", "Monteverde", "1968-03-09", "Ursula", "Monteverde", "1951-11-27", False),  # a namesake
    ("Vera", "Nogueira", "1967-03-09", "Karla", "Nogueira", "1967-03-09", False),  # twins
    ("Wendy", "Ocampo", "1966-03-09", "Wendy", "Pizarro", "1966-03-09", False),  # born on one day
    ("Ximena", "Quiroga", "1965-03-09", "Yolanda", "Robledo", "1965-03-09", False),
    (None, "Abdulkarim", "1964-03-09", "FNU", "Abdulkarim", "1964-03-09", True),  # one name alone
]


def test_names_as_jails_write_them(link):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    rng = np.random.default_rng(1)
    # strangers make the file large enough for a link to need evidence, and each name rare enough
    n = 600
    strange = ["".join(rng.choice(list("bcdfghjklmnpqrstvwxz"), 9)) for _ in range(2 * n)]
    rows = [
        (strange[i], strange[n + i], f"{1950 + i % 50}-{1 + i % 12:02d}-{1 + i % 28:02d}", "06059") for i in range(n)
    ]
    for number, pair in enumerate(AS_WRITTEN):
        rows += [(*pair[:3], f"{10 + number}001"), (*pair[3:6], f"{10 + number}001")]
    frame = records(*rows, columns=("first_name", "last_name", "birth_date", "place")).assign(sex="female")
    person = link(frame).people["person_id"].tolist()[n:]
    wrong = [
        pair
        for pair, one, other in zip(AS_WRITTEN, person[::2], person[1::2], strict=True)
        if (one == other) != pair[6]
    ]
    assert wrong == []


def mistaken(born, rng):
    """Dates of birth of which a share has day and month exchanged or a digit of the year or day wrong."""
    text = pd.Series(born.astype("datetime64[s]")).dt.strftime("%Y-%m-%d")
    for i in np.flatnonzero(rng.random(len(text)) < ERRORS):
        year, month, day = text[i].split("-")
        typed = (
            f"{year}-{day}-{month}",
            f"{year[:3]}{(int(year[3]) + 1) % 10}-{month}-{day}",
            f"{year}-{month}-{day[0]}{(int(day[1]) + 1) % 10}",
        )[int(rng.integers(0, 3))]
        text[i] = typed if pd.notna(pd.to_datetime(typed, format="%Y-%m-%d", errors="coerce")) else text[i]
    return pd.to_datetime(text).astype("datetime64[s]")


def scores(linked, rows):
    """Precision and recall over all pairs of records."""
    key = rows.set_index(["source", "record"])["truth"]
    person = linked.people.set_index(["source", "record"])["person_id"].reindex(key.index)

    def pairs_of(labels):
        groups = labels.reset_index(drop=True).groupby(labels.to_numpy()).groups
        return {pair for group in groups.values() for pair in combinations(sorted(group), 2)}

    truth, found = pairs_of(key), pairs_of(person)
    return len(truth & found) / len(found), len(truth & found) / len(truth)


@pytest.fixture(scope="module")
def county():
    """Releases and arrests of a synthetic county, every field typed with errors, and who each row really is."""
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    sim = Simulation(seed=11, people=2500)
    past = history(sim)
    known, rng = identities(sim, past[0]), np.random.default_rng(5)
    parts = []
    for table in ("releases", "arrests"):
        frame = tables(sim, past)[table]
        person = frame["person_id"].to_numpy()
        part = pd.DataFrame(
            {
                "source": f"{table}.csv",
                "record": np.arange(len(frame)),
                "first_name": misspelt(known.first[person], rng, ERRORS),
                "last_name": misspelt(known.last[person], rng, ERRORS),
                "birth_date": mistaken(known.born[person], rng),
                "sex": np.where(past[0].male[person], "male", "female"),
                "place": frame["jurisdiction"].astype("str"),
                "truth": person,
                "identifier": pd.Series(known.number[person]).where(rng.random(len(frame)) < 0.3),
            }
        )
        swap = rng.random(len(part)) < ERRORS / 3
        part.loc[swap, ["first_name", "last_name"]] = part.loc[swap, ["last_name", "first_name"]].to_numpy()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def test_precision_and_recall_at_three_percent_typing_errors_whatever_the_order_and_the_threads(link, county):
    linked = link(county.drop(columns="identifier"))
    precision, recall = scores(linked, county)
    assert precision >= 0.99
    assert recall >= 0.95
    chosen = linked.report.set_index("threshold").loc[0.95]
    assert 0.97 <= chosen["model_precision"] <= 1
    assert linked.model["estimated"].all()
    # the model's estimate of its own precision agrees with the truth, pair by pair, within two points
    assert chosen["model_precision"] == pytest.approx(precision, abs=0.02)
    again = link(county.drop(columns="identifier").sample(frac=1, random_state=3), threads=1)
    for part in ("people", "report", "model"):
        pd.testing.assert_frame_equal(getattr(linked, part), getattr(again, part))


def test_names_join_what_identifiers_leave_apart_and_are_checked_against_them(link, county):
    linked = link(county)
    chosen = linked.report.set_index("threshold").loc[0.95]
    assert chosen["identified_agree"] / chosen["identified_pairs"] >= 0.99
    assert chosen["identified_recall"] >= 0.95
    assert linked.counts["people"] < linked.counts["people by identifier alone"]
    # a row with an identifier and none of its own names is found through it
    assert set(linked.same.index) == set(county["identifier"].dropna())
    assert set(linked.same) <= set(linked.people["person_id"])


def crossed(starts, ends):
    return np.array([start + end for start in starts.split() for end in ends.split()])


def common_names(people):
    """Rows of people who share few names, one in twenty born on a 1 January, one row in five from another county."""
    rng = np.random.default_rng(3)
    surnames = crossed("gar mar her lop gonz per rod san ram tor", "cia tinez nandez ez alez iguez")
    given = crossed("jo ma lu car an fer ric al ed vic", "se ria is los tonio nando")
    share = 1 / np.arange(1, 61) / (1 / np.arange(1, 61)).sum()  # the commonest has a fifth
    last = rng.choice(surnames, people, p=share).astype(object)
    last = np.where(rng.random(people) < 0.5, last + " " + rng.choice(surnames, people, p=share), last)
    first = rng.choice(given, people, p=share).astype(object)
    born = np.datetime64("1960-01-01") + rng.integers(0, 45 * 365, people).astype("timedelta64[D]")
    born = np.where(rng.random(people) < 0.05, born.astype("datetime64[Y]").astype("datetime64[D]"), born)
    male, home = rng.random(people) < 0.85, rng.integers(0, 20, people)
    person = np.repeat(np.arange(people), rng.geometric(0.4, people))
    n = len(person)
    county = np.where(rng.random(n) < 0.8, home[person], rng.integers(0, 20, n))
    return pd.DataFrame(
        {
            "source": "x", "record": np.arange(n), "first_name": misspelt(first[person], rng, ERRORS),
            "last_name": misspelt(last[person], rng, ERRORS), "birth_date": mistaken(born[person], rng),
            "sex": np.where(male[person], "male", "female"), "place": [f"06{2 * i + 1:03d}" for i in county], "truth": person,
        }
    )  # fmt: skip


def test_where_many_share_a_name_the_model_says_how_far_it_can_be_trusted(link):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    rows = common_names(2000)
    assert rows.drop_duplicates("truth").duplicated(["first_name", "last_name"]).mean() > 0.25
    linked = link(rows)
    precision, recall = scores(linked, rows)
    assert precision >= 0.99
    assert recall >= 0.95
    chosen = linked.report.set_index("threshold").loc[0.95]
    assert chosen["model_precision"] == pytest.approx(precision, abs=0.02)
    assert chosen["model_recall"] == pytest.approx(recall, abs=0.04)
