"""What each design should find in worlds of a kind, computed from the process that made them.

Places differ from one world to the next, so that a truth is an average over many of a kind; where policy changes nothing
that happens, it is 0 and not computed.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from analysis.recidivism.cox import cox
from analysis.synthetic.places import Policy
from analysis.synthetic.risks import had_everyone
from analysis.synthetic.world import World
from analysis.worlds.designs import ALIKE, COX, HORIZON, OVER_TIME, Kind, world_of
from analysis.worlds.followed import contrast_of, follow

ALL_ALONG = date(2015, 1, 1)
_NOTHING_HIDDEN = {"confounding": 0.0, "hidden": 0.0, "drift": 0.0, "targeting": 0.0, "lodging": 1.0, "detection": 1.0}


def true_effects(kind: Kind, worlds: int = 40, drawn: int = 60_000, trials: int = 6) -> dict[str, float]:
    """What the designs should find: over everyone with a detainer, and over people in adopting places.

    For the Cox model the logarithm of the ratio in ``trials`` trials of ``drawn`` people on a side, all of them under one
    rule: with frailty no single ratio holds at all times, and this is what its average comes to.
    """
    if kind.world.get("effect", 1.0) == 1.0 and kind.world.get("honour", ALIKE) == ALIKE:
        return dict.fromkeys(kind.designs, 0.0)
    across, over_time = [], []
    for number in range(worlds):
        world = world_of(kind, 50_000 + number)
        across.append(_difference(world, drawn, number))
        over_time.append(_difference(_everywhere(replace(world, lodging=1.0)), drawn, number))
    mean = {True: float(np.mean(over_time)), False: float(np.mean(across))}
    return {
        design: _log_hazard_ratio(kind, trials, drawn) if design == COX else mean[design in OVER_TIME]
        for design in kind.designs
    }


def _everywhere(world: World) -> World:
    return replace(world, policies=tuple(Policy(place, ALL_ALONG, None, "limits") for place in world.places))


def _difference(world: World, drawn: int, seed: int) -> float:
    risks = had_everyone(world, (HORIZON,), drawn, seed)
    return risks["limits"][str(HORIZON)]["risk"] - risks["none"][str(HORIZON)]["risk"]


def _log_hazard_ratio(kind: Kind, trials: int, drawn: int) -> float:
    found = []
    for number in range(trials):
        world = replace(world_of(kind, 60_000 + number), people=drawn, policies=(), **_NOTHING_HIDDEN)
        sides = []
        for arm in (world, _everywhere(world)):
            contrast = contrast_of(follow(arm), kind.places, HORIZON)
            sides.append(
                contrast.frame.assign(
                    days=np.minimum(contrast.time, HORIZON), event=contrast.outcome == 1, group=float(len(sides))
                )
            )
        fit = cox(pd.concat(sides, ignore_index=True), "group + criminality + sex + age")
        found.append(float(fit.table["coef"].iloc[0]))
    return float(np.mean(found))
