"""The measures that all figures share: ticks, wrapped text, labels kept apart, and colours."""

import re
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.publish.figures import canvas


@given(st.lists(st.floats(0, 300), min_size=1, max_size=8), st.floats(5, 30))
def test_labels_keep_apart_and_inside_where_there_is_room(wanted, gap):
    placed = canvas.apart(wanted, gap, 0, 300)
    ordered = sorted(placed)
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(ordered))
    assert sorted(range(len(wanted)), key=lambda i: (wanted[i], i)) == sorted(
        range(len(placed)), key=lambda i: placed[i]
    )
    assert min(placed) >= -1e-6


@given(st.floats(1e-4, 1e6))
def test_ticks_are_few_round_and_reach_the_top(top):
    steps = canvas.nice_steps(top)
    assert steps[0] == 0
    assert steps[-1] >= top * (1 - 1e-9)
    assert 2 <= len(steps) <= 6
    assert steps[-2] < top


@pytest.mark.parametrize(
    ("last", "unit", "expected"),
    [(81, "month", [0, 24, 48, 72]), (365, "day", [0, 90, 180, 270, 360]), (5, "year", [0, 1, 2, 3, 4, 5])],
)
def test_time_ticks_are_natural_to_their_unit(last, unit, expected):
    assert canvas.time_steps(last, unit, 6) == expected


@given(st.text(alphabet="abcdefgh ", min_size=1, max_size=200), st.floats(40, 300))
def test_wrapped_lines_fit(text, room):
    assert all(canvas.width(line) <= room for line in canvas.wrapped(text, room))


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_colours_of_text_reach_the_contrast_of_wcag_in_light_and_in_dark():
    from analysis.publish.policy import css

    light, dark = re.findall(r":root\{[^}]*?(--paper:[^}]*)\}", css())[:2]
    for theme in (light, dark):
        colours = dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", theme))
        for name in ("ink", "soft", "a", "b", "c", "d", "e", "f"):
            assert contrast(colours[name], colours["paper"]) >= 4.5, (name, theme[:40])
    named = dict(re.findall(r"--(\w):(#[0-9a-f]{6})", light))
    assert tuple(named[c] for c in "abcdef") == canvas.SERIES
