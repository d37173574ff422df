"""Cohorts from small datasets whose every answer is known by hand."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import analysis
from analysis.data.errors import InputError
from analysis.recidivism.cohort import EPISODE_GAP, Choice, arrests_accounted, as_cohort
from analysis.recidivism.recurrent import later_events

END = date(2020, 12, 31)
HEAD = 'title = "Test"\nkind = "synthetic"\nsource = "made for a test"\narea = "one county"\n'
COLUMNS = {
    "detainers": {
        "person_id": "id",
        "prepared": "day",
        "released": "out",
        "jurisdiction": "place",
        "sex": "sex",
        "request": "request",
    },
    "releases": {
        "person_id": "id",
        "released": "day",
        "jurisdiction": "place",
        "sex": "sex",
        "birth_year": "born",
        "booked": "in",
    },
    "arrests": {"person_id": "id", "arrested": "day", "severity": "class", "charge_group": "group"},
    "exits": {"person_id": "id", "date": "day", "kind": "kind"},
}


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Return a function that builds a dataset from rows: world(releases=[("a", "2020-01-01"), ...], ...)."""
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    count = iter(range(10_000))

    def build(end: str = f"{{ arrests = {END}, exits = {END}, detainers = {END} }}", **tables):
        name = f"test{next(count)}"
        folder = tmp_path / "data" / "raw" / name
        folder.mkdir(parents=True)
        toml = HEAD + f"data_end = {end}\n"
        for table, rows in tables.items():
            rules = COLUMNS[table]
            frame = pd.DataFrame(rows, columns=list(rules.values())[: max(map(len, rows), default=2)], dtype="str")
            frame = frame.reindex(columns=list(rules.values()), fill_value="")
            frame.to_parquet(folder / f"{table}.parquet")
            toml += f'[[files]]\ntable = "{table}"\npath = "{table}.parquet"\n[files.columns]\n'
            toml += "".join(f'{column} = "{header}"\n' for column, header in rules.items())
        (folder / "dataset.toml").write_text(toml)
        return analysis.open_dataset(name)

    return build


def followed(cohort) -> list[tuple]:
    """Return (days, event or None) of each row in order."""
    return [
        (days, None if pd.isna(event) else event)
        for days, event in zip(cohort.frame["days"], cohort.frame["event"].astype(object), strict=True)
    ]


def test_the_first_arrest_after_the_first_release_or_the_end(world):
    ds = world(
        releases=[("a", "2020-01-01"), ("a", "2020-06-01"), ("b", "2020-02-01"), ("c", "2020-12-31")],
        arrests=[("a", "2020-03-01"), ("a", "2020-02-01"), ("b", "2021-01-01"), ("x", "2020-02-02")],
    )
    cohort = analysis.cohort(ds)
    assert followed(cohort) == [(31, "rearrest"), (334, None), (0, None)]
    assert cohort.frame["follow_up"].tolist() == [365, 334, 0]
    assert cohort.frame["entry"].isna().all()
    assert cohort.meaning() == {
        "dataset": ds.name, "time_unit": "day", "origin": "released", "event": "rearrest", "competing": (),
        "unit": "first_release", "row": "person", "data_end": "2020-12-31", "follow_up": None, "area": "one county",
        "custody": False, "choice": Choice("keep", 30), "entry_days": 0, "policy": None,
    }  # fmt: skip
    assert cohort.left_out == {"rearrest after the end of follow-up": 1}
    assert cohort.columns[:4] == ["person_id", "jurisdiction", "prepared", "released"]
    assert cohort.columns[-4:] == ["follow_up", "entry", "days", "event"]
    analysis.life_table(cohort)  # a release on the last day is a row that a life table takes


def test_every_release_is_followed_to_its_own_next_arrest(world):
    ds = world(
        releases=[("a", "2020-01-01"), ("a", "2020-06-01"), ("a", "2020-06-01"), ("b", "2020-02-01")],
        arrests=[("a", "2020-02-01"), ("a", "2020-07-01")],
    )
    cohort = analysis.cohort(ds, unit="every_release")
    assert followed(cohort) == [(31, "rearrest"), (30, "rearrest"), (334, None)]
    assert (cohort.row, cohort.unit) == ("release", "every_release")
    assert cohort.left_out["further rows of the same person and day"] == 1


