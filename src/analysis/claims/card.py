"""What a card says of a claim besides its tables: the claim as stated, its checks and unit in words, the record that would settle it.

In: a claim. Out: words, taken from its row and from the printed rules; nothing is written about one claim alone.
"""

import pandas as pd

from analysis.claims.audit import recomputed
from analysis.claims.checks import checks
from analysis.claims.readings import window_days
from analysis.claims.rules import first_that_applies, rules

NAMES = {"arithmetic": "Arithmetic", "units": "Units", "follow_up": "Follow-up", "source": "Source"}
SEEN = {
    "yes": "the statement was found in the source named",
    "partly": "the statement was not found by every reader, or is known from accounts by others",
    "no": "the statement was not found in the source named",
}  # fmt: skip


def as_stated(claim: pd.Series) -> pd.DataFrame:
    """Return a claim as it is stated: a table of what (claimant, counts, percentage, follow-up, place, source) and words."""
    lines = {
        "Who": claim["claimant"],
        "When": when(claim),
        "Where": claim["jurisdiction"],
        "Numerator": _counted(claim, "numerator"),
        "Denominator": _counted(claim, "denominator"),
        "Percentage": claim["stated_as"] or _stated(claim),
        "Follow-up": claim["follow_up"],
        "Source": claim["source"],
        "Seen": SEEN[claim["source_seen"]],
        "Note": claim["note"],
    }
    return pd.DataFrame([(what, words) for what, words in lines.items() if words], columns=["what", "as stated"])


def when(claim: pd.Series) -> str:
    """Return the day, month or year in which a claim was published, in words."""
    day = pd.Timestamp(claim["published"])
    return {7: f"{day:%B %Y}", 10: f"{day.day} {day:%B %Y}"}.get(len(claim["published"]), claim["published"])


def check_lines(claim: pd.Series) -> tuple[list[tuple[str, str, bool | None]], dict[str, object]]:
    """Return the four checks as (name, template, fine), and the values of the templates."""
    found = checks(claim)
    arithmetic, values = _arithmetic_words(claim, found["arithmetic"].finding)
    words = {
        "arithmetic": arithmetic,
        "units": f"{_capital(found['units'].finding)}{_units_words(claim)}",
        "follow_up": f"{_capital(found['follow_up'].finding)}{_follow_up_words(claim)}",
        "source": _capital(found["source"].finding),
    }
    return [(NAMES[name], words[name], check.fine) for name, check in found.items()], values


def unit_note(claim: pd.Series) -> str:
    """Return what follows from the units of a claim's counts, "" where nothing does."""
    units = rules()["unit"]
    codes = dict.fromkeys((claim["numerator_code"], claim["denominator_code"]))
    return " ".join(filter(None, (units[code]["follows"] for code in codes if code)))


def settled_by(claim: pd.Series) -> str:
    """Return the record that would settle a claim, by the printed rules."""
    coded = {name: "" if pd.isna(value) else str(value) for name, value in claim.items()}
    return first_that_applies(rules()["record"]["rule"], coded)["says"]


def outcome(claim: pd.Series) -> str:
    """Return the class of outcome of a claim in words."""
    return rules()["outcome"][claim["outcome_class"]]


def unit_words(claim: pd.Series, name: str) -> str:
    """Return what ``name`` (numerator or denominator) of a claim counts, in the words of its code; "" where not stated."""
    code = claim[f"{name}_code"]
    return rules()["unit"][code]["says"] if code else ""


def _arithmetic_words(claim: pd.Series, finding: str) -> tuple[str, dict[str, object]]:
    value = recomputed(claim)["recomputed"]
    if value != value:
        return _capital(finding), {}
    if finding == "nothing to recompute":
        return "Nothing to compare: no percentage is stated", {}
    return f"{_capital(finding)}: {{recomputed:.1%}}, stated as {{stated}}", {
        "recomputed": value, "stated": claim["stated_as"] or _stated(claim),
    }  # fmt: skip


def _units_words(claim: pd.Series) -> str:
    over, under = (unit_words(claim, name) for name in ("numerator", "denominator"))
    return f": {over} over {under}" if over and under else ""


def _follow_up_words(claim: pd.Series) -> str:
    days = window_days(claim)
    if claim["follow_up_code"] == "unequal" and days:
        return f": 0 to {days:,} days"
    return f": {claim['follow_up']}" if claim["follow_up_code"] == "equal" else ""


def _counted(claim: pd.Series, name: str) -> str:
    value, said, unit = claim[name], claim[f"{name}_stated_as"], claim[f"{name}_unit"]
    count = "" if pd.isna(value) else f"{int(value):,}"
    return "; ".join(filter(None, (f"{count} {unit}".strip() if count else unit, f"as stated: {said}" if said else "")))


def _stated(claim: pd.Series) -> str:
    return "" if pd.isna(claim["stated_percent"]) else f"{claim['stated_percent']:g} percent"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
