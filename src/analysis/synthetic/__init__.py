"""Synthetic worlds with a known truth.

A :class:`World` is a set of parameters; ``tables`` turns it into frames in the shape of the canonical
tables, ``truth`` computes what an estimator should find, and ``write`` renders a named world as raw
files with the defects of real ones. Nothing here describes a real person, place or agency.
"""

from analysis.synthetic.demo import DEMO, SEED, policies_csv, write
from analysis.synthetic.frames import tables
from analysis.synthetic.places import Policy, staggered
from analysis.synthetic.risks import truth
from analysis.synthetic.world import World

__all__ = ["DEMO", "SEED", "Policy", "World", "policies_csv", "staggered", "tables", "truth", "write"]