def test_an_arrest_on_the_day_of_release_is_left_out_and_counted(world):
    ds = world(
        releases=[("a", "2020-01-01"), ("b", "2020-01-01")],
        arrests=[("a", "2020-01-01"), ("a", "2020-01-08"), ("b", "2019-12-31")],
    )
    cohort = analysis.cohort(ds)
    assert followed(cohort) == [(7, "rearrest"), (365, None)]
    assert cohort.left_out == {"rearrest on the day of origin": 1, "rearrest dated before the origin": 1}
    assert followed(analysis.cohort(ds, min_days=0)) == [(0, "rearrest"), (365, None)]
    later = analysis.cohort(ds, min_days=8)
    assert followed(later) == [(365, None), (365, None)]
    assert later.left_out["rearrest before day 8"] == 2


def test_competing_events_before_on_and_after_the_day_of_arrest(world):
    ds = world(
        releases=[(who, "2020-01-01") for who in "abcdef"],
        arrests=[("a", "2020-01-11"), ("b", "2020-01-11"), ("c", "2020-01-11"), ("e", "2020-01-01")],
        exits=[("a", "2020-01-10", "ice_custody"), ("b", "2020-01-11", "removed"), ("c", "2020-01-12", "died"),
               ("d", "2020-01-05", "removed"), ("d", "2020-01-05", "ice_custody"), ("d", "2020-01-06", "died"),
               ("e", "2020-01-01", "died"), ("f", "2019-12-30", "ice_custody")],
    )  # fmt: skip
    first = analysis.cohort(ds)
    assert followed(first) == [
        (9, "ice_custody"),
        (10, "rearrest"),
        (10, "rearrest"),
        (4, "ice_custody"),
        (0, "died"),
        (365, None),
    ]
    assert first.frame["event"].cat.categories.tolist() == ["rearrest", "ice_custody", "removed", "died"]
    through = analysis.cohort(ds, competing=())
    assert followed(through) == [(10, "rearrest")] * 3 + [(365, None)] * 3
    assert through.frame["event"].cat.categories.tolist() == ["rearrest"]
    death = analysis.cohort(ds, competing="died")
    assert followed(death)[3] == (5, "died")


def test_follow_up_ends_with_the_earliest_source_needed_less_the_lag(world):
    rows = {"releases": [("a", "2020-01-01")], "arrests": [("a", "2020-11-20")], "exits": [("z", "2020-01-01", "died")]}
    ends = "{ arrests = 2020-12-31, exits = 2020-11-30, detainers = 2020-01-02, lag_days = 15 }"
    ds = world(ends, **rows)
    assert followed(analysis.cohort(ds)) == [(319, None)]  # 2020-11-15, before the arrest could be in all sources
    assert followed(analysis.cohort(ds, competing=())) == [(324, "rearrest")]
    assert followed(analysis.cohort(ds, competing=(), until="2020-11-15")) == [(319, None)]
    assert analysis.cohort(ds, until=date(2030, 1, 1)).data_end == "2020-11-15"
    with pytest.raises(InputError, match="data_end has no date for exits"):
        analysis.cohort(world("{ arrests = 2020-12-31 }", **rows))


def test_people_who_cannot_be_followed_are_counted_never_followed_from_another_date(world):
    ds = world(
        detainers=[
            ("a", "2020-01-01", "2020-01-05"),
            ("", "2020-01-01", "2020-01-05"),
            ("b", "2020-01-01", ""),
            ("c", "2020-12-01", "2021-01-01"),
        ],
        arrests=[("b", "2020-02-01"), ("c", "2021-02-01")],
    )
    cohort = analysis.cohort(ds)
    assert followed(cohort) == [(361, None)]
    assert cohort.left_out == {
        "no person identifier": 1,
        "no date (released)": 1,
        "origin after the data end": 1,
    }
    prepared = analysis.cohort(ds, origin="prepared")
    assert followed(prepared) == [(365, None), (31, "rearrest"), (30, None)]
    assert prepared.left_out == {"no person identifier": 1, "rearrest after the end of follow-up": 1}


