"""One raw column: its values found, blanks and redactions made missing, identities taken out, and converted.

What ``clean`` does for each column of a map, in the order in which it does it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.data.blocks import Source
from analysis.data.columns import Column
from analysis.data.errors import InputError, nearest
from analysis.data.flags import as_flag
from analysis.data.scrub import scrub
from analysis.data.values import as_category, as_date, as_number, as_state, as_text, raw_text

_WRITTEN = ("text", "category", "state")  # kinds whose raw texts are kept or listed somewhere


@dataclass
class Changes:
    """What became unknown, (column, raw value) -> rows, and what was made missing, (column, why) -> rows."""

    unknown: Counter = field(default_factory=Counter)
    changed: Counter = field(default_factory=Counter)


def found_values(
    raw: pd.DataFrame, rule: Column, source: Source, own: list[pd.Series], changes: Changes, where: str
) -> pd.Series:
    """Return a column's raw values, "" where there is none (dates of typed sources as they are).

    ``own`` holds the raw identifiers of the rows: a text that holds one is made missing and counted, as is one
    that the block calls redacted. Raises InputError for a header that is not there.
    """
    if rule.value is not None:
        return pd.Series(rule.value, index=raw.index, dtype="str")
    header = next((header for header in rule.headers if header in raw.columns), None)
    if header is None:
        if rule.optional:
            return pd.Series("", index=raw.index, dtype="str")
        expected = " or ".join(f"'{header}'" for header in rule.headers)
        raise InputError(
            f"{where}: the header {expected} (for {rule.name}) is not there.{nearest(rule.headers[0], raw.columns)}"
        )
    if rule.kind == "date" and pd.api.types.is_datetime64_any_dtype(raw[header]):
        return raw[header]
    text = _shown(raw[header], rule, source, changes)
    if rule.fill in raw.columns:
        text = text.where(text != "", _shown(raw[rule.fill], rule, source, changes))
    if rule.kind in _WRITTEN and rule.name != "event":
        text = scrubbed(text, rule.name, own, changes)
    return text


def scrubbed(text: pd.Series, name: str, own: list[pd.Series], changes: Changes) -> pd.Series:
    """Return a column of text with values that hold an identity made blank, and counted."""
    kept, hits = scrub(text, own)
    if not hits:
        return text
    changes.changed[name, "identifying"] += hits.total()
    return kept.fillna("")


def _shown(values: pd.Series, rule: Column, source: Source, changes: Changes) -> pd.Series:
    """Return a raw column as text, what the block calls nothing or redacted as ""."""
    text = raw_text(values)
    codes, distinct = pd.factorize(text)
    labels = pd.Series(distinct, dtype="str")
    nothing = labels.isin(source.nulls) if source.nulls else pd.Series(False, index=labels.index)
    if source.redacted is not None:
        hit = labels.str.contains(source.redacted, regex=True)
        redacted = int(hit.to_numpy(dtype=bool)[codes].sum())
        changes.changed.update({(rule.name, "redacted"): redacted} if redacted else {})
        nothing |= hit
    if not nothing.any():
        return text
    return labels.mask(nothing, "").take(codes).set_axis(values.index)


def converted(
    rule: Column, found: pd.Series, changes: Changes, hashed: Callable[[pd.Series], pd.Series]
) -> tuple[pd.Series, np.ndarray | None]:
    """Return the canonical values and, for kinds that can fail, which of them could not be read."""
    if rule.kind == "date":
        return as_date(found, rule.formats)
    if rule.kind == "number":
        return as_number(found)
    if rule.kind == "flag":
        return as_flag(found, rule)
    if rule.kind == "id":
        return hashed(found.where(found != "")), None
    if rule.kind == "state":
        return as_state(found, changes.unknown, rule=rule)
    if rule.kind == "category":
        return as_category(found, rule, changes.unknown)
    return as_text(found, rule, strict=rule.name == "event")


def typed(rule: Column, raw: pd.DataFrame, *, free: bool) -> Column:
    """A covariate that a typed source holds as numbers is a number, unless the map says otherwise."""
    header = next((header for header in rule.headers if header in raw.columns), None)
    covariate = free and rule.kind == "text" and rule.name != "event" and not rule.explicit and rule.values is None
    numeric = header is not None and pd.api.types.is_numeric_dtype(raw[header])
    if covariate and numeric and not pd.api.types.is_bool_dtype(raw[header]):
        return replace(rule, kind="number")
    return rule


def noun(rule: Column) -> str:
    """Return what a value of this column should have been, for a reason."""
    return {"date": "date", "number": "number", "category": "known label", "flag": "yes or no"}.get(
        rule.kind, "value of the map"
    )
