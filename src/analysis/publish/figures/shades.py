"""Shading by amount: one colour in five steps that differ in lightness, and the key that says what each stands for.

The colour is laid over the paper at growing opacity, so that the steps keep their order on a light and on a dark page.
Where text stands on a shade, ``UNDER_TEXT`` keeps it readable.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from analysis.publish import numbers
from analysis.publish.figures import canvas

ALONE = (0.14, 0.34, 0.56, 0.78, 1.0)
UNDER_TEXT = (0.05, 0.16, 0.28, 0.40, 0.52)
_PATCH = 11.0


def steps(values: Sequence[float]) -> list[float]:
    """Return the upper ends of at most five classes of equal, round width that hold all values above 0."""
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    return canvas.nice_steps(float(known.max()) if len(known) else 0.0, 5)[1:]


def class_of(value: float, ends: Sequence[float]) -> int:
    """Return the class of a value, -1 for 0 and less: class i holds what is over the end before it and up to its own."""
    return -1 if value <= 0 else min(int(np.searchsorted(ends, value - 1e-12)), len(ends) - 1)


def cells(axes: object, boxes: Sequence[tuple[float, float, float, float]], opacity: float) -> None:
    """Draw boxes (left, top, width, height, in points) of one shade as one path; an opacity of 0 draws their outline."""
    if not boxes:
        return
    corners, codes = [], []
    for x, y, wide, high in boxes:
        corners += [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)]
        codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    look = (
        {"facecolor": canvas.SERIES[0], "alpha": opacity, "linewidth": 0}
        if opacity
        else {"facecolor": "none", "edgecolor": canvas.GRID, "linewidth": 0.8}
    )
    axes.add_patch(PathPatch(Path(corners, codes), clip_on=False, **look))


def key(figure: Figure, axes: object, texts: Sequence[str], opacities: Sequence[float], y: float) -> float:
    """Write the key from ``y`` (points from the top) on, in as many lines as it needs; return where it ends."""
    x = 0.0
    for text, opacity in zip(texts, opacities, strict=True):
        room = _PATCH + 5 + canvas.width(text) + 12
        if x and x + room - 12 > canvas.WIDTH:
            x, y = 0.0, y + canvas.LINE + 2
        cells(axes, [(x, y, _PATCH, _PATCH)], opacity)
        axes.add_patch(
            Rectangle((x, y), _PATCH, _PATCH, facecolor="none", edgecolor=canvas.SOFT, linewidth=0.8, clip_on=False)
        )
        canvas.say(figure, x + _PATCH + 5, y + _PATCH - 1, text, canvas.SOFT)
        x += room
    return y + canvas.LINE + 4


def key_height(texts: Sequence[str]) -> float:
    """Return how high the key is, in points."""
    x, lines = 0.0, 1
    for text in texts:
        room = _PATCH + 5 + canvas.width(text) + 12
        if x and x + room - 12 > canvas.WIDTH:
            x, lines = 0.0, lines + 1
        x += room
    return lines * (canvas.LINE + 2) + 4


def ranges(ends: Sequence[float], percent: bool = False) -> list[str]:
    """Return the classes in words: ``1 to 100``, or ``0 to 20 %`` for shares."""
    lows = [0.0, *ends[:-1]]
    if percent:
        whole = all(abs(100 * end - round(100 * end)) < 1e-9 for end in ends)
        return [
            f"{100 * a:.{0 if whole else 1}f} to {numbers.percent(b, 0 if whole else 1)}"
            for a, b in zip(lows, ends, strict=True)
        ]
    return [
        numbers.thousands(b) if int(a) + 1 == int(b) else f"{numbers.thousands(int(a) + 1)} to {numbers.thousands(b)}"
        for a, b in zip(lows, ends, strict=True)
    ]


def sheet(height: float) -> tuple[Figure, object]:
    """Return a figure ``height`` points high whose axes are in points from the top left."""
    figure, axes = canvas.blank(height, 0.0, 0.0, 0.0, 0.0)
    axes.set_xlim(0, canvas.WIDTH)
    axes.set_ylim(height, 0)
    return figure, axes
