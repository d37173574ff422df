"""Read a table of many answers to one question by fixed rules, so that nobody chooses what to stress.

In: rows with estimate, lower, upper and smallest_detectable on one scale. Out: the range of the estimates, the widest
interval, the effects that every design excludes, and the smallest effect that could have been seen. How many results
are significant is not counted: it depends on how many designs one cares to list.
"""

from dataclasses import dataclass
from string import Formatter

import pandas as pd

from analysis.recidivism import inputs


@dataclass(frozen=True)
class Reading:
    """What a table of designs says.

    ``lowest`` and ``highest`` estimate; ``widest`` (lower, upper) and ``widest_design``; ``excluded_below`` and
    ``excluded_above``: effects beyond these lie outside every interval; ``seen_from``: the smallest effect that the most
    precise design could have seen; ``designs`` counts rows with an estimate, ``without`` those without.
    """

    designs: int
    without: int
    lowest: float
    highest: float
    widest: tuple[float, float]
    widest_design: str
    excluded_below: float
    excluded_above: float
    seen_from: float

    @property
    def sentence(self) -> str:
        """The words of the paragraph, to be filled with the numbers of this reading."""
        if not self.designs:
            return "No design gives an estimate."
        if not self.widest_design:
            return "The estimates run from {lowest} to {highest}; none has an interval, so no effect is excluded."
        return (
            "The estimates run from {lowest} to {highest}. The widest interval, {widest_lower} to {widest_upper}, is that of {widest_design}. "
            "Effects below {excluded_below} or above {excluded_above} lie outside every interval. The most precise design would "
            "have found an effect of {seen_from} four times in five."
        )

    @property
    def named(self) -> set[str]:
        """The numbers that the sentence asks for: fewer where there is no interval."""
        return {name for _, name, _, _ in Formatter().parse(self.sentence) if name}


def read(table: pd.DataFrame) -> Reading:
    """Read rows of one question and one scale. Raises KeyError for an absent column."""
    inputs.require(table.columns, ["design", "estimate", "lower", "upper", "smallest_detectable"])
    known = table[table["estimate"].notna()]
    limited = known[known["lower"].notna() & known["upper"].notna()]
    nothing = float("nan")
    if limited.empty:
        lowest, highest = (
            (float(known["estimate"].min()), float(known["estimate"].max())) if len(known) else (nothing, nothing)
        )
        return Reading(
            len(known), len(table) - len(known), lowest, highest, (nothing, nothing), "", nothing, nothing, nothing
        )
    widest = limited.loc[(limited["upper"] - limited["lower"]).idxmax()]
    return Reading(
        len(known), len(table) - len(known), float(known["estimate"].min()), float(known["estimate"].max()),
        (float(widest["lower"]), float(widest["upper"])), str(widest["design"]), float(limited["lower"].min()),
        float(limited["upper"].max()), float(limited["smallest_detectable"].min()),
    )  # fmt: skip
