"""What all figures share: size, palette, text widths, nice scales, and labels that do not overlap.

Figures are drawn 4.8 inches (345.6 points) wide, so that one point is about one pixel on a phone of 380 pixels and
text of 11 points is read there without zooming. Space is measured with the font that matplotlib ships, which is
wider than the fonts that browsers use: what fits here fits everywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

WIDTH = 4.8 * 72
SIZE = 11.2
LINE = 14.2
INK, SOFT, GRID, PAPER = "#1b1f24", "#57606a", "#d5dae0", "#ffffff"
# Blue, vermilion, green, purple, olive, grey: told apart under the three colour-vision deficiencies by lightness and
# hue, at least 4.5 to 1 on paper. Never colour alone: each has its own dash and marker, and a label beside it.
SERIES = ("#1f5fa8", "#a8480b", "#2b6e57", "#7a3f99", "#5f5a14", "#4d555e")
ROSE = "#96254f"  # for the rare seventh part of a whole
DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (8, 2, 1.5, 2)), (0, (3, 1.2)), (0, (10, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P")


@lru_cache(maxsize=1)
def _style() -> dict:
    path = files("analysis.publish") / "templates" / "report.mplstyle"
    chosen = mpl.rc_params_from_file(str(path), use_default_template=True)
    return {key: chosen[key] for key in chosen if key not in ("backend", "interactive", "toolbar", "date.epoch")}


@contextmanager
def styled() -> Iterator[None]:
    """Draw with the project's style whatever the session's own settings are."""
    with mpl.rc_context():
        dict.update(mpl.rcParams, _style())  # the values are checked already: checking them again costs milliseconds
        yield


def blank(height: float, left: float, right: float, top: float, bottom: float) -> tuple[Figure, Axes]:
    """Return an empty figure ``height`` points high with one axes inside margins given in points."""
    figure = Figure(figsize=(WIDTH / 72, height / 72))
    FigureCanvasSVG(figure)
    box = (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - top - bottom) / height)
    axes = figure.add_axes(box)
    axes.axis("off")
    return figure, axes


def say(figure: Figure, x: float, y: float, text: str, colour: str = INK, bold: bool = False, size: float = SIZE,
        align: str = "left", valign: str = "baseline", paper: bool = False) -> None:  # fmt: skip
    """Write ``text`` at ``x``, ``y`` in points from the top left; ``paper`` puts it on a patch of background."""
    height = figure.get_figheight() * 72
    patch = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0} if paper else None
    figure.text(x / WIDTH, 1 - y / height, text, color=colour, fontsize=size, ha=align, va=valign, bbox=patch,
                fontweight="bold" if bold else "normal", parse_math=False)  # fmt: skip


@lru_cache(maxsize=4096)
def width(text: str, size: float = SIZE, bold: bool = False) -> float:
    """Return how wide ``text`` is, in points, in the widest font it may be shown in."""
    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, False)[0]


def wrapped(text: str, room: float, size: float = SIZE, bold: bool = False) -> list[str]:
    """Return ``text`` in lines no wider than ``room`` points; a word that is wider alone is cut with an ellipsis.

    Lines are broken at spaces, not at those that hold a number and its unit together.
    """
    lines: list[str] = []
    for word in filter(None, text.split(" ")):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width(joined, size, bold) <= room:
            lines[-1] = joined
        else:
            lines.append(_cut(word, room, size, bold))
    return lines or [""]


def nice_steps(top: float, room: int = 5) -> list[float]:
    """Return round tick values from 0 to at least ``top``, with at most ``room`` intervals."""
    if top <= 0:
        return [0.0, 1.0]
    power = 10.0 ** (len(f"{int(top)}") - 1) if top >= 1 else 10.0 ** -(len(f"{int(1 / top)}"))
    for step in (f * power * scale for scale in (0.1, 1, 10) for f in (1, 2, 2.5, 5)):
        if top / step <= room + 1e-9:
            count = max(1, int(-(-top / step // 1) if top % step > 1e-9 * step else round(top / step)))
            return [round(i * step, 12) for i in range(count + 1)]
    return [0.0, top]


_TIME_STEPS = {
    "day": (1, 2, 5, 7, 14, 15, 30, 60, 90, 180, 365, 730, 1825, 3650),
    "week": (1, 2, 4, 13, 26, 52, 104, 260),
    "month": (1, 2, 3, 6, 12, 24, 36, 60, 120),
    "year": (1, 2, 5, 10, 20),
}


def time_steps(last: float, unit: str, room: float = 6) -> list[float]:
    """Return tick values for a time axis in ``unit``, natural to it (months by twelves, days by thirties)."""
    for step in _TIME_STEPS.get(unit, ()):
        if last / step <= room:
            return [float(i * step) for i in range(int(last / step + 1e-9) + 1)]
    return [t for t in nice_steps(last, int(room)) if t <= last]


def apart(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions close to ``wanted`` that are at least ``gap`` apart and lie between ``low`` and ``high``."""
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    placed = list(wanted)
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + gap)
    ceiling = high
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - gap
    floor = low
    for i in order:
        placed[i] = max(placed[i], floor)
        floor = placed[i] + gap
    return placed


def _cut(word: str, room: float, size: float, bold: bool) -> str:
    if width(word, size, bold) <= room:
        return word
    while len(word) > 1 and width(word + "\u2026", size, bold) > room:
        word = word[:-1]
    return word + "\u2026"