def test_detainers_thirty_days_apart_are_one_episode_and_thirty_one_are_two(world):
    start = date(2020, 1, 1)

    def on(*days):
        return [("a", str(start + timedelta(days=day))) for day in days]

    ds = world(
        detainers=[*on(0, EPISODE_GAP, 2 * EPISODE_GAP, 3 * EPISODE_GAP + 1), ("b", "2020-01-01"), ("", "2020-01-01")]
    )
    options = {"origin": "prepared", "event": "repeat_detainer"}
    first = analysis.cohort(ds, **options)
    assert followed(first) == [(91, "repeat_detainer"), (365, None)]
    every = analysis.cohort(ds, unit="every_episode", **options)
    assert followed(every) == [(91, "repeat_detainer"), (274, None), (365, None)]
    assert every.row == "episode"


def test_a_longer_gap_joins_what_a_shorter_one_parts(world):
    ds = world(detainers=[("a", "2020-01-01"), ("a", "2020-03-01"), ("a", "2020-06-01")])
    options = {"origin": "prepared", "event": "repeat_detainer"}
    assert followed(analysis.cohort(ds, episode_gap=60, **options)) == [(152, "repeat_detainer")]
    assert followed(analysis.cohort(ds, episode_gap=0, **options)) == [(60, "repeat_detainer")]
    apart = analysis.cohort(ds, episode_gap=92, **options)
    assert followed(apart) == [(365, None)]
    assert apart.choice.episode_gap == 92


def test_requests_that_ask_for_no_custody_are_no_detainers(world):
    rows = [
        ("a", "2020-01-01", "", "", "", "notification"), ("a", "2020-03-01", "", "", "", "detainer"),
        ("a", "2020-06-01", "", "", "", "other"), ("b", "2020-01-01", "", "", "", ""), ("b", "2020-06-01", "", "", "", "detainer"),
    ]  # fmt: skip
    ds = world(detainers=rows)
    options = {"origin": "prepared", "event": "repeat_detainer"}
    cohort = analysis.cohort(ds, **options)
    assert followed(cohort) == [(305, None), (152, "repeat_detainer")]  # a request of no known kind counts
    assert cohort.left_out == {
        "requests of the kind 'notification', not a detainer": 1,
        "requests of the kind 'other', not a detainer": 1,
    }
    assert analysis.cohort(ds, unit="every_episode", **options).frame.shape[0] == 3


def test_likely_duplicates_are_kept_or_dropped_as_chosen_and_counted(world):
    ds = world(
        detainers=[
            ("a", "2020-01-01"),
            ("a", "2020-01-02"),
            ("a", "2020-01-04"),
            ("", "2020-01-01"),
            ("", "2020-01-01"),
        ]
    )
    assert ds.frame("detainers")["duplicate_likely"].tolist() == [False, True, False, False, False]
    options = {"origin": "prepared", "event": "repeat_detainer", "episode_gap": 0, "unit": "every_episode"}
    assert followed(analysis.cohort(ds, **options)) == [(1, "repeat_detainer"), (2, "repeat_detainer"), (362, None)]
    dropped = analysis.cohort(ds, duplicates="drop", **options)
    assert followed(dropped) == [(3, "repeat_detainer"), (362, None)]
    assert dropped.left_out == {"likely duplicates": 1, "no person identifier": 2}


def booked(*stays):
    return [(person, out, "", "", "", into) for person, into, out in stays]


