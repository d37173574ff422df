"""A tile map of states: one square a state, about where it lies, with its share written in it.

Every state has the same size, so that a small one is seen as well as a large one. Shade repeats what the number says.
"""

from functools import cache, partial
from importlib.resources import files

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.publish import numbers
from analysis.publish.figures import canvas, shades
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release

_PITCH = canvas.WIDTH / 11
_TILE = _PITCH - 1.6


def tiles(
    frame: pd.DataFrame,
    state: str = "state",
    label: str = "label",
    numerator: str = "numerator",
    denominator: str = "denominator",
    share: str = "",
    what: str = "Declined",
    name: str = "",
) -> Drawing:
    """Return a tile map of the share ``numerator`` of ``denominator`` by state.

    ``state`` holds postal abbreviations and ``label`` the names for the table. A state without a tile (an outlying
    area) is named beneath with its share; a state without a row has an empty tile. Of a denominator of 0 no share is shown.
    ``share`` names a column with an estimate (a risk read off a curve) to show in place of the plain share.

    Raises ``ValueError`` for a missing column, a state that stands twice, or no state that has a tile.
    """
    needed = [label, state, numerator, denominator, *([share] if share else [])]
    if missing := [c for c in needed if c not in frame.columns]:
        raise ValueError(f"tiles needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[needed].reset_index(drop=True)
    if tidy[state].duplicated().any() or not tidy[state].isin(places()).any():
        raise ValueError("tiles needs one row a state, and at least one state that has a tile")
    plain = tidy[numerator] / tidy[denominator].where(tidy[denominator] > 0)
    tidy["share"] = tidy.pop(share) if share else plain
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(_draw, state=state),
        describe=partial(_describe, columns=(label, numerator, denominator), what=what, read_off=bool(share)),
        tabulate=lambda source: source,
        summarise=None,
        release=partial(release, tidy, counts=[numerator, denominator]),
        percent=("share",),
        name=name,
        units=f"{what}, percent, by state",
    )


@cache
def places() -> dict[str, tuple[int, int]]:
    """Return the row and column of each state's tile by its postal abbreviation."""
    text = (files("analysis.publish") / "templates" / "tiles.txt").read_text(encoding="utf-8")
    grid = [line.split() for line in text.splitlines()]
    return {name: (r, c) for r, line in enumerate(grid) for c, name in enumerate(line) if name != ".."}


def _draw(source: Released, banner: str, state: str) -> Figure:
    frame = source.frame
    share = dict(zip(frame[state], frame["share"], strict=True))
    ends = shades.steps(frame["share"])
    texts = shades.ranges(ends, percent=True)
    rest = [name for name in frame[state] if name not in places()]
    beneath = canvas.wrapped(
        "Not on the map: " + ", ".join(f"{name} {_said(share[name])}" for name in rest), canvas.WIDTH
    )
    top = 20.0 if banner else 2.0
    bottom = top + 8 * _PITCH + 6
    height = bottom + shades.key_height(texts) + (canvas.LINE * len(beneath) if rest else 0)
    figure, axes = shades.sheet(height)
    boxes: dict[int, list] = {}
    for name, (row, column) in places().items():
        x, y = column * _PITCH, top + row * _PITCH
        value = share.get(name, float("nan"))
        if not pd.isna(value):
            boxes.setdefault(max(shades.class_of(value, ends), 0), []).append((x, y, _TILE, _TILE))
        axes.add_patch(
            Rectangle((x, y), _TILE, _TILE, facecolor="none", edgecolor=canvas.GRID, linewidth=0.8, clip_on=False)
        )
        canvas.say(
            figure,
            x + _TILE / 2,
            y + 12.5,
            name,
            canvas.INK if name in share else canvas.SOFT,
            bold=name in share,
            align="center",
        )
        if name in share:
            canvas.say(figure, x + _TILE / 2, y + 25.5, _said(value), align="center", size=10.4)
    for place, here in sorted(boxes.items()):
        shades.cells(axes, here, shades.UNDER_TEXT[place])
    y = shades.key(figure, axes, texts, shades.UNDER_TEXT[: len(ends)], bottom)
    for text in beneath if rest else ():
        y += canvas.LINE
        canvas.say(figure, 0, y - 4, text)
    if banner:
        canvas.say(figure, 0, 12, banner, bold=True)
    return figure


def _said(value: float) -> str:
    return "\u2013" if pd.isna(value) else f"{100 * value:.1f}" if value < 0.9995 else "100"


def _describe(source: Released, columns: tuple, what: str, read_off: bool) -> str:
    label, numerator, denominator = columns
    words = []
    for row in source.frame.sort_values("share", ascending=False, kind="stable").itertuples():
        counts = [
            numbers.thousands(source.frame.at[row.Index, c])
            for c in (numerator, denominator)
        ]
        value = "not shown" if pd.isna(row.share) else numbers.percent(row.share)
        said = f"{counts[1]} followed" if read_off else " of ".join(counts)  # a curve's estimate is no such fraction
        words.append(f"{source.frame.at[row.Index, label]} {value} ({said})")
    return f"{what}: a tile map of {len(words)} states and areas. From the highest share: {'; '.join(words)}."
