"""Small multiples: one panel a place, all on one scale, each place's curve over the grey curves of the others.

A dozen curves in one picture cannot be told apart; in panels each can be read, and seen beside all others. What may be shown,
and the table behind it, are those of `curve`.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pandas as pd

from analysis.publish import numbers
from analysis.publish.figures.curve import curve
from analysis.publish.figures.curve_plot import groups
from analysis.publish.figures.drawing import Drawing
from analysis.publish.figures.multiples_plot import Grid, draw
from analysis.publish.released import Released

MOST = 15  # panels that a reader compares, and that fit a sheet


def multiples(
    frame: pd.DataFrame,
    by: str,
    value: str = "incidence",
    unit: str = "day",
    event: str = "re-arrested",
    since: str = "release",
    horizon: float | None = None,
    complement: bool | None = None,
    level: float = 0.95,
    name: str = "",
) -> Drawing:
    """Return small multiples of curves, one panel for each level of the column ``by``, in order of appearance.

    ``frame`` and the other arguments are those of `curve`: columns time, at_risk, events, ``value``, lower and upper. All panels
    have one scale; the title of each names it and gives the share at the end of its curve, which a place with few people reaches
    early.

    Raises ``ValueError`` for a missing column, no row with an estimate, and for fewer than 2 or more than 15 panels.
    """
    panels = frame[by].astype(str).nunique() if by in frame.columns else 2  # `curve` names the missing column
    if not 2 <= panels <= MOST:
        raise ValueError(f"multiples draws 2 to {MOST} panels; found {panels} levels of {by!r}")
    drawn = curve(frame, value, by, unit, event, since, horizon, complement, level=level, name=name)
    grid = Grid(unit, since, horizon)
    return replace(
        drawn,
        draw=partial(draw, grid=grid),
        describe=partial(_describe, unit=unit, event=event, since=since),
        summarise=partial(_summary, by=by, unit=unit),
        units=f"{drawn.units}; beside each name the share at the end of its curve, in grey the curves of the others",
    )


def _ends(source: Released) -> Iterator[tuple[str, object, object]]:
    """Yield each panel's name and the first and last rows of its curve."""
    for label, part in groups(source.frame).items():
        yield label, *part.iloc[[0, -1]].itertuples(index=False)


def _describe(source: Released, unit: str, event: str, since: str) -> str:
    said = [
        f"{label}: {numbers.thousands(first.at_risk)} at risk at the start, {numbers.percent(last.share)} (interval "
        f"{numbers.interval(last.lower, last.upper)}) by {numbers.span(last.time, unit)}"
        for label, first, last in _ends(source)
    ]
    if not said:
        return f"Share {event}: no step of any curve holds enough people to be shown."
    return f"{len(said)} panels on one scale, each a step curve of the share {event} by {unit}s since {since}. {'; '.join(said)}."


def _summary(source: Released, by: str, unit: str) -> Released:
    rows = [
        (label, first.at_risk, last.time, last.share, last.lower, last.upper) for label, first, last in _ends(source)
    ]
    frame = pd.DataFrame(rows, columns=[by, "at_risk", f"{unit}s", "share", "lower", "upper"])
    frame["at_risk"] = frame["at_risk"].astype("Int64")
    return Released(frame, source.note)