def test_a_transfer_is_no_release_and_an_arrest_in_custody_no_re_arrest(world):
    ds = world(
        releases=booked(
            ("a", "2020-01-01", "2020-02-01"), ("a", "2020-02-01", "2020-03-01"),  # a transfer on one day
            ("a", "2020-05-01", "2020-08-01"), ("b", "2020-01-01", "2020-02-01"), ("b", "2020-01-10", "2020-01-20"),
            ("c", "", "2020-02-01"),
        ),
        arrests=[("a", "2020-02-15"), ("a", "2020-05-02"), ("a", "2020-08-01"), ("a", "2020-09-01"), ("b", "2020-02-02"),
                 ("c", "2020-02-01"), ("c", "2020-01-15")],
    )  # fmt: skip
    cohort = analysis.cohort(ds)
    assert cohort.frame["released"].astype("str").tolist() == ["2020-03-01", "2020-02-01", "2020-02-01"]
    assert followed(cohort) == [(184, "rearrest"), (1, "rearrest"), (334, None)]
    assert cohort.custody is True
    assert cohort.left_out == {
        "releases within a longer stay in custody": 2,
        "rearrest on the day of origin": 1,
        "rearrest dated before the origin": 2,
        "rearrest while in custody": 2,
    }
    later = later_events(ds, cohort)
    assert later.loc[later["event"].notna(), "days"].tolist() == [184, 1]
    written = analysis.cohort(ds, custody=False)
    assert written.frame["released"].astype("str").tolist() == ["2020-02-01", "2020-01-20", "2020-02-01"]
    assert followed(written) == [(14, "rearrest"), (13, "rearrest"), (334, None)]
    assert written.custody is False


def test_the_arrest_that_begins_a_stay_counts(world):
    ds = world(
        releases=booked(("a", "2020-01-01", "2020-02-01"), ("a", "2020-02-02", "2020-02-10")),
        arrests=[("a", "2020-02-02")],
    )
    assert followed(analysis.cohort(ds)) == [(1, "rearrest")]


def test_repeat_detainers_from_one_file_with_removals_and_a_minimum_gap(world):
    ds = world(
        "{ detainers = 2020-12-31, exits = 2020-11-30 }",
        detainers=[("a", "2020-01-01"), ("a", "2020-01-20"), ("a", "2020-06-01"), ("b", "2020-01-01"), ("b", "2020-08-01"),
                   ("c", "2020-01-01"), ("d", "2020-12-15")],
        exits=[("b", "2020-03-01", "removed"), ("c", "2020-01-15", "ice_custody")],
    )  # fmt: skip
    options = {"origin": "prepared", "event": "repeat_detainer"}
    first = analysis.cohort(ds, **options)
    assert first.data_end == "2020-11-30"
    assert followed(first) == [(152, "repeat_detainer"), (60, "removed"), (14, "ice_custody")]
    late = analysis.cohort(ds, entry_days=30, **options)
    assert followed(late) == [(152, "repeat_detainer"), (60, "removed")]
    assert late.frame["entry"].tolist() == [30.0, 30.0]
    through = analysis.cohort(ds, competing=(), **options)
    assert through.data_end == "2020-12-31"
    assert followed(through) == [(152, "repeat_detainer"), (213, "repeat_detainer"), (365, None), (16, None)]


def test_which_arrests_count_by_severity(world):
    ds = world(
        releases=[("a", "2020-01-01")],
        arrests=[
            ("a", "2020-01-02", "misdemeanor", "theft"),
            ("a", "2020-01-03", "felony", "drug"),
            ("a", "2020-01-04", "unknown", "assault"),
        ],
    )
    assert [followed(analysis.cohort(ds, severity=s))[0][0] for s in ("any", "felony", "violent")] == [1, 2, 3]


def test_delayed_entry_takes_those_still_observed_and_counts_the_others(world):
    ds = world(
        releases=[("a", "2020-01-01"), ("b", "2020-01-01"), ("c", "2020-01-01"), ("d", "2020-12-01")],
        arrests=[("a", "2020-01-31"), ("b", "2020-02-01")],
    )
    late = analysis.cohort(ds, entry_days=30)
    assert followed(late) == [(31, "rearrest"), (365, None)]
    assert late.frame["entry"].tolist() == [30.0, 30.0]
    assert late.left_out == {"not observed beyond the first 30 days": 2}
    assert late.entry_days == 30


