"""States by name, abbreviation and code."""

from collections import Counter

import pandas as pd

from analysis.data.states import as_state


def text(*values: str) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def test_states():
    unknown = Counter()
    assert as_state(text("Texas", "TX", "48", "texas ", "Guam", ""), unknown)[0].astype("str").fillna("").tolist() == [
        "TX",
        "TX",
        "TX",
        "TX",
        "GU",
        "",
    ]
    assert as_state(text("Texas", "CA"), unknown, code="fips")[0].tolist() == ["48", "06"]
    assert as_state(text("Ontario", "Ontario"), unknown)[0].isna().all()
    assert unknown == {("state", "Ontario"): 2}
