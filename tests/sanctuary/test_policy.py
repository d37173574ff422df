"""Forty and more questions answered by hand from the published list, and the rules by which one of several is chosen."""

from datetime import date, timedelta
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.data.errors import InputError
from analysis.recidivism.cohort import as_cohort
from analysis.sanctuary.clusters import joined_clusters
from analysis.sanctuary.policy import policy_columns, rule_in_force, with_policy
from analysis.sanctuary.policy_file import INCOMPLETE, LAST, LEVELS, read_policies
from analysis.sanctuary.timeline import ORDER, timeline

ROOT = Path(__file__).parents[2]
PUBLISHED = read_policies(ROOT / "data" / "raw" / "published" / "policies.csv")
DEMO = read_policies(ROOT / "data" / "raw" / "demo" / "policies.csv")

# place, day, policy, basis, where it is set, and a scope where the direction alone would not tell two rules apart
QUESTIONS = [
    ("36061", "2011-11-21", "none", "not_listed", "36061", None),
    ("36061", "2012-06-01", "limits", "law", "36 New York City", "department_of_correction_listed_conditions"),
    ("36047", "2013-03-17", "limits", "law", "36 New York City", "department_of_correction_listed_conditions"),
    ("36047", "2013-03-18", "limits", "law", "36 New York City", "listed_conditions"),
    ("36005", "2013-08-01", "limits", "law", "36 New York City", "listed_conditions"),
    ("36081", "2014-12-13", "limits", "law", "36 New York City", "listed_conditions"),
    (
        "36081",
        "2014-12-14",
        "limits",
        "law",
        "36 New York City",
        "judicial_warrant_and_listed_conviction_within_five_years",
    ),
    (
        "36085",
        "2018-04-15",
        "limits",
        "law",
        "36 New York City",
        "judicial_warrant_and_listed_conviction_within_five_years",
    ),
    (
        "36061",
        "2019-01-01",
        "limits",
        "law",
        "36 New York City",
        "judicial_warrant_and_listed_conviction_within_five_years",
    ),
    ("36103", "2018-11-13", "none", "not_listed", "36103", None),
    ("36103", "2018-11-14", "limits", "court", "36", "no_authority_to_hold"),
    ("36", "2016-01-01", "none", "not_listed", "36", None),
    ("42101", "2014-04-15", "none", "not_listed", "42101", None),
    ("42101", "2015-12-22", "limits", "law", "42101", "warrant_and_listed_offences"),
    ("42101", "2015-12-25", "limits", "law", "42101", "narrower_limits"),
    ("42101", "2016-01-03", "limits", "law", "42101", "narrower_limits"),
    ("42101", "2016-01-04", "limits", "law", "42101", "warrant_and_listed_offences"),
    ("12086", "2013-12-02", "none", "not_listed", "12086", None),
    ("12086", "2017-01-15", "limits", "law", "12086", None),
    ("12086", "2017-01-26", "limits", "law", "12086", None),
    ("12086", "2017-01-27", "none", "not_listed", "12086", None),
    ("12086", "2019-07-01", "requires", "law", "12", None),
    ("48453", "2017-01-31", "none", "not_listed", "48453", None),
    ("48453", "2017-09-10", "limits", "practice", "48453", None),
    ("48453", "2017-09-24", "limits", "practice", "48453", None),
    ("48453", "2017-09-25", "requires", "law", "48", None),
    ("48201", "2017-09-10", "none", "not_listed", "48201", None),
    ("37183", "2015-10-27", "none", "not_listed", "37183", None),
    ("37183", "2016-06-01", "bans_limits", "law", "37", None),
    ("37183", "2019-06-01", "limits", "practice", "37183", None),
    ("37183", "2024-11-30", "limits", "practice", "37183", None),
    ("37183", "2025-06-01", "requires", "law", "37", None),
    ("06037", "2013-12-31", "none", "not_listed", "06037", None),
    ("06037", "2014-03-01", "limits", "law", "06", "holds_only_for_listed_offences"),
    ("06037", "2014-06-01", "limits", "practice", "06037", "no_detention_on_detainer_alone"),
    ("06037", "2018-01-01", "limits", "law", "06", "no_detention_on_detainer_notification_limited"),
    ("06075", "2013-11-08", "limits", "law", "06075", "listed_offences"),
    ("06075", "2020-01-01", "limits", "practice", "06075", "warrant_required"),
    ("41051", "2014-04-16", "limits", "practice", "41051", None),
    ("41067", "2014-04-16", "none", "not_listed", "41067", None),
    ("41067", "2021-07-18", "limits", "court", "41", None),
    ("41067", "2021-07-19", "limits", "law", "41", None),
    ("11001", "2012-12-11", "limits", "law", "11", "listed_offences"),
    ("11", "2012-12-10", "none", "not_listed", "11", None),
    ("50007", "2018-01-01", "none", "law", "50", "agreements_only"),
    ("55079", "2015-01-01", "limits", "law", "55079", "listed_offences"),
    ("08031", "2014-09-17", "none", "not_listed", "08031", None),
    ("08031", "2014-09-18", "limits", "practice", "08", None),
    ("08031", "2019-05-28", "limits", "law", "08", None),
    ("22071", "2025-08-01", "limits", "practice", "22071", None),
    ("04013", "2017-02-16", "bans_limits", "law", "04", None),
    ("04013", "2018-01-01", "limits", "practice", "04013", None),
    ("44007", "2014-08-13", "limits", "law", "44", "warrant_required"),
    ("44007", "2014-08-14", "limits", "law", "44", "judicial_removal_order_required"),
    ("53033", "2014-09-05", "limits", "law", "53033", "warrant_required"),
    ("17031", "2017-08-28", "limits", "law", "17031", "no_detention_on_detainer_alone"),
]


