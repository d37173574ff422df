"""Counts over time: a step line for each series, months or other equal periods, and dates marked by vertical lines."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from analysis.publish import numbers
from analysis.publish.figures.counts_plot import draw, series
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release


def counts(
    frame: pd.DataFrame,
    time: str = "month",
    count: str = "count",
    by: str | None = None,
    marks: Mapping[str, object] | None = None,
    what: str = "Detainers",
    name: str = "",
) -> Drawing:
    """Return counts over time, one line, or one for each level of ``by``.

    ``frame`` has a date column ``time`` (the first day of each period) and whole numbers in ``count``. ``marks`` maps
    a label to a date, a policy's start for example. ``what`` says what is counted.

    Raises ``ValueError`` for a missing column or no rows.
    """
    needed = [time, *([by] if by else []), count]
    if missing := [c for c in needed if c not in frame.columns]:
        raise ValueError(f"counts needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[needed].copy()
    if tidy.empty:
        raise ValueError("counts was given no rows")
    tidy[time] = pd.to_datetime(tidy[time])
    tidy = tidy.sort_values([*([by] if by else []), time], kind="stable").reset_index(drop=True)
    columns = (time, count, by)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(draw, columns=columns, marks=dict(marks or {})),
        describe=partial(_describe, columns=columns, what=what, marks=dict(marks or {})),
        tabulate=lambda source: source,
        summarise=None,
        release=partial(release, tidy, counts=[count]),
        name=name,
        units=f"{what}, by {time}",
    )


def _describe(source: Released, columns: tuple, what: str, marks: dict) -> str:
    time, count, by = columns
    form = numbers.periods(source.frame[time])
    words = [f"{what} over time, by {time}."]
    for label, part in series(source.frame, by).items():
        shown = part.dropna(subset=[count])
        head = f"{label}: from" if label else "From"
        if shown.empty:
            words.append(f"{label}{': n' if label else 'N'}o period holds enough to be shown.")
            continue
        first, last = shown.iloc[0], shown.iloc[-1]
        low, high = shown.loc[shown[count].idxmin()], shown.loc[shown[count].idxmax()]
        said = [_said(row, columns, form) for row in (first, last, high, low)]
        words.append(f"{head} {said[0]} to {said[1]}; most in {said[2]}, fewest in {said[3]}.")
    words += [f"Marked: {label}, {numbers.day(pd.Timestamp(date))}." for label, date in marks.items()]
    return " ".join(words)


def _said(row: pd.Series, columns: tuple, form: str) -> str:
    time, count, _ = columns
    when = f"{row[time]:{form}}" if form else numbers.day(row[time])
    return f"{when} ({numbers.thousands(row[count])})"
