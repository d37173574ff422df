"""Single columns of raw text to numbers and labels; ``day_texts`` reads dates and ``states`` states.

Each function takes a column (a Series, or one already ``coded``) and returns the values with, where reading can fail, a
mask of those that are there and could not be read. Distinct texts are read once, however many rows repeat them.
"""

from collections import Counter

import numpy as np
import pandas as pd

from analysis.data.coded import Coded, coded
from analysis.data.spec import Column, fold


def raw_text(values: pd.Series) -> pd.Series:
    """Return raw values as text with white space folded, "" where there is none, whole numbers without a point."""
    return coded(values).series().set_axis(values.index)


def filled(frame: pd.DataFrame) -> list[int]:
    """Return, for each raw column, the number of rows that hold a value other than white space."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(frame):
        return [0] * frame.shape[1]
    counts = []
    for _, values in frame.items():
        if isinstance(values.dtype, pd.StringDtype):
            text = pa.array(values.array, from_pandas=True)
            counts.append(pc.sum(pc.not_equal(pc.utf8_trim_whitespace(text), "")).as_py() or 0)
        elif isinstance(values.dtype, pd.CategoricalDtype):
            labels = pc.utf8_trim_whitespace(pa.array(values.cat.categories.astype("str"), from_pandas=True))
            said = np.append(pc.not_equal(labels, "").to_numpy(zero_copy_only=False), False)
            counts.append(int(said[values.cat.codes].sum()))
        elif values.dtype == object:
            counts.append(int((~coded(values).blank).sum()))
        else:
            counts.append(int(values.notna().sum()))
    return counts


def as_number(found: pd.Series | Coded) -> tuple[pd.Series, np.ndarray]:
    """Return float64 and the mask of texts that are no finite number. A comma may group thousands."""
    found = coded(found)
    texts = pd.Series(found.texts, dtype="str")
    plain = texts.str.replace(r"(?<=\d),(?=\d{3}\b)", "", regex=True)
    numbers = pd.to_numeric(plain.where(plain != ""), errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    bad = ((texts != "") & numbers.isna()).to_numpy(dtype=bool)
    return pd.Series(found.rows(numbers.to_numpy())), found.rows(bad)


def as_text(
    found: pd.Series | Coded, rule: Column | None = None, *, strict: bool = False
) -> tuple[pd.Series, np.ndarray]:
    """Return text as a categorical, blanks missing; with a rule's ``values``, raw texts replaced as it says.

    A text that the rule does not name stays as it is, unless ``strict``: then it counts as unreadable.
    """
    found = coded(found)
    values = rule.values if rule else None
    bad = np.zeros(len(found.texts), dtype=bool)
    labels: list[str | None] = []
    for i, text in enumerate(found.texts):
        key = rule.looked_up(text) if values is not None else ""
        if values is not None and key in values:
            labels.append(values[key])
        else:
            bad[i] = strict and values is not None and text != ""
            labels.append(None if bad[i] or text == "" else text)
    return categorical(found, labels), found.rows(bad)


def as_category(found: pd.Series | Coded, rule: Column, unknown: Counter) -> tuple[pd.Series, np.ndarray]:
    """Return a categorical over the closed vocabulary.

    A raw value is taken by the map, else if it is itself a label; a blank, and any other value, is
    ``unknown`` (counted in ``unknown``), or unreadable where the vocabulary has no such label.
    """
    found = coded(found)
    own = {fold(label): label for label in rule.labels}
    fallback = "unknown" if "unknown" in rule.labels else None
    labels: list[str | None] = []
    bad = np.zeros(len(found.texts), dtype=bool)
    for i, text in enumerate(found.texts):
        if rule.values is not None and (key := rule.looked_up(text)) in rule.values:
            labels.append(rule.values[key] or fallback)
        elif fold(text) in own:
            labels.append(own[fold(text)])
        else:
            labels.append(fallback)
            if text != "":
                unknown[rule.name, text] += int(found.counts[i])
                bad[i] = fallback is None
    return categorical(found, labels, list(rule.labels)), found.rows(bad)


def categorical(found: Coded, labels: list[str | None], categories: list[str] | None = None) -> pd.Series:
    """Return a categorical Series with a label for each text (None: missing); categories in the given order, else sorted."""
    order = categories if categories is not None else sorted({label for label in labels if label is not None})
    place = {label: i for i, label in enumerate(order)}
    lookup = np.array([place.get(label, -1) for label in labels], dtype="int32")
    return pd.Series(pd.Categorical.from_codes(found.rows(lookup), categories=pd.Index(order, dtype="str")))
