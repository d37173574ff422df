"""Who is the same person across detainers, local arrests, releases and exits.

In: one row a record with names, date of birth, sex, place and, where there is one, an identifier. Out:
one ``person_id`` a cluster of records, and a report of how sure that is. Records that share an
identifier are one person; names and dates of birth join what identifiers leave apart. The clusters do
not depend on the order of the rows, and a ``person_id`` is a keyed hash of what the records say.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.data.link_columns import THRESHOLD
from analysis.data.link_report import by_threshold, clusters
from analysis.data.person_names import FIELDS, comparable

_NEEDED = ("source", "record", "first_name", "last_name", "birth_date")


@dataclass(frozen=True)
class Linked:
    """Records and the people they belong to.

    ``people``: source, record, person_id, match_weight (log2 odds of the record's strongest link by
    name; missing where it has none) and by ("name", "identifier", "alone": what joins it to others).
    ``same``: identifier -> person_id, for rows that carry an identifier and no name. ``report``: one row
    a threshold (see ``link_report.by_threshold``). ``model``: the weights (see ``link_model.score``);
    empty where no names were compared. ``counts``: records, people and what was found, by name.
    """

    people: pd.DataFrame
    same: pd.Series
    report: pd.DataFrame
    model: pd.DataFrame
    counts: dict[str, int] = field(default_factory=dict)


def link(records: pd.DataFrame, hashed: Callable[[pd.Series], pd.Series], threshold: float = THRESHOLD) -> Linked:
    """Cluster records into people.

    Parameters
    ----------
    records : DataFrame
        source and record (together one row each), first_name, last_name, birth_date, and optionally
        sex, place and identifier (text; equal means the same person, whatever the names say).
    hashed
        Replaces what a cluster is called by a keyed hash (``identity.keyed_hash``): no name leaves here.
    threshold
        Match probability, between 0.5 and 1, from which two records are one person.

    Returns
    -------
    Linked
        A cluster with identifiers is called by the first of them, so that rows elsewhere that carry the
        identifier alone need no change; any other by the hash of its first record's fields.

    Raises
    ------
    KeyError
        Where a needed column is absent.
    ValueError
        For two rows with the same source and record, or a threshold that is none.
    InputError
        Where names are to be compared and splink is not installed.
    """
    _check(records, threshold)
    records = records.assign(identifier=_identifiers(records))
    fields = comparable(records)
    order = [*FIELDS, "source", "record"]
    fields = fields.assign(source=records["source"].astype("str"), record=records["record"])
    at = fields.sort_values(order, kind="stable", na_position="last").index
    fields, records = fields.loc[at].reset_index(drop=True), records.loc[at].reset_index(drop=True)
    identified = _chains(records["identifier"])
    named = np.flatnonzero(fields["birth_date"].notna() & (fields["last_name"].notna() | fields["first_name"].notna()))
    pairs, model = _compared(fields, named, records["identifier"])
    linked = pairs[pairs["match_probability"] >= threshold]
    cluster = clusters(len(records), identified, linked)
    person, same = _called(fields, records["identifier"], cluster, hashed)
    people = records[["source", "record"]].assign(person_id=person, **_links(len(records), cluster, linked))
    of_named = records["identifier"].where(records.index.isin(named))
    report = by_threshold(pairs, identified, of_named, threshold)
    counts = _counts(records, named, cluster, identified, linked, same)
    return Linked(people.sort_values(["source", "record"], ignore_index=True), same, report, model, counts)


def _check(records: pd.DataFrame, threshold: float) -> None:
    missing = [name for name in _NEEDED if name not in records.columns]
    if missing:
        raise KeyError(f"records have no column {', '.join(map(repr, missing))}; needed are {', '.join(_NEEDED)}")
    if not 0.5 <= threshold < 1:
        raise ValueError(f"threshold = {threshold}, expected a probability from 0.5 to below 1")
    again = records.duplicated(["source", "record"])
    if again.any():
        first = records.loc[again].iloc[0]
        raise ValueError(
            f"{int(again.sum()):,} records stand twice, the first: {first['source']}, record {first['record']}"
        )


def _identifiers(records: pd.DataFrame) -> pd.Series:
    if "identifier" not in records.columns:
        return pd.Series(None, index=records.index, dtype="str")
    values = records["identifier"].astype("str")
    return values.where(records["identifier"].notna() & (values.str.strip() != ""))


def _chains(identifier: pd.Series) -> pd.DataFrame:
    """Return the links that identifiers make: each record to the next one with the same identifier."""
    with_one = identifier.dropna()
    before = pd.Series(with_one.index, index=with_one.index).groupby(with_one).shift()
    at = before.dropna().index
    return pd.DataFrame({"left": before.loc[at].astype("int64").to_numpy(), "right": at.to_numpy(dtype="int64")})


def _compared(fields: pd.DataFrame, named: np.ndarray, identifier: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score the pairs of named records, unless identifiers already settle every one of them."""
    if len(named) < 2 or identifier.iloc[named].notna().all():
        columns = {"left": "int64", "right": "int64", "match_weight": "float64", "match_probability": "float64"}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()}), pd.DataFrame()
    from analysis.data.link_model import score

    pairs, model = score(fields.loc[named, list(FIELDS)].reset_index(drop=True))
    return pairs.assign(left=named[pairs["left"]], right=named[pairs["right"]]), model


