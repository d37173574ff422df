"""The drawing of `dots`: a scale, and for each row its label, its counts, its interval and its value."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.released import Released

_ROW, _GAP = 17.0, 7.0


@dataclass(frozen=True)
class Plan:
    """What a dot-and-interval figure shows besides its frame: columns, scale, reference, words."""

    label: str
    note: str | None
    counts: tuple[str, ...]
    share: bool
    log: bool
    reference: float | None
    reference_label: str
    what: str
    decimals: int


_NOTHING = 1e-9


def draw(source: Released, banner: str, plan: Plan) -> Figure:
    """Return the figure of released estimates."""
    frame = source.frame
    scale = 100.0 if plan.share else 1.0
    texts = [_texts(source, row, plan) for row in range(len(frame))]
    heights = [canvas.LINE * (len(lines) + len(notes)) + _ROW + _GAP for lines, notes, _ in texts]
    top = 30.0 if plan.reference_label else 8.0
    top += 16.0 if banner else 0.0
    right = max([canvas.width(value, bold=True) for *_, value in texts], default=0) + 14
    right = min(right, 0.4 * canvas.WIDTH)
    figure, axes = canvas.blank(top + sum(heights) + 22, 8.0, right, top, 22.0)
    ticks = _ticks(frame, plan, scale)
    axes.set_xscale("log" if plan.log else "linear")
    axes.axis("off")
    axes.set_xlim(ticks[0], ticks[-1])
    axes.set_ylim(sum(heights), 0)
    _scale(figure, axes, ticks, plan, top + sum(heights), right)
    if plan.reference is not None:
        _reference(figure, axes, plan, scale, top, right)
    y = 0.0
    for i, (lines, notes, value) in enumerate(texts):
        _row(figure, axes, frame.iloc[i], (lines, notes, value), y, top, scale)
        y += heights[i]
    if banner:
        canvas.say(figure, 0, 13, banner, bold=True)
    return figure


def _texts(source: Released, row: int, plan: Plan) -> tuple[list[str], list[str], str]:
    here = source.frame.iloc[row]
    lines = canvas.wrapped(str(here[plan.label]), canvas.WIDTH - 10)
    notes = canvas.wrapped(note_of(source, row, plan), canvas.WIDTH - 10) if note_of(source, row, plan) else []
    return lines, notes, "not estimated" if np.isnan(here["estimate"]) else value_of(here["estimate"], plan)


def _ticks(frame: pd.DataFrame, plan: Plan, scale: float) -> list[float]:
    values = frame[["estimate", "lower", "upper"]].to_numpy(float)
    values = np.append(
        scale * values[~np.isnan(values)], [scale * plan.reference] if plan.reference is not None else []
    )
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if plan.log:
        return _log_ticks(low, high)
    if max(high, -low) < _NOTHING:  # rounding error spans no axis
        low, high = 0.0, 1.0
    steps = canvas.nice_steps(max(high, 0.0) or max(-low, 1e-9), 5)
    if low >= 0:
        return steps
    step = canvas.nice_steps(max(high, -low), 3)[1]
    return [round(step * i, 12) for i in range(-int(np.ceil(-low / step)), int(np.ceil(max(high, 0) / step)) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    choices = [m * 10.0**p for p in range(-4, 5) for m in (1, 2, 5)]
    inside = [c for c in choices if low / 2.5 < c < high * 2.5]
    first = max([c for c in inside if c <= low], default=inside[0])
    final = min([c for c in inside if c >= high], default=inside[-1])
    ticks = [c for c in inside if first <= c <= final]
    if len(ticks) <= 6:
        return ticks
    tens = [c for c in ticks if f"{c:e}".startswith("1.0") and 3 * first <= c <= final / 3]
    return [first, *tens[:: -(-len(tens) // 4) or 1], final]


def _scale(figure: Figure, axes: Axes, ticks: list[float], plan: Plan, base: float, right: float) -> None:
    for i, tick in enumerate(ticks):
        axes.plot([tick, tick], [0, 1], transform=axes.get_xaxis_transform(), color=canvas.GRID, linewidth=1, zorder=0,
                  clip_on=False)  # fmt: skip
        text = f"{tick:g}" + (f"{numbers.NBSP}%" if plan.share and i == len(ticks) - 1 else "")
        x = _points(axes, tick, right)
        canvas.say(figure, max(x, canvas.width(text) / 2), base + 16, text, canvas.SOFT, align="center")


def _points(axes: Axes, value: float, right: float) -> float:
    share = axes.transAxes.inverted().transform(axes.transData.transform((value, 0)))[0]
    return 8.0 + (canvas.WIDTH - 8.0 - right) * float(share)


def _reference(figure: Figure, axes: Axes, plan: Plan, scale: float, top: float, right: float) -> None:
    at = scale * plan.reference
    axes.plot([at, at], [0, 1], transform=axes.get_xaxis_transform(), color=canvas.INK, linewidth=1.4,
              linestyle=(0, (4, 3)), zorder=1, clip_on=False)  # fmt: skip
    if plan.reference_label:
        x, half = _points(axes, at, right), canvas.width(plan.reference_label) / 2
        x = min(max(x, half), canvas.WIDTH - half)
        canvas.say(figure, x, top - 8, plan.reference_label, align="center")


def _row(figure: Figure, axes: Axes, here: pd.Series, texts: tuple, y: float, top: float, scale: float) -> None:
    lines, notes, value = texts
    for k, text in enumerate(lines):
        canvas.say(figure, 2, top + y + canvas.LINE * (k + 1) - 2, text, paper=True)
    for k, text in enumerate(notes):
        canvas.say(figure, 2, top + y + canvas.LINE * (len(lines) + k + 1) - 2, text, canvas.SOFT, paper=True)
    middle = y + canvas.LINE * (len(lines) + len(notes)) + _ROW / 2
    if np.isnan(here["estimate"]):
        canvas.say(figure, 8, top + middle, value, canvas.SOFT, valign="center", paper=True)
        return
    estimate, lower, upper = (scale * float(here[c]) for c in ("estimate", "lower", "upper"))
    if not np.isnan(lower) and not np.isnan(upper):
        axes.plot([lower, upper], [middle, middle], color=canvas.SERIES[0], linewidth=2.2, clip_on=False)
    axes.plot([estimate], [middle], marker="o", markersize=7.5, color=canvas.SERIES[0], clip_on=False)
    end = estimate if np.isnan(upper) else max(upper, estimate)
    axes.annotate(value, (end, middle), (9, 0), textcoords="offset points", va="center", fontweight="bold",
                  color=canvas.INK, annotation_clip=False,
                  bbox={"facecolor": canvas.PAPER, "edgecolor": "none", "pad": 0.5})  # fmt: skip


def note_of(source: Released, row: int, plan: Plan) -> str:
    """Return the second line of a row: its note, or its counts, as a fraction only where the share is theirs."""
    if plan.note:
        return str(source.frame.at[row, plan.note])
    if len(plan.counts) != 2:
        return ""
    shown = [numbers.plainly(source.frame.at[row, c]) for c in plan.counts]
    if not all(shown):
        return ""
    if not plan.share:
        return ", ".join(f"{n} {c.replace('_', ' ')}" for n, c in zip(shown, plan.counts, strict=True))
    return " of ".join(shown) if is_quotient(source.frame.loc[row], plan) else f"{shown[1]} followed"


def is_quotient(here: pd.Series, plan: Plan) -> bool:
    """Whether a row shows no share, or the one that its two counts give: an estimate read off a curve is another."""
    estimate = here["estimate"]
    return pd.isna(estimate) or value_of(here[plan.counts[0]] / here[plan.counts[1]], plan) == value_of(estimate, plan)


def value_of(x: float, plan: Plan) -> str:
    """Return an estimate as it is written beside its dot."""
    return f"{100 * x:z.1f}" if plan.share else f"{x:z,.2f}"
