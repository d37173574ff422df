"""The drawing of `curve`: steps, bands, labels at the end of each line, and the number at risk under the axis."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.released import Released

_STEPS = 300  # more steps than that cannot be told apart at this size
_PLOT = 172.0
_MOST = 0.34 * canvas.WIDTH  # what labels at the right may take


@dataclass(frozen=True)
class Plan:
    """What a curve figure shows besides its frame: words, units, and lines or points to compare with."""

    by: str | None
    unit: str
    event: str
    since: str
    horizon: float | None
    start: float
    lines: Mapping[str, float]
    points: pd.DataFrame | None


def draw(source: Released, banner: str, plan: Plan) -> Figure:
    """Return the figure of released curves."""
    frame, parts = source.frame, groups(source.frame)
    last, ends = last_time(frame, plan), _end_labels(parts, plan)
    levels = canvas.nice_steps(100 * _peak(frame, plan))
    left = max(canvas.width(f"{levels[-1]:g} %") + 8, canvas.width(f"{_most_at_risk(frame):,}") / 2)
    right = max([canvas.width(line, bold=True) for lines, _, _ in ends for line in lines], default=0) + 10
    right = max(right, 20.0)
    room = (canvas.WIDTH - left - right) / (canvas.width(f"{_most_at_risk(frame):,}") + 9)
    ticks = canvas.time_steps(last, plan.unit, max(2, int(room)))
    top = 24.0 if banner else 8.0
    risk = by_risk(parts)
    rows = max(1, len(risk)) * 2
    below = 2 * canvas.LINE + 8 + rows * canvas.LINE + 4
    gap = _gap(ends)
    plot = max(_PLOT, gap * len(ends))
    figure, axes = canvas.blank(top + plot + below, left, right, top, below)
    axes.set_xlim(0, last)
    axes.set_ylim(0, levels[-1])
    _scale(figure, axes, levels, left, top, plot)
    for i, part in enumerate(parts.values()):
        _line(axes, part, i, last, plan)
    _compared(axes, plan, last)
    _write_ends(figure, ends, levels[-1], top, plot, canvas.WIDTH - right + 6)
    _write_times(figure, axes, ticks, last, plan, left, right, top + plot)
    _write_risk(figure, risk, ticks, last, left, right, top + plot + 2 * canvas.LINE + 8)
    if not parts:
        canvas.say(figure, left + 6, top + plot / 2, "Too few people for a curve", canvas.SOFT, paper=True)
    if banner:
        canvas.say(figure, left, 13, banner, bold=True)
    return figure


def _peak(frame: pd.DataFrame, plan: Plan) -> float:
    points = [] if plan.points is None else plan.points["estimate"].tolist()
    drawn = frame[["share", "upper"]].to_numpy(float).ravel().tolist()
    return max([plan.start, *plan.lines.values(), *points, *(x for x in drawn if not np.isnan(x))], default=0.1)


def _most_at_risk(frame: pd.DataFrame) -> int:
    return int(frame["at_risk"].max()) if len(frame) else 0


def _scale(figure: Figure, axes: Axes, levels: list[float], left: float, top: float, plot: float) -> None:
    for level in levels:
        axes.plot([0, 1], [level, level], transform=axes.get_yaxis_transform(), color=canvas.GRID, linewidth=1, zorder=0,
                  clip_on=False)  # fmt: skip
        y = top + plot * (1 - level / levels[-1])
        text = f"{level:g} %" if level == levels[-1] else f"{level:g}"
        canvas.say(figure, left - 5, y, text, canvas.SOFT, align="right", valign="center")


def _line(axes: Axes, part: pd.DataFrame, i: int, last: float, plan: Plan) -> None:
    thin = thinned(part)
    end = last if plan.horizon and part["at_risk"].iloc[-1] > part["events"].iloc[-1] else float(part["time"].iloc[-1])
    time = np.concatenate([[0.0], thin["time"], [end]])
    share, lower, upper = (
        np.concatenate([[100 * plan.start], 100 * thin[c], 100 * part[c].iloc[-1:]])
        for c in ("share", "lower", "upper")
    )
    drawn = ~np.isnan(lower) & ~np.isnan(upper)
    if drawn.any():
        axes.fill_between(time[drawn], lower[drawn], upper[drawn], step="post", color=canvas.SERIES[i % 6], alpha=0.16,
                          linewidth=0, zorder=1, clip_on=False)  # fmt: skip
    axes.plot(time, share, drawstyle="steps-post", color=canvas.SERIES[i % 6], linewidth=1.9, zorder=2,
              linestyle=canvas.DASHES[i % 6], clip_on=False)  # fmt: skip


def _compared(axes: Axes, plan: Plan, last: float) -> None:
    for value in plan.lines.values():
        axes.plot([0, last], [100 * value] * 2, color=canvas.INK, linewidth=1.4, linestyle=(0, (4, 3)), clip_on=False)
    if plan.points is not None:
        axes.plot(plan.points["time"], 100 * plan.points["estimate"], linestyle="none", marker="D", markersize=6,
                  markerfacecolor=canvas.PAPER, markeredgecolor=canvas.INK, markeredgewidth=1.5, clip_on=False)  # fmt: skip
        for point in plan.points.itertuples():
            axes.annotate(str(point.label), (point.time, 100 * point.estimate), (0, 8), textcoords="offset points",
                          ha="right" if point.time > 0.6 * last else "left", color=canvas.INK)  # fmt: skip


def _end_labels(parts: dict[str, pd.DataFrame], plan: Plan) -> list[tuple[list[str], float, str]]:
    """Lines of text, the level they belong to (percent) and their colour, for each curve and each line beside it."""
    labels = []
    for i, (group, part) in enumerate(parts.items()):
        level = 100 * float(part["share"].iloc[-1])
        text = f"{group} {level:.1f}" if group else f"{level:.1f}{numbers.NBSP}% by {_end(part, plan)}"
        labels.append((canvas.wrapped(text, _MOST - 10, bold=True), level, canvas.SERIES[i % 6]))
    for label, value in plan.lines.items():
        labels.append((canvas.wrapped(f"{label} {100 * value:.1f}", _MOST - 10, bold=True), 100 * value, canvas.INK))
    return labels


def _end(part: pd.DataFrame, plan: Plan) -> str:
    """Return the time at which a curve ends, in words."""
    last = float(part["time"].iloc[-1])
    reached = plan.horizon and part["at_risk"].iloc[-1] > part["events"].iloc[-1]
    return numbers.span(plan.horizon if reached else last, plan.unit)


def _gap(ends: list) -> float:
    """Return how far apart the labels at the right must stand."""
    return canvas.LINE * max([len(lines) for lines, _, _ in ends], default=1) + 3


def _write_ends(figure: Figure, ends: list, highest: float, top: float, plot: float, x: float) -> None:
    centres = canvas.apart([top + plot * (1 - level / highest) for _, level, _ in ends], _gap(ends), top, top + plot)
    for (lines, _, colour), centre in zip(ends, centres, strict=True):
        for k, text in enumerate(lines):
            y = centre + canvas.LINE * (k - (len(lines) - 1) / 2)
            canvas.say(figure, x, y, text, colour, valign="center", bold=True)


def _write_times(
    figure: Figure, axes: Axes, ticks: list, last: float, plan: Plan, left: float, right: float, base: float
) -> None:
    for tick in ticks:
        axes.plot([tick, tick], [0, -0.024], transform=axes.get_xaxis_transform(), color=canvas.SOFT, linewidth=1,
                  clip_on=False)  # fmt: skip
        x = left + (canvas.WIDTH - left - right) * tick / last
        canvas.say(figure, x, base + canvas.LINE + 2, f"{tick:g}", canvas.SOFT, align="center")
    words = f"{plan.unit.capitalize()}s since {plan.since}"
    canvas.say(figure, canvas.WIDTH - right, base + 2 * canvas.LINE + 3, words, canvas.SOFT, align="right")


def _write_risk(
    figure: Figure, parts: dict, ticks: list, last: float, left: float, right: float, base: float
) -> None:
    y = base
    for i, (group, part) in enumerate(parts.items()):
        y += canvas.LINE
        canvas.say(
            figure, 0, y, f"At risk, {group}" if group else "At risk", canvas.SERIES[i % 6] if group else canvas.SOFT
        )
        y += canvas.LINE
        for tick in ticks:
            n = at_risk(part, tick)
            if n is not None:
                x = left + (canvas.WIDTH - left - right) * tick / last
                canvas.say(figure, x, y, numbers.thousands(n), align="center")


def thinned(part: pd.DataFrame, steps: int = _STEPS) -> pd.DataFrame:
    """Return the last step in each of ``steps`` equal stretches of time, without times at which nothing moves."""
    moved = part[part["share"].diff().fillna(1).ne(0)]
    if len(moved) <= steps:
        return moved
    stretch = np.floor(steps * moved["time"] / moved["time"].max())
    return moved[~stretch.duplicated(keep="last")]


def groups(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each curve by its label, in order of appearance."""
    return {str(label): part for label, part in frame.groupby("group", sort=False)}


def by_risk(parts: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the curves whose numbers at risk are to be given: one, unnamed, where all are causes over the same people."""
    known: dict[float, set] = {}
    for part in parts.values():
        for time, n in zip([0.0, *part["time"].iloc[:-1]], part["at_risk"], strict=True):
            known.setdefault(float(time), set()).add(int(n))
    finest = max(parts.values(), key=len, default=None)
    same = len(parts) > 1 and all(len(n) == 1 for n in known.values()) and len(known) == len(finest)
    return {"": finest} if same else parts


def at_risk(part: pd.DataFrame, time: float) -> int | None:
    """Return the number at risk at ``time``, that of the first row at or after it; None past the last row."""
    i = int(np.searchsorted(part["time"].to_numpy(), time, side="left"))
    return int(part["at_risk"].iloc[i]) if i < len(part) else None


def last_time(frame: pd.DataFrame, plan: Plan) -> float:
    """Return where the time axis ends."""
    return float(plan.horizon or (frame["time"].max() if len(frame) else 1.0))
