"""The family of figures: each a pure function of a frame that gives picture, alternative text and table."""

from analysis.publish.figures.counts import counts
from analysis.publish.figures.curve import curve
from analysis.publish.figures.dots import dots
from analysis.publish.figures.drawing import Drawing
from analysis.publish.figures.flow import flow
from analysis.publish.figures.lines import lines
from analysis.publish.figures.paths import paths
from analysis.publish.figures.shares import shares
from analysis.publish.figures.specifications import specifications

__all__ = ["Drawing", "counts", "curve", "dots", "flow", "lines", "paths", "shares", "specifications"]
