"""Every figure: a pure function of its frame, described in numbers, and of what may be shown only."""

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from analysis.data.rounding import midpoint
from analysis.publish import figures, tables
from analysis.publish.figures import canvas, svg
from analysis.publish.released import ReleaseError

HOSTILE = '<script>alert(1)</script> & "Sheriff\'s" office'


def curve_frame(people=1000, steps=40, each=15):
    time = np.arange(1, steps + 1)
    at_risk = people - 15 * (time - 1)
    survival = np.cumprod(1 - 15 / at_risk)
    limits = {"lower": survival - 0.02, "upper": np.minimum(survival + 0.02, 1)}
    return pd.DataFrame(
        {
            "time": time,
            "at_risk": at_risk,
            "events": np.diff(midpoint(each * time), prepend=0).astype(int),
            "survival": survival,
            **limits,
        }
    )


def groups_frame():
    return pd.concat([curve_frame().assign(sex="female"), curve_frame(600, 30).assign(sex=HOSTILE)])


def forest_frame():
    return pd.DataFrame(
        {
            "label": [
                "All",
                HOSTILE,
                "A line so long that it has to be broken into two lines to be read on a telephone",
            ],
            "numerator": [40, 3, 300],
            "denominator": [440, 60, 700],
            "estimate": [0.09, 0.05, 0.43],
            "lower": [0.067, 0.017, 0.39],
            "upper": [0.12, 0.137, 0.47],
        }
    )


def month_frame(low=40):
    months = pd.date_range("2014-01-01", periods=24, freq="MS")
    return pd.DataFrame({"month": months, "count": [low, *range(100, 123)]})


def flow_frame():
    parts = [("Detainers", "Taken into custody", 400), ("Detainers", "Declined", 50), ("Detainers", HOSTILE, 4)]
    return pd.DataFrame(parts, columns=["stage", "part", "count"])


FAMILY = {
    "curve": lambda: figures.curve(curve_frame(), unit="month", lines={"As claimed": 0.5}),
    "curves": lambda: figures.curve(groups_frame(), by="sex", unit="day", horizon=40),
    "dots": lambda: figures.dots(forest_frame(), reference=0.1, reference_label="published"),
    "ratios": lambda: figures.dots(forest_frame().drop(columns=["numerator", "denominator"]), share=False, log=True),
    "shares": lambda: figures.shares(forest_frame(), what="Declined"),
    "counts": lambda: figures.counts(month_frame(), marks={"State law": "2014-06-01"}),
    "series": lambda: figures.counts(
        pd.concat([month_frame().assign(kind="a"), month_frame().assign(kind="b")]), by="kind"
    ),
    "flow": lambda: figures.flow(flow_frame()),
}
EDGES = {
    "two people's worth": lambda: figures.curve(curve_frame(40, 2, 2)),
    "no events": lambda: figures.curve(curve_frame().assign(events=0, survival=1.0, lower=1.0, upper=1.0)),
    "no intervals": lambda: figures.curve(curve_frame().assign(lower=np.nan, upper=np.nan)),
    "six long names": lambda: figures.curve(
        pd.concat([curve_frame().assign(g=f"Group number {i} with a name that is long") for i in range(6)]), by="g"
    ),
    "millions": lambda: figures.curve(curve_frame(4_000_000, each=100_000)),
    "points": lambda: figures.curve(
        curve_frame(), points=pd.DataFrame({"time": [12, 36], "estimate": [0.4, 0.3], "label": ["Benchmark A", "B"]})
    ),
    "nothing estimated": lambda: figures.dots(forest_frame().assign(estimate=np.nan, lower=np.nan, upper=np.nan)),
    "below zero": lambda: figures.dots(forest_frame().assign(estimate=-0.1, lower=-0.2, upper=0.0), reference=0),
    "all of them": lambda: figures.dots(forest_frame().assign(estimate=1.0, lower=0.9, upper=1.0)),
    "four powers of ten": lambda: figures.dots(
        forest_frame()[["label"]].assign(estimate=[0.1, 1, 30], lower=[0.01, 0.5, 5], upper=[1, 2, 200]), share=False, log=True
    ),
    "nobody": lambda: figures.shares(pd.DataFrame({"label": ["none"], "numerator": [0], "denominator": [0]})),
    "three a month": lambda: figures.counts(month_frame().assign(count=3)),
    "one month": lambda: figures.counts(month_frame().iloc[:1]),
    "years": lambda: figures.counts(
        pd.DataFrame({"year": pd.date_range("2008-01-01", periods=9, freq="YS"), "count": 12_345}), time="year",
        marks={"A very long label of a state law that limits detainers": "2014-01-01", "Short": "2014-06-01"},
    ),
    "no flow": lambda: figures.flow(flow_frame().assign(count=0)),
}  # fmt: skip
EACH = pytest.mark.parametrize("name", FAMILY)


