"""The drawing of `specifications`: the sorted curve with its intervals above, a strip for each option below."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.figures.drawing import SYNTHETIC
from analysis.publish.privacy import Released

_CURVE, _STRIP, _HEAD, _PARTS = 150.0, 15.0, 19.0, 80


@dataclass(frozen=True)
class Plan:
    """What a specification curve shows besides its frame: choices, their words, and a known truth."""

    choices: tuple[str, ...]
    words: dict[str, dict[str, str]] = field(hash=False)
    truth: float | None
    truth_label: str


def draw(source: Released, synthetic: bool, plan: Plan) -> Figure:
    """Return the figure of released specifications."""
    frame = source.frame
    options = {c: [o for o in plan.words[c] if o and (frame[c] == o).any()] for c in plan.choices}
    labels = [plan.words[c][o] for c in plan.choices for o in options[c]]
    left = max(canvas.width(text) for text in labels) + 14
    top = 44.0 if synthetic else 28.0
    below = sum(_HEAD + _STRIP * len(found) for found in options.values())
    height = top + _CURVE + 8 + below + 22
    figure, axes = canvas.blank(height, left, 10.0, top, below + 30)
    highest = max(float(frame["upper"].max()), plan.truth or 0.0)
    ticks = canvas.nice_steps(100 * highest, 4)
    axes.set_xlim(0, len(frame))
    axes.set_ylim(0, ticks[-1])
    _scale(figure, axes, ticks, left, top)
    _curve(axes, frame)
    first = int(np.flatnonzero(frame["primary"].to_numpy())[0])
    _marks(figure, axes, frame, first, plan, (left, top), ticks[-1])
    _strips(figure, frame, first, options, plan, (left, top + _CURVE + 8, height))
    canvas.say(
        figure, canvas.WIDTH - 10, height - 6, f"{len(frame):,} specifications, sorted", canvas.SOFT, align="right"
    )
    if synthetic:
        canvas.say(figure, 0, 13, SYNTHETIC, bold=True)
    return figure


def _scale(figure: Figure, axes: Axes, ticks: list[float], left: float, top: float) -> None:
    low, high = axes.get_xlim()
    for i, tick in enumerate(ticks):
        axes.plot([low, high], [tick, tick], color=canvas.GRID, linewidth=1, zorder=0, clip_on=False)
        text = f"{tick:g}" + (f"{numbers.NBSP}%" if i == len(ticks) - 1 else "")
        y = top + _CURVE * (1 - tick / ticks[-1])
        canvas.say(figure, left - 6, y, text, canvas.SOFT, align="right", valign="center")


def _curve(axes: Axes, frame: pd.DataFrame) -> None:
    """Draw intervals as a band of steps and estimates as a line, thinned to what the eye can see."""
    parts = np.array_split(np.arange(len(frame)), min(3 * _PARTS, len(frame)))
    x = np.array([part[0] for part in parts] + [len(frame)], dtype=float)
    lower, upper = (
        np.array([fold(100 * frame[c].iloc[part]) for part in parts]) for c, fold in (("lower", min), ("upper", max))
    )
    estimate = np.array([100 * frame["estimate"].iloc[part].mean() for part in parts])
    axes.fill_between(x, np.append(lower, lower[-1]), np.append(upper, upper[-1]), step="post", color=canvas.SERIES[0], alpha=0.22,
                      linewidth=0)  # fmt: skip
    axes.plot(x, np.append(estimate, estimate[-1]), drawstyle="steps-post", color=canvas.SERIES[0], linewidth=2)


def _marks(
    figure: Figure, axes: Axes, frame: pd.DataFrame, first: int, plan: Plan, corner: tuple[float, float], highest: float
) -> None:
    left, top = corner
    row, width = frame.iloc[first], canvas.WIDTH - left - 10.0
    at = left + width * (first + 0.5) / len(frame)
    axes.plot([first + 0.5] * 2, [0, highest], color=canvas.INK, linewidth=1, linestyle=(0, (2, 2)), clip_on=False)
    axes.plot(
        [first + 0.5] * 2, [100 * row["lower"], 100 * row["upper"]], color=canvas.INK, linewidth=2.2, clip_on=False
    )
    axes.plot([first + 0.5], [100 * row["estimate"]], marker="D", markersize=6, color=canvas.INK, clip_on=False)
    text = f"primary {numbers.percent(row['estimate'])}"
    half = canvas.width(text, bold=True) / 2
    canvas.say(figure, min(max(at, half), canvas.WIDTH - half), top - 8, text, bold=True, align="center")
    if plan.truth is not None:
        axes.plot(
            [0, len(frame)],
            [100 * plan.truth] * 2,
            color=canvas.SERIES[1],
            linewidth=1.6,
            linestyle=(0, (5, 4)),
            clip_on=False,
        )
        text = f"{plan.truth_label} {numbers.percent(plan.truth)}"
        y = top + _CURVE * (1 - 100 * plan.truth / highest)
        side = "right" if first < len(frame) / 2 else "left"
        x = canvas.WIDTH - 12 if side == "right" else left + 4
        canvas.say(
            figure,
            x,
            y + 13 if y < top + _CURVE / 3 else y - 5,
            text,
            canvas.SERIES[1],
            bold=True,
            align=side,
            paper=True,
        )


def _strips(
    figure: Figure, frame: pd.DataFrame, first: int, options: dict, plan: Plan, corner: tuple[float, float, float]
) -> None:
    left, y, height = corner
    width = canvas.WIDTH - left - 10.0
    parts = np.array_split(np.arange(len(frame)), min(_PARTS, len(frame)))
    edges = np.array([part[0] for part in parts] + [len(frame)]) / len(frame)
    axes = figure.add_axes((left / canvas.WIDTH, 0, width / canvas.WIDTH, 1))
    axes.axis("off")
    axes.set_xlim(0, 1)
    axes.set_ylim(height, 0)
    for choice, found in options.items():
        canvas.say(figure, 0, y + 13, _upper(plan.words[choice][""]), bold=True)
        y += _HEAD
        for option in found:
            has = (frame[choice] == option).to_numpy()
            share = np.array([has[part].mean() for part in parts])
            canvas.say(
                figure,
                left - 8,
                y + _STRIP / 2,
                plan.words[choice][option],
                canvas.SOFT,
                align="right",
                valign="center",
            )
            axes.plot([0, 1], [y + _STRIP - 2] * 2, color=canvas.GRID, linewidth=0.8)
            bottom = np.full(len(edges), y + _STRIP - 2)
            axes.fill_between(edges, bottom, bottom - (_STRIP - 4) * np.append(share, share[-1]), step="post", color=canvas.SERIES[0],
                              linewidth=0)  # fmt: skip
            if has[first]:
                axes.plot(
                    [(first + 0.5) / len(frame)], [y + _STRIP / 2 - 1], marker="D", markersize=4.5, color=canvas.INK
                )
            y += _STRIP


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
