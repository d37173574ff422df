"""Shares as bars on a track of one hundred percent, each with its counts: the same numerator over several denominators."""

from functools import partial

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release

_BAR, _GAP = 13.0, 9.0


def shares(
    frame: pd.DataFrame,
    label: str = "label",
    numerator: str = "numerator",
    denominator: str = "denominator",
    what: str = "Share",
    name: str = "",
) -> Drawing:
    """Return a bar for each row of ``frame``: ``numerator`` as a share of ``denominator``, both shown.

    ``what`` says what the share is of. Raises ``ValueError`` for a missing column, or a numerator that is larger than
    its denominator, naming the row. A denominator of 0 has no share and is shown so.
    """
    if missing := [c for c in (label, numerator, denominator) if c not in frame.columns]:
        raise ValueError(f"shares needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[[label, numerator, denominator]].reset_index(drop=True)
    if len(wrong := tidy[tidy[numerator] > tidy[denominator]]):
        raise ValueError(f"shares: the numerator is larger than the denominator in row {wrong[label].iloc[0]!r}")
    tidy["share"] = tidy[numerator] / tidy[denominator].where(tidy[denominator] > 0)
    columns = (label, numerator, denominator)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(_draw, columns=columns),
        describe=partial(_describe, columns=columns, what=what),
        tabulate=lambda source: source,
        summarise=None,
        release=partial(release, tidy, counts=[numerator, denominator]),
        percent=("share",),
        name=name,
        units=f"{what}, percent",
    )


def _draw(source: Released, banner: str, columns: tuple[str, str, str]) -> Figure:
    frame = source.frame
    texts = [canvas.wrapped(_label(source, row, columns), canvas.WIDTH - 4) for row in range(len(frame))]
    heights = [canvas.LINE * len(lines) + 4 + _BAR + _GAP for lines in texts]
    top, right = (22.0 if banner else 4.0), canvas.width("not shown", bold=True) + 7
    figure, axes = canvas.blank(top + sum(heights), 1.0, right, top, 0.0)
    axes.set_xlim(0, 100)
    axes.set_ylim(sum(heights), 0)
    y = 0.0
    for row, lines in enumerate(texts):
        for k, text in enumerate(lines):
            canvas.say(figure, 0, top + y + canvas.LINE * (k + 1) - 2, text)
        start = y + canvas.LINE * len(lines) + 2
        axes.add_patch(
            Rectangle((0, start), 100, _BAR, facecolor="none", edgecolor=canvas.SOFT, linewidth=0.8, clip_on=False)
        )
        share = frame.at[row, "share"]
        value = "not shown" if pd.isna(share) else numbers.percent(share)
        if not pd.isna(share):
            axes.add_patch(
                Rectangle((0, start), 100 * share, _BAR, facecolor=canvas.SERIES[0], linewidth=0, clip_on=False)
            )
        canvas.say(figure, canvas.WIDTH - right + 6, top + start + _BAR / 2, value, valign="center", bold=True)
        y += heights[row]
    if banner:
        canvas.say(figure, 0, 12, banner, bold=True)
    return figure


def _label(source: Released, row: int, columns: tuple[str, str, str]) -> str:
    label, numerator, denominator = columns
    k, n = (_count(source, column, row) for column in (numerator, denominator))
    return f"{source.frame.at[row, label]}: {k} of {n}"


def _count(source: Released, column: str, row: int) -> str:
    return numbers.thousands(source.frame.at[row, column])


def _describe(source: Released, columns: tuple[str, str, str], what: str) -> str:
    words = []
    for row in range(len(source.frame)):
        share = source.frame.at[row, "share"]
        value = "not shown" if pd.isna(share) else numbers.percent(share)
        words.append(f"{_label(source, row, columns)}, {value}")
    return f"{what}, one bar a line. {'; '.join(words)}."
