"""Estimates side by side: a dot and its interval on a common scale, each with its label above it.

The label stands above its own line, so that long names have the whole width and nothing has to be looked up.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.publish import numbers
from analysis.publish.figures.dots_plot import Plan, draw, is_quotient, note_of, value_of
from analysis.publish.figures.drawing import Drawing
from analysis.publish.released import Released, release


def dots(
    frame: pd.DataFrame,
    label: str = "label",
    note: str | None = None,
    what: str = "Share re-arrested",
    counts: tuple[str, ...] | None = None,
    share: bool = True,
    log: bool = False,
    reference: float | None = None,
    reference_label: str = "",
    people: bool = False,
    ranked: bool = False,
    level: float = 0.95,
    name: str = "",
) -> Drawing:
    """Return a dot-and-interval figure (a forest plot), one line for each row of ``frame``, in its order.

    ``frame`` has columns ``label``, estimate, lower and upper, and those named in ``note`` (a second, softer line of
    text) and ``counts`` (the counts each estimate rests on; by default numerator and denominator where present).
    ``share`` says that estimates are shares, shown in percent; otherwise they are shown as they are, on a logarithmic
    scale where ``log`` (hazard ratios). ``reference`` is a value marked by a vertical line and named
    ``reference_label``. ``people`` says that estimates rest on people and not on rounded counts. ``ranked`` puts the highest estimate first,
    as it is shown. ``what`` says what is
    estimated, ``level`` is that of the intervals.

    Raises ``ValueError`` for a missing column, and where ``log`` meets a value that is not positive.
    """
    if counts is None:
        counts = tuple(c for c in ("numerator", "denominator") if c in frame.columns)
    needed = [label, *([note] if note else []), *counts, "estimate", "lower", "upper"]
    if missing := [c for c in needed if c not in frame.columns]:
        raise ValueError(f"dots needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    if log and (frame[["estimate", "lower", "upper"]] <= 0).any(axis=None):
        raise ValueError("dots with log=True needs estimates and limits above 0")
    plan = Plan(label, note, counts, share, log, reference, reference_label, what, 1 if share else 2)
    tidy = (frame.sort_values(label) if ranked else frame)[list(dict.fromkeys(needed))].reset_index(drop=True)
    numbers_shown = ("estimate", "lower", "upper")
    free = list(numbers_shown) if not share and (not counts or people) else []
    released = partial(release, tidy, counts=list(counts), free=free, level=level)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(draw, plan=plan),
        describe=partial(_describe, plan=plan),
        tabulate=lambda source: source,
        summarise=partial(_summary, plan=plan),
        release=(lambda disclosure: _ranked(released(disclosure))) if ranked else released,
        percent=numbers_shown if share else (),
        level=level,
        name=name,
        units=f"{what}{', percent' if share else ''}{_with_intervals(tidy, level)}",
    )


def _ranked(released: Released) -> Released:
    """Order rows by their estimates as they are shown, highest first."""
    order = released.frame["estimate"].sort_values(ascending=False, kind="stable").index
    return replace(released, frame=released.frame.loc[order].reset_index(drop=True))


def _summary(source: Released, plan: Plan) -> Released:
    """The table for the page: counts are called numerator and denominator only where each share is their quotient."""
    if not plan.share or len(plan.counts) != 2 or all(is_quotient(here, plan) for _, here in source.frame.iterrows()):
        return source
    named = dict(zip(plan.counts, ("events seen", "followed"), strict=True))
    return replace(source, frame=source.frame.rename(columns=named))


def _with_intervals(tidy: pd.DataFrame, level: float) -> str:
    """Facts about the people themselves have no interval: their limits are the figure itself."""
    bare = (tidy["lower"] == tidy["estimate"]).all() and (tidy["upper"] == tidy["estimate"]).all()
    return "" if bare else f", with {100 * level:g} % intervals"


def _describe(source: Released, plan: Plan) -> str:
    words = []
    for row in range(len(source.frame)):
        here = source.frame.iloc[row]
        note = note_of(source, row, plan)
        name = f"{here[plan.label]}{f' ({note})' if note else ''}"
        if np.isnan(here["estimate"]):
            words.append(f"{name}: not estimated")
        else:
            scale = 100.0 if plan.share else 1.0
            limits = numbers.interval(here["lower"], here["upper"], plan.decimals, scale)
            unit = " percent" if plan.share else ""
            words.append(f"{name}: {value_of(here['estimate'], plan)}{unit} (interval {limits})")
    mark = f" Marked for comparison: {plan.reference_label}." if plan.reference_label else ""
    return f"{plan.what}, dot and interval for {len(words)} lines. {'; '.join(words)}.{mark}"
