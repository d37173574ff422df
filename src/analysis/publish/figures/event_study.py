"""An event study: estimates before and after a change, each with its interval, over the time since it.

What lies before the change should hover around nothing if the groups moved alike; those points are drawn hollow.
"""

from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release

_PLOT, _BELOW = 170.0, 40.0


@dataclass(frozen=True)
class _Plan:
    what: str
    unit: str
    change: str
    points: bool


def event_study(
    frame: pd.DataFrame,
    what: str,
    unit: str = "quarter",
    change: str = "adoption",
    points: bool = False,
    level: float = 0.95,
    name: str = "",
) -> Drawing:
    """Return estimates over the time since a change, 0 in the period of the change.

    ``frame`` has whole numbers in ``time`` (periods since the change, negative before it) and estimate, lower and upper, which
    count nobody. ``points`` says that they are differences of shares, shown in percentage points. ``what`` names the effect,
    ``unit`` the period, ``change`` what happened at 0; ``level`` is that of the intervals.

    Raises ``ValueError`` for a missing column, a time given twice, or no row with an estimate.
    """
    needed = ["time", "estimate", "lower", "upper"]
    if missing := [c for c in needed if c not in frame.columns]:
        raise ValueError(f"event_study needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[needed].dropna(subset=["estimate"]).sort_values("time", ignore_index=True)
    if tidy.empty or tidy["time"].duplicated().any():
        raise ValueError(f"event_study needs one row a time, and at least one; found {len(tidy)} rows")
    plan = _Plan(what, unit, change, points)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(_draw, plan=plan),
        describe=partial(_describe, plan=plan),
        tabulate=lambda source: source,
        summarise=None,
        release=partial(release, tidy, counts=[], free=needed),
        percent=tuple(needed[1:]) if points else (),
        level=level,
        name=name,
        units=f"{what}, {'percentage points, ' if points else ''}with {100 * level:g} % intervals, by {unit}s since {change}",
    )


def _draw(source: Released, banner: str, plan: _Plan) -> Figure:
    scale = 100.0 if plan.points else 1.0
    frame = source.frame.assign(**{c: scale * source.frame[c] for c in ("estimate", "lower", "upper")})
    levels = _levels(frame)
    left = max(canvas.width(f"{level:+g}") for level in levels) + 8
    top = 36.0 if banner else 22.0
    figure, axes = canvas.blank(top + _PLOT + _BELOW, left, 12.0, top, _BELOW)
    first, last = float(frame["time"].min()) - 0.6, float(frame["time"].max()) + 0.6
    axes.set_xlim(first, last)
    axes.set_ylim(levels[0], levels[-1])
    for level in levels:
        axes.plot([first, last], [level, level], color=canvas.INK if level == 0 else canvas.GRID, linewidth=1, zorder=0, clip_on=False)
        y = top + _PLOT * (levels[-1] - level) / (levels[-1] - levels[0])
        canvas.say(figure, left - 5, y, f"{level:+g}" if level else "0", canvas.SOFT, align="right", valign="center")
    for row in frame.itertuples():
        colour = canvas.SOFT if row.time < 0 else canvas.SERIES[0]
        axes.plot([row.time] * 2, [row.lower, row.upper], color=colour, linewidth=2.2, clip_on=False)
        axes.plot([row.time], [row.estimate], marker="o", markersize=7, color=colour, linestyle="none", clip_on=False,
                  markerfacecolor=canvas.PAPER if row.time < 0 else colour, markeredgewidth=1.6)  # fmt: skip
    _write_times(figure, axes, frame, plan, (left, top, first, last))
    if banner:
        canvas.say(figure, 0, 13, banner, bold=True)
    return figure


def _levels(frame: pd.DataFrame) -> list[float]:
    """Return round values from below the lowest limit to above the highest, 0 among them."""
    low, high = (float(f(frame[["estimate", "lower", "upper"]].stack())) for f in (min, max))
    step = canvas.nice_steps(max(high, -low, 1e-9), 3)[1]
    below, above = int(-(min(low, 0) // step)), int(-(-max(high, 0) // step))
    return [round(step * i, 12) for i in range(-below, above + 1)]


def _write_times(figure: Figure, axes: object, frame: pd.DataFrame, plan: _Plan, corner: tuple) -> None:
    left, top, first, last = corner
    width = canvas.WIDTH - left - 12.0
    every = max(1, -(-len(frame) // 8))
    for time in frame["time"]:
        if int(time) % every == 0:
            x = left + width * (time - first) / (last - first)
            canvas.say(figure, x, top + _PLOT + 15, f"{time:g}", canvas.SOFT, align="center")
    words = f"{plan.unit.capitalize()}s since {plan.change}"
    canvas.say(figure, canvas.WIDTH - 12, top + _PLOT + 33, words, canvas.SOFT, align="right")
    if first < -0.5 < last:
        axes.plot([-0.5] * 2, [0, 1], transform=axes.get_xaxis_transform(), color=canvas.INK, linewidth=1.2, linestyle=(0, (4, 3)),
                  clip_on=False)  # fmt: skip
        x, half = left + width * (-0.5 - first) / (last - first), canvas.width(plan.change) / 2
        canvas.say(figure, min(max(x, half), canvas.WIDTH - half), top - 7, plan.change, align="center")


def _describe(source: Released, plan: _Plan) -> str:
    scale, unit = (100.0, " percentage points") if plan.points else (1.0, "")
    places = 1 if plan.points else 2
    said = [
        f"{abs(row.time):g} {'before' if row.time < 0 else 'after'}: {scale * row.estimate:+.{places}f} "
        f"(interval {numbers.interval(row.lower, row.upper, places, scale)})"
        for row in source.frame.itertuples()
    ]
    return f"{plan.what} by {plan.unit}s before and after {plan.change}{',' + unit if unit else ''}. {'; '.join(said)}."
