"""Answers side by side: the comparison under every definition of the policy, and adoption for every outcome.

In: a cohort, or a panel. Out: frames with one row an answer, what could not be estimated included.
"""

import re
from collections.abc import Callable, Sequence

import pandas as pd

from analysis.data.errors import InputError
from analysis.recidivism.cohort import Cohort
from analysis.sanctuary.adoption import AdoptionEffect, adoption_effect
from analysis.sanctuary.compare import compare
from analysis.sanctuary.policy import with_policy

OUTCOME_WORDS = {
    "detainers": "Detainers lodged", "per_1000": "Detainers lodged per 1,000 of the counts supplied",
    "declined_share": "Share declined", "risk": "Risk of re-arrest",
}  # fmt: skip


def answers(
    cohort: Cohort, definitions: Sequence[str], primary: str, on: str = "prepared", observed: pd.DataFrame | None = None,
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
                panel, outcome, "jurisdiction", "period", "adopted", "not_yet", repealed="repealed", small_sample=True, level=level,
            )  # fmt: skip
        except ValueError as error:
            absent[outcome] = str(error).rstrip(".")
    return found, absent


def adoption_table(effects: dict[str, AdoptionEffect]) -> pd.DataFrame:
    """One row an outcome: the overall effect, what it rests on, and the benchmark."""
    return pd.DataFrame([
        {
            "outcome": OUTCOME_WORDS[name], "estimate": e.overall.estimate, "lower": e.overall.lower, "upper": e.overall.upper,
            "smallest detectable": e.smallest_detectable, "adopt": e.adopters, "never": e.controls,
            "pre-trend p": e.pre_trend["p_value"].iloc[-1], "two-way": e.benchmark["estimate"],
        }
        for name, e in effects.items()
    ])  # fmt: skip


def adoption_words(effects: dict[str, AdoptionEffect], name: Callable[[str], str] = str) -> str:
    """What must be said beside adoption effects, each once: warnings, then the places left out or cut short, by reason."""
    said = [sentence for effect in effects.values() for sentence in effect.statements]
    left_out: dict[str, list[str]] = {}
    for effect in effects.values():
        for reason, places in effect.named.items():
            left_out.setdefault(reason, places)
    counted = {f"{n} left out: {reason}." for effect in effects.values() for reason, n in effect.left_out.items()}
    said = [re.sub(r"\bunit(s?)\b", r"place\1", each) for each in dict.fromkeys(said) if each not in counted]
    said += [f"{reason.capitalize()}: {', '.join(map(name, places))}." for reason, places in left_out.items()]
    return " ".join(said)


def by_cohort_table(effect: AdoptionEffect) -> pd.DataFrame:
    """One row a period of adoption: adopted, places, estimate, lower, upper."""
    named = effect.by_cohort.rename(columns={"cohort": "adopted", "units": "places"})
    return named[["adopted", "places", "estimate", "lower", "upper"]]


def assumptions(table: pd.DataFrame) -> list[tuple[str, str]]:
    """What designs assume and how their intervals were made: (designs, clauses), what an estimand's designs share said once.

    ``table`` has estimand, design and assumes, clauses parted by semicolons, as ``compare`` gives them.
    """
    out = []
    for _, rows in table.groupby("estimand", sort=False):
        clauses = {row.design: row.assumes.split("; ") for row in rows.itertuples()}
        shared = [each for each in next(iter(clauses.values())) if all(each in own for own in clauses.values())]
        own = {design: [each for each in parts if each not in shared] for design, parts in clauses.items()}
        out += [(design, "; ".join(parts)) for design, parts in own.items() if parts]
        if shared:
            whom = "all of these" if any(own.values()) and len(own) > 1 else "; ".join(own)
            out.append((whom, "; ".join(shared)))
    return out
