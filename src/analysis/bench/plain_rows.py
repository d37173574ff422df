"""The raw file to canonical tables in plainly written pandas: what an analyst would write with the same rules in hand.

The rules (which label a text stands for, where a facility is, what a text must not hold) are the project's own, so that
the results can be held equal; how they are applied is not: whole columns in memory, each row looked up by itself.
"""

import hmac
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis.data.blocks import read_source
from analysis.data.columns import Column, fold
from analysis.data.places import places
from analysis.data.scrub import reason
from analysis.data.states import states

LABELS = ("request", "outcome", "case_status", "criminality", "charge_group", "threat_level", "sex")
TEXTS = ("facility", "city", "charge", "citizenship")


def tables(file: Path, key: bytes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return detainers and exits of a file in the layout of the Deportation Data Project."""
    source = read_source({"path": file.name, "format": "deportation-data-project"}, "bench")
    rules = source.maps[0].columns
    wanted = {header for part in source.maps for rule in part.columns.values() for header in rule.read}
    raw = pd.read_parquet(file, columns=sorted(wanted))

    def text(header: str) -> pd.Series:
        values = raw[header].astype("str").str.split().str.join(" ").fillna("")
        return values.mask(values.isin(source.nulls) | values.str.contains(source.redacted), "")

    person = text(rules["person_id"].headers[0])
    hashed = person.map(lambda value: hmac.digest(key, value.encode(), "sha256").hex()[:32] if value else None)
    detainers = pd.DataFrame({"source_row": range(1, len(raw) + 1), "person_id": hashed})
    detainers["prepared"] = pd.to_datetime(raw[rules["prepared"].headers[0]])
    for name in TEXTS:
        values = text(rules[name].headers[0])
        detainers[name] = values.mask(values.map(lambda value: reason(value) is not None) | (values == ""))
    detainers["state"] = text(rules["state"].headers[0]).map(lambda value: states("abbreviation").get(fold(value)))
    for name in LABELS:
        rule, values = rules[name], text(rules[name].headers[0])
        if rule.fill:
            values = values.where(values != "", text(rule.fill))
        detainers[name] = values.map(label(rule))
    detainers["birth_year"] = raw[rules["birth_year"].headers[0]]
    found = places(detainers)
    detainers["jurisdiction"], detainers["operator"] = found["jurisdiction"], found["operator"]
    detainers = detainers[detainers["prepared"].notna()]
    known = detainers[detainers["person_id"].notna()].sort_values(["person_id", "prepared", "source_row"])
    near = known.groupby("person_id")["prepared"].diff() <= pd.Timedelta(days=1)
    detainers["duplicate_likely"] = near.reindex(detainers.index, fill_value=False)
    exits = pd.DataFrame({"source_row": range(1, len(raw) + 1), "person_id": hashed})
    also = source.maps[1].columns
    exits["date"] = pd.to_datetime(raw[also["date"].headers[0]])
    kinds = text(also["kind"].headers[0])
    exits["kind"] = kinds.mask(kinds == "", also["kind"].blank).map(label(also["kind"]))
    return detainers, exits.dropna()


def label(rule: Column) -> Callable[[str], str | None]:
    """Return a function that gives the label a text stands for."""
    fallback = "unknown" if "unknown" in rule.labels else None
    known = {fold(name): name for name in rule.labels} | {
        key: to or fallback for key, to in (rule.values or {}).items()
    }
    return lambda text: known.get(rule.looked_up(text), fallback)