def test_the_last_detainer_on_or_before_a_release_and_age_come_along(world):
    ds = world(
        releases=[("a", "2020-05-01", "06037", "male", "1990"), ("b", "2020-05-01", "48", "", "")],
        detainers=[("a", "2020-04-01"), ("a", "2020-05-01"), ("a", "2020-05-02"), ("b", "2020-06-01")],
        arrests=[("z", "2020-01-01")],
    )
    cohort = analysis.cohort(ds)
    assert cohort.frame["prepared"].tolist() == [pd.Timestamp("2020-05-01"), pd.NaT]
    assert cohort.frame["released"].dtype == cohort.frame["prepared"].dtype == "datetime64[s]"
    assert cohort.frame["jurisdiction"].tolist() == ["06037", "48"]
    assert cohort.frame["sex"].tolist() == ["male", "unknown"]
    assert cohort.frame["age"].fillna(-1).tolist() == [30.0, -1.0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"origin": "relased"}, "Did you mean 'released'?"),
        ({"unit": "first_detainer"}, "does not go with origin = 'released'"),
        ({"event": "rearest"}, "has no event 'rearest'. Did you mean 'rearrest'?"),
        ({"event": ""}, "expected a label"),
        ({"event": "removed"}, "has no table 'exits'"),
        ({"origin": "prepared"}, "has no table 'detainers'"),
        ({"competing": ("dead",)}, "'dead' is no kind of exit"),
        ({"severity": "felon"}, "Did you mean 'felony'?"),
        ({"severity": "felony", "event": "removed"}, "chooses among re-arrests"),
        ({"min_days": -1}, "min_days = -1"),
        ({"min_days": 0.5}, "whole days"),
        ({"entry_days": float("nan")}, "entry_days = nan"),
        ({"until": "soon"}, "until = 'soon', expected a date"),
        ({"duplicates": "flag"}, "duplicates = 'flag'. Valid names: drop, keep"),
        ({"episode_gap": -1}, "episode_gap = -1: expected whole days"),
    ],
)
def test_what_no_cohort_can_be_is_one_clear_error(world, options, words):
    ds = world(releases=[("a", "2020-01-01")], arrests=[("a", "2020-01-02")])
    with pytest.raises(InputError) as error:
        analysis.cohort(ds, **options)
    assert words in str(error.value)


def test_a_dataset_without_arrests_says_so_and_not_that_a_date_is_missing(world):
    with pytest.raises(InputError, match="has no table 'arrests', which this cohort needs"):
        analysis.cohort(world(detainers=[("a", "2020-01-01")]), origin="prepared")


days = st.dates(date(2019, 12, 1), date(2021, 2, 1)).map(str)
people = st.lists(st.tuples(st.sampled_from("abcde"), days), min_size=1, max_size=12)
kinds = st.sampled_from(["died", "removed"])
exits = st.lists(st.tuples(st.sampled_from("abcde"), days, kinds), min_size=1, max_size=6)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    releases=people,
    one=st.tuples(people, exits),
    two=st.tuples(people, exits),
    unit=st.sampled_from(["first_release", "every_release"]),
)
def test_changing_outcomes_never_changes_who_is_eligible(world, releases, one, two, unit):
    def eligible(outcomes):
        # a handing over belongs to the origin: what happens after the day of an origin may change nothing
        door = {(who, str(date.fromisoformat(day) - timedelta(days=back))) for who, day in releases for back in (0, 1)}
        after = [exit for exit in outcomes[1] if exit[:2] not in door] or [("z", "2020-01-01", "died")]
        ds = world(releases=releases, arrests=outcomes[0], exits=after)
        cohort = analysis.cohort(ds, unit=unit)
        outside = {k: n for k, n in cohort.left_out.items() if not k.startswith("rearrest")}
        # a person is known by their rows: each dataset hashes identifiers with a key of its own
        assert ((cohort.frame["days"] >= 0) & (cohort.frame["days"] <= cohort.frame["follow_up"])).all()
        assert (cohort.frame.query("event.isna()").eval("days == follow_up")).all()
        return cohort.frame["released"].tolist(), cohort.frame["follow_up"].tolist(), outside

    assert eligible(one) == eligible(two)


