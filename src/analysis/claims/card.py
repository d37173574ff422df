"""What a card says of a claim besides its tables: the claim as stated, its checks and unit in words, the record that would settle it.

In: a claim. Out: words, taken from its row and from the printed rules; nothing is written about one claim alone.
"""

import pandas as pd

from analysis.claims.checks import checks
from analysis.claims.readings import follow_up_days, words_range
from analysis.claims.rounding import says_the_rest
from analysis.claims.rules import first_that_applies, rules

DIVIDED = tuple(
    rule["finding"] for rule in rules()["check"][0]["rule"][1:]
)  # the counts give the percentage, or do not
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
    division, values = arithmetic(claim)
    words = {
        "arithmetic": division,
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


def units(claim: pd.Series) -> tuple[str, str]:
    """Return what numerator and denominator of a claim count, in the words of its row; "" where not stated."""
    return claim["numerator_unit"].partition(";")[0], claim["denominator_unit"].partition(";")[0]


def followed(claim: pd.Series) -> str:
    """Return for how long the people of a claim were followed, in words; "" where that is not known."""
    days = follow_up_days(claim)
    return "" if days is None else f"{'0 to ' if claim['follow_up_code'] == 'unequal' else ''}{days:,} days"


def arithmetic(claim: pd.Series) -> tuple[str, dict[str, object]]:
    """Return the division of a claim's counts in words, with the number that is compared, as a template and its values.

    Where people "remained" without the event the counts are taken from one another first. Words before the counts are
    read only where the counts as they stand do not give the percentage.
    """
    check, exact = checks(claim)["arithmetic"], claim.copy()
    exact[["numerator_stated_as", "denominator_stated_as"]] = ""
    if check.fine is None:
        counted = pd.notna(claim["numerator"]) and pd.notna(claim["denominator"])
        return "Nothing to compare: no percentage is stated" if counted else _capital(check.finding), {}
    k, n = int(claim["numerator"]), int(claim["denominator"])
    rest = says_the_rest(claim["stated_as"])
    says = "The division is right" if check.fine else "The division does not give the figure"
    says += ": {over} / {n} = {p:.1%}"
    values = {"over": f"({n:,} - {k:,})" if rest else f"{k:,}", "n": f"{n:,}", "p": 1 - k / n if rest else k / n}
    if check.fine and not checks(exact)["arithmetic"].fine:
        says += ", and {low:.1%} to {high:.1%} as the words before the counts allow"
        low, high = words_range(claim)
        values |= {"low": 1 - high, "high": 1 - low} if rest else {"low": low, "high": high}
    says += ", stated as {stated}." + (" What it measures is another matter." if check.fine else "")
    return says, values | {"stated": claim["stated_as"] or _stated(claim)}


def _units_words(claim: pd.Series) -> str:
    over, under = units(claim)
    return f": {over} over {under}" if claim["numerator_code"] and claim["denominator_code"] else ""


def _follow_up_words(claim: pd.Series) -> str:
    if claim["follow_up_code"] == "unequal":
        return f": {followed(claim)}" if followed(claim) else ""
    return f": {claim['follow_up']}" if claim["follow_up_code"] == "equal" else ""


def _counted(claim: pd.Series, name: str) -> str:
    value, said, unit = claim[name], claim[f"{name}_stated_as"], claim[f"{name}_unit"]
    count = "" if pd.isna(value) else f"{int(value):,}"
    return "; ".join(filter(None, (f"{count} {unit}".strip() if count else unit, f"as stated: {said}" if said else "")))


def _stated(claim: pd.Series) -> str:
    return "" if pd.isna(claim["stated_percent"]) else f"{claim['stated_percent']:g} percent"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