@pytest.mark.parametrize(("place", "day", "policy", "basis", "cluster", "scope"), QUESTIONS)
def test_the_rule_in_force(place, day, policy, basis, cluster, scope):
    found = rule_in_force(place, day, PUBLISHED)
    assert (found["policy"], found["policy_basis"], found["policy_cluster"]) == (policy, basis, cluster)
    if scope:
        assert found["scope"] == scope
    assert (found["line"] is None) == (basis == "not_listed")


def test_a_frame_gets_what_the_questions_say():
    frame = pd.DataFrame([row[:2] for row in QUESTIONS], columns=["jurisdiction", "lodged"])
    found, account = policy_columns(frame, on="lodged", policies=PUBLISHED)
    for name, column in (("policy", 2), ("policy_basis", 3), ("policy_cluster", 4)):
        assert found[name].astype("str").tolist() == [row[column] for row in QUESTIONS]
    assert account["incomplete"] == INCOMPLETE
    assert account["not_followed"] == 1  # Milwaukee
    assert account["state_only"] == 1  # New York, the state, in 2016: it may be the city


@pytest.mark.parametrize(
    ("place", "day", "law", "practice"),
    [
        ("55079", "2015-01-01", "limits", "none"),  # Milwaukee: the sheriff did not follow the resolution
        ("48453", "2017-09-10", "none", "limits"),  # Travis County: a practice alone
        ("37183", "2019-06-01", "bans_limits", "limits"),  # Wake County against the state's law
        ("25025", "2018-01-01", "limits", "limits"),  # a court ruling binds as a law does
        ("06037", "2014-07-01", "limits", "limits"),
    ],
)
def test_definitions_of_policy_differ_where_they_should(place, day, law, practice):
    assert rule_in_force(place, day, PUBLISHED, "law")["policy"] == law
    assert rule_in_force(place, day, PUBLISHED, "practice")["policy"] == practice


def test_a_law_that_was_not_followed_says_so():
    assert rule_in_force("55079", "2015-01-01", PUBLISHED)["practice_disagrees"]
    assert rule_in_force("85009", "2024-01-01", DEMO)["practice_disagrees"]
    assert rule_in_force("85009", "2024-01-01", DEMO, "practice")["policy"] == "none"
    assert not rule_in_force("85001", "2024-01-01", DEMO)["practice_disagrees"]


def test_synthetic_states_have_codes_without_abbreviations():
    assert rule_in_force("80001", "2022-12-31", DEMO)["policy_cluster"] == "80001"
    assert rule_in_force("80001", "2023-01-01", DEMO)["policy_cluster"] == "80"
    assert rule_in_force("85003", "2024-07-01", DEMO)["policy"] == "none"  # repealed the day before


places = st.sampled_from(["01", "01001", "01003", "02", "02001"])
days = st.dates(date(2010, 1, 1), date(2010, 12, 31))