classed = st.lists(
    st.tuples(st.sampled_from("abcdex"), days, st.sampled_from(["felony", "misdemeanor", ""])), min_size=1, max_size=25
)
held = st.tuples(st.sampled_from("abcde"), st.dates(date(2019, 12, 1), date(2021, 2, 1)), st.integers(0, 90))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stays=st.lists(held, min_size=1, max_size=12), arrests=classed, exits=exits, unit=st.sampled_from(["first_release", "every_release"]),
    severity=st.sampled_from(["any", "felony"]), min_days=st.sampled_from([0, 1, 30]), custody=st.booleans(), entry_days=st.sampled_from([0, 20]),
)  # fmt: skip
def test_arrests_in_are_events_and_those_left_out_by_reason(world, stays, arrests, exits, **choices):
    releases = [(who, str(day), "", "", "", str(day - timedelta(days=long))) for who, day, long in stays]
    ds = world(releases=releases, arrests=arrests, exits=exits)
    found = arrests_accounted(ds, **choices).set_index("what")["arrests"].to_dict()
    assert sum(found.values()) == len(arrests)
    assert min(found.values()) >= 0
    people, rows = analysis.cohort(ds, **choices), ds.frame("arrests")
    counts = rows[rows["severity"] == "felony"] if choices["severity"] == "felony" else rows
    assert found.get("not of the kinds that count", 0) == len(rows) - len(counts)
    assert found.get("not in the cohort", 0) == (~counts["person_id"].isin(people.frame["person_id"])).sum()
    events = people.frame[people.frame["event"] == "rearrest"]
    ended = events["released"] + pd.to_timedelta(events["days"], unit="D")
    assert found["first re-arrests: the events"] == len(set(zip(events["person_id"], ended, strict=True)))
    if (
        choices["unit"] == "first_release" and not choices["entry_days"]
    ):  # one start a person: as the cohort counts them
        early = "on the day of origin" if choices["min_days"] == 1 else f"before day {choices['min_days']}"
        for mine, its in (
            ("before the origin", "dated before the origin"),
            (early, early),
            ("while in custody",) * 2,
            ("after the end of follow-up",) * 2,
        ):
            assert found.get(mine, 0) == people.left_out.get(f"rearrest {its}", 0)


def test_what_becomes_of_each_arrest(world):
    ds = world(
        releases=[("a", "2020-03-01", "", "", "", "2020-02-01"), ("a", "2020-09-01", "", "", "", "2020-08-01"), ("b", "2020-03-01")],
        arrests=[("a", "2020-01-01"), ("a", "2020-03-01"), ("a", "2020-04-01"), ("a", "2020-04-01"), ("a", "2020-05-01"), ("a", "2020-08-15"),
                 ("b", "2020-06-01"), ("b", "2021-01-01"), ("x", "2020-04-01")],
        exits=[("b", "2020-05-01", "removed")],
    )  # fmt: skip
    assert list(arrests_accounted(ds).itertuples(index=False, name=None)) == [
        ("first re-arrests: the events", 1), ("further rows of such a day", 1), ("not in the cohort", 1), ("after the end of follow-up", 1),
        ("before the origin", 1), ("on the day of origin", 1), ("while in custody", 1), ("after the first re-arrest", 1),
        ("after custody, removal or death", 1),
    ]  # fmt: skip
    with pytest.raises(InputError, match="has no table 'arrests'"):
        arrests_accounted(world(releases=[("a", "2020-01-01")]))


PLACED = [
    ("a", "2020-01-01", "06037"),
    ("a", "2020-03-01", "06059"),
    ("a", "2020-06-01", "06037"),
    ("b", "2020-02-01", "06059"),
    ("d", "2021-02-02", "06059"),
    ("e", "2021-02-02", "01001"),
    ("c", "2020-02-01", "01001"),
]


def test_a_place_s_cohort_starts_there_and_is_followed_everywhere(world):
    whole = world(releases=PLACED, arrests=[("a", "2020-03-11"), ("b", "2020-02-11"), ("c", "2020-02-05")])
    here = analysis.open_dataset(whole.name, jurisdiction="06059")
    found = analysis.cohort(here)
    # a's first release here is her second one; the arrest ten days later has no place and counts
    assert sorted(zip(found.frame["released"].dt.month, found.frame["days"], strict=True)) == [(2, 10), (3, 10)]
    assert found.left_out == {"origin after the data end": 1}


def test_places_add_up_to_their_state_and_to_the_whole(world):
    whole = world(releases=PLACED, arrests=[("a", "2020-03-11"), ("b", "2020-02-11"), ("c", "2020-02-05")])

    def rows(code):
        return len(analysis.cohort(analysis.open_dataset(whole.name, jurisdiction=code), unit="every_release"))

    assert rows("06037") + rows("06059") == rows("06") == 4
    assert rows("06") + rows("01") == rows("") == 5


