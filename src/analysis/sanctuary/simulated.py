"""What simulations with a known truth say about the designs: the stored table, as a page shows it and in words."""

import pandas as pd

from analysis.data.published import published
from analysis.sanctuary.designs import UNADJUSTED

SHOWN = "none"  # the claim of a design whose coverage is shown and not held to its level
_LONG = "staggered adoption, |inverse probability (?=weighting)"


def designs() -> pd.DataFrame:
    """Return ``data/raw/published/designs.csv`` with its numbers as numbers: a row a scenario (``kind``) and design."""
    table = published("designs")
    numbers = table.columns.difference(["kind", "says", "design", "estimand", "claim", "is", "verdict", "code_hash"])
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


def by_scenario(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one scenario: design, bias and false alarms, or truth, bias, coverage and power; and how coverage compares."""
    said = str(rows["is"].iloc[0])
    out = pd.DataFrame({"design": rows["design"].str.replace(_LONG, "", regex=True)})
    if said == "power":
        out["truth"] = rows["truth"]
    out["bias"] = rows["bias"].round(4) + 0.0
    if said == "power":
        out["coverage"] = rows["coverage"]
    out[said] = rows["excluded_no_effect"] / rows["worlds"]
    out["against 95 %"] = rows["verdict"]
    return out


def in_words(table: pd.DataFrame) -> str:
    """What the table says: designs that hold their level, the unadjusted difference, and the scenarios that fool."""
    nothing = table[table["is"] == "false alarms"]
    return " ".join([_level(nothing), _unadjusted(nothing), _fooled(nothing)])


def _level(nothing: pd.DataFrame) -> str:
    claimed = nothing[(nothing["claim"] != SHOWN) & (nothing["adopters"] >= 50) & (nothing["design"] != UNADJUSTED)]
    shares = 100 * claimed["excluded_no_effect"] / claimed["worlds"]
    allowed = 100 * (1 - claimed["band_upper"].iloc[0]), 100 * (1 - claimed["band_lower"].iloc[0])
    names = "; ".join(dict.fromkeys(claimed["design"].str.replace(_LONG, "", regex=True)))
    sides = claimed["adopters"].iloc[0], (claimed["places"] - claimed["adopters"]).iloc[0]
    return (
        f"With nothing hidden, no effect, and {sides[0]} places that adopt and {sides[1]} that do not, the adjusted designs ({names}) raise "
        f"a false alarm in {shares.min():.1f} to {shares.max():.1f} % of worlds, where five in a hundred are right and chance allows "
        f"{allowed[0]:.1f} to {allowed[1]:.1f} %. Adoption is spread over years there, so that a cohort of the group-time effects is a part of its side."
    )


def _unadjusted(nothing: pd.DataFrame) -> str:
    plain = nothing[nothing["design"] == UNADJUSTED]
    worst = plain[(plain["kind"] == "no effect, other case mix")].iloc[0]
    return f"With another case mix the unadjusted difference does so in {100 * worst['excluded_no_effect'] / worst['worlds']:.0f} %."


def _fooled(nothing: pd.DataFrame) -> str:
    below = nothing["verdict"].eq("below").groupby(nothing["kind"], sort=False)
    every, some = below.all(), below.any()
    names = [list(some.index[keep]) for keep in (~some, some & ~every, every)]
    says = ("no design", "some designs", "every design that was tried")
    parts = [
        f"{len(kinds)} fool{'s' if len(kinds) == 1 else ''} {whom} ({'; '.join(kinds)})"
        for whom, kinds in zip(says, names, strict=True)
        if kinds
    ]
    return f"Of the {len(some)} kinds of worlds without an effect, {'; '.join(parts)}."
