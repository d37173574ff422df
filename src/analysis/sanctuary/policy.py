"""Which detainer policy was in force where and when, and under which definition of "sanctuary".

In: any frame with a place (FIPS code) and a date. Out: the same frame with the policy in force on that day, what it
rests on, and where it is set. The rules come from a file of policies (``policy_file``), which of several holds is
decided by ``timeline``, and what places were observed to do by ``observed``. Wherever the result is shown, so is
``INCOMPLETE``.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.recidivism.cohort import Cohort, checked
from analysis.sanctuary.observed import observed_for, with_observed
from analysis.sanctuary.policy_file import BASES, DIRECTIONS, INCOMPLETE, LAST, rules_of
from analysis.sanctuary.timeline import ADDED, NOT_LISTED, ORDER, coded, days, look_up, timeline

if TYPE_CHECKING:
    import ibis

DEFINITIONS = (*ORDER, "observed")


def with_policy(
    cohort: Cohort,
    definition: str = "direction",
    on: str = "prepared",
    policies: str | Path | pd.DataFrame | None = None,
    observed: pd.DataFrame | None = None,
) -> Cohort:
    """Return a cohort with the policy in force at each row's place on each row's day.

    Parameters
    ----------
    cohort
        Its rows have ``jurisdiction`` (FIPS code as text: five digits for a county, two for a state) and a date.
    definition
        ``direction``: the most local rule, any basis (city or county before state; at one level court, law,
        practice). ``law``: the same among laws and court rulings. ``practice``: what was done, as far as the list
        says: practice before court before law, and none where a rule is marked as not followed. ``observed``: what
        local facilities did, the share of detainers declined in an earlier period (``observed_practice``); pandas
        frames only.
    on
        The column with the day: ``prepared`` for the rule at lodging, ``released`` for the rule at release.
    policies
        A policy file or what ``read_policies`` returned. By default the ``policies.csv`` beside the cohort's
        ``dataset.toml``, else ``data/raw/published/policies.csv``.
    observed
        For ``observed``: what ``observed_practice`` returned. By default it is computed from the detainers of the
        dataset (or of the cohort, where it has outcomes) in their first 365 days, or the first half of less than two
        years.

    Returns
    -------
    Cohort
        With ``policy`` (limits, requires, bans_limits, none; ``none`` where no rule is listed; with
        ``observed`` limits, none, unknown), ``policy_basis`` (law, court, practice, observed, not_listed) and
        ``policy_cluster``: where the policy is set. That is the state's code for a state's rule, the county's for a
        county's, state and name for a city's; without a listed rule, the place itself, whose own decision it would
        be. Missing place or date: all three are missing. Its field ``policy`` says how they were made:
        definition, on, file, incomplete (the sentence to show), and counts of rows under rules not followed, under
        rules of low confidence, without place or date, and known to the state only in a state with local rules.

    Raises
    ------
    TypeError
        For a frame, which does not say what its rows mean.
    InputError
        For an absent column, an unknown definition, a code that is not FIPS as text, or a policy file that cannot be
        used.
    """
    people = checked(cohort, "with_policy")
    rows, account = policy_columns(
        people.rows, definition, on, policies, observed, dataset=people.dataset, places=people.places
    )
    return replace(people, rows=rows, policy=account)


def policy_columns(
    frame: "pd.DataFrame | ibis.Table", definition: str = "direction", on: str = "prepared",
    policies: str | Path | pd.DataFrame | None = None, observed: pd.DataFrame | None = None, dataset: str = "",
    places: "ibis.Table | None" = None,
) -> tuple["pd.DataFrame | ibis.Table", dict[str, Any]]:  # fmt: skip
    """Return rows of any kind, such as detainers, with the columns of `with_policy`, and how these were made.

    ``dataset`` names the dataset whose own ``policies.csv`` goes before the published one; ``places`` is where an Ibis
    table's places are listed at less cost.
    """
    if definition not in DEFINITIONS:
        raise InputError(f"definition = {definition!r}.{nearest(definition, DEFINITIONS)}")
    for name in ("jurisdiction", on):
        if name not in frame.columns:
            raise InputError(f"with_policy: the rows have no column '{name}'.{nearest(name, frame.columns)}")
    rules = rules_of(policies, dataset) if definition != "observed" else None
    if not isinstance(frame, pd.DataFrame):
        if definition == "observed":
            raise InputError("with_policy: definition = 'observed' takes rows in memory (lazy=False).")
        said = {"definition": definition, "on": on, "file": rules.attrs.get("file"), "incomplete": INCOMPLETE}
        return joined(frame, definition, on, rules, places), said
    if definition == "observed":
        return with_observed(frame, on, observed_for(frame, dataset) if observed is None else observed)
    codes, where = coded(frame["jurisdiction"])
    spans = timeline(where, rules, definition)
    at = look_up(spans, codes, days(frame[on], on))
    out = frame.copy()
    for name, categories in (("policy", DIRECTIONS), ("policy_basis", (*BASES, NOT_LISTED)), ("policy_cluster", None)):
        labels = pd.Categorical(spans[name], categories=categories)
        chosen = np.append(labels.codes, -1)[
            at
        ]  # the position -1 of rows without place or day is the label -1: missing
        out[name] = pd.Categorical.from_codes(chosen, dtype=labels.dtype)
    return out, _account(definition, on, rules, spans, at)


def rule_in_force(
    place: str,
    day: date | str,
    policies: str | Path | pd.DataFrame | None = None,
    definition: str = "direction",
) -> dict[str, Any]:
    """Return the rule in force at one place on one day.

    Parameters are those of ``with_policy``, for one FIPS code and one date (or text as YYYY-MM-DD).

    Returns
    -------
    dict
        policy, policy_basis, policy_cluster, practice_disagrees, and the rule's jurisdiction, level, scope,
        instrument, confidence, source_seen, note, start, end (None while in force) and line in the file; these are
        None where no rule is listed.
    """
    rules = rules_of(policies)
    try:
        day = date.fromisoformat(str(day)[:10])
    except ValueError:
        raise InputError(f"rule_in_force: '{day}' is not a date as YYYY-MM-DD.") from None
    spans = timeline([place], rules, definition)
    span = spans[(spans["start"] <= day) & (spans["end"] >= day)].iloc[0]
    found: dict[str, Any] = {name: span[name] for name in ADDED}
    names = (
        "jurisdiction",
        "level",
        "scope",
        "instrument",
        "confidence",
        "source_seen",
        "note",
        "start",
        "end",
        "line",
    )
    if span["rule"] < 0:
        return found | {"practice_disagrees": False} | dict.fromkeys(names)
    rule = rules.iloc[span["rule"]]
    found |= {"practice_disagrees": bool(rule["practice_disagrees"])} | {name: rule[name] for name in names}
    return found | {"line": int(rule["line"]), "end": None if rule["end"] == LAST else rule["end"]}


def _account(definition: str, on: str, rules: pd.DataFrame, spans: pd.DataFrame, at: np.ndarray) -> dict[str, Any]:
    rows = pd.Series(at[at >= 0]).value_counts()
    used = spans.iloc[rows.index].assign(rows=rows.to_numpy())
    listed = used[used["rule"] >= 0]
    rule = rules.iloc[listed["rule"]]
    local = set(rules.loc[rules["level"] != "state", "state"])
    coarse = used["jurisdiction"].isin(local)  # two digits: the row may lie in a county with a rule of its own
    return {
        "definition": definition,
        "on": on,
        "file": rules.attrs.get("file"),
        "incomplete": INCOMPLETE,
        "not_followed": int(listed["rows"][rule["practice_disagrees"].to_numpy(dtype=bool)].sum()),
        "low_confidence": int(listed["rows"][(rule["confidence"] == "low").to_numpy()].sum()),
        "not_listed": int(used.loc[used["rule"] < 0, "rows"].sum()),
        "state_only": int(used.loc[coarse, "rows"].sum()),
        "missing": int((at < 0).sum()),
    }


# ---- policies joined to rows that stay in the query engine: a join with the timeline of their places


_KINDS = {"_place": "string", "_start": "date", "_end": "date", **dict.fromkeys(ADDED, "string")}


def joined(
    table: "ibis.Table", definition: str, on: str, rules: pd.DataFrame, origins: "ibis.Table | None" = None
) -> "ibis.Table":
    """Return an Ibis table with the policy in force at each row's place on the day that ``on`` names.

    ``origins`` lists the places at less cost than the table itself.
    """
    import ibis

    listed = (table if origins is None else origins).select("jurisdiction").distinct().to_pandas()
    spans = timeline(listed["jurisdiction"].dropna(), rules, definition)
    spans = spans.rename(columns={"jurisdiction": "_place", "start": "_start", "end": "_end"})
    known = ibis.memtable(spans[list(_KINDS)], schema=_KINDS)
    kept = table.drop(*[name for name in ADDED if name in table.columns])
    day = kept[on].cast("date")
    # a place's stretches of days do not overlap, so that no row is found twice
    found = kept.left_join(
        known, [kept.jurisdiction.cast("string") == known["_place"], day >= known["_start"], day <= known["_end"]]
    )
    return found.drop("_place", "_start", "_end")
