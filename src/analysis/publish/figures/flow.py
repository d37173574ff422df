"""What became of those who came in: one bar a stage, its parts side by side, each named with its count beneath."""

from dataclasses import replace
from functools import partial

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release

_BAR, _GAP, _SWATCH = 20.0, 12.0, 12.0
_COLOURS = (*canvas.SERIES, canvas.ROSE)


def flow(
    frame: pd.DataFrame, stage: str = "stage", part: str = "part", count: str = "count", what: str = "", name: str = ""
) -> Drawing:
    """Return one bar for each ``stage``, divided into its parts in proportion to ``count``.

    The parts of a stage make up the whole of it. Raises ``ValueError`` for a missing column or a stage of no rows.
    """
    if missing := [c for c in (stage, part, count) if c not in frame.columns]:
        raise ValueError(f"flow needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[[stage, part, count]].reset_index(drop=True)
    tidy["share"] = tidy[count] / tidy.groupby(stage, observed=True)[count].transform("sum")
    columns = (stage, part, count)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(_draw, columns=columns),
        describe=partial(_describe, columns=columns),
        tabulate=lambda source: source,
        summarise=None,
        release=partial(_release, tidy, columns),
        percent=("share",),
        name=name,
        units=f"{what or 'Counts'}, with percent of each bar",
    )


def _release(tidy: pd.DataFrame, columns: tuple, disclosure: str) -> Released:
    """Shares are of the parts as they are shown."""
    stage, _, count = columns
    released = release(tidy, disclosure, counts=[count])
    frame = released.frame
    frame["share"] = frame[count] / frame.groupby(stage, observed=True, sort=False)[count].transform("sum")
    return replace(released, frame=frame)


def _draw(source: Released, banner: str, columns: tuple) -> Figure:
    stage, part, _ = columns
    stages = [(str(k), rows) for k, rows in source.frame.groupby(stage, sort=False, observed=True)]
    order = _order([rows[part] for _, rows in stages])
    keys = [_keys(source, rows, columns, order) for _, rows in stages]
    heights = [canvas.LINE + 4 + _BAR + 4 + canvas.LINE * len(k) + _GAP for k in keys]
    top = 20.0 if banner else 2.0
    figure, axes = canvas.blank(top + sum(heights), 1.0, 1.0, top, 0.0)
    axes.set_xlim(0, 1)
    axes.set_ylim(sum(heights), 0)
    y = 0.0
    for (label, rows), key, height in zip(stages, keys, heights, strict=True):
        canvas.say(figure, 0, top + y + canvas.LINE - 2, label, bold=True)
        _bar(figure, axes, rows["share"], rows[part].map(order), y + canvas.LINE + 4, top)
        for k, (text, i) in enumerate(key):
            base = y + canvas.LINE + 8 + _BAR + canvas.LINE * (k + 1) - 2
            if i is not None:
                axes.add_patch(_patch(0.0, base - _SWATCH + 2, _SWATCH / (canvas.WIDTH - 2), _SWATCH, i))
                _number(figure, 1 + _SWATCH / 2, top + base - _SWATCH / 2 + 2, i)
            canvas.say(figure, _SWATCH + 7, top + base, text)
        y += height
    if banner:
        canvas.say(figure, 0, 12, banner, bold=True)
    return figure


def _order(parts: list[pd.Series]) -> dict:
    """Number each part, so that it has one number and one colour in every bar; the fullest bar gives the order."""
    fullest = sorted(parts, key=len, reverse=True)
    return {part: i for i, part in enumerate(dict.fromkeys(pd.concat(fullest).astype("object")))}


def _patch(x: float, y: float, width: float, height: float, i: int) -> Rectangle:
    return Rectangle((x, y), width, height, facecolor=_COLOURS[i % len(_COLOURS)], edgecolor=canvas.PAPER, linewidth=1.2,
                     clip_on=False)  # fmt: skip


def _number(figure: Figure, x: float, y: float, i: int) -> None:
    """The number that ties a part of the bar to its name, so that nothing rests on colour alone."""
    canvas.say(figure, x, y, f"{i + 1}", canvas.PAPER, valign="center", align="center", bold=True)


def _bar(figure: Figure, axes: object, shares: pd.Series, order: pd.Series, y: float, top: float) -> None:
    x = 0.0
    axes.add_patch(Rectangle((0, y), 1, _BAR, facecolor="none", edgecolor=canvas.SOFT, linewidth=0.8, clip_on=False))
    for i, share in zip(order, shares.fillna(0.0), strict=True):
        if share > 0:
            axes.add_patch(_patch(x, y, share, _BAR, i))
        if share * canvas.WIDTH > 14:
            _number(figure, 1 + (x + share / 2) * (canvas.WIDTH - 2), top + y + _BAR / 2, i)
        x += share


def _keys(source: Released, rows: pd.DataFrame, columns: tuple, order: dict) -> list[tuple[str, int | None]]:
    keys = []
    for row in rows.index:
        i = order[source.frame.at[row, columns[1]]]
        for k, text in enumerate(canvas.wrapped(_words(source, row, columns), canvas.WIDTH - 22)):
            keys.append((text, i if k == 0 else None))
    return keys


def _words(source: Released, row: int, columns: tuple) -> str:
    _, part, count = columns
    label = source.frame.at[row, part]
    n, share = source.frame.at[row, count], source.frame.at[row, "share"]
    return f"{label}: {numbers.thousands(n)}" + ("" if pd.isna(share) else f", {numbers.percent(share)}")


def _describe(source: Released, columns: tuple) -> str:
    stage = columns[0]
    words = []
    for label, rows in source.frame.groupby(stage, sort=False, observed=True):
        words.append(f"{label}: " + "; ".join(_words(source, row, columns) for row in rows.index) + ".")
    return "Bars divided into parts. " + " ".join(words)
