"""A calendar: every day a cell, a year a block of weeks, the darker the more happened on that day.

It shows what a line of months hides: days without any entry, weekends, the day a change begins.
"""

from collections.abc import Mapping
from functools import partial

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.publish import numbers
from analysis.publish.figures import canvas, shades
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release

_LEFT = 33.0
_PITCH = (canvas.WIDTH - _LEFT) / 53.2
_CELL = _PITCH - 0.9
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def calendar(
    frame: pd.DataFrame,
    time: str = "day",
    count: str = "count",
    marks: Mapping[str, object] | None = None,
    what: str = "Detainers",
    name: str = "",
) -> Drawing:
    """Return a calendar heat map of daily counts.

    ``frame`` has one row a day, with a date in ``time`` and a whole number in ``count``; days that are absent stay
    blank. ``marks`` maps a label to a date, whose day is outlined and named beneath. The table beside the picture is
    by month; all days are in its CSV.

    Raises ``ValueError`` for a missing column, no rows, or a day that stands twice.
    """
    if missing := [c for c in (time, count) if c not in frame.columns]:
        raise ValueError(f"calendar needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[[time, count]].copy()
    tidy[time] = pd.to_datetime(tidy[time])
    tidy = tidy.sort_values(time, kind="stable").reset_index(drop=True)
    if tidy.empty or tidy[time].duplicated().any():
        raise ValueError("calendar needs one row a day, and at least one")
    plan = (time, count, _inside(marks or {}, tidy[time]))
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(_draw, plan=plan),
        describe=partial(_describe, plan=plan, what=what),
        tabulate=lambda source: source,
        summarise=partial(_by_month, plan=plan),
        release=partial(release, tidy, counts=[count]),
        name=name,
        units=f"{what}, by day",
    )


def _inside(marks: Mapping[str, object], days: pd.Series) -> dict[str, pd.Timestamp]:
    dated = {label: pd.Timestamp(date) for label, date in marks.items()}
    return {label: day for label, day in dated.items() if days.min() <= day <= days.max()}


def _draw(source: Released, banner: str, plan: tuple) -> Figure:
    time, count, marks = plan
    frame = source.frame
    ends = shades.steps(frame[count])
    texts = ["none", *shades.ranges(ends)] + (["not shown"] if frame[count].isna().any() else [])
    top = 20.0 if banner else 2.0
    block = canvas.LINE + 4 + 7 * _PITCH + 8
    years = sorted(frame[time].dt.year.unique())
    named = [canvas.wrapped(f"{label}: {numbers.day(day)}", canvas.WIDTH - 16) for label, day in marks.items()]
    below = canvas.LINE * sum(len(lines) for lines in named) + 4
    figure, axes = shades.sheet(top + block * len(years) + shades.key_height(texts) + below)
    for i, year in enumerate(years):
        _year(figure, axes, frame[frame[time].dt.year == year], (time, count, ends), top + block * i)
        for day in marks.values():
            if day.year == year:
                x, y = _at(day, top + block * i)
                axes.add_patch(Rectangle((x - 1, y - 1), _CELL + 2, _CELL + 2, facecolor="none",
                                         edgecolor=canvas.INK, linewidth=1.6, clip_on=False))  # fmt: skip
    opacities = [0.0, *shades.ALONE[: len(ends)]] + ([0.0] if len(texts) > len(ends) + 1 else [])
    y = shades.key(figure, axes, texts, opacities, top + block * len(years))
    for lines in named:
        axes.add_patch(Rectangle((1, y), 8, 8, facecolor="none", edgecolor=canvas.INK, linewidth=1.6, clip_on=False))
        for text in lines:
            canvas.say(figure, 16, y + 9, text)
            y += canvas.LINE
    if banner:
        canvas.say(figure, 0, 12, banner, bold=True)
    return figure


def _at(day: pd.Timestamp, top: float) -> tuple[float, float]:
    """Return the top left corner of a day's cell; weeks begin on Monday."""
    first = pd.Timestamp(day.year, 1, 1).weekday()
    week = (day.dayofyear - 1 + first) // 7
    return _LEFT + week * _PITCH, top + canvas.LINE + 4 + day.weekday() * _PITCH


def _year(figure: Figure, axes: object, rows: pd.DataFrame, plan: tuple, top: float) -> None:
    time, count, ends = plan
    canvas.say(figure, 0, top + canvas.LINE - 3, f"{rows[time].iloc[0].year}", bold=True)
    for month in sorted(rows[time].dt.month.unique()):
        x, _ = _at(pd.Timestamp(rows[time].iloc[0].year, month, 1), top)
        canvas.say(
            figure, min(x, canvas.WIDTH - 22), top + canvas.LINE - 3, f"{pd.Timestamp(2000, month, 1):%b}", canvas.SOFT
        )
    for weekday in (0, 4):
        y = top + canvas.LINE + 4 + (weekday + 0.5) * _PITCH
        canvas.say(figure, _LEFT - 5, y, _WEEK[weekday][:3], canvas.SOFT, align="right", valign="center")
    boxes: dict[int, list] = {}
    for day, value in zip(rows[time], rows[count], strict=True):
        place = -1 if pd.isna(value) else shades.class_of(float(value), ends)
        boxes.setdefault(place, []).append((*_at(day, top), _CELL, _CELL))
    for place, here in sorted(boxes.items()):
        shades.cells(axes, here, shades.ALONE[place] if place >= 0 else 0.0)


def _by_month(source: Released, plan: tuple) -> Released:
    time, count, _ = plan
    frame = source.frame
    month = frame[time].dt.to_period("M")
    grouped = frame.groupby(month)[count]
    table = pd.DataFrame(
        {
            "month": grouped.sum().index.to_timestamp(),
            "in all": grouped.sum().to_numpy("int64"),
            "least on a day": grouped.min().to_numpy("int64"),
            "most on a day": grouped.max().to_numpy("int64"),
            "days without any": grouped.agg(lambda values: int((values == 0).sum())).to_numpy("int64"),
        }
    )
    return release(table, "public")


def _describe(source: Released, plan: tuple, what: str) -> str:
    time, count, marks = plan
    frame = source.frame.dropna(subset=[count])
    words = [f"A calendar of {what[0].lower()}{what[1:]}, one cell a day."]
    if frame.empty:
        return f"{words[0]} No day holds enough to be shown."
    high, low = frame.loc[frame[count].idxmax()], frame.loc[frame[count].idxmin()]
    words.append(
        f"From {numbers.day(frame[time].iloc[0])} to {numbers.day(frame[time].iloc[-1])}. Most on {numbers.day(high[time])} "
        f"({numbers.thousands(high[count])}), fewest on {numbers.day(low[time])} ({numbers.thousands(low[count])})."
    )
    weekday = frame.groupby(frame[time].dt.weekday)[count].mean()
    said = "; ".join(f"{_WEEK[i]} {numbers.thousands(round(mean))}" for i, mean in weekday.items())
    words.append(f"A mean by day of the week: {said}.")
    words += [f"Marked: {label}, {numbers.day(day)}." for label, day in marks.items()]
    return " ".join(words)