def _called(
    fields: pd.DataFrame, identifier: pd.Series, cluster: np.ndarray, hashed: Callable[[pd.Series], pd.Series]
) -> tuple[pd.Series, pd.Series]:
    """Return the person_id of each record, and of each identifier."""
    own = identifier.groupby(cluster).first()  # in the order of the fields, never of the identifiers
    start = np.flatnonzero(~pd.Series(cluster).duplicated().to_numpy())  # clusters are numbered as they start
    first = fields[list(FIELDS)].iloc[start].fillna("").reset_index(drop=True)
    text = first[FIELDS[0]].str.cat([first[name] for name in FIELDS[1:]], sep="|")
    # two people may say the same of themselves and still be two: number them
    text = text + "#" + text.groupby(text).cumcount().astype("str")
    name = own.where(own.notna(), hashed(text).reindex(own.index))
    person = pd.Series(name.reindex(cluster).to_numpy(), dtype="str")
    known = identifier.notna()
    same = pd.Series(person[known].to_numpy(), index=identifier[known].to_numpy(), dtype="str")
    return person, same[~same.index.duplicated()]


def _links(n: int, cluster: np.ndarray, linked: pd.DataFrame) -> dict[str, object]:
    weight = np.full(n, -np.inf)
    for side in ("left", "right"):
        np.maximum.at(weight, linked[side].to_numpy(), linked["match_weight"].to_numpy())
    alone = np.bincount(cluster, minlength=1)[cluster] == 1
    by = np.where(alone, "alone", np.where(np.isfinite(weight), "name", "identifier"))
    by = pd.Categorical(by, categories=["name", "identifier", "alone"])
    return {"match_weight": np.where(np.isfinite(weight), weight, np.nan), "by": by}


def _counts(
    records: pd.DataFrame, named: np.ndarray, cluster: np.ndarray, identified: pd.DataFrame, linked: pd.DataFrame,
    same: pd.Series,
) -> dict[str, int]:  # fmt: skip
    several = same.groupby(same.to_numpy()).size()
    return {
        "records": len(records),
        "records with an identifier": int(records["identifier"].notna().sum()),
        "records with a name and a date of birth": len(named),
        "people by identifier alone": int(clusters(len(records), identified).max(initial=-1)) + 1,
        "people": int(cluster.max(initial=-1)) + 1,
        "pairs linked by name": len(linked),
        "people with more than one identifier": int((several > 1).sum()),
        "records of the largest cluster": int(np.bincount(cluster, minlength=1).max()),
    }
