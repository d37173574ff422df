"""What an offence rule would have done: re-arrests among people it would have released, and people it would have held.

In: a cohort that starts at a detainer's preparation, and a rule. Out: one table that always holds both sides. The first
is an upper bound on what holding could have prevented: it assumes that ICE takes and keeps or removes everyone who is
held, and that nobody is arrested elsewhere. What a rule cannot be judged on for want of data is counted both ways.
"""

from pathlib import Path

import pandas as pd

from analysis.recidivism.cohort import Cohort, checked
from analysis.recidivism.proportions import proportion
from analysis.sanctuary.rule_file import OffenceRule
from analysis.sanctuary.rules import honoured

BOTH_WAYS = {"released": "what is unknown counted as released", "honour": "what is unknown counted as held"}
# the words of ICE's lift reasons for someone who turned out to be a US citizen, or whom no law lets ICE remove
NOT_REMOVABLE = r"(?i)\busc\b|united states citizen|us citizen|not amenable to removal|not subject to deportation"


def under_rule(
    rule: str | Path | OffenceRule,
    cohort: Cohort,
    days: int = 105,
    detainers: pd.DataFrame | None = None,
    assume: dict[str, bool] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Re-arrests within a window by what an offence rule would have done with each person.

    Parameters
    ----------
    rule, assume
        As for ``honoured``.
    cohort
        From ``cohort(ds, origin="prepared")``: people with a detainer, whose follow-up covers the window by origin and
        data end alone; others are left out and counted.
    days
        The window.
    detainers
        The dataset's detainers with ``person_id`` and ``outcome_raw``: a lift reason of any of a person's detainers
        says who turned out to be a US citizen or not removable. Without them this is not counted.

    Returns
    -------
    pandas.DataFrame
        reading (unknown counted as released, as held), people, released (by the rule), rearrested_released, per_100 (of
        all detainers), lower, upper, held, held_without, held_not_removable (known US citizens or people not amenable to
        removal among those held; missing where the cohort does not say). ``per_100`` is an upper bound on the re-arrests
        that holding everyone could have prevented, per 100 detainers. ``attrs``: rule, title, approximate, absent,
        left_out, assumes.

    Raises
    ------
    ValueError
        Where nobody's follow-up covers the window.
    """
    people = checked(cohort, "under_rule").frame
    answers = {
        name: honoured(rule, people, missing=missing, assume=assume)
        for name, missing in (("released", "release"), ("honour", "honour"))
    }
    covered = people["follow_up"] >= days
    if not covered.any():
        raise ValueError(f"nobody in this cohort was to be followed for {days} days")
    hit = (people["event"].astype("str") == cohort.event) & (people["days"] <= days)
    rows = []
    for name, said in BOTH_WAYS.items():
        held = answers[name]["honoured"].astype(bool) & covered
        free = ~answers[name]["honoured"].astype(bool) & covered
        found = proportion(int((hit & free).sum()), int(covered.sum()), level=level)
        rows.append({
            "reading": said, "people": int(covered.sum()), "released": int(free.sum()), "rearrested_released": int((hit & free).sum()),
            "per_100": 100 * found.estimate, "lower": 100 * found.lower, "upper": 100 * found.upper, "held": int(held.sum()),
            "held_without": int((held & ~hit).sum()), "held_not_removable": _known_not_removable(people, held, detainers),
        })  # fmt: skip
    out = pd.DataFrame(rows).astype({"held_not_removable": "Int64"})
    told = answers["released"].attrs
    out.attrs = {
        **{name: told[name] for name in ("rule", "title", "approximate", "absent", "note")}, "days": days,
        "left_out": {"not to be followed for the whole window": int((~covered).sum())},
        "assumes": "ICE takes and keeps or removes everyone who is held, and nobody held is arrested elsewhere: an upper bound",
    }  # fmt: skip
    return out


def _known_not_removable(people: pd.DataFrame, held: pd.Series, detainers: pd.DataFrame | None) -> int | None:
    if detainers is None or not {"person_id", "outcome_raw"} <= set(detainers.columns):
        return None
    said = detainers["outcome_raw"].astype("str").str.contains(NOT_REMOVABLE, na=False)
    return int(people.loc[held, "person_id"].isin(set(detainers.loc[said, "person_id"].dropna())).sum())
