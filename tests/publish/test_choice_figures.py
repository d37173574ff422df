"""Paths and specification curves: every number in words and table, nothing outside the picture, the same bytes each time."""

import re
from itertools import pairwise

import pandas as pd
import pytest

from analysis.publish import figures
from analysis.publish.figures import canvas, svg

PATHS = {"Constant hazard": (0.3, 0.6, 0.95), "A cohort": (0.2, 0.4, None), "Half ever": (0.25, 0.4, 0.5)}
LINES = pd.DataFrame(
    [(line, line[0], x, y) for line, shares in PATHS.items() for x, y in zip((1, 3, 9), shares, strict=True)],
    columns=["line", "family", "years", "share"],
)
SPECS = pd.DataFrame(
    {"first": ["x", "x", "y", "y"], "second": ["u", "v", "u", "v"], "estimate": [0.1, 0.12, 0.2, 0.05]}
).assign(
    lower=lambda f: f["estimate"] - 0.01, upper=lambda f: f["estimate"] + 0.01, primary=[False, True, False, False]
)
WORDS = {
    "first": {"": "the first choice", "x": "this way", "y": "that way"},
    "second": {"": "the second", "u": "with", "v": "without"},
}


def paths(frame=LINES, **more):
    return figures.paths(frame, "years", "share", "line", "family", "Share", "years", **more)


def specifications(frame=SPECS, **more):
    return figures.specifications(frame, ["first", "second"], WORDS, "Share", **more)


def test_paths_say_every_number_and_leave_out_what_a_line_does_not_reach():
    drawing = paths(reference=0.5, reference_label="stated")
    assert "A cohort: 20.0\u00a0% at 1, 40.0\u00a0% at 3;" in drawing.alt
    assert "Marked: stated, 50.0\u00a0%" in drawing.alt
    assert len(drawing.table) == 8
    wide = drawing.brief.frame
    assert wide.columns.tolist() == ["line", "1", "3", "9"]
    assert wide.loc[1, "9"] != wide.loc[1, "9"]


def test_specifications_can_all_be_found_in_the_table_beside_the_picture():
    wide = specifications().brief.frame
    assert wide.columns.tolist() == ["the second", "the first choice: a", "the first choice: b"]
    assert wide.iloc[0].tolist() == ["a", "10.0 (9.0 to 11.0)", "20.0 (19.0 to 21.0)"]
    assert sum(cell != "" for cell in wide.iloc[:, 1:].to_numpy().ravel()) == len(SPECS)


THREE = pd.DataFrame(
    [(a, b, c, e) for (a, b), e in {("x", "u"): 0.1, ("x", "v"): 0.2, ("y", "u"): 0.1, ("y", "v"): 0.3}.items() for c in "st"],
    columns=["first", "second", "third", "estimate"],
).assign(lower=lambda f: f["estimate"] - 0.01, upper=lambda f: f["estimate"] + 0.01, primary=[True] + 7 * [False])  # fmt: skip
MORE = WORDS | {"third": {"": "the third", "s": "so", "t": "thus"}}


def test_specifications_with_the_same_numbers_share_a_row_of_letters_and_none_is_lost():
    drawing = figures.specifications(THREE, ["first", "second", "third"], MORE, "Share")
    table = drawing.table
    assert table.columns[0] == "the first choice (a this way; b that way)"
    stands = [
        (a, b, c, round(row[3], 6))
        for row in table.itertuples(index=False)
        for a in row[0]
        for b in row[1]
        for c in row[2]
    ]
    letters = {"x": "a", "y": "b", "u": "a", "v": "b", "s": "a", "t": "b"}
    expected = [(letters[r[0]], letters[r[1]], letters[r[2]], r[3]) for r in THREE.itertuples(index=False)]
    assert sorted(stands) == sorted(expected)  # every combination of letters once, with its own number
    assert len(table) < len(THREE)
    [first] = table[table["primary"]].itertuples(index=False)
    assert first[:3] == ("a", "a", "a")  # the primary one stands alone


def test_differences_carry_their_sign_and_a_missing_interval_is_said():
    frame = SPECS.assign(estimate=SPECS["estimate"] - 0.15, lower=float("nan"), upper=float("nan"))
    drawing = specifications(frame, points=True, truth=-0.02)
    assert "from -10.0\u00a0points to +5.0\u00a0points" in drawing.alt
    assert "(interval not defined)" in drawing.alt
    assert "+5.0 (no interval)" in drawing.brief.frame.to_numpy().ravel().tolist()
    assert svg.standalone(drawing.figure, "f", "Title", "alt").count("<path") > 5


def test_specifications_say_range_primary_and_truth():
    alt = specifications(truth=0.11, truth_label="truth").alt
    assert "under 4 specifications, sorted: from 5.0\u00a0% to 20.0\u00a0%" in alt
    assert "The primary one gives 12.0\u00a0%" in alt
    assert "Marked: truth, 11.0\u00a0%" in alt
    assert specifications().table["estimate"].is_monotonic_increasing


@pytest.mark.parametrize("drawing", [paths, specifications], ids=["paths", "specifications"])
def test_the_picture_stays_within_its_frame_and_is_the_same_each_time(drawing):
    first, again = (svg.standalone(drawing().figure, "f", "Title", "alt") for _ in range(2))
    assert first == again
    for match in re.finditer(r'<text[^>]*? x="(-?[\d.]+)"', first):
        assert -1 <= float(match[1]) <= canvas.WIDTH + 1


def test_names_of_lines_do_not_overlap():
    many = pd.concat([LINES.assign(line=LINES["line"] + f" {i}") for i in range(4)])
    picture = svg.standalone(paths(many).figure, "f", "Title", "alt")
    heights = sorted(
        float(y) for y in re.findall(r'<text[^>]*? y="(-?[\d.]+)"[^>]*>(?:Constant|A cohort|Half)', picture)
    )
    assert len(heights) == 12
    assert all(b - a >= canvas.SIZE for a, b in pairwise(heights))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: paths(LINES.drop(columns="family")), "needs the columns family"),
        (lambda: paths(LINES.assign(share=2.0)), "shares from 0 to 1"),
        (lambda: specifications(SPECS.assign(primary=False)), "one primary row"),
        (lambda: specifications(SPECS.drop(columns="upper")), "needs the columns upper"),
    ],
)
def test_frames_that_cannot_be_drawn_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
