"""Every defensible answer to a question of two groups: the difference under every combination of choices.

In: a dataset and a question. Out: one row a specification, with the difference and its interval. Starts are followed
once for each set of own days, kinds of row are made once for each definition, and each specification is a few sums
over the counts that these share.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.claims.arms import Difference, difference
from analysis.claims.choices import choices, days_of, every_specification, horizon, options, primary, question
from analysis.claims.followed_counts import Counts, count, follow
from analysis.claims.governed import Kinds, clusters, covariates, governed, kinds
from analysis.claims.held import spells_of
from analysis.claims.histories import Histories, histories
from analysis.claims.menu import menu
from analysis.claims.tallies import courses, facilities
from analysis.data.errors import InputError
from analysis.data.rounding import rounded, too_few
from analysis.recidivism.life_table import number_strata

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

OWN_DAYS = ("tie", "episode_gap", "duplicates")


def difference_curve(
    ds: "Dataset", asked: str = "sanctuary", days: int | None = None, level: float = 0.95, plan: Path | None = None,
    policies: str | Path | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Answer a question of two groups under every combination of its choices, with those that ask something else (`asked`).

    The difference is the risk under rules that limit detainers less the risk without a rule, standardized over strata of
    the covariates (age in bands), as ``analysis.compare`` gives it for one categorical covariate. Where competing events
    end the wait the risk is Aalen-Johansen's, else one minus Kaplan-Meier. People lost before the horizon are stood for
    by others of their group. A minimum gap looks at those still followed after it.

    Parameters
    ----------
    ds
        A dataset with detainers linked to people.
    asked : str
        A question of ``choices.toml`` about a difference: ``sanctuary`` or ``sanctuary_repeat``.
    days : int
        The horizon, by default that of the plan, else 365.
    level : float
    plan
        The folder of ``plan.toml``; by default the dataset's own.
    policies
        A policy file; by default that of ``with_policy``.

    Returns
    -------
    DataFrame
        One row a specification, sorted by estimate: one column a choice (its option), ``estimate, lower, upper`` (shares),
        ``events_0, events_1, people_0, people_1, clusters_0, clusters_1`` (group 0 without a rule, group 1 under one that
        limits), ``left_out`` (without a counterpart), ``primary``. Missing where a difference cannot be had. ``attrs`` as of
        ``specification_curve``, with ``offered``: why options were left out.

    Raises
    ------
    InputError
        An unknown question, a dataset that cannot answer it, a horizon that is no whole number of days.
    """
    posed = question(asked)
    if not posed.get("difference"):
        raise InputError(f"question = {asked!r} is about one share: specification_curve answers it.")
    days = horizon(asked, plan or ds.folder) if days is None else days
    if not (days == int(days) and days > 0):
        raise InputError(f"days = {days!r}: a specification curve needs a horizon of whole days.")
    held = histories(ds, posed["origin"], posed["event"])
    first = primary(asked, plan or ds.folder)
    known = covariates(held.starts, posed["origin"])
    rules, why = _rules(ds, held, options(asked)["definition"], first["definition"], policies)
    offered = options(asked) | {
        "definition": tuple(rules),
        "adjustment": tuple(o for o in options(asked)["adjustment"] if set(adjusted(o)) <= set(known)),
    }
    if first["adjustment"] not in offered["adjustment"]:
        first["adjustment"] = offered["adjustment"][0]  # the files do not have what the plan would adjust for
    varied, fixed = menu(offered, held, spells_of(ds) is not None, first)
    specs = [{**fixed, **each} for each in every_specification(varied)]
    found = pd.DataFrame(specs).join(_answers(specs, held, rules, known, int(days), level))
    found["primary"] = np.logical_and.reduce([found[choice] == first[choice] for choice in first])
    found = found.sort_values(["estimate", *varied], kind="stable", ignore_index=True).drop(columns=list(fixed))
    found.attrs = {
        "question": asked, "days": int(days), "level": level, "choices": list(varied), "fixed": fixed, "offered": why,
        "first": first,
    }  # fmt: skip
    return found


def adjusted(option: str) -> list[str]:
    """Return the covariates that an option of the choice ``adjustment`` adjusts for."""
    return choices()["choice"]["adjustment"]["columns"][option]


