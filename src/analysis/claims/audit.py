"""The audit of published claims: each figure computed again, with its interval and its four checks.

In: the table of claims. Out: one row a claim, and no overall verdict.
"""

from pathlib import Path

import pandas as pd

from analysis.claims.checks import checks
from analysis.claims.read import read_claims
from analysis.claims.rules import rules
from analysis.recidivism.proportions import proportion

CHECKS = ("arithmetic", "units", "follow_up", "source")


def audit(folder: Path | None = None, level: float = 0.95) -> pd.DataFrame:
    """Audit every published claim.

    Parameters
    ----------
    folder
        Where ``claims.csv`` lies; by default ``data/raw/published``.
    level : float
        Of the Wilson intervals.

    Returns
    -------
    DataFrame
        ``claim_id, recomputed, lower, upper, arithmetic, units, follow_up, source``; one row a claim, in the
        order of the file. ``recomputed`` is numerator over denominator, between 0 and 1 where it is a share and missing
        where a count is not stated. Where the numerator counts events, of which a person may have several, the
        ratio is no share and has no interval. The checks are the findings of the printed rules.

    Raises
    ------
    InputError
        A claim that cannot be used, as ``read_claims`` says.

    References
    ----------
    Wilson (1927).
    """
    claims = read_claims(folder)
    rows = []
    for _, claim in claims.iterrows():
        findings = {name: check.finding for name, check in checks(claim).items()}
        rows.append({"claim_id": claim["claim_id"], **recomputed(claim, level), **findings})
    return pd.DataFrame(rows, columns=["claim_id", "recomputed", "lower", "upper", *CHECKS])


def recomputed(claim: pd.Series, level: float = 0.95) -> dict[str, float]:
    """Return the ratio of a claim's counts with the Wilson interval: recomputed, lower, upper (missing where undefined)."""
    nothing = float("nan")
    if pd.isna(claim["numerator"]) or pd.isna(claim["denominator"]):
        return {"recomputed": nothing, "lower": nothing, "upper": nothing}
    k, n = int(claim["numerator"]), int(claim["denominator"])
    if k > n or counts_events(claim):
        return {"recomputed": k / n, "lower": nothing, "upper": nothing}
    found = proportion(k, n, level=level)
    return {"recomputed": found.estimate, "lower": found.lower, "upper": found.upper}


def counts_events(claim: pd.Series) -> bool:
    """Return whether the numerator counts events, of which one person may have several."""
    return bool(rules()["unit"].get(claim["numerator_code"], {}).get("events", False))