@EACH
@pytest.mark.parametrize("disclosure", ["public", "restricted"])
@pytest.mark.parametrize("synthetic", [False, True])
def test_every_figure_draws_describes_and_tabulates(name, disclosure, synthetic):
    drawing = FAMILY[name]().released(disclosure, "Synthetic data" if synthetic else "")
    picture = svg.inline(drawing.figure, "fig", "A finding", drawing.alt)
    root = ET.fromstring(picture)
    assert root.get("role") == "img"
    assert root.find("title").text == "A finding"
    assert root.find("desc").text == drawing.alt
    assert len(drawing.alt) > 60
    assert re.search(r"\d", drawing.alt)
    assert len(drawing.table)
    assert drawing.alt.startswith("Synthetic data.") == synthetic
    assert (
        "Synthetic data" in "".join(root.itertext()).removeprefix("A finding").replace(drawing.alt, "")
    ) == synthetic
    assert "script>" not in picture.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "")


@EACH
def test_the_picture_is_small_and_the_same_whatever_the_sessions_settings(name):
    first = svg.standalone(FAMILY[name]().figure, "fig", "t", "a")
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9, "svg.fonttype": "path", "font.family": "serif"}):
        second = svg.standalone(FAMILY[name]().figure, "fig", "t", "a")
    assert first == second
    assert len(first) < 20_000
    assert "metadata" not in first
    assert "style=" not in first
    assert not re.search(r"20\d\d-\d\d-\d\dT", first)


@EACH
def test_ids_carry_the_figures_name_and_colours_follow_the_page(name):
    picture = svg.inline(FAMILY[name]().figure, "risk", "t", "a")
    assert all(i.startswith("risk-") for i in re.findall(r'\bid="([^"]+)"', picture))
    assert all(i.startswith("risk-") for i in re.findall(r'href="#([^"]+)"', picture))
    assert set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', picture)) <= {"#ffffff"}


@pytest.mark.parametrize("disclosure", ["public", "restricted"])
@pytest.mark.parametrize("name", [*FAMILY, *EDGES])
def test_nothing_is_written_outside_the_picture_and_nothing_too_small(name, disclosure):
    drawing = {**FAMILY, **EDGES}[name]().released(disclosure, "Synthetic data")
    root = ET.fromstring(svg.inline(drawing.figure, "f", "t", drawing.alt))
    assert drawing.brief is not None
    width, height = (float(v) for v in root.get("viewBox").split()[2:])
    for text in root.iter("text"):
        size = float(text.get("font-size", canvas.SIZE))
        assert size * 348 / width >= 10, text.text  # a phone of 380 pixels has 348 for the figure
        x, y = float(text.get("x", 0)), float(text.get("y", 0))
        long = canvas.width(text.text, size, text.get("font-weight") == "600")
        start = x - long * {"middle": 0.5, "end": 1}.get(text.get("text-anchor"), 0)
        assert start >= -1, text.text
        assert start + long <= width + 1, text.text
        assert 0 < y <= height, text.text


