"""What a claim's figure becomes under each reading that its text allows.

In: a claim. Out: one line a reading with its counts, its interval and what it assumes. No reading is the true one;
together they are what the published figure leaves open.
"""

import math

import pandas as pd

from analysis.claims.audit import counts_events, recomputed
from analysis.claims.checks import count_limits
from analysis.recidivism.proportions import unequal_follow_up
from analysis.recidivism.survival import quantile_of_level

RELEASED = (1.0, 0.75, 0.5, 0.25)
SHARES = {1.0: "all", 0.75: "three quarters", 0.5: "half", 0.25: "a quarter"}
ENTERED = {"start": "at the start of the window", "evenly": "evenly over the window"}
COLUMNS = ["reading", "label", "numerator", "denominator", "estimate", "lower", "upper", "assumes"]
MONTHS = {"at 12 months": 12.0, "at 36 months": 36.0}


def follow_up_days(claim: pd.Series) -> int | None:
    """Return the longest time in days for which anyone counted was followed; None where not known, or nobody was."""
    return None if pd.isna(claim["follow_up_days"]) else int(claim["follow_up_days"])


def window_months(claim: pd.Series) -> float | None:
    """Return the calendar months of the window to whose end people were followed: whole months, and parts of a month.

    None where follow-up is not unequal, or no one could be followed from the window's start to its end.
    """
    if claim["follow_up_code"] != "unequal" or follow_up_days(claim) is None:
        return None
    start, after = claim["window_start"], claim["window_end"] + pd.Timedelta(days=1)
    whole = (after.year - start.year) * 12 + after.month - start.month - (after.day < start.day)
    reached = start + pd.DateOffset(months=whole)
    return whole + (after - reached).days / reached.days_in_month


def is_share(claim: pd.Series) -> bool:
    """Return whether a claim states two counts of which one may be read as a share of the other."""
    counted = pd.notna(claim["numerator"]) and pd.notna(claim["denominator"])
    return counted and not counts_events(claim) and int(claim["numerator"]) <= int(claim["denominator"])


def readings(claim: pd.Series, level: float = 0.95) -> pd.DataFrame:
    """Return every reading of a claim's percentage that its text allows.

    Parameters
    ----------
    claim
        A row of ``read_claims``.
    level : float
        Of the intervals: Wilson's for counts; Clopper and Pearson's, carried over to the risk, where follow-up is
        spread over the window.

    Returns
    -------
    DataFrame
        ``reading, label, numerator, denominator, estimate, lower, upper, assumes``. Readings: ``stated`` (the counts
        as they stand), ``least`` and ``most`` (as the words before them allow), ``released 0.75`` and so on (an
        unstated share released), ``evenly`` (everyone followed for the whole window, had entry been spread evenly:
        no counts, since it is not their quotient). Empty where the claim states no share.
    """
    if not is_share(claim):
        return pd.DataFrame(columns=COLUMNS)
    k, n = int(claim["numerator"]), int(claim["denominator"])
    found = recomputed(claim, level)
    rows = [("stated", "As stated", k, n, found["recomputed"], found["lower"], found["upper"],
             "the counts are exact, and everyone counted could have had the outcome")]  # fmt: skip
    rows += _as_worded(claim, level)
    rows += _unstated_release(claim, level)
    rows += _full_window(claim, level)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"numerator": "Int64", "denominator": "float64"})


def words_range(claim: pd.Series) -> tuple[float, float] | None:
    """Return the lowest and highest share that the words of a claim's counts allow; None where they are exact."""
    if not is_share(claim):
        return None
    (fewest, most), (smallest, largest) = count_limits(claim)
    if fewest == most and smallest == largest:
        return None
    return fewest / largest, min(1.0, most / smallest)


def follow_up(claim: pd.Series, released: tuple[float, ...] = RELEASED, level: float = 0.95) -> pd.DataFrame:
    """Return the risk over the whole window, for entry at its start or evenly over it, and each share released.

    Columns entered, released, horizon (in months; the window first, then 12 and 36), risk, lower, upper, hazard (a
    month), exposure (person-months), time_to_half (months). A constant hazard is assumed. Shares released under which fewer
    would have been released than had the event are left out. Empty where the claim gives no share or window.
    """
    months = window_months(claim)
    if not is_share(claim) or months is None:
        return pd.DataFrame()
    shares = released if claim["released_code"] == "not_stated" else (1.0,)
    k, n = int(claim["numerator"]), int(claim["denominator"])
    horizons = [value for value in MONTHS.values() if value > months]
    blocks = [unequal_follow_up(k, n, months, entered, shares, horizons, level) for entered in ENTERED]
    return pd.concat(blocks, ignore_index=True).dropna(subset=["risk"]).reset_index(drop=True)


def _as_worded(claim: pd.Series, level: float) -> list[tuple]:
    """Lines for the lowest and highest share that the words before the counts allow, where it is not the stated one."""
    (fewest, most), (smallest, largest) = count_limits(claim)
    ends = {"least": (math.ceil(fewest), math.floor(largest)), "most": (math.floor(most), math.ceil(smallest))}
    assumes = "a word such as “nearly” or “more than” is read as far as it goes"
    return [
        (reading, f"The {reading} that the words before the counts allow", k, n, k / n, *_limits(k, n, level), assumes)
        for reading, (k, n) in ends.items()
        if k <= n and k * int(claim["denominator"]) != n * int(claim["numerator"])
    ]


def _unstated_release(claim: pd.Series, level: float) -> list[tuple]:
    """Lines for the shares of the denominator that may have been released, where that is not stated."""
    if claim["released_code"] != "not_stated":
        return []
    k, n, rows = int(claim["numerator"]), int(claim["denominator"]), []
    for share in RELEASED[1:]:
        people = n * share
        if people < k:
            continue
        lower, upper = _limits(k, people, level)
        rows.append((f"released {share:g}", f"If {SHARES[share]} were released", k, people, k / people, lower, upper,
                     "only people released could have the outcome in view; the share released is not stated"))  # fmt: skip
    return rows


def _full_window(claim: pd.Series, level: float) -> list[tuple]:
    """The line for follow-up of the whole window, where follow-up is unequal."""
    if window_months(claim) is None:
        return []
    k, n = int(claim["numerator"]), int(claim["denominator"])
    found = unequal_follow_up(k, n, window_months(claim), "evenly", level=level).iloc[0]
    return [("evenly", f"Everyone followed for all {follow_up_days(claim):,} days", None, None, found["risk"], found["lower"], found["upper"],
             "people came under observation evenly over the window, and the hazard is constant")]  # fmt: skip


def _limits(k: int, n: float, level: float) -> tuple[float, float]:
    """Wilson's limits, which need no whole denominator."""
    z, p = quantile_of_level(level), k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    return centre - half, centre + half
