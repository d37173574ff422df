"""The linkage model: names as jails write them, and precision and recall on files whose truth is known."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analysis.data.link_levels import LEVELS
from validation.simulator import Simulation, tables
from validation.simulator.histories import history
from validation.simulator.local_files import identities, misspelt

ERRORS = 0.03  # share of rows with an error, in each field


def test_the_levels_of_each_comparison_are_shares():
    levels = pd.DataFrame([(level.comparison, level.m, level.u) for level in LEVELS], columns=["of", "m", "u"])
    assert levels.groupby("of")[["m", "u"]].sum().to_numpy() == pytest.approx(1, abs=1e-6)


# Each line: two records, and whether they are one person. None of these files is large enough to learn from,
# so that the model's own values decide.
AS_WRITTEN = [
    (("Zoë", "Quiñones Ávila"), ("ZOE", "QUINONES-AVILA"), "1980-03-09", "1980-03-09", True),  # accents, hyphen
    (
        ("Maria", "Garcia Lopez"),
        ("Maria", "Lopez Garcia"),
        "1979-03-09",
        "1979-03-09",
        True,
    ),  # surnames in another order
    (("Elena", "Fuentes Rosales"), ("Elena", "Rosales"), "1978-03-09", "1978-03-09", True),  # one surname left out
    (("Ana Lucia", "Trujillo"), ("Ana", "Trujillo"), "1977-03-09", "1977-03-09", True),  # one given name left out
    (("B", "Villalobos"), ("Beatriz", "Villalobos"), "1976-03-09", "1976-03-09", True),  # an initial
    (("Huang", "Mei"), ("Mei", "Huang"), "1975-03-09", "1975-03-09", True),  # names exchanged
    (("Ingrid", "Castellanos"), ("Ingrid", "Castelalnos"), "1974-03-09", "1974-03-09", True),  # two letters exchanged
    (("Amrta", "Etcheverry"), ("Marta", "Etchevery"), "1973-03-09", "1973-03-09", True),  # a slip in both names
    (("Paloma", "Iturbide"), ("Paloma", "Iturbide"), "1972-03-09", "1972-09-03", True),  # day and month exchanged
    (("Renata", "Zaldivar"), ("Renata", "Zaldivar"), "1971-03-09", "1971-03-08", True),  # a digit off
    (("Sofia", "Bustamante"), ("Sofia", "Bustamante"), "1970-03-09", "1971-03-09", True),  # a digit off in the year
    (("Teresa", "De la Cruz"), ("Teresa", "Delacruz"), "1969-03-09", "1969-03-09", True),  # spaces
    (("Ursula", "Monteverde"), ("Ursula", "Monteverde"), "1968-03-09", "1951-11-27", False),  # a namesake
    (("Vera", "Nogueira"), ("Karla", "Nogueira"), "1967-03-09", "1967-03-09", False),  # twins
    (("Wendy", "Ocampo"), ("Wendy", "Pizarro"), "1966-03-09", "1966-03-09", False),  # born on one day
    (("Ximena", "Quiroga"), ("Yolanda", "Robledo"), "1965-03-09", "1965-03-09", False),
]


@pytest.fixture(scope="module")
def as_written(link):
    pytest.importorskip("splink", reason="splink is not installed (sh setup.sh lab): linking by names cannot be tried")
    rng = np.random.default_rng(1)
    # strangers make the file large enough for a link to need evidence, and each name rare enough
    n = 600
    letters = np.array(list("bcdfghjklmnpqrstvwxz"))
    strange = ["".join(rng.choice(letters, 9)) for _ in range(2 * n)]
    rows = [
        (strange[i], strange[n + i], f"{1950 + i % 50}-{1 + i % 12:02d}-{1 + i % 28:02d}", "06059") for i in range(n)
    ]
    for number, ((first, last), (other_first, other_last), born, other_born, _) in enumerate(AS_WRITTEN):
        rows += [(first, last, born, f"{10 + number}001"), (other_first, other_last, other_born, f"{10 + number}001")]
    frame = pd.DataFrame(rows, columns=["first_name", "last_name", "birth_date", "place"])
    frame = frame.assign(source="a", record=range(1, len(rows) + 1), sex="female")
    return frame, link(frame).people.set_index("record")["person_id"], n


@pytest.mark.parametrize("number", range(len(AS_WRITTEN)))
def test_names_as_jails_write_them(as_written, number):
    _, person, n = as_written
    first = n + 1 + 2 * number
    assert (person[first] == person[first + 1]) == AS_WRITTEN[number][4]


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


def mistaken(born, rng):
    """Dates of birth of which a share has day and month exchanged or a digit of the year or day wrong."""
    dates = pd.Series(born.astype("datetime64[s]"))
    text = dates.dt.strftime("%Y-%m-%d")
    for i in np.flatnonzero(rng.random(len(text)) < ERRORS):
        year, month, day = text[i].split("-")
        kind = rng.integers(0, 3)
        typed = {
            0: f"{year}-{day}-{month}",
            1: f"{year[:3]}{(int(year[3]) + 1) % 10}-{month}-{day}",
            2: f"{year}-{month}-{day[0]}{(int(day[1]) + 1) % 10}",
        }[int(kind)]
        text[i] = typed if pd.notna(pd.to_datetime(typed, format="%Y-%m-%d", errors="coerce")) else text[i]
    return pd.to_datetime(text).astype("datetime64[s]")


def pairs_of(labels):
    return {pair for group in labels.groupby(labels).groups.values() for pair in combinations(sorted(group), 2)}


def test_precision_and_recall_at_three_percent_typing_errors(link, county):
    linked = link(county.drop(columns="identifier"))
    key = county.set_index(["source", "record"])["truth"]
    people = linked.people.set_index(["source", "record"])["person_id"].reindex(key.index)
    truth, found = pairs_of(key.reset_index(drop=True)), pairs_of(people.reset_index(drop=True))
    assert len(truth & found) / len(found) >= 0.99
    assert len(truth & found) / len(truth) >= 0.95
    chosen = linked.report.set_index("threshold").loc[0.95]
    assert 0.97 <= chosen["model_precision"] <= 1
    assert linked.model["estimated"].all()
    # the model's estimate of its own precision agrees with the truth, pair by pair, within two points
    assert chosen["model_precision"] == pytest.approx(len(truth & found) / len(found), abs=0.02)


def test_the_same_rows_in_another_order_give_the_same_people(link, county):
    some = county[county["truth"] % 2 == 0].drop(columns="identifier")
    first = link(some)
    second = link(some.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(first.people, second.people)
    pd.testing.assert_frame_equal(first.report, second.report)
    pd.testing.assert_frame_equal(first.model, second.model)


def test_names_join_what_identifiers_leave_apart_and_are_checked_against_them(link, county):
    linked = link(county.drop(columns="truth"))
    chosen = linked.report.set_index("threshold").loc[0.95]
    assert chosen["identified_agree"] / chosen["identified_pairs"] >= 0.99
    assert chosen["identified_recall"] >= 0.95
    assert linked.counts["people"] < linked.counts["people by identifier alone"]
    # a row with an identifier and none of its own names is found through it
    assert set(linked.same.index) == set(county["identifier"].dropna())
    assert set(linked.same) <= set(linked.people["person_id"])


def common_names(people):
    """Rows of people who share few names, one in twenty born on a 1 January, one row in five from another county."""
    rng = np.random.default_rng(3)
    surnames = np.array(
        [
            a + b
            for a in ("gar", "mar", "her", "lop", "gonz", "per", "rod", "san", "ram", "tor")
            for b in ("cia", "tinez", "nandez", "ez", "alez", "iguez")
        ]
    )
    given = np.array(
        [
            a + b
            for a in ("jo", "ma", "lu", "car", "an", "fer", "ric", "al", "ed", "vic")
            for b in ("se", "ria", "is", "los", "tonio", "nando")
        ]
    )
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
    truth, found = (
        pairs_of(rows["truth"]),
        pairs_of(linked.people.sort_values("record")["person_id"].reset_index(drop=True)),
    )
    precision, recall = len(truth & found) / len(found), len(truth & found) / len(truth)
    assert precision >= 0.99
    assert recall >= 0.95
    chosen = linked.report.set_index("threshold").loc[0.95]
    assert chosen["model_precision"] == pytest.approx(precision, abs=0.02)
    assert chosen["model_recall"] == pytest.approx(recall, abs=0.04)