def test_an_exact_share_is_in_no_form_of_a_restricted_figure():
    frame = forest_frame().assign(numerator=lambda f: f["numerator"] + 1)  # none of them a middle of six
    frame["estimate"] = frame["numerator"] / frame["denominator"]
    drawing = figures.dots(frame).released("restricted")
    words = [drawing.alt, svg.standalone(drawing.figure, "f", "t", drawing.alt), tables.to_csv(drawing.data)]
    for text in words:
        for share in frame["estimate"]:
            assert f"{100 * share:.3f}" not in re.sub(r'[xyd]="[^"]*"', "", text)
    assert "the parts do not add up" in drawing.alt
    assert drawing.table["estimate"].tolist() == (drawing.table["numerator"] / drawing.table["denominator"]).tolist()


def test_a_month_is_rounded_and_none_is_none():
    drawing = figures.counts(month_frame(low=4)).released("restricted")
    assert 3 in drawing.table["count"].tolist()
    assert figures.counts(month_frame(low=0)).released("restricted").table["count"].min() == 0


def test_a_whole_number_that_is_no_count_is_refused_by_a_figure_too():
    frame = forest_frame().rename(columns={"numerator": "k"}).drop(columns="denominator")
    with pytest.raises(ReleaseError):
        figures.dots(frame.assign(k=frame["k"]), counts=()).released("restricted")


@pytest.mark.parametrize("draw", [figures.curve, figures.dots, figures.shares, figures.counts, figures.flow])
def test_a_missing_column_is_named(draw):
    with pytest.raises(ValueError, match=r"needs the columns .*; found x"):
        draw(pd.DataFrame({"x": [1]}))


def test_a_numerator_larger_than_its_denominator_is_refused():
    with pytest.raises(ValueError, match="larger than the denominator in row 'a'"):
        figures.shares(pd.DataFrame({"label": ["a"], "numerator": [2], "denominator": [1]}))


def test_a_fraction_stands_only_beside_its_own_quotient():
    frame = pd.DataFrame({"label": ["over people", "read off a curve"], "numerator": [431, 431], "denominator": [4166, 4166],
                          "estimate": [431 / 4166, 0.108], "lower": 0.09, "upper": 0.12})  # fmt: skip
    said = figures.dots(frame)
    assert "over people (431 of 4,166): 10.3 percent" in said.alt
    assert "read off a curve (4,166 followed): 10.8 percent" in said.alt
    assert ">4,166 followed<" in svg.inline(said.figure, "a", "t", "x")
    assert list(said.brief.frame)[1:3] == ["events seen", "followed"]
    assert list(figures.dots(frame.iloc[:1]).brief.frame)[1:3] == ["numerator", "denominator"]
    rates = frame.rename(columns={"numerator": "events", "denominator": "at_risk"})
    assert "(431 events, 4,166 at risk)" in figures.dots(rates, counts=("events", "at_risk"), share=False).alt


def test_a_part_has_one_number_in_every_bar_of_a_flow():
    frame = pd.DataFrame({
        "stage": ["a", "a", "b", "b", "b"],
        "part": ["held", "none", "held", "died", "none"],
        "count": [50, 50, 30, 40, 30],
    })  # fmt: skip
    drawing = figures.flow(frame)
    texts = [text.get_text() for text in drawing.draw(drawing.source, "").texts]
    before = [texts[i - 1] for i, text in enumerate(texts) if text.startswith("none:")]
    assert before == ["3", "3"]


def test_facts_without_intervals_are_not_said_to_have_them():
    frame = pd.DataFrame({"label": ["a", "b"], "estimate": [0.1, 0.2], "lower": [0.1, 0.2], "upper": [0.1, 0.2]})
    assert "interval" not in figures.dots(frame, share=False).units
    assert "95 % intervals" in figures.dots(frame.assign(upper=0.3), share=False).units


@pytest.mark.parametrize("size", [0.0, 1e-16, -1e-16])
def test_estimates_of_nothing_but_rounding_error_still_have_an_axis(size):
    frame = pd.DataFrame({"label": ["a"], "estimate": [size], "lower": [size], "upper": [size]})
    drawing = figures.dots(frame, share=False, reference=0.0, reference_label="none")
    first, last = drawing.draw(drawing.source, "").axes[0].get_xlim()
    assert (first, last) == (0, 1)
