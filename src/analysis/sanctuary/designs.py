"""The designs of a comparison, each an estimate of one effect with its uncertainty and the assumption that it rests on.

In: a contrast. Out: results, one a design, or a sentence that says why a design cannot be had. ``compare`` turns them
into the table that a reader sees.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.sanctuary.adjusted import (
    Arm,
    Data,
    doubly_robust,
    outcome_model,
    propensity,
    standardized,
    unadjusted,
    weighted,
)
from analysis.sanctuary.censoring import censoring_weights
from analysis.sanctuary.clustered import FEW, Uncertainty, uncertainty
from analysis.sanctuary.contrast import Contrast, empty_strata
from analysis.sanctuary.randomization import among_clusters

UNADJUSTED, STANDARDIZED = "unadjusted", "standardization"
WEIGHTED, DOUBLY_ROBUST = "inverse probability weighting (IPW)", "doubly robust (AIPW)"
RANDOMIZED = "randomization inference"
DESIGNS = (UNADJUSTED, STANDARDIZED, WEIGHTED, DOUBLY_ROBUST, RANDOMIZED)
TRIM = 0.01


@dataclass(frozen=True)
class Result:
    """One design: the risks in group 0 and 1, their difference and ratio, and what the numbers rest on.

    ``ratio`` is (estimate, lower, upper), of the doubly robust design alone. ``rows`` counts rows used, ``effective`` (group 0, group 1) the rows an equal
    weighting would need for the same precision, ``trimmed`` rows without anyone to compare with. ``because`` says why
    there is no estimate.
    """

    design: str
    risks: tuple[float, float] = (np.nan, np.nan)
    difference: float = np.nan
    uncertainty: Uncertainty | None = None
    ratio: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    sides: tuple[int, int] = (0, 0)
    rows: int = 0
    effective: tuple[float, float] = (np.nan, np.nan)
    trimmed: int = 0
    lost: int = 0
    overlap: tuple[float, float] = (np.nan, np.nan)
    assumes: str = ""
    because: str = ""


def results(
    contrast: Contrast, adjust: Sequence[str], level: float, trim: float = TRIM, only: Sequence[str] | None = None
) -> list[Result]:  # fmt: skip
    """The unadjusted design, the adjusted ones where there are covariates, and randomization where clusters are few.

    ``only`` names the designs that are wanted; by default all.
    """
    wanted = set(DESIGNS if only is None else only) & set(DESIGNS if adjust else (UNADJUSTED, RANDOMIZED))
    if because := nothing_to_compare(contrast):
        return [
            Result(design, because=because, sides=contrast.sides)
            for design in DESIGNS
            if design in wanted - {RANDOMIZED}
        ]
    found, kept = [], contrast
    if UNADJUSTED in wanted:
        data = data_of(contrast)
        plain = _result(UNADJUSTED, contrast, data, [unadjusted(data, code) for code in (0, 1)], level)
        found.append(replace(plain, assumes="groups alike in everything that matters but the policy"))
    if adjust and contrast.unknown:
        few = min(contrast.sides) < FEW
        absent = [design for design in DESIGNS[1:] if design in wanted and (few or design != RANDOMIZED)]
        return [*found, *(Result(design, because=contrast.unknown, sides=contrast.sides) for design in absent)]
    if adjust:
        adjusted, kept = _adjusted(contrast, adjust, level, trim, wanted)
        found += adjusted
    if RANDOMIZED in wanted and min(contrast.sides) < FEW:
        found.append(_randomized(kept, level))
    return found


def data_of(contrast: Contrast) -> Data:
    """What the estimators take, with weights for unequal follow-up in each group."""
    weights = censoring_weights(contrast.time, contrast.event, contrast.group, contrast.horizon.length)
    return Data(contrast.outcome, contrast.group, contrast.matrix, weights)


def trimmed(contrast: Contrast, adjust: Sequence[str], trim: float) -> tuple[Contrast, list[str], tuple[float, float]]:
    """Leave out who has no counterpart: in a stratum one group has none of, or with a propensity beyond ``trim``.

    Returns the contrast, the names of the strata, and the range of propensities before trimming.
    """
    contrast, strata = empty_strata(contrast, adjust)
    if nothing_to_compare(contrast):
        return contrast, strata, (np.nan, np.nan)
    score = propensity(data_of(contrast)).fitted
    inside = (score >= trim) & (score <= 1 - trim)
    span = float(score.min()), float(score.max())
    reason = f"propensity below {trim:g} or above {1 - trim:g}"
    return (contrast if inside.all() else contrast.rows(inside, reason)), strata, span


def _adjusted(
    contrast: Contrast, adjust: Sequence[str], level: float, trim: float, wanted: set[str]
) -> tuple[list[Result], Contrast]:  # fmt: skip
    kept, strata, overlap = trimmed(contrast, adjust, trim)
    out = len(contrast.group) - len(kept.group)
    within = f"no difference left between the groups within {', '.join(adjust)}"
    aside = "; people without a counterpart are left out" if out else ""
    aside += f" (strata: {', '.join(strata)})" if strata else ""
    designs = {
        STANDARDIZED: "the model of the outcome is right",
        WEIGHTED: "the model of which group is right",
        DOUBLY_ROBUST: "one of the two models is right",
    }
    if because := nothing_to_compare(kept):
        because = f"the covariates tell the groups apart completely, so nobody has a counterpart: {because}"
        none = Result("", because=because, sides=contrast.sides, trimmed=out, overlap=overlap)
        return [replace(none, design=design) for design in designs if design in wanted], kept
    data = data_of(kept)
    score, models = propensity(data), [outcome_model(data, code) for code in (0, 1)]
    arms: dict[str, Callable[[int], Arm]] = {
        STANDARDIZED: lambda code: standardized(data, models[code], code),
        WEIGHTED: lambda code: weighted(data, score, code),
        DOUBLY_ROBUST: lambda code: doubly_robust(data, models[code], score, code),
    }
    found = []
    for design, rests in designs.items():
        if design not in wanted:
            continue
        result = _result(design, kept, data, [arms[design](code) for code in (0, 1)], level)
        found.append(replace(result, trimmed=out, overlap=overlap, assumes=f"{within}; {rests}{aside}"))
    return found, kept


def _result(design: str, contrast: Contrast, data: Data, arms: list[Arm], level: float) -> Result:
    none, one = arms
    share = float(contrast.group.mean())
    found = uncertainty(one, none, share, contrast.cluster, contrast.sides, level)
    return Result(
        design,
        (none.mean, one.mean),
        one.mean - none.mean,
        found,
        _ratio(one, none, contrast, level) if design == DOUBLY_ROBUST else (np.nan,) * 3,
        contrast.sides,
        len(contrast.group),
        tuple(float(arm.load.sum() ** 2 / (arm.load**2).sum()) for arm in arms),
        lost=data.censoring.lost,
    )


def _ratio(one: Arm, none: Arm, contrast: Contrast, level: float) -> tuple[float, float, float]:
    """The ratio of the two risks, its interval on the log scale."""
    if not (one.mean > 0 and none.mean > 0):
        return (np.nan,) * 3
    log = np.log(one.mean / none.mean)
    shift = [Arm(np.log(arm.mean), arm.influence / arm.mean, arm.load) for arm in (one, none)]
    found = uncertainty(
        *shift, float(contrast.group.mean()), contrast.cluster, contrast.sides, level, bound=np.log(1e6)
    )
    return tuple(float(np.exp(value)) for value in (log, found.lower, found.upper))


def _randomized(contrast: Contrast, level: float) -> Result:
    none = Result(RANDOMIZED, sides=contrast.sides, rows=len(contrast.group))
    if because := nothing_to_compare(contrast):
        return replace(none, because=f"the covariates tell the groups apart completely: {because}")
    weight = data_of(contrast).censoring.weight
    try:
        found = among_clusters(contrast.outcome, contrast.group, contrast.matrix, contrast.cluster, weight, level)
    except ValueError as error:
        return replace(none, because=str(error))
    method = (
        f"{found.deals:,} deals of the policy among {found.clusters} clusters, smallest p value {found.smallest_p:.2g}"
    )
    spread = Uncertainty(np.nan, found.lower, found.upper, np.nan, method)
    assumes = "each cluster could as well have had the policy, and its effect is the same everywhere"
    return replace(none, difference=found.estimate, uncertainty=spread, assumes=assumes)


def nothing_to_compare(contrast: Contrast) -> str:
    """Why nothing can be compared, or an empty text."""
    if not len(contrast.group):
        return f"everyone is left out ({'; '.join(contrast.left_out) or 'nobody is followed'})"
    counts = [int((contrast.group == code).sum()) for code in (0, 1)]
    for name, n in zip(contrast.names, counts, strict=True):
        if not n:
            return f"nobody in the group {name}"
    if not contrast.outcome.any():
        return f"nobody had the event ({contrast.cause}) by the horizon: risks are 0 in both groups"
    for code, name in enumerate(contrast.names):
        here = contrast.group == code
        if contrast.time[here].max() < contrast.horizon.length and not contrast.event[here].all():
            return f"nobody in the group {name} was followed for {contrast.horizon.rule}"
    return ""
