"""Answers side by side: the comparison under every definition of the policy, and adoption for every outcome.

In: a cohort, or a panel. Out: frames with one row an answer, what could not be estimated included.
"""

from collections.abc import Sequence

import pandas as pd

from analysis.data.errors import InputError
from analysis.sanctuary.adoption import AdoptionEffect, adoption_effect
from analysis.sanctuary.compare import compare
from analysis.sanctuary.policy import with_policy

OUTCOME_WORDS = {
    "detainers": "Detainers lodged", "per_1000": "Detainers lodged per 1,000 of the counts supplied",
    "declined_share": "Share declined", "risk": "Risk of re-arrest",
}  # fmt: skip


def answers(
    cohort: pd.DataFrame, definitions: Sequence[str], primary: str, on: str = "prepared", observed: pd.DataFrame | None = None,
    **options: object,
) -> pd.DataFrame:  # fmt: skip
    """The comparison under every definition of policy: definition before the columns of ``compare``, and primary (True or False).

    ``options`` are those of ``compare``, ``observed`` is that of ``with_policy``. A definition under which nothing can be compared has one row that says why.
    """
    tables = []
    for definition in definitions:
        try:
            table = compare(with_policy(cohort, definition, on, observed=observed), **options)
        except (ValueError, InputError) as error:
            table = pd.DataFrame(
                [
                    {
                        "estimand": "risk difference",
                        "design": "none",
                        "estimate": float("nan"),
                        "assumes": f"cannot be estimated: {error}",
                    }
                ]
            )
        tables.append(table.assign(definition=definition, primary=definition == primary))
    out = pd.concat(tables, ignore_index=True)
    return out[["definition", "primary", *[name for name in out.columns if name not in ("definition", "primary")]]]


def adoption_effects(panel: pd.DataFrame, level: float = 0.95) -> tuple[dict[str, AdoptionEffect], dict[str, str]]:
    """The effect of adoption on each outcome of a panel, and why there is none for the others."""
    found, absent = {}, {}
    for outcome in OUTCOME_WORDS:
        if outcome not in panel:
            continue
        try:
            found[outcome] = adoption_effect(
                panel, outcome, "jurisdiction", "period", "adopted", "not_yet", repealed="repealed", level=level
            )
        except ValueError as error:
            absent[outcome] = str(error).rstrip(".")
    return found, absent


def adoption_table(effects: dict[str, AdoptionEffect]) -> pd.DataFrame:
    """One row an outcome: the overall effect, what it rests on, and the benchmark."""
    return pd.DataFrame([
        {
            "outcome": OUTCOME_WORDS[name], "estimate": e.overall.estimate, "lower": e.overall.lower, "upper": e.overall.upper,
            "smallest detectable": e.smallest_detectable, "places": e.units, "adopters": e.adopters, "never": e.controls,
            "pre-trend p": e.pre_trend["p_value"].iloc[-1], "two-way fixed effects (benchmark)": e.benchmark["estimate"],
        }
        for name, e in effects.items()
    ])  # fmt: skip


def by_cohort_table(effects: dict[str, AdoptionEffect]) -> pd.DataFrame:
    """One row an outcome and period of adoption: outcome, adopted, places, estimate, lower, upper."""
    tables = [e.by_cohort.assign(outcome=OUTCOME_WORDS[name]) for name, e in effects.items()]
    whole = pd.concat(tables, ignore_index=True).rename(columns={"cohort": "adopted", "units": "places"})
    return whole[["outcome", "adopted", "places", "estimate", "lower", "upper"]]
