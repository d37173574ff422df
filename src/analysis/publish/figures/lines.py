"""One quantity against another: a plain line, for a profile likelihood or the like, where nobody is counted."""

import math
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release

_PLOT = 150.0


@dataclass(frozen=True)
class _Plan:
    x: str
    y: str
    what: str
    x_is: str
    x_percent: bool


def lines(
    frame: pd.DataFrame, x: str, y: str, what: str, x_is: str, x_percent: bool = False, name: str = ""
) -> Drawing:
    """Return ``y`` against ``x`` as a line with its points. Both are numbers that count nobody.

    ``what`` names y, ``x_is`` names x, ``x_percent`` says that x is a share. Raises ``ValueError`` for a missing
    column, or fewer than two points.
    """
    if missing := [c for c in (x, y) if c not in frame.columns]:
        raise ValueError(f"lines needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[[x, y]].dropna().sort_values(x).reset_index(drop=True)
    if len(tidy) < 2:
        raise ValueError(f"lines needs two points or more; found {len(tidy)}")
    plan = _Plan(x, y, what, x_is, x_percent)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(_draw, plan=plan),
        describe=partial(_describe, plan=plan),
        tabulate=lambda source: source,
        summarise=None,
        release=partial(release, tidy, counts=[], free=[x, y]),
        percent=(x,) if x_percent else (),
        name=name,
        units=f"{what}, by {x_is[0].lower()}{x_is[1:]}",
    )


def _draw(source: Released, banner: str, plan: _Plan) -> Figure:
    x, y = source.frame[plan.x], source.frame[plan.y]
    levels = canvas.nice_steps(float(y.max()) or 1.0, 4)
    left = max(canvas.width(numbers.plainly(level)) for level in levels) + 8
    top = 24.0 if banner else 8.0
    figure, axes = canvas.blank(top + _PLOT + 38, left, 14.0, top, 38.0)
    low, high = float(x.min()), float(x.max())
    axes.set_xlim(low, high)
    axes.set_ylim(0, levels[-1])
    for level in levels:
        axes.plot([low, high], [level, level], color=canvas.GRID, linewidth=1, zorder=0)
        canvas.say(figure, left - 5, top + _PLOT * (1 - level / levels[-1]), numbers.plainly(level), canvas.SOFT,
                   align="right", valign="center")  # fmt: skip
    axes.plot(x, y, color=canvas.SERIES[0], linewidth=1.8, marker="o", markersize=3.5, clip_on=False)
    width = canvas.WIDTH - left - 14.0
    step = canvas.nice_steps(high - low, 5)[1]
    for value in [step * i for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]:
        part = (value - low) / (high - low)
        text = numbers.percent(value, 0) if plan.x_percent else numbers.plainly(value)
        half = canvas.width(text) / 2
        at = min(max(left + part * width, half), canvas.WIDTH - half)
        canvas.say(figure, at, top + _PLOT + 15, text, canvas.SOFT, align="center")
    canvas.say(figure, canvas.WIDTH - 14, top + _PLOT + 32, plan.x_is, canvas.SOFT, align="right")
    if banner:
        canvas.say(figure, left, 13, banner, bold=True)
    return figure


def _describe(source: Released, plan: _Plan) -> str:
    x, y = source.frame[plan.x], source.frame[plan.y]

    def said(value: float) -> str:
        return numbers.percent(value, 0) if plan.x_percent else numbers.plainly(value)

    best, worst = y.idxmin(), y.idxmax()
    return (
        f"A line of {plan.what[0].lower()}{plan.what[1:]} against {plan.x_is[0].lower()}{plan.x_is[1:]}, from {said(x.iloc[0])} to "
        f"{said(x.iloc[-1])}. It is lowest ({numbers.plainly(y[best])}) at {said(x[best])} and highest ({numbers.plainly(y[worst])}) at {said(x[worst])}."
    )
