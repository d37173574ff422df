"""The drawing of `counts`: a step line for each series, its name at the end, and dates marked above."""

import numpy as np
import pandas as pd
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.released import Released

_PLOT = 150.0


def draw(source: Released, banner: str, columns: tuple, marks: dict) -> Figure:
    """Return the figure of released counts over time; ``columns`` names time, count and group."""
    time, count, by = columns
    parts = series(source.frame, by)
    highest = source.frame[count].max()
    levels = canvas.nice_steps(max(4.0, float(highest) if pd.notna(highest) else 0.0), 4)
    left = canvas.width(numbers.thousands(levels[-1])) + 8
    ends = [canvas.wrapped(label, 0.3 * canvas.WIDTH, bold=True) if label else [] for label in parts]
    right = max([canvas.width(line, bold=True) for lines in ends for line in lines], default=0) + 14
    dates = source.frame[time]
    width = period_days(dates)
    first, last = float(date2num(dates.min())), float(date2num(dates.max())) + width
    span = (left, canvas.WIDTH - left - right, first, last)
    placed = _placed(marks, span, 18.0 if banner else 2.0)
    top = placed[-1][-1] + 8.0 if placed else 24.0 if banner else 8.0
    plot = max(_PLOT, _gap(ends) * len(ends))
    figure, axes = canvas.blank(top + plot + 20, left, right, top, 20.0)
    axes.set_xlim(first, last)
    axes.set_ylim(0, levels[-1])
    for level in levels:
        axes.plot([first, last], [level, level], color=canvas.GRID, linewidth=1, zorder=0, clip_on=False)
        y = top + plot * (1 - level / levels[-1])
        canvas.say(figure, left - 5, y, numbers.thousands(level), canvas.SOFT, align="right", valign="center")
    write_dates(figure, dates, span, top + plot + 15)
    for i, part in enumerate(parts.values()):
        days = date2num(part[time].to_numpy())
        values = part[count].to_numpy(dtype=float, na_value=np.nan)
        axes.plot(np.append(days, days[-1] + width), np.append(values, values[-1]), drawstyle="steps-post",
                  color=canvas.SERIES[i % 6], linewidth=1.8, linestyle=canvas.DASHES[i % 6], clip_on=False)  # fmt: skip
    _write_names(figure, parts, ends, count, levels[-1], top, plot, canvas.WIDTH - right + 6)
    _write_marks(figure, axes, placed, top, plot)
    if pd.isna(highest):
        canvas.say(figure, left + 6, top + plot / 2, "Too few to be shown", canvas.SOFT, paper=True)
    if banner:
        canvas.say(figure, left, 13, banner, bold=True)
    return figure


def period_days(dates: pd.Series) -> float:
    """Return how long a period is, in days: the usual step between dates."""
    steps = np.diff(np.unique(dates.to_numpy())) / np.timedelta64(1, "D")
    return float(np.median(steps)) if len(steps) else 30.0


def _x(day: float, span: tuple) -> float:
    left, width, first, last = span
    return left + width * (day - first) / (last - first)


def write_dates(figure: Figure, dates: pd.Series, span: tuple, y: float) -> None:
    """Write years or months under a time axis; ``span`` is its left end and width in points, first and last day."""
    years = range(dates.min().year, dates.max().year + 2)
    starts = [pd.Timestamp(year, 1, 1) for year in years]
    inside = [d for d in starts if span[2] <= date2num(d) <= span[3] - 20]
    if len(inside) < 2:
        months = pd.date_range(dates.min(), dates.max(), freq="MS")
        inside = list(months[:: max(1, -(-len(months) // 5))])
    every = max(1, -(-len(inside) // 6))
    form = "%Y" if all(d.month == 1 for d in inside) else "%b %Y"
    end = float("-inf")
    for date in inside[::every]:
        text = f"{date:{form}}"
        x = _x(float(date2num(date)), span)
        half = canvas.width(text) / 2
        x = min(max(x, half), canvas.WIDTH - half)
        if x - half < end + 6:  # a label that would run into the one before is left out
            continue
        canvas.say(figure, x, y, text, canvas.SOFT, align="center")
        end = x + half


def _write_names(
    figure: Figure, parts: dict, ends: list, count: str, highest: float, top: float, plot: float, x: float
) -> None:
    finals = [part[count].dropna() for part in parts.values()]
    wanted = [top + plot * (1 - (float(v.iloc[-1]) if len(v) else 0) / highest) for v in finals]
    gap = _gap(ends)
    for i, (lines, centre) in enumerate(zip(ends, canvas.apart(wanted, gap, top, top + plot), strict=True)):
        for k, text in enumerate(lines):
            y = centre + canvas.LINE * (k - (len(lines) - 1) / 2)
            canvas.say(figure, x, y, text, canvas.SERIES[i % 6], valign="center", bold=True)


def _placed(marks: dict, span: tuple, y: float) -> list[tuple[float, float, str, list[str], float, float]]:
    """Return day, x, alignment, lines, and first and last baseline of each mark within the time shown, in order."""
    placed = []
    for label, date in sorted(marks.items(), key=lambda item: pd.Timestamp(item[1])):
        day = float(date2num(pd.Timestamp(date)))
        if not span[2] <= day <= span[3]:
            continue
        x = _x(day, span)
        right = x + 8 + canvas.width(label) <= canvas.WIDTH or x < canvas.WIDTH / 2
        lines = canvas.wrapped(label, (canvas.WIDTH - x if right else x) - 8)
        placed.append(
            (day, x + 4 if right else x - 4, "left" if right else "right", lines, y + 11, y + canvas.LINE * len(lines))
        )
        y += canvas.LINE * len(lines)
    return placed


def _write_marks(figure: Figure, axes: object, placed: list, top: float, plot: float) -> None:
    for day, x, side, lines, first, _ in placed:
        height = 1 + (top - first + 8) / plot
        axes.plot([day, day], [0, height], transform=axes.get_xaxis_transform(), color=canvas.INK, linewidth=1,
                  linestyle=(0, (2, 2)), clip_on=False)  # fmt: skip
        for k, text in enumerate(lines):
            canvas.say(figure, x, first + canvas.LINE * k, text, align=side, paper=True)


def _gap(ends: list) -> float:
    """Return how far apart the names at the right must stand."""
    return canvas.LINE * max(1, *(len(lines) for lines in ends)) if ends else canvas.LINE


def series(frame: pd.DataFrame, by: str | None) -> dict[str, pd.DataFrame]:
    """Return the rows of each line by its name."""
    return {str(k): part for k, part in frame.groupby(by, sort=False, observed=True)} if by else {"": frame}
