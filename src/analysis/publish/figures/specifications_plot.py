"""The drawing of `specifications`: the sorted curve with its intervals above, a strip for each option below."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.publish import numbers
from analysis.publish.figures import canvas
from analysis.publish.released import Released

_CURVE = 150.0
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Plan:
    """What a specification curve shows besides its frame: choices, their words, and a known truth."""

    choices: tuple[str, ...]
    words: dict[str, dict[str, str]] = field(hash=False)
    truth: float | None
    truth_label: str
    points: bool = False

    def lettered(self, frame: pd.DataFrame) -> dict[str, dict[str, str]]:
        """Return the options of each choice that occur, in the order of ``words``, each with its letter."""
        found = {c: [o for o in self.words[c] if o and (frame[c] == o).any()] for c in self.choices}
        return {c: dict(zip(options, _LETTERS, strict=False)) for c, options in found.items()}

    def number(self, value: float, unit: bool = True) -> str:
        """Return a share as a percentage, or a difference of shares in percentage points, with its sign."""
        if not self.points:
            return numbers.percent(value) if unit else f"{100 * value:z.1f}"
        return f"{100 * value:+z.1f}{numbers.NBSP}points" if unit else f"{100 * value:+z.1f}"


def draw(source: Released, banner: str, plan: Plan) -> Figure:
    """Return the figure of released specifications."""
    frame = source.frame
    options = plan.lettered(frame)
    labels = [f"{letter} {plan.words[c][o]}" for c, found in options.items() for o, letter in found.items()]
    left = max(canvas.width(text) for text in labels) + 14
    top = 44.0 if banner else 28.0
    below = sum(HEAD + STRIP * len(found) for found in options.values())
    height = top + _CURVE + 8 + below + 22
    figure, axes = canvas.blank(height, left, 10.0, top, below + 30)
    ticks = _ticks(frame, plan)
    axes.set_xlim(0, len(frame))
    axes.set_ylim(ticks[0], ticks[-1])
    _scale(figure, axes, ticks, left, top, plan.points)
    _curve(axes, frame)
    first = int(np.flatnonzero(frame["primary"].to_numpy())[0])
    _marks(figure, axes, frame, first, plan, (left, top), (ticks[0], ticks[-1]))
    strips(figure, frame, first, options, plan.words, (left, top + _CURVE + 8, height))
    canvas.say(
        figure, canvas.WIDTH - 10, height - 6, f"{len(frame):,} specifications, sorted", canvas.SOFT, align="right"
    )
    if banner:
        canvas.say(figure, 0, 13, banner, bold=True)
    return figure


def _ticks(frame: pd.DataFrame, plan: Plan) -> list[float]:
    """Round tick values in percent that hold every estimate, limit and the truth; shares start at 0."""
    values = [*frame["estimate"], *frame["lower"].dropna(), *frame["upper"].dropna(), plan.truth or 0.0, 0.0]
    low, high = 100 * min(values), 100 * max(values)
    steps = canvas.nice_steps(max(high - low, 0.1), 4)
    step = steps[1] - steps[0]
    first, last = int(np.floor(low / step + 1e-9)), int(np.ceil(high / step - 1e-9))
    return [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]


def _scale(figure: Figure, axes: Axes, ticks: list[float], left: float, top: float, points: bool) -> None:
    low, high = axes.get_xlim()
    for i, tick in enumerate(ticks):
        strong = points and tick == 0
        axes.plot(
            [low, high],
            [tick, tick],
            color=canvas.SOFT if strong else canvas.GRID,
            linewidth=1,
            zorder=0,
            clip_on=False,
        )
        text = (
            (f"{tick:+g}" if tick else "0")
            if points
            else f"{tick:g}" + (f"{numbers.NBSP}%" if i == len(ticks) - 1 else "")
        )
        y = top + _CURVE * (1 - (tick - ticks[0]) / (ticks[-1] - ticks[0]))
        canvas.say(figure, left - 6, y, text, canvas.SOFT, align="right", valign="center")


def _curve(axes: Axes, frame: pd.DataFrame) -> None:
    """Draw intervals as a band of steps and estimates as a line, thinned to what the eye can see."""
    parts = np.array_split(np.arange(len(frame)), min(3 * PARTS, len(frame)))
    x = np.array([part[0] for part in parts] + [len(frame)], dtype=float)
    lower, upper = (
        np.array([fold(100 * frame[c].iloc[part]) for part in parts])
        for c, fold in (("lower", _least), ("upper", _most))
    )
    estimate = np.array([100 * frame["estimate"].iloc[part].mean() for part in parts])
    for here in np.flatnonzero(~np.isnan(lower)):  # where no interval is given the band has a gap
        if here == 0 or np.isnan(lower[here - 1]):
            last = here
            while last + 1 < len(lower) and not np.isnan(lower[last + 1]):
                last += 1
            run = slice(here, last + 1)
            axes.fill(
                *stepped(x[here : last + 2], lower[run], upper[run]), color=canvas.SERIES[0], alpha=0.22, linewidth=0
            )
    axes.plot(x, np.append(estimate, estimate[-1]), drawstyle="steps-post", color=canvas.SERIES[0], linewidth=2)


def _least(values: pd.Series) -> float:
    return float(values.min())


def _most(values: pd.Series) -> float:
    return float(values.max())


def _marks(
    figure: Figure,
    axes: Axes,
    frame: pd.DataFrame,
    first: int,
    plan: Plan,
    corner: tuple[float, float],
    ends: tuple[float, float],
) -> None:
    (left, top), (lowest, highest) = corner, ends
    row, width = frame.iloc[first], canvas.WIDTH - left - 10.0
    at = left + width * (first + 0.5) / len(frame)
    axes.plot([first + 0.5] * 2, [lowest, highest], color=canvas.INK, linewidth=1, linestyle=(0, (2, 2)), clip_on=False)
    axes.plot(
        [first + 0.5] * 2, [100 * row["lower"], 100 * row["upper"]], color=canvas.INK, linewidth=2.2, clip_on=False
    )
    axes.plot([first + 0.5], [100 * row["estimate"]], marker="D", markersize=6, color=canvas.INK, clip_on=False)
    text = f"primary {plan.number(row['estimate'])}"
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
        text = f"{plan.truth_label} {plan.number(plan.truth)}"
        y = top + _CURVE * (1 - (100 * plan.truth - lowest) / (highest - lowest))
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


# ---- the strips under a specification curve: where along the sorted specifications each option lies


STRIP, HEAD, PARTS = 15.0, 19.0, 48
_HEIGHTS = 4  # a strip shows in quarters what share of the specifications at a place have the option


def strips(
    figure: Figure, frame: pd.DataFrame, first: int, options: dict, words: Mapping, corner: tuple[float, float, float]
) -> None:
    """Draw a strip for each option, from ``corner`` (left, top, height of the picture); ``first`` is the primary row."""
    left, y, height = corner
    width = canvas.WIDTH - left - 10.0
    parts = np.array_split(np.arange(len(frame)), min(PARTS, len(frame)))
    edges = np.array([part[0] for part in parts] + [len(frame)]) / len(frame)
    axes = figure.add_axes((left / canvas.WIDTH, 0, width / canvas.WIDTH, 1))
    axes.axis("off")
    axes.set_xlim(0, 1)
    axes.set_ylim(height, 0)
    for choice, found in options.items():
        canvas.say(figure, 0, y + 13, _upper(words[choice][""]), bold=True)
        y += HEAD
        for option, letter in found.items():
            has = (frame[choice] == option).to_numpy()
            share = np.array([has[part].mean() for part in parts])
            canvas.say(
                figure,
                left - 8,
                y + STRIP / 2,
                f"{letter} {words[choice][option]}",
                canvas.SOFT,
                align="right",
                valign="center",
            )
            axes.plot([0, 1], [y + STRIP - 2] * 2, color=canvas.GRID, linewidth=0.8)
            share = np.round(share * _HEIGHTS) / _HEIGHTS
            change = np.flatnonzero(np.diff(share, prepend=np.nan) != 0)  # runs of one height need two points
            at = np.append(edges[change], 1.0)
            bottom = np.full(len(change), y + STRIP - 2)
            axes.fill(*stepped(at, bottom, bottom - (STRIP - 4) * share[change]), color=canvas.SERIES[0], linewidth=0)
            if has[first]:
                axes.plot(
                    [(first + 0.5) / len(frame)], [y + STRIP / 2 - 1], marker="D", markersize=4.5, color=canvas.INK
                )
            y += STRIP


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def stepped(edges: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline of an area between two step lines; ``edges`` has one more value than the steps."""
    x = np.repeat(edges, 2)[1:-1]
    return np.append(x, x[::-1]), np.append(np.repeat(high, 2), np.repeat(low, 2)[::-1])
