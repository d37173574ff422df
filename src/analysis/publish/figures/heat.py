"""Places over time: one row a place, one cell a period, the darker the closer to that place's own highest count.

Each row has its own scale, so that a small place's fall is seen as well as a large one's; its highest count stands
beside it. A date that concerns a place (a rule that begins there) is a line through its row.
"""

from functools import partial
from itertools import pairwise

import pandas as pd
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas, shades
from analysis.publish.figures.counts_plot import period_days, write_dates
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release

_ROW, _LABEL = 17.0, 0.36


def heat(
    frame: pd.DataFrame,
    place: str = "place",
    time: str = "month",
    count: str = "count",
    marks: pd.DataFrame | None = None,
    what: str = "Detainers",
    name: str = "",
) -> Drawing:
    """Return a heat map of places over time, rows in the order in which places first stand in ``frame``.

    ``frame`` has one row a place and period, with the period's first day in ``time`` and a whole number in ``count``.
    ``marks`` has columns place, date and label: a line in that place's row, named beneath.

    Raises ``ValueError`` for a missing column, no rows, or a place and period that stand twice.
    """
    if missing := [c for c in (place, time, count) if c not in frame.columns]:
        raise ValueError(f"heat needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[[place, time, count]].reset_index(drop=True)
    tidy[time] = pd.to_datetime(tidy[time])
    tidy[place] = tidy[place].astype("str")
    if tidy.empty or tidy.duplicated([place, time]).any():
        raise ValueError("heat needs one row a place and period, and at least one")
    marks = pd.DataFrame(columns=["place", "date", "label"]) if marks is None else marks
    first, last = tidy[time].min(), tidy[time].max() + pd.Timedelta(days=period_days(tidy[time]))
    dates = pd.to_datetime(marks["date"])
    marks = marks[marks["place"].isin(tidy[place]) & (dates >= first) & (dates < last)].reset_index(drop=True)
    columns = (place, time, count)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(_draw, columns=columns, marks=marks),
        describe=partial(_describe, columns=columns, marks=marks, what=what),
        tabulate=lambda source: source,
        summarise=partial(_wide, columns=columns),
        release=partial(release, tidy, counts=[count]),
        name=name,
        units=f"{what}, by place and {time}, shaded by share of the place's own highest",
    )


def _draw(source: Released, banner: str, columns: tuple, marks: pd.DataFrame) -> Figure:
    place, time, count = columns
    frame, ends = source.frame, [0.2, 0.4, 0.6, 0.8, 1.0]
    left, right = _LABEL * canvas.WIDTH, canvas.width(numbers.thousands(frame[count].fillna(0).max())) + 8
    labels = {name: canvas.wrapped(name, left - 6) for name in dict.fromkeys(frame[place])}
    heights = [max(_ROW, canvas.LINE * len(lines) + 3) for lines in labels.values()]
    texts = ["none", *(f"to {numbers.percent(end, 0)}" for end in ends)] + (
        ["not shown"] if frame[count].isna().any() else []
    )
    named = [
        canvas.wrapped(f"{m.place}: {m.label}, {numbers.day(pd.Timestamp(m.date))}", canvas.WIDTH - 12)
        for m in marks.itertuples()
    ]
    top = (20.0 if banner else 2.0) + canvas.LINE
    height = top + sum(heights) + 20 + shades.key_height(texts) + 4 + canvas.LINE * sum(len(lines) for lines in named)
    figure, axes = shades.sheet(height)
    canvas.say(figure, canvas.WIDTH, top - 4, "highest", canvas.SOFT, align="right")
    first, width = float(date2num(frame[time].min())), period_days(frame[time])
    last = float(date2num(frame[time].max())) + width
    scale = (canvas.WIDTH - left - right) / (last - first)
    y = top
    for (name, lines), high in zip(labels.items(), heights, strict=True):
        for k, text in enumerate(lines):
            canvas.say(figure, 0, y + high / 2 + canvas.LINE * (k - (len(lines) - 1) / 2), text, valign="center")
        rows = frame[frame[place] == name]
        most = rows[count].max()
        said = "" if pd.isna(most) else numbers.thousands(most)
        canvas.say(figure, canvas.WIDTH, y + high / 2, said, canvas.SOFT, align="right", valign="center")
        _cells(axes, rows, columns, (left - first * scale, scale, width), y, high, ends)
        for mark in marks[marks["place"] == name].itertuples():
            x = left + (float(date2num(pd.Timestamp(mark.date))) - first) * scale
            axes.plot([x, x], [y - 1, y + high + 1], color=canvas.INK, linewidth=2.2, clip_on=False)
        y += high
    write_dates(figure, frame[time], (left, canvas.WIDTH - left - right, first, last), y + 13)
    opacities = [0.0, *shades.ALONE] + ([0.0] if len(texts) > 6 else [])
    y = shades.key(figure, axes, texts, opacities, y + 20)
    for lines in named:
        axes.plot([3, 3], [y, y + 10], color=canvas.INK, linewidth=2.2, clip_on=False)
        for text in lines:
            canvas.say(figure, 12, y + 10, text)
            y += canvas.LINE
    if banner:
        canvas.say(figure, 0, 12, banner, bold=True)
    return figure


