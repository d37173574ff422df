"""The rule that governs each start of follow-up under each definition, and what is adjusted for.

In: histories. Out: kinds of row (group, place, stratum, facility) as codes, so that counts can be shared by every
specification that chooses among them.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.claims.histories import Histories
from analysis.recidivism.life_table import number_groups
from analysis.sanctuary.clusters import joined_clusters
from analysis.sanctuary.observed import observed_practice
from analysis.sanctuary.policy import policy_columns

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

GROUPS = ("none", "limits")  # group 0 and group 1
AGES = (25, 35, 45)  # the first age of each further band
MISSING = "(missing)"


@dataclass(frozen=True, eq=False)
class Kinds:
    """Kinds of row, those of group 0 first. ``people`` are the starts in either group, ``kind`` the kind of each.

    ``pairs`` holds the places and clusters; ``pair``, ``stratum``, ``operator`` and ``unknown`` (without a person) are
    codes a kind; ``split`` is the first kind of group 1.
    """

    people: np.ndarray
    kind: np.ndarray
    pairs: pd.DataFrame
    pair: np.ndarray
    stratum: np.ndarray
    operator: np.ndarray
    unknown: np.ndarray
    split: int


def covariates(starts: pd.DataFrame, origin: str) -> pd.DataFrame:
    """Return the covariates that a specification may adjust for, as text: age (in bands, from the year of birth), sex, criminality.

    One that a file does not have, or has for nobody, is left out. A missing value is a level of its own.
    """
    found = {}
    if "birth_year" in starts and starts["birth_year"].notna().any():
        found["age"] = in_bands(starts[origin].dt.year - pd.to_numeric(starts["birth_year"]).astype("float64"))
    for name in ("sex", "criminality"):
        if name in starts and starts[name].notna().any():
            found[name] = starts[name].astype("str").fillna(MISSING).to_numpy(dtype=object)
    return pd.DataFrame(found, index=starts.index)


def in_bands(age: pd.Series) -> np.ndarray:
    """Return ages as bands: under 25, 25 to 34, 35 to 44, 45 and more, or missing."""
    labels = (
        f"under {AGES[0]}",
        *(f"{a} to {b - 1}" for a, b in itertools.pairwise(AGES)),
        f"{AGES[-1]} and more",
    )
    bands = pd.cut(age, [-np.inf, *AGES, np.inf], right=False, labels=labels)
    return bands.astype("str").fillna(MISSING).to_numpy(dtype=object)


def governed(
    ds: "Dataset", held: Histories, definition: str, policies: str | Path | None = None
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the group of each start (0 none, 1 limits, -1 neither) and its place and cluster (jurisdiction, policy_cluster).

    Raises InputError where the definition cannot be had, such as observed practice without outcomes.
    """
    frame = held.starts[["jurisdiction", "prepared"]]
    observed = observed_practice(ds.frame("detainers")) if definition == "observed" else None
    found, _ = policy_columns(frame, definition, "prepared", policies, observed, ds.name)
    policy = found["policy"].astype("str")
    group = np.select([policy == name for name in GROUPS], [0, 1], -1)
    return group, found[["jurisdiction", "policy_cluster"]]


def kinds(group: np.ndarray, places: pd.DataFrame, stratum: np.ndarray, held: Histories) -> Kinds:
    """Return the kinds of row among the starts of either group that follow-up can reach."""
    people = np.flatnonzero(group >= 0)
    coded = [pd.factorize(places[name].astype("str").iloc[people], sort=True) for name in places]
    pair, (place, cluster) = number_groups([codes for codes, _ in coded], [len(levels) for _, levels in coded])
    pairs = pd.DataFrame({"jurisdiction": coded[0][1].take(place), "policy_cluster": coded[1][1].take(cluster)})
    codes = [group[people], pair, stratum[people], held.operator[people], (held.person[people] < 0).astype(np.int64)]
    kind, parts = number_groups(codes, [int(code.max(initial=0)) + 1 for code in codes])
    return Kinds(people, kind, pairs, *parts[1:4], parts[4].astype(bool), int((parts[0] == 0).sum()))


def clusters(pairs: pd.DataFrame, present: np.ndarray) -> np.ndarray:
    """Return the cluster code of each pair, clusters of the pairs that are present joined where they share a place."""
    here = pairs[present]
    shared = here[here.duplicated("jurisdiction", keep=False)]
    names = pairs["policy_cluster"]
    if len(shared):
        names = names.replace(dict(zip(shared["policy_cluster"], joined_clusters(shared).astype("str"), strict=True)))
    return pd.factorize(names)[0]
