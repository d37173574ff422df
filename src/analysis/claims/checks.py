"""The four checks of a claim: arithmetic, units, follow-up and source, and no overall verdict.

Each follows from coded columns by the printed rules of `rules.toml`; nothing is judged by hand.
"""

from dataclasses import dataclass

import pandas as pd

from analysis.claims.rounding import allowed_counts, allowed_shares, reproduces
from analysis.claims.rules import first_that_applies, rules


@dataclass(frozen=True)
class Check:
    """One check of one claim: ``finding`` in the words of the rule, ``fine`` True, False, or None for neither."""

    name: str
    finding: str
    says: str
    fine: bool | None


def checks(claim: pd.Series) -> dict[str, Check]:
    """Return the four checks of a claim (a row of ``read_claims``) by name: arithmetic, units, follow_up, source."""
    coded = {**{k: "" if pd.isna(v) else str(v) for k, v in claim.items()}, **_arithmetic(claim)}
    found = {}
    for check in rules()["check"]:
        rule = first_that_applies(check["rule"], coded)
        found[check["name"]] = Check(check["name"], rule["finding"], rule["says"], rule.get("fine"))
    return found


def count_limits(claim: pd.Series) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the lowest and highest numerator, and denominator, that the words of a claim allow."""
    return tuple(allowed_counts(int(claim[name]), claim[f"{name}_stated_as"]) for name in ("numerator", "denominator"))  # type: ignore[return-value]


def _arithmetic(claim: pd.Series) -> dict[str, str]:
    """The two coded facts that the rules of the arithmetic check work on."""
    forms = allowed_shares(claim["stated_as"], claim["stated_percent"])
    counted = pd.notna(claim["numerator"]) and pd.notna(claim["denominator"])
    if not (counted and forms):
        return {"recomputable": "no", "within_rounding": ""}
    limits = count_limits(claim)
    agrees = all(reproduces(limits, share) for share in forms.values())
    return {"recomputable": "yes", "within_rounding": "yes" if agrees else "no"}
