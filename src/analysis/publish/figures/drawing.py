"""A figure before it is drawn: the frame behind it, how the release rule applies, and three pure functions.

A `Drawing` is made from plain data by one of the family (`curve`, `dots`, `shares`, `counts`, `flow`). The page
applies the release rule to its frame first, so that picture, alternative text, table, CSV and JSON all come from
what may be shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure

from analysis.data.spec import INTERNAL
from analysis.publish.figures import canvas
from analysis.publish.released import Released

SYNTHETIC = "Synthetic data"


def banner_of(kind: str, disclosure: str) -> str:
    """Return what every page, figure and file of such data says of itself; empty where there is nothing to say."""
    return ". ".join([SYNTHETIC] * (kind == "synthetic") + [INTERNAL] * (disclosure == "internal"))


def in_brackets(banner: str) -> str:
    """Return a banner as a title ends with it."""
    return f" ({banner[0].lower()}{banner[1:]})" if banner else ""


@dataclass(frozen=True)
class Drawing:
    """A figure as a pure function of its frame.

    ``draw``, ``describe``, ``tabulate`` (all the data) and ``summarise`` (the few rows for the page, where all would
    be too many) take the released frame; ``release`` takes a disclosure and returns the released frame. ``percent``
    names the columns that are shares, ``level`` is that of the intervals. ``name`` may be left empty: the page
    then numbers the figure.
    """

    source: Released
    draw: Callable[[Released, bool], Figure]
    describe: Callable[[Released], str]
    tabulate: Callable[[Released], Released]
    summarise: Callable[[Released], Released] | None
    release: Callable[[str], Released]
    percent: tuple[str, ...] = ()
    level: float = 0.95
    name: str = ""
    units: str = ""
    banner: str = ""

    def released(self, disclosure: str, banner: str = "") -> "Drawing":
        """Return the drawing of what may be shown, with what it must say of itself."""
        return replace(self, source=self.release(disclosure), banner=banner)

    @cached_property
    def figure(self) -> Figure:
        """The matplotlib figure, about 4.8 inches wide."""
        with canvas.styled():
            return self.draw(self.source, self.banner)

    @cached_property
    def alt(self) -> str:
        """What the figure shows, in words and numbers."""
        words = self.describe(self.source)
        note = f" {self.source.note}" if self.source.note else ""
        return (f"{self.banner}. " if self.banner else "") + words + note

    @cached_property
    def data(self) -> Released:
        """The figure's data as a released table."""
        return self.tabulate(self.source)

    @property
    def table(self) -> pd.DataFrame:
        """The figure's data as a frame."""
        return self.data.frame

    @cached_property
    def brief(self) -> Released:
        """The table for the page: all the data, or the rows that sum them up."""
        return self.summarise(self.source) if self.summarise else self.data

    def _repr_svg_(self) -> str:
        from analysis.publish.figures.svg import inline

        return inline(self.figure, self.name or "figure", self.name or "Figure", self.alt)