@st.composite
def rules(draw):
    """A few rules of which no two overlap at one level, place and basis."""
    rows, taken = [], []
    for line in range(2, draw(st.integers(2, 8))):
        level, state = draw(st.sampled_from(LEVELS)), draw(st.sampled_from(["01", "02"]))
        counties = (
            ()
            if level == "state"
            else tuple(draw(st.sets(st.sampled_from([f"{state}001", f"{state}003"]), min_size=1)))
        )
        start = draw(days)
        end = draw(st.one_of(st.just(LAST), st.integers(0, 90).map(lambda n, start=start: start + timedelta(days=n))))
        basis = draw(st.sampled_from(["law", "court", "practice"]))
        held = [(level, place, basis) for place in (counties or (state,))]
        if any(key in held and start <= last and first <= end for key, first, last in taken):
            continue
        taken += [(key, start, end) for key in held]
        direction = draw(st.sampled_from(["limits", "requires", "bans_limits", "none"]))
        rows.append(
            (f"p{line}", level, state, counties, start, end, direction, basis, draw(st.booleans()), line, "", "high")
        )
    names = "jurisdiction level state counties start end direction basis practice_disagrees line scope confidence"
    return pd.DataFrame(rows, columns=names.split())


def by_definition(policies, place, day, definition):
    """The definition, word for word: all rules that apply and hold, the most local first, then by basis."""
    applies = [
        row
        for row in policies.itertuples()
        if row.start <= day <= row.end
        and (place[:2] == row.state if row.level == "state" else place in row.counties)
        and row.basis in ORDER[definition]
    ]
    if not applies:
        return "none", "not_listed"
    rule = min(applies, key=lambda row: (LEVELS.index(row.level), ORDER[definition].index(row.basis)))
    return (
        ("none", "practice") if definition == "practice" and rule.practice_disagrees else (rule.direction, rule.basis)
    )


@given(rules(), st.lists(st.tuples(places, days), min_size=1, max_size=20), st.sampled_from(sorted(ORDER)))
def test_every_row_gets_the_rule_that_the_definition_gives(policies, rows, definition):
    frame = pd.DataFrame(rows, columns=["jurisdiction", "prepared"])
    found, _ = policy_columns(frame, definition, policies=policies)
    got = list(zip(found["policy"].astype("str"), found["policy_basis"].astype("str"), strict=True))
    assert got == [by_definition(policies, place, day, definition) for place, day in rows]


@given(rules(), st.sampled_from(sorted(ORDER)))
def test_a_timeline_covers_every_day_once(policies, definition):
    spans = timeline(["01", "01001", "02001"], policies, definition)
    for _, place in spans.groupby("jurisdiction"):
        assert place["start"].iloc[0] == date(1, 1, 1)
        assert place["end"].iloc[-1] == LAST
        for end, start in zip(place["end"][:-1], place["start"][1:], strict=True):
            assert start - end == timedelta(days=1)


def test_an_ibis_table_gets_the_same():
    frame = pd.DataFrame([row[:2] for row in QUESTIONS], columns=["jurisdiction", "prepared"])
    frame["prepared"] = pd.to_datetime(frame["prepared"])
    expected, _ = policy_columns(frame, policies=PUBLISHED)
    table = ibis.memtable(frame.assign(row=range(len(frame))))
    found = policy_columns(table, policies=PUBLISHED)[0].order_by("row").to_pandas()
    for name in ("policy", "policy_basis", "policy_cluster"):
        assert found[name].tolist() == expected[name].astype("str").tolist()


def test_rows_without_place_or_day_have_no_policy():
    frame = pd.DataFrame(
        {"jurisdiction": ["36061", None, "36061"], "prepared": ["2014-01-01", "2014-01-01", None]}, index=[7, 8, 9]
    )
    found, account = policy_columns(frame, policies=PUBLISHED)
    assert found["policy"].isna().tolist() == [False, True, True]
    assert found["policy_cluster"].isna().tolist() == [False, True, True]
    assert account["missing"] == 2
    assert found.index.tolist() == [7, 8, 9]
    for empty in (frame.iloc[:0], frame.iloc[1:2]):
        assert policy_columns(empty, policies=PUBLISHED)[0]["policy"].isna().all()


