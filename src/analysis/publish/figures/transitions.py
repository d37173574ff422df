"""A transition table: from what, to what, how often; each row adds up to all that began there.

In the sense of multi-state models (Putter, Fiocco and Geskus 2007, *Statistics in Medicine* 26, 2389): a cell counts
the moves from its row's state to its column's as the next thing seen.
"""

from functools import partial

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.publish import numbers
from analysis.publish.figures import canvas, shades
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release

_CELL = 2 * canvas.LINE + 6
_HEAD = 10.4


def transitions(
    frame: pd.DataFrame,
    before: str = "before",
    after: str = "after",
    count: str = "count",
    what: str = "Detainers",
    name: str = "",
) -> Drawing:
    """Return a transition table as a figure.

    Rows and columns stand in the order of their categories, or else in that in which they first stand in ``frame``, which has one row a pair
    of states, and a whole number in ``count``; pairs that are absent count 0.

    Raises ``ValueError`` for a missing column, no rows, or a pair that stands twice.
    """
    if missing := [c for c in (before, after, count) if c not in frame.columns]:
        raise ValueError(
            f"transitions needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}"
        )
    if frame.empty or frame.duplicated([before, after]).any():
        raise ValueError("transitions needs one row a pair of states, and at least one")
    states = (frame[name] for name in (before, after))
    ordered = (names.sort_values() if names.dtype == "category" else names for names in states)
    rows, columns = (list(dict.fromkeys(names.astype("str"))) for names in ordered)
    wide = frame.assign(**{name: frame[name].astype("str") for name in (before, after)}).pivot(
        index=before, columns=after, values=count
    )
    wide = wide.reindex(index=rows, columns=columns).fillna(0).astype("int64")
    wide.insert(0, "all", wide.sum(axis=1))
    tidy = wide.rename_axis(columns=None).reset_index()
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(_draw, columns=columns),
        describe=partial(_describe, columns=columns, what=what),
        tabulate=lambda source: source,
        summarise=None,
        release=partial(release, tidy, counts=["all", *columns]),
        name=name,
        units=f"{what} and what came next; percent of each row",
    )


def _draw(source: Released, banner: str, columns: list[str]) -> Figure:
    frame = source.frame
    pitch = canvas.WIDTH / len(columns)
    heads = [canvas.wrapped(text, pitch - 5, size=_HEAD) for text in columns]
    top = (20.0 if banner else 2.0) + canvas.LINE * max(len(lines) for lines in heads) + 4
    labels = [canvas.wrapped(_label(source, row), canvas.WIDTH, bold=True) for row in range(len(frame))]
    heights = [canvas.LINE * len(lines) + 4 + _CELL + 8 for lines in labels]
    figure, axes = shades.sheet(top + sum(heights))
    for i, lines in enumerate(heads):
        for k, text in enumerate(lines):
            canvas.say(figure, i * pitch + 3, top - 6 - canvas.LINE * (len(lines) - 1 - k), text, canvas.SOFT, size=_HEAD)
    y = top
    for row, (lines, height) in enumerate(zip(labels, heights, strict=True)):
        for k, text in enumerate(lines):
            canvas.say(figure, 0, y + canvas.LINE * (k + 1) - 2, text, bold=True)
        for i, column in enumerate(columns):
            _cell(figure, axes, source, row, column, (i * pitch, y + canvas.LINE * len(lines) + 3, pitch - 2))
        y += height
    if banner:
        canvas.say(figure, 0, 12, banner, bold=True)
    return figure


def _cell(figure: Figure, axes: object, source: Released, row: int, column: str, box: tuple) -> None:
    x, y, wide = box
    share = _share(source, row, column)
    if not pd.isna(share):
        place = max(shades.class_of(share, [0.2, 0.4, 0.6, 0.8, 1.0]), 0)
        shades.cells(axes, [(x, y, wide, _CELL)], shades.UNDER_TEXT[place])
    axes.add_patch(
        Rectangle((x, y), wide, _CELL, facecolor="none", edgecolor=canvas.GRID, linewidth=0.8, clip_on=False)
    )
    said = numbers.thousands(source.frame.at[row, column])
    canvas.say(figure, x + 4, y + canvas.LINE, said)
    if not pd.isna(share):
        canvas.say(figure, x + 4, y + 2 * canvas.LINE, numbers.percent(share))


def _label(source: Released, row: int) -> str:
    n = numbers.thousands(source.frame.at[row, "all"])
    return f"{source.frame.iat[row, 0]}: {n}, of which next"


def _share(source: Released, row: int, column: str) -> float:
    part, whole = source.frame.at[row, column], source.frame.at[row, "all"]
    return float("nan") if pd.isna(part) or pd.isna(whole) or not whole else float(part) / float(whole)


def _describe(source: Released, columns: list[str], what: str) -> str:
    words = []
    for row in range(len(source.frame)):
        cells = []
        for column in columns:
            share = _share(source, row, column)
            n = numbers.thousands(source.frame.at[row, column])
            cells.append(f"{column} {n}" + ("" if pd.isna(share) else f", {numbers.percent(share)}"))
        words.append(f"{_label(source, row)}: {'; '.join(cells)}.")
    return f"A transition table of {what[0].lower()}{what[1:]}. {' '.join(words)}"