def _rules(
    ds: "Dataset", held: Histories, offered: tuple[str, ...], first: str, policies: str | Path | None
) -> tuple[dict[str, tuple[np.ndarray, pd.DataFrame]], dict[str, str]]:
    """Return groups and places under each definition that tells two groups apart, and why others were left out."""
    found, why = {}, {}
    for definition in (first, *(name for name in offered if name != first)):
        try:
            group, places = governed(ds, held, definition, policies)
        except InputError as error:
            why[definition] = str(error)
            continue
        sizes = [int((group == code).sum()) for code in (0, 1)]
        if not all(sizes):
            why[definition] = (
                f"{rounded(sizes[0]):,} people without a rule and {rounded(sizes[1]):,} under one that limits: nothing to compare"
            )
        elif few := too_few(*sizes):
            why[definition] = few
        elif any(np.array_equal(group, other) and places.equals(there) for other, there in found.values()):
            why[definition] = "the same groups as another definition"
        else:
            found[definition] = (group, places)
    if first not in found:
        raise InputError(f"{ds.name}: the definition '{first}' tells no two groups apart: {why[first]}")
    return found, why


def _answers(
    specs: list[dict[str, str]], held: Histories, rules: dict, known: pd.DataFrame, days: int, level: float
) -> pd.DataFrame:  # fmt: skip
    """Return one row a specification, in the order of ``specs``."""
    every, levels = (
        number_strata(known, list(known)) if len(known.columns) else (np.zeros(len(known), dtype=int), known)
    )
    made = {name: kinds(group, places, every, held) for name, (group, places) in rules.items()}
    strata = {option: _coarser(levels, adjusted(option)) for option in {spec["adjustment"] for spec in specs}}
    rows: dict[int, tuple] = {}
    for number, counts, kind, spec in _counted(specs, held, made, days):
        rows[number] = counts, kind, spec
    found: dict[int, Difference] = {}
    cache: dict[tuple, tuple] = {}
    places: dict[tuple, np.ndarray] = {}
    for number in sorted(rows):
        counts, kind, spec = rows[number]
        censored = spec["competing"] == "censored"
        key = (id(counts), spec.get("facilities", "all"), spec.get("missing_ids"), censored)
        if key not in cache:
            chosen = np.isin(kind.operator, facilities(spec.get("facilities", "all")))
            chosen &= (spec.get("missing_ids") == "own_person") | ~kind.unknown
            followed = follow(counts, chosen, censored)
            present = np.bincount(kind.pair, weights=followed.people, minlength=len(kind.pairs)) > 0
            there = (id(kind), present.tobytes())
            if there not in places:
                places[there] = clusters(kind.pairs, present)[kind.pair]
            cache[key] = followed, places[there]
        followed, cluster = cache[key]
        stratum = strata[spec["adjustment"]][kind.stratum]
        found[number] = difference(counts, followed, stratum, cluster, censored, level)
    return pd.DataFrame([_row(found[number]) for number in range(len(specs))])


def _counted(
    specs: list[dict[str, str]], held: Histories, made: dict[str, Kinds], days: int
) -> Iterator[tuple[int, Counts, Kinds, dict[str, str]]]:
    """Give each specification its counts: those with the same own days, definition and gap share them."""
    keyed = [((spec["competing"] == "any_later", *(spec.get(c, "") for c in OWN_DAYS)), spec["definition"], spec["minimum_gap"], i)
             for i, spec in enumerate(specs)]  # fmt: skip
    for _, of_days in groupby(sorted(keyed), key=lambda each: each[0]):
        of_days = list(of_days)
        course = courses(held, specs[of_days[0][-1]], days)
        for definition, of_rules in groupby(of_days, key=lambda each: each[1]):
            kind = made[definition]
            reached = course.follow_up[kind.people] >= 0
            people = kind.people[reached]
            whole = count(
                kind.kind[reached], len(kind.pair), kind.split, course.time[people], course.cause[people], days
            )
            for gap, of_gap in groupby(of_rules, key=lambda each: each[2]):
                counts = whole.after(days_of(gap))
                yield from ((each[-1], counts, kind, specs[each[-1]]) for each in of_gap)


def _coarser(levels: pd.DataFrame, names: list[str]) -> np.ndarray:
    """The stratum over some covariates of each stratum over all."""
    return number_strata(levels, names)[0] if names else np.zeros(max(len(levels), 1), dtype=np.int64)


def _row(found: Difference) -> dict[str, float]:
    pairs = {name: getattr(found, name) for name in ("events", "people", "clusters")}
    return {
        "estimate": found.estimate, "lower": found.lower, "upper": found.upper,
        **{f"{name}_{code}": values[code] for name, values in pairs.items() for code in (0, 1)}, "left_out": found.left_out,
    }  # fmt: skip
