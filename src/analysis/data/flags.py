"""Yes and no, as files write them."""

import numpy as np
import pandas as pd

from analysis.data.coded import Coded, coded
from analysis.data.columns import Column, fold

WORDS = {**dict.fromkeys(("yes", "y", "true", "t", "1"), True), **dict.fromkeys(("no", "n", "false", "f", "0"), False)}


def as_flag(found: pd.Series | Coded, rule: Column) -> tuple[pd.Series, np.ndarray]:
    """Return true and false (nullable boolean, blanks missing) and the mask of texts that say neither.

    A rule's ``values`` replace a raw text first: a county's "signed by a judge" may be written "J".
    """
    found = coded(found)
    texts = [(rule.values or {}).get(rule.looked_up(text), text) or "" for text in found.texts]
    labels = [WORDS.get(fold(text)) for text in texts]
    bad = np.array([label is None and text != "" for label, text in zip(labels, texts, strict=True)], dtype=bool)
    return pd.Series(pd.array(labels, dtype="boolean").take(found.codes)), found.rows(bad)