def test_every_spelling_of_dates_and_places_is_the_same():
    stamps = pd.to_datetime(["2014-12-13", "2014-12-14"])
    expected = ["listed_conditions", "judicial_warrant_and_listed_conviction_within_five_years"]
    assert [rule_in_force("36061", day, PUBLISHED)["scope"] for day in stamps] == expected
    columns = [stamps, stamps.astype("datetime64[s]"), stamps.date, ["2014-12-13", "2014-12-14"]]
    for column in columns:
        frame = pd.DataFrame(
            {"jurisdiction": pd.Categorical(["36061"] * 2, categories=["48453", "36061"]), "prepared": column}
        )
        found, _ = policy_columns(frame, policies=PUBLISHED)
        assert found["policy_cluster"].astype("str").tolist() == ["36 New York City"] * 2


def test_the_datasets_own_policies_go_before_the_published(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    header = "jurisdiction,level,state,county_fips,start,end,direction,basis,instrument\n"
    for name, rule in (("published", "limits"), ("mine", "requires")):
        folder = tmp_path / "data" / "raw" / name
        folder.mkdir(parents=True)
        (folder / "policies.csv").write_text(header + f"Iowa,state,IA,,2018-01-01,,{rule},law,x\n")
    frame = pd.DataFrame({"jurisdiction": ["19153"], "prepared": ["2020-01-01"]})
    for dataset, rule in (("", "limits"), ("mine", "requires"), ("another", "limits")):
        people = as_cohort(frame.assign(days=1, event=None), event="rearrest", dataset=dataset)
        merged = people.add(pd.DataFrame({"jurisdiction": ["19153"], "county": ["Polk"]}), on="jurisdiction")
        assert with_policy(merged).frame["policy"].tolist() == [rule]
        with pytest.raises(TypeError, match="as_cohort"):  # a frame would have lost which dataset it is of
            with_policy(people.frame.merge(frame, on=["jurisdiction", "prepared"]))


def test_clusters_of_one_place_can_be_joined():
    frame = pd.DataFrame(
        {
            "jurisdiction": ["37183", "37183", "37119", "36061", "36047", None],
            "policy_cluster": ["37183", "37", "37", "36 New York City", "36 New York City", None],
        }
    )
    found = joined_clusters(frame)
    assert found.isna().tolist() == [False] * 5 + [True]
    assert found.astype("str").tolist()[:5] == ["37"] * 3 + ["36 New York City"] * 2


@pytest.mark.parametrize(
    ("frame", "arguments", "said"),
    [
        ({"jurisdiction": ["6037"], "prepared": ["2014-01-01"]}, {}, "leading zeros"),
        ({"jurisdiction": [6037], "prepared": ["2014-01-01"]}, {}, "as text"),
        ({"place": ["06037"], "prepared": ["2014-01-01"]}, {}, "no column 'jurisdiction'"),
        ({"jurisdiction": ["06037"], "prepare": ["2014-01-01"]}, {}, "Did you mean 'prepare'"),
        ({"jurisdiction": ["06037"], "prepared": ["soon"]}, {}, "does not hold dates"),
        ({"jurisdiction": ["06037"], "prepared": ["2014-01-01"]}, {"definition": "laws"}, "Did you mean 'law'"),
        (
            {"jurisdiction": ["06037"], "prepared": ["2014-01-01"]},
            {"policies": pd.DataFrame({"a": [1]})},
            "read_policies",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(frame, arguments, said):
    with pytest.raises(InputError, match=said):
        policy_columns(pd.DataFrame(frame), **({"policies": PUBLISHED} | arguments))


def test_six_hundred_thousand_rows_cost_one_search():
    rng = np.random.default_rng(1)
    codes = np.array(["36061", "48453", "06037", "37183"])[rng.integers(0, 4, 600_000)]
    days = np.datetime64("2010-01-01") + rng.integers(0, 5000, 600_000)
    found, _ = policy_columns(pd.DataFrame({"jurisdiction": codes, "prepared": days}), policies=PUBLISHED)
    travis = (codes == "48453") & (days >= np.datetime64("2017-02-01")) & (days <= np.datetime64("2017-09-24"))
    assert (found["policy_cluster"] == "48453").to_numpy()[travis].all()
    assert int((found["policy"][codes == "48453"] == "limits").sum()) == int(travis.sum())
