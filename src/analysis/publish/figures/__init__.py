"""The family of figures: each a pure function of a frame that gives picture, alternative text and table."""

from analysis.publish.figures.calendar import calendar
from analysis.publish.figures.counts import counts
from analysis.publish.figures.curve import curve
from analysis.publish.figures.dots import dots
from analysis.publish.figures.drawing import Drawing
from analysis.publish.figures.event_study import event_study
from analysis.publish.figures.flow import flow
from analysis.publish.figures.heat import heat
from analysis.publish.figures.lines import lines
from analysis.publish.figures.multiples import multiples
from analysis.publish.figures.paths import paths
from analysis.publish.figures.shares import shares
from analysis.publish.figures.specifications import specifications
from analysis.publish.figures.tiles import tiles
from analysis.publish.figures.transitions import transitions

__all__ = ["Drawing", "calendar", "counts", "curve", "dots", "event_study", "flow", "heat", "lines", "multiples", "paths", "shares", "specifications", "tiles", "transitions"]  # fmt: skip
