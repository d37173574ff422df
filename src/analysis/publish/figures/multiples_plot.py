"""The drawing of `multiples`: panels in three columns, one scale, a title and numbers at risk for each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.figures.curve_plot import at_risk, groups, thinned
from analysis.publish.released import Released

_COLUMNS, _PLOT, _GAP, _BETWEEN = 3, 76.0, 16.0, 14.0
_OWN, _OTHERS = 120, 40  # steps: more cannot be told apart at this size


@dataclass(frozen=True)
class Grid:
    """What small multiples show besides their frame: the unit of time, the origin, and where the time axis ends."""

    unit: str
    since: str
    horizon: float | None


@dataclass(frozen=True)
class _Scale:
    """Where a panel's plot begins (points from the left of the picture, by column), its width, and the axes all share."""

    left: float
    width: float
    last: float
    levels: list[float]
    ticks: list[float]

    def x(self, column: int) -> float:
        return self.left + column * (self.width + _GAP)


def draw(source: Released, banner: str, grid: Grid) -> Figure:
    """Return the figure of released curves."""
    parts = groups(source.frame)
    scale = _scale(source, grid)
    rows = [list(parts)[i : i + _COLUMNS] for i in range(0, len(parts), _COLUMNS)]
    titles = {label: _title(label, part, scale.width + 2) for label, part in parts.items()}
    heads = [canvas.LINE * max(len(titles[label]) for label in row) + 8 for row in rows]
    tops = [20.0 if banner else 0.0]
    for head in heads:
        tops.append(tops[-1] + head + _PLOT + 2 * canvas.LINE + 4 + _BETWEEN)
    height = tops[-1] + canvas.LINE + 2
    figure = Figure(figsize=(canvas.WIDTH / 72, height / 72))
    FigureCanvasSVG(figure)
    for row, head, top in zip(rows, heads, tops, strict=False):
        for column, label in enumerate(row):
            for i, text in enumerate(titles[label]):
                y = top + head - 8 - canvas.LINE * (len(titles[label]) - 1 - i)
                canvas.say(figure, scale.x(column), y, text, canvas.SERIES[0], bold=True)
            _panel(figure, parts, label, scale, scale.x(column), top + head)
        _beside(figure, scale, top + head)
    if not parts:
        canvas.say(figure, 0, height - 6, "Too few people for a curve", canvas.SOFT)
    words = f"{grid.unit.capitalize()}s since {grid.since}"
    canvas.say(figure, canvas.WIDTH - 2, height - 5, words, canvas.SOFT, align="right")
    if banner:
        canvas.say(figure, 0, 12, banner, bold=True)
    return figure


def _scale(source: Released, grid: Grid) -> _Scale:
    frame = source.frame
    shown = frame[["share", "upper"]].to_numpy(float).ravel()
    levels = canvas.nice_steps(100 * float(np.nanmax(shown)) if len(frame) else 10.0, 3)
    left = max(canvas.width(f"{levels[-1]:g} %"), canvas.width("At risk")) + 6
    width = (canvas.WIDTH - left - (_COLUMNS - 1) * _GAP - 4) / _COLUMNS
    last = float(grid.horizon or (frame["time"].max() if len(frame) else 1.0))
    widest = max(canvas.width(f"{int(frame['at_risk'].max()):,}") if len(frame) else 0.0, canvas.width(f"{last:g}"))
    ticks = canvas.time_steps(last, grid.unit, width / (widest + 6))
    return _Scale(left, width, last, levels, ticks if len(ticks) > 1 else [0.0, last])


def _title(label: str, part: pd.DataFrame, room: float) -> list[str]:
    """Return a panel's name and the share at the end of its curve, in lines."""
    return canvas.wrapped(f"{label} {numbers.percent(part['share'].iloc[-1])}", room, bold=True)


def _panel(figure: Figure, parts: dict[str, pd.DataFrame], label: str, scale: _Scale, x: float, top: float) -> None:
    height = figure.get_figheight() * 72
    axes = figure.add_axes((x / canvas.WIDTH, 1 - (top + _PLOT) / height, scale.width / canvas.WIDTH, _PLOT / height))
    axes.axis("off")
    axes.set_xlim(0, scale.last)
    axes.set_ylim(0, scale.levels[-1])
    for level in scale.levels:
        axes.plot([0, scale.last], [level, level], color=canvas.GRID, linewidth=1, zorder=0, clip_on=False)
    _others(axes, [part for name, part in parts.items() if name != label])
    _own(axes, parts[label])
    _beneath(figure, parts[label], scale, x, top + _PLOT)


def _steps(part: pd.DataFrame, most: int, columns: tuple[str, ...] = ("share",)) -> list[np.ndarray]:
    """Return the times of a curve's steps and its columns in percent, from 0 to its end."""
    thin = thinned(part, most)
    time = np.concatenate([[0.0], thin["time"], part["time"].iloc[-1:]])
    return [time, *(np.concatenate([[0.0], 100 * thin[c], 100 * part[c].iloc[-1:]]) for c in columns)]


def _others(axes: Axes, parts: list[pd.DataFrame]) -> None:
    """Draw all other curves as one line with gaps, which weighs a fraction of a line each."""
    times, shares = [], []
    for part in parts:
        time, share = _steps(part, _OTHERS)
        times += [np.repeat(time, 2)[1:], [np.nan]]
        shares += [np.repeat(share, 2)[:-1], [np.nan]]
    if parts:
        axes.plot(np.concatenate(times), np.concatenate(shares), color=canvas.SOFT, alpha=0.4, linewidth=0.8, zorder=1)


def _own(axes: Axes, part: pd.DataFrame) -> None:
    time, share, lower, upper = _steps(part, _OWN, ("share", "lower", "upper"))
    known = ~np.isnan(lower) & ~np.isnan(upper)
    if known.any():
        axes.fill_between(time[known], lower[known], upper[known], step="post", color=canvas.SERIES[0], alpha=0.2,
                          linewidth=0, zorder=2)  # fmt: skip
    axes.plot(time, share, drawstyle="steps-post", color=canvas.SERIES[0], linewidth=1.9, zorder=3, clip_on=False)


def _beneath(figure: Figure, part: pd.DataFrame, scale: _Scale, x: float, base: float) -> None:
    """Write the ticks of the time axis, and the number at risk at each where there is room for it."""
    rows = [f"{tick:g}" for tick in scale.ticks], [_number(at_risk(part, tick)) for tick in scale.ticks]
    for i, (texts, colour) in enumerate(zip(rows, (canvas.SOFT, canvas.INK), strict=True), 1):
        taken = -canvas.WIDTH
        for tick, text in zip(scale.ticks, texts, strict=True):
            wide = canvas.width(text)
            start = x + scale.width * tick / scale.last - wide / 2
            start = max(x, min(start, x + scale.width - wide))
            if text and start > taken:
                canvas.say(figure, start, base + i * canvas.LINE, text, colour)
                taken = start + wide + 4


def _number(n: int | None) -> str:
    return "" if n is None else numbers.thousands(n)


def _beside(figure: Figure, scale: _Scale, top: float) -> None:
    for level in scale.levels:
        text = f"{level:g} %" if level == scale.levels[-1] else f"{level:g}"
        y = top + _PLOT * (1 - level / scale.levels[-1])
        canvas.say(figure, scale.left - 5, y, text, canvas.SOFT, align="right", valign="center")
    canvas.say(figure, 0, top + _PLOT + 2 * canvas.LINE, "At risk", canvas.SOFT)
