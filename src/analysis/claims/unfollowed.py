"""Worst-case bounds of a claim's share if some of the people counted could not be followed."""

import pandas as pd

from analysis.claims.readings import is_share
from analysis.sanctuary.sensitivity import bounds

PARTS = (0.1, 0.25, 0.5)


def worst_case(claim: pd.Series, unknown: tuple[int, ...] | None = None, level: float = 0.95) -> pd.DataFrame:
    """Return the lowest and highest share if ``unknown`` people of the denominator could not be followed.

    None of them, or all of them, had the outcome. Columns unknown, lower, upper, ci_lower, ci_upper (the interval of Imbens
    and Manski for the share itself). By default about a tenth, a quarter and a half of the denominator, to one digit;
    numbers that leave fewer followed than had the outcome are left out. Empty where the claim states no share.
    """
    if not is_share(claim):
        return pd.DataFrame(columns=["unknown", "lower", "upper", "ci_lower", "ci_upper"])
    k, n = int(claim["numerator"]), int(claim["denominator"])
    chosen = unknown or tuple(dict.fromkeys(_one_digit(part * n) for part in PARTS))
    found = {m: bounds(k, n, m, level) for m in chosen if 0 < m <= n - k}
    rows = [(m, b.lower, b.upper, b.ci_lower, b.ci_upper) for m, b in found.items()]
    return pd.DataFrame(rows, columns=["unknown", "lower", "upper", "ci_lower", "ci_upper"])


def _one_digit(value: float) -> int:
    return int(float(f"{value:.0e}"))
