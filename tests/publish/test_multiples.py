"""Small multiples: every panel on one scale with its name, its end and its numbers at risk."""

import html
import re

import numpy as np
import pandas as pd
import pytest

from analysis.data.rounding import midpoint
from analysis.publish import figures
from analysis.publish.figures import canvas, svg

HOSTILE = '<script>alert(1)</script> & "Sheriff\'s" office'


def places(sizes, steps=40, events=15):
    """A life table for each place: so many people, ``events`` on each day and nobody else leaving."""
    time = np.arange(1, steps + 1)
    parts = []
    for name, people in sizes.items():
        share = events * time / people
        parts.append(
            pd.DataFrame(
                {
                    "place": name,
                    "time": time,
                    "at_risk": people - events * (time - 1),
                    "events": np.diff(midpoint(events * time), prepend=0),
                    "incidence": share,
                    "lower": share * 0.9,
                    "upper": np.minimum(share * 1.1, 1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


THREE = {"Somewhere County, a state with a long name": 1000, "B": 2000, HOSTILE: 1500}
FRAMES = {
    "three": lambda: places(THREE),
    "fifteen": lambda: places({f"Place number {i}": 700 + i for i in range(15)}),
    "millions": lambda: places({"A": 4_000_000, "B": 3_000_000}, events=50_000),
    "months": lambda: places({"A": 1000, "B": 900}, steps=3),
    "no intervals": lambda: places(THREE).assign(lower=np.nan, upper=np.nan),
    "too few": lambda: places({"A": 12, "B": 13}, steps=4, events=3),
}


def drawn(name="three", disclosure="public", **options):
    return figures.multiples(FRAMES[name](), by="place", **options).released(disclosure, "Synthetic data")


def picture(drawing):
    return svg.standalone(drawing.figure, "m", "A finding", drawing.alt)


def texts(body):
    """Every text of a picture with its place and its estimated edges."""
    found = []
    for attributes, text in re.findall(r"<text ([^>]*)>([^<]*)</text>", body):
        x, y = (float(re.search(rf'\b{key}="(-?[\d.]+)"', attributes)[1]) for key in "xy")
        text = html.unescape(text)
        wide = canvas.width(text, bold="font-weight" in attributes)
        start = {"middle": x - wide / 2, "end": x - wide}.get((re.findall(r'anchor="(\w+)"', attributes) or [""])[0], x)
        found.append((text, start, start + wide, y))
    return found


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("disclosure", ["public", "restricted"])
def test_it_stays_within_its_frame_and_no_text_lies_over_another(name, disclosure):
    body = picture(drawn(name, disclosure))
    assert body == picture(drawn(name, disclosure))
    assert "<script" not in body
    height = float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', body)[1])
    found = texts(body)
    for text, left, right, y in found:
        assert left >= -1, text
        assert right <= canvas.WIDTH + 1, text
        assert 0 < y <= height, text
    for i, (a, left, right, y) in enumerate(found):
        assert not [
            b for b, start, end, at in found[i + 1 :] if abs(at - y) < 8 and min(right, end) - max(left, start) > 0.5
        ], a


def test_each_panel_names_its_place_gives_its_end_and_counts_those_at_risk():
    drawing = drawn()
    said = " ".join(text for text, *_ in texts(picture(drawing)))
    # after 40 days of 15 events: 600 of 1,000, of 2,000 and of 1,500; at 30 days 15 x 29 have left
    for part in (
        "60.0\u00a0%",
        "30.0\u00a0%",
        "40.0\u00a0%",
        "0 30 1,000 565",
        "0 30 2,000 1,565",
        "Days since release",
    ):
        assert part in said
    assert "B: 2,000 at risk at the start, 30.0\u00a0% (interval 27.0 to 33.0) by 40 days" in drawing.alt
    assert drawing.brief.frame["share"].tolist() == [0.6, 0.3, 0.4]
    assert len(drawing.table) == 120


def test_all_panels_have_one_scale_and_hold_the_curves_of_the_others():
    drawing = drawn()
    panels = drawing.figure.axes
    assert len(panels) == 3
    assert {(panel.get_xlim(), panel.get_ylim()) for panel in panels} == {((0, 40), (0, 75))}
    for panel in panels:
        (grey,) = [line for line in panel.lines if line.get_color() == canvas.SOFT]
        assert np.isnan(grey.get_ydata()).sum() == 2  # a gap after each of the two others
        assert len([line for line in panel.lines if line.get_color() == canvas.SERIES[0]]) == 1


def test_the_end_of_the_time_axis_can_be_chosen():
    drawing = drawn(horizon=20.0)
    assert drawing.figure.axes[0].get_xlim() == (0, 20)
    assert "by 20 days" in drawing.alt


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (places({"A": 900}), "found 1 levels"),
        (places({str(i): 900 for i in range(16)}), "found 16 levels"),
        (places(THREE).drop(columns="at_risk"), "needs the columns"),
        (places(THREE).drop(columns="place"), "needs the columns"),
        (places(THREE).assign(incidence=np.nan), "no row with an estimate"),
    ],
)
def test_a_frame_that_cannot_be_drawn_is_refused(frame, says):
    with pytest.raises(ValueError, match=says):
        figures.multiples(frame, by="place")
