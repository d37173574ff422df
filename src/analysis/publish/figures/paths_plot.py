"""The drawing of `paths`: a scale of percentages, lines with markers, and each line's name at its end."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.released import Released

_PLOT, _LABELS = 190.0, 0.37


@dataclass(frozen=True)
class Plan:
    """What a figure of paths shows besides its frame: columns, the name of x, the reference line, how x is spaced."""

    x: str
    y: str
    by: str
    family: str
    x_is: str
    reference: float | None
    reference_label: str
    even: bool


def draw(source: Released, banner: str, plan: Plan) -> Figure:
    """Return the figure of released shares."""
    frame = source.frame
    values = sorted(frame[plan.x].unique())
    place = {value: float(i) if plan.even else float(value) for i, value in enumerate(values)}
    tops = [float(frame[plan.y].max()), plan.reference or 0.0]
    ticks = canvas.nice_steps(100 * max(tops), 5)
    names = {line: canvas.wrapped(str(line), _LABELS * canvas.WIDTH) for line in frame[plan.by].unique()}
    if plan.reference is not None:
        names[None] = canvas.wrapped(plan.reference_label, _LABELS * canvas.WIDTH, bold=True)
    right = max(canvas.width(text, bold=key is None) for key, lines in names.items() for text in lines) + 20
    left, top = canvas.width(f"100{numbers.NBSP}%") + 6, 26.0 if banner else 10.0
    plot = max(_PLOT, canvas.LINE * sum(len(lines) for lines in names.values()) + 4)
    figure, axes = canvas.blank(top + plot + 38, left, right, top, 38.0)
    first, last = min(place.values()), max(place.values())
    margin = 0.06 * (last - first or 1)
    axes.set_xlim(first - margin, last + margin)
    axes.set_ylim(0, ticks[-1])
    _scales(figure, axes, ticks, {numbers.plainly(v): at for v, at in place.items()}, plan, (left, top, plot, right))
    ends = _lines(axes, frame, place, plan)
    if plan.reference is not None:
        axes.plot(axes.get_xlim(), [100 * plan.reference] * 2, color=canvas.INK, linewidth=1.5, linestyle=(0, (5, 4)),
                  clip_on=False)  # fmt: skip
        ends[None] = (axes.get_xlim()[1], 100 * plan.reference, canvas.INK)
    _names(figure, axes, names, ends, ticks[-1], (left, top, plot, right))
    if banner:
        canvas.say(figure, left, 13, banner, bold=True)
    return figure


def _scales(figure: Figure, axes: Axes, ticks: list[float], at: dict[str, float], plan: Plan, box: tuple) -> None:
    left, top, plot, right = box
    low, high = axes.get_xlim()
    for i, tick in enumerate(ticks):
        axes.plot([low, high], [tick, tick], color=canvas.GRID, linewidth=1, zorder=0, clip_on=False)
        text = f"{tick:g}" + (f"{numbers.NBSP}%" if i == len(ticks) - 1 else "")
        y = top + plot * (1 - tick / ticks[-1])
        canvas.say(figure, left - 5, y, text, canvas.SOFT, align="right", valign="center")
    width, taken = canvas.WIDTH - left - right, 0.0
    for text, value in at.items():
        x = left + width * (value - low) / (high - low)
        if x - canvas.width(text) / 2 >= taken:
            canvas.say(figure, x, top + plot + 15, text, canvas.SOFT, align="center")
            taken = x + canvas.width(text) / 2 + 4
    canvas.say(figure, left + width / 2, top + plot + 32, plan.x_is, canvas.SOFT, align="center")


def _lines(axes: Axes, frame: pd.DataFrame, place: dict, plan: Plan) -> dict[object, tuple[float, float, str]]:
    """Draw each line; return where it ends and its colour."""
    families = {family: i for i, family in enumerate(frame[plan.family].unique())}
    ends = {}
    for line, part in frame.groupby(plan.by, sort=False):
        style = families[part[plan.family].iloc[0]] % 6
        part = part.sort_values(plan.x)
        x, y = [place[value] for value in part[plan.x]], 100 * part[plan.y]
        axes.plot(x, y, color=canvas.SERIES[style], linestyle=canvas.DASHES[style], marker=canvas.MARKERS[style], linewidth=1.6,
                  markersize=4.5, clip_on=False)  # fmt: skip
        ends[line] = (x[-1], float(y.iloc[-1]), canvas.SERIES[style])
    return ends


def _names(figure: Figure, axes: Axes, names: dict, ends: dict, highest: float, box: tuple) -> None:
    _, top, plot, right = box
    low, high = axes.get_xlim()
    blocks = [canvas.LINE * len(names[line]) for line in ends]
    wanted = [top + plot * (1 - y / highest) for _, y, _ in ends.values()]
    for (line, (x, y, colour)), centre, block in zip(
        ends.items(), _stacked(wanted, blocks, top, top + plot), blocks, strict=True
    ):
        label = highest * (1 - (centre - top) / plot)
        axes.plot(
            [x, high + 0.03 * (high - low)], [y, label], color=canvas.SOFT, linewidth=0.6, clip_on=False, zorder=0
        )
        for k, text in enumerate(names[line]):
            at = centre - block / 2 + canvas.LINE * (k + 0.5)
            canvas.say(figure, canvas.WIDTH - right + 12, at, text, colour, valign="center", bold=line is None)


def _stacked(wanted: list[float], blocks: list[float], low: float, high: float) -> list[float]:
    """Return centres close to ``wanted`` at which blocks of these heights do not overlap, within ``low`` and ``high``."""
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    centres, edge = list(wanted), low
    for i in order:
        centres[i] = max(centres[i], edge + blocks[i] / 2)
        edge = centres[i] + blocks[i] / 2
    edge = high
    for i in reversed(order):
        centres[i] = min(centres[i], edge - blocks[i] / 2)
        edge = centres[i] - blocks[i] / 2
    return centres