def _cells(axes: object, rows: pd.DataFrame, columns: tuple, scale: tuple, y: float, high: float, ends: list) -> None:
    _, time, count = columns
    offset, factor, width = scale
    most = float(rows[count].fillna(0).max())
    boxes: dict[int, list] = {}
    starts = date2num(rows[time].to_numpy())
    lengths = [*(b - a for a, b in pairwise(starts)), width]
    for start, length, value in zip(starts, lengths, rows[count], strict=True):
        place = -1 if pd.isna(value) or not most else shades.class_of(float(value) / most, ends)
        box = (offset + start * factor, y + 1, max(min(length, 1.1 * width) * factor - 0.6, 0.8), high - 2)
        boxes.setdefault(place, []).append(box)
    for place, here in sorted(boxes.items()):
        shades.cells(axes, here, shades.ALONE[place] if place >= 0 else 0.0)


def _wide(source: Released, columns: tuple) -> Released:
    """One row a place: first, last, highest and lowest period, so that the table on the page stays short."""
    place, time, count = columns
    rows = []
    form = numbers.periods(source.frame[time]) or "%d %B %Y"
    for name, part in source.frame.groupby(place, sort=False):
        shown = part.dropna(subset=[count])
        row = {place: name, "periods shown": f"{len(shown)} of {len(part)}"}
        for head, at in (("first", 0), ("last", -1)):
            row[head] = (
                f"{shown[time].iloc[at]:{form}}: {numbers.thousands(shown[count].iloc[at])}" if len(shown) else ""
            )
        for head, at in (("highest", "idxmax"), ("lowest", "idxmin")):
            here = shown.loc[getattr(shown[count], at)()] if len(shown) else None
            row[head] = f"{here[time]:{form}}: {numbers.thousands(here[count])}" if here is not None else ""
        rows.append(row)
    table = pd.DataFrame(rows)
    return Released(table, source.note)


def _describe(source: Released, columns: tuple, marks: pd.DataFrame, what: str) -> str:
    rows = _wide(source, columns).frame
    place = columns[0]
    words = [f"A heat map of {what[0].lower()}{what[1:]}, one row a place, one cell a {columns[1]}."]
    for row in rows.to_dict("records"):
        said = (
            f"first {row['first']}; last {row['last']}; highest {row['highest']}"
            if row["first"]
            else "too few to be shown"
        )
        words.append(f"{row[place]}: {said}.")
    words += [f"Marked: {m.place}, {m.label}, {numbers.day(pd.Timestamp(m.date))}." for m in marks.itertuples()]
    return " ".join(words)