def test_people_handed_over_at_the_door_are_not_released(world):
    ds = world(
        releases=[("a", "2020-01-01"), ("b", "2020-01-01"), ("c", "2020-01-01"), ("d", "2020-01-01"), ("d", "2020-05-01")],
        arrests=[("a", "2020-01-11"), ("d", "2020-05-11")],
        exits=[("b", "2020-01-01", "ice_custody"), ("c", "2019-12-31", "removed"), ("d", "2020-01-01", "ice_custody"),
               ("a", "2019-12-30", "ice_custody")],
    )  # fmt: skip
    cohort = analysis.cohort(ds)
    assert followed(cohort) == [(10, "rearrest"), (10, "rearrest")]  # d's first release to the street is the second
    assert cohort.left_out == {"handed over at the release, not let go": 3}
    written = analysis.cohort(ds, custody=False)
    assert followed(written) == [(10, "rearrest"), (0, "ice_custody"), (365, None), (0, "ice_custody")]


@pytest.fixture
def people():
    frame = pd.DataFrame({"person_id": ["a", "b", "c"], "days": [5, 9, 9], "event": ["rearrest", None, "died"]})
    frame["sex"] = ["male", "female", "male"]
    return as_cohort(frame, event="rearrest", competing=("died",), time_unit="month", dataset="mine")


def test_columns_are_added_and_the_meaning_stays(people):
    other = pd.DataFrame({"person_id": ["c", "a"], "score": [3, 1]})
    found = people.add(other)
    by_hand = people.frame.merge(other, on="person_id", how="left")
    pd.testing.assert_frame_equal(found.frame, by_hand)
    assert found.meaning() == people.meaning()
    assert people.add(pd.DataFrame({"score": [1, 2, 3]}), on=None).frame["score"].tolist() == [1, 2, 3]
    for wrong, words in (
        (other.rename(columns={"person_id": "id"}), "no column 'person_id'"),
        (pd.concat([other, other]), "'person_id' occurs twice"),
        (other.rename(columns={"score": "sex"}), "has a column 'sex' already"),
    ):
        with pytest.raises(InputError, match=words):
            people.add(wrong)
    with pytest.raises(InputError, match="another index"):
        people.add(other[["score"]], on=None)


def test_conditions_keep_rows_and_meaning_and_none_may_look_ahead(people):
    men = people.frame[people.frame["sex"] == "male"].reset_index(drop=True)
    for mask in ("sex == 'male'", lambda frame: frame["sex"] == "male", people.frame["sex"] == "male"):
        found = people.where(mask)
        pd.testing.assert_frame_equal(found.frame, men)
        assert found.meaning() == people.meaning()
    for mask in ("days > 5", lambda frame: frame["event"].isna(), people.frame["days"] > 5):
        with pytest.raises(InputError, match="outcome=True"):
            people.where(mask)
    assert people.where("days > 5", outcome=True).frame["person_id"].tolist() == ["b", "c"]
    with pytest.raises(InputError, match="2 conditions for 3 rows"):
        people.where(pd.Series([True, False]))


def test_nothing_done_to_the_frame_changes_the_cohort(people):
    frame = people.frame
    frame["days"] = 0
    frame.loc[0, "sex"] = "unknown"
    assert people.frame["days"].tolist() == [5, 9, 9]
    assert people.frame["sex"].tolist() == ["male", "female", "male"]


def test_a_frame_says_what_it_means_or_is_refused(people):
    with pytest.raises(InputError, match="no column 'event'"):
        as_cohort(pd.DataFrame({"days": [1]}), event="rearrest")
    with pytest.raises(InputError, match=r"no field 'timeunit'\. Did you mean 'time_unit'"):
        as_cohort(people.frame, event="rearrest", timeunit="month")
    for function in (analysis.short_window, analysis.compare, analysis.with_policy, lambda frame: analysis.readings(frame, 5),
                     lambda frame: analysis.estimands(frame, 5)):  # fmt: skip
        with pytest.raises(TypeError, match="as_cohort"):
            function(people.frame.merge(pd.DataFrame({"person_id": ["a"]}), on="person_id"))
