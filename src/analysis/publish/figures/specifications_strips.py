"""The strips under a specification curve: where along the sorted specifications each option lies."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.publish.figures import canvas

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
