"""Calendar, heat map, tile map and transition table: every number in words and table, counts rounded, nothing outside the picture."""

import re

import pandas as pd
import pytest

from analysis.publish import figures
from analysis.publish.figures import canvas, shades, svg
from analysis.publish.figures.calendar import _at
from analysis.publish.figures.tiles import places

DAYS = pd.DataFrame({"day": pd.date_range("2014-12-20", "2015-01-20"), "count": [*range(20, 51), 0]})
PLACES = pd.DataFrame(
    [(place, month, n) for place, counts in {"A City": (300, 40), "B County, Texas": (50, 60)}.items()
     for month, n in zip(("2014-10-01", "2014-11-01"), counts, strict=True)],
    columns=["place", "month", "count"],
)  # fmt: skip
RULES = pd.DataFrame(
    {"place": ["A City", "A City"], "date": ["2014-11-14", "2030-01-01"], "label": ["a rule", "a later one"]}
)
STATES = pd.DataFrame(
    {
        "state": ["CA", "TX", "GU"],
        "label": ["California", "Texas", "Guam"],
        "numerator": [2134, 82, 3],
        "denominator": [3790, 3901, 40],
    }
)
MOVES = pd.DataFrame(
    [("Declined", "a new episode", 60), ("Declined", "nothing more", 140), ("Custody", "nothing more", 1000)],
    columns=["before", "after", "count"],
)
FAMILY = {
    "calendar": lambda: figures.calendar(DAYS, marks={"a law": "2014-12-25", "another": "2020-01-01"}),
    "heat": lambda: figures.heat(PLACES, marks=RULES),
    "tiles": lambda: figures.tiles(STATES),
    "transitions": lambda: figures.transitions(MOVES),
}


@pytest.mark.parametrize("name", FAMILY)
@pytest.mark.parametrize("disclosure", ["public", "restricted"])
def test_the_picture_stays_within_its_frame_and_is_the_same_each_time(name, disclosure):
    first, again = (
        svg.standalone((d := FAMILY[name]().released(disclosure, "Synthetic data")).figure, "f", "Title", d.alt)
        for _ in range(2)
    )
    assert first == again
    assert "Synthetic data" in first
    height = float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', first)[1])
    for x, y in re.findall(r'<text[^>]*? x="(-?[\d.]+)" y="(-?[\d.]+)"', first):
        assert -1 <= float(x) <= canvas.WIDTH + 1
        assert 0 < float(y) <= height
    assert min(map(float, re.findall(r'font-size="([\d.]+)"', first))) >= 10


def test_a_calendar_says_its_ends_and_its_days_and_marks_what_lies_within():
    drawing = FAMILY["calendar"]()
    assert (
        "From 20 December 2014 to 20 January 2015. Most on 19 January 2015 (50), fewest on 20 January 2015 (0)"
        in drawing.alt
    )
    assert "Marked: a law, 25 December 2014." in drawing.alt
    assert "another" not in drawing.alt
    months = drawing.brief.frame
    assert months["in all"].tolist() == [sum(range(20, 32)), sum(range(32, 51))]
    assert months["days without any"].tolist() == [0, 1]
    assert len(drawing.table) == len(DAYS)


def test_a_calendar_puts_each_day_under_its_weekday():
    # 1 January 2015 was a Thursday: the fourth row of the first week; the 5th, a Monday, begins the second
    first, monday = _at(pd.Timestamp(2015, 1, 1), 0.0), _at(pd.Timestamp(2015, 1, 5), 0.0)
    assert monday[0] > first[0]
    assert first[1] - monday[1] == pytest.approx(3 * (_at(pd.Timestamp(2015, 1, 6), 0.0)[1] - monday[1]))


def test_a_heat_map_shades_each_place_by_its_own_highest_and_marks_its_rules():
    drawing = FAMILY["heat"]()
    assert "A City: first October 2014: 300; last November 2014: 40; highest October 2014: 300." in drawing.alt
    assert "Marked: A City, a rule, 14 November 2014." in drawing.alt
    assert "a later one" not in drawing.alt
    assert drawing.brief.frame["lowest"].tolist() == ["November 2014: 40", "October 2014: 50"]


def test_a_heat_map_of_places_with_few_each_shows_rounded_counts():
    assert set(figures.heat(PLACES.assign(count=2)).released("restricted").table["count"]) == {3}


def test_a_tile_map_names_every_state_with_its_counts_and_those_without_a_tile():
    drawing = FAMILY["tiles"]()
    assert (
        "California 56.3\u00a0% (2,134 of 3,790); Guam 7.5\u00a0% (3 of 40); Texas 2.1\u00a0% (82 of 3,901)"
        in drawing.alt
    )
    assert "Not on the map: GU 7.5" in svg.standalone(drawing.figure, "f", "T", "")
    assert "Guam 7.7\u00a0% (3 of 39)" in drawing.released("restricted").alt


def test_a_tile_shows_an_estimate_in_place_of_the_plain_share_where_one_is_named():
    drawing = figures.tiles(STATES.assign(risk=[0.6, 0.03, 0.1]), share="risk")
    assert "California 60.0\u00a0% (3,790 followed)" in drawing.alt
    assert drawing.table["share"].tolist() == [0.6, 0.03, 0.1]


def test_the_tiles_hold_fifty_states_the_capital_and_puerto_rico_once_each():
    placed = places()
    assert len(placed) == len(set(placed.values())) == 52
    assert {"DC", "PR", "AK", "HI"} <= set(placed)


def test_each_row_of_a_transition_table_adds_up_to_all_that_began_there():
    table = FAMILY["transitions"]().table
    assert table["all"].tolist() == [200, 1000]
    assert (table[["a new episode", "nothing more"]].sum(axis=1) == table["all"]).all()
    assert "Declined: 200, of which next: a new episode 60, 30.0\u00a0%" in FAMILY["transitions"]().alt


def test_moves_are_rounded_and_their_row_too():
    moves = pd.DataFrame({"before": "Declined", "after": list("abc"), "count": [4, 30, 500]})
    shown = figures.transitions(moves).released("restricted").table.iloc[0]
    assert shown[["all", "a", "b", "c"]].tolist() == [531, 3, 27, 501]


def test_classes_cover_what_they_say():
    ends = shades.steps([0, 3, 493])
    assert ends == [100, 200, 300, 400, 500]
    assert [shades.class_of(v, ends) for v in (0, 1, 100, 101, 500)] == [-1, 0, 0, 1, 4]
    assert shades.ranges(ends)[:2] == ["1 to 100", "101 to 200"]
    assert shades.ranges([0.2, 0.4], percent=True) == ["0 to 20\u00a0%", "20 to 40\u00a0%"]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: figures.calendar(DAYS.drop(columns="count")), "needs the columns count"),
        (lambda: figures.calendar(pd.concat([DAYS, DAYS])), "one row a day"),
        (lambda: figures.heat(pd.concat([PLACES, PLACES])), "one row a place and period"),
        (lambda: figures.tiles(STATES.assign(state="XX")), "one row a state"),
        (lambda: figures.transitions(MOVES.iloc[:0]), "at least one"),
    ],
)
def test_frames_that_cannot_be_drawn_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
