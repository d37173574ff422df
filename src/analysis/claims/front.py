"""What the index of the site says of the claims, before anything else: plain sentences filled from their rows."""

import pandas as pd

from analysis.claims import card
from analysis.claims.checks import checks
from analysis.data.published import published

ANSWERED = ("nyc-2018-short-window", "cis-2018-long-term", "cis-2015-declined-detainers")
STUDY = "hausman-2020"
COHORTS = (("bjs-2005-9y", "365"), ("bjs-2005-9y", "1096"), ("nyc-2009", "365"))
NBSP = "\u00a0"


def answers(claims: pd.DataFrame) -> pd.DataFrame:
    """Return what can be said of three claims in plain sentences: about, says, href (of the page of claims).

    Every number is that of a row of claims.csv or benchmarks.csv; nothing where a row is wanting.
    """
    try:
        claims = claims.set_index("claim_id", drop=False)
        figures = published("benchmarks")
        figures = figures[figures["measure"] == "cumulative"].set_index(["benchmark_id", "horizon_days"])
        short, long, declined = (claims.loc[name] for name in ANSWERED)
        study = claims.loc[STUDY]
        year, three, city = (figures.loc[key] for key in COHORTS)
    except KeyError:
        return pd.DataFrame(columns=["about", "says", "href"])
    k, n = int(short["numerator"]), int(short["denominator"])
    division = "the division is right" if checks(short)["arithmetic"].fine else "the division gives another figure"
    said = [
        (
            short,
            f"“{_capital(short['stated_as'])}”",
            f"{k:,} of {n:,} is {100 * k / n:.1f}{NBSP}%: {division}. But the {n:,} are {card.units(short)[1]}, requests to hold a "
            "person, and not people released; how many were released is not stated, "
            f"and, if the count closed in {_part_of_month(short['window_end'])}, nobody was followed for more than "
            f"{short['follow_up_days'] / 7:.0f} weeks.",
        ),
        (
            long,
            f"“{_capital(long['stated_as'])}” in the long term",
            f"Neither a time nor a record was given, and the group only in words, so it cannot be checked. Of {year['population']}, {year['percent']}{NBSP}% were "
            f"arrested again within a year and {three['percent']}{NBSP}% within three; of {city['population']}, "
            f"{city['percent']}{NBSP}% within a year. Those are other people.",
        ),
        (
            declined,
            "Sanctuary policy",
            "No real record here follows people with detainers both where rules limit detainers and where none do, so these pages "
            f"cannot say what such rules do to re-arrest. Counts from ICE records published by the {declined['claimant'].partition(',')[0]} "
            f"({int(declined['numerator']):,} of {int(declined['denominator']):,} people arrested again within {card.followed(declined)}; "
            f"{declined['note'].partition(';')[0]}) do not say how many would have been without such rules; a study of {study['denominator_unit']} "
            f"({study['claimant'].split()[-1]} {study['published'][:4]}) reports no measurable effect on crime but follows no people.",
        ),
    ]
    return pd.DataFrame(
        [(about, says, f"claims.html#claim-{claim['claim_id']}") for claim, about, says in said],
        columns=["about", "says", "href"],
    )


def words(claims: pd.DataFrame) -> str:
    """Return the words of all claims under which someone may search for them."""
    told = (
        claims[["claim_id", "claimant", "statement", "jurisdiction", "stated_as", "stated_percent"]]
        .astype("str")
        .fillna("")
    )
    return " ".join(told.to_numpy().ravel())


def _part_of_month(day: pd.Timestamp) -> str:
    return f"{('early', 'mid', 'late')[min((day.day - 1) // 10, 2)]}-{day:%B}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
