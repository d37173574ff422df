"""Clusters for uncertainty: where policy is set, joined where one place has been governed from more than one place.

In: a frame that ``with_policy`` returned. Out: one label a row.
"""

import pandas as pd


def joined_clusters(frame: pd.DataFrame) -> pd.Series:
    """Return clusters that no place is split between: policy clusters with a place in common are one.

    A county with a rule of its own until its state's law took over has rows in two policy clusters. Where rows of one
    place must fall into one cluster (a panel, a sandwich variance over several years), use these; they are never
    smaller. A cluster is named by its first policy cluster. Missing where policy_cluster is missing.
    """
    pairs = frame[["jurisdiction", "policy_cluster"]].astype("str").dropna().drop_duplicates()
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for _, clusters in pairs.groupby("jurisdiction", sort=True)["policy_cluster"]:
        names = sorted({root(name) for name in clusters})
        for name in names[1:]:
            parent[name] = names[0]
    return frame["policy_cluster"].astype("str").map(lambda name: root(name), na_action="ignore").astype("category")
