"""A simulator of people with a detainer, whose truth is known.

A :class:`Simulation` is a set of parameters; ``tables`` turns it into frames in the shape of the canonical tables,
``truth`` computes what an estimator should find, and ``files`` renders it as raw files with the defects of real ones:
those under ``data/raw/demo`` come from here. Nothing describes a real person, place or agency.
"""

from validation.simulator.demo import DEMO, files
from validation.simulator.frames import tables
from validation.simulator.simulation import Policy, Simulation, staggered
from validation.simulator.truth import truth

__all__ = ["DEMO", "Policy", "Simulation", "files", "staggered", "tables", "truth"]
