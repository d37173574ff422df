"""Two pages about one restricted dataset: what a reader would subtract is found, and nothing else."""

import itertools
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.publish import figures
from analysis.publish.between import taken_back
from analysis.publish.curves import release_curve
from analysis.publish.privacy import release
from analysis.publish.shown import counts, of_results


def page(*tables, said=()):
    return {"said": list(said), "tables": list(tables)}


def table(people, what="By sex"):
    frame = pd.DataFrame({"group": list(people), "people": list(people.values()), "share": 0.5})
    return counts(release(frame, "restricted", counts=["people"]), what)


def steps(frame, what="Re-arrested"):
    drawn = figures.curve(frame, value="incidence").released("restricted")
    return counts(drawn.source, what, curve=True)


def life(each=3, days=60, people=1000):
    """A life table in which ``each`` people have the event on each day and one more leaves."""
    time = range(1, days + 1)
    frame = pd.DataFrame({"time": time, "at_risk": [people - (each + 1) * (t - 1) for t in time], "events": each})
    share = frame["events"].cumsum() / people
    return frame.assign(incidence=share, lower=share, upper=share)


PLANTED = {
    "a count in a sentence less one on another page": (page(said=[440]), page(said=[434])),
    "a group less the same group": (page(table({"f": 120, "m": 300})), page(table({"f": 125, "m": 300}))),
    "a group less the same group among the results": (
        page(table({"f": 120, "m": 300})),
        page(*of_results({"groups": [{"group": "f", "people": 111}]})),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_difference_takes_the_later_page_back(name):
    first, second = PLANTED[name]
    (report,) = reasons = taken_back({"a": first, "b": second, "c": page()})
    assert report == "b"
    assert "beside the report a" in reasons["b"]
    assert list(taken_back({"b": second, "a": first})) == ["a"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (page(said=[440]), page(said=[430, 440, 450])),
        (page(table({"f": 120, "m": 300})), page(table({"f": 120, "m": 310}))),
        (page(table({"f": 120, "m": 300})), page(table({"x": 125, "m": 300}))),  # other people
        (page(table({"f": 120, "m": 300, "u": 4})), page(table({"f": 120, "m": 300, "u": 9}))),  # withheld on both
        (page(said=[125]), page(table({"f": 120, "m": 300}))),
    ],
)
def test_what_gives_nothing_away_stays(first, second):
    assert taken_back({"a": first, "b": second}) == {}


def test_the_same_curve_with_other_steps_is_found_and_with_the_same_steps_is_not():
    whole = life()
    usual = release_curve(whole, "restricted")
    assert usual["time"].tolist()[:3] == [10, 20, 30]  # thirty of them, ten by other ways, then the window of 30 days
    across = release_curve(whole, "restricted", ends=[15])
    assert 15 in across["time"].tolist()
    # from day 10 to day 15 fifteen are re-arrested and five leave otherwise: no page shows the five, both together do
    a, b = (page(counts_of(frame)) for frame in (usual, across))
    assert list(taken_back({"a": a, "b": b})) == ["b"]
    assert taken_back({"a": a, "b": page(counts_of(usual.iloc[:3]))}) == {}
    fewer = release_curve(life(people=800), "restricted", ends=[15])
    assert taken_back({"a": a, "b": page(counts_of(fewer))}) == {}  # other people


def counts_of(released):
    frame = released[["time", "at_risk", "events"]].assign(group="")
    found = release(frame, "public")
    return counts(replace(found, counts=("at_risk", "events")), "Re-arrested", curve=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 60), max_size=4), min_size=2, max_size=2),
    st.integers(1, 6),
)
def test_curves_that_stay_make_no_small_step_together(ends, each):
    frames = [release_curve(life(each), "restricted", ends=list(more)) for more in ends]
    if any(frame.empty for frame in frames) or taken_back({str(i): page(counts_of(f)) for i, f in enumerate(frames)}):
        return
    left = {}
    for frame in frames:
        left |= dict(zip([0, *frame["time"][:-1]], frame["at_risk"], strict=True))
    numbers = [n for _, n in sorted(left.items())]
    assert all(a == b or a - b >= 10 for a, b in itertools.pairwise(numbers))


def test_a_figure_gives_its_counts_as_a_table_does():
    found = steps(life())
    assert found["times"][:2] == [10.0, 20.0]
    assert found["rows"][0][1] == {"at_risk": 1000, "events": 30}
    assert counts(release(pd.DataFrame({"a": ["x"]}), "restricted"), "no counts") is None
