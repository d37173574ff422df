"""Hashes of raw values for the leak scan: what is in them, and what is left out because a page may hold it by chance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.data.raw_values import normal, phrases_of, telling
from analysis.data.state import RAW_VALUES

TOML = """title = "T"
kind = "synthetic"
source = "made for a test"
[[files]]
table = "releases"
path = "*.csv"
sensitive = ["SSN", "City"]
[files.columns]
person_id = "id"
released = "on"
"""


_TEXTS = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.text("0123456789aZ", max_size=9),
        st.sampled_from(
            ["19850309", "1985030", "A1\n", "Straße 12", "Å1234567", "٣٤٥٦٧٨٩", "12 Main Street", "", "9 March 1985"]
        ),
    )
)


@given(_TEXTS)
def test_many_values_at_once_are_judged_as_each_by_itself(texts):
    singly = sorted(normal(text) for text in texts if telling(normal(text)))
    assert sorted(phrases_of(np.array([*texts, ""], dtype=object))) == singly


@pytest.mark.parametrize(
    "value", ["A012345678", "A 012-345-678", "123-45-6789", "P-70012", "1234567", "12 Main Street"]
)
def test_particular_values_are_looked_for(value):
    assert telling(normal(value))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Young",
        "Los Angeles",
        "M",
        "1985",
        "123456",
        "P7001",
        "1985-03-09",
        "3/9/1985",
        "9 March 1985",
        "19850309",
        "March 9, 1985",
    ],
)
def test_what_a_page_may_hold_by_chance_is_not(value):
    assert not telling(normal(value))


def test_a_build_leaves_sorted_hashes_and_no_value(house):
    ds = house.build(
        TOML,
        a_csv="id,on,SSN,City\nBK-90011,2020-01-01,123-45-6789,Zzyzx\nBK-90012,2020-01-02,,Zzyzx\nBK-90011,2020-01-03,,\n",
    )
    folder = house.root / "data/private/test" / RAW_VALUES
    assert sorted(path.name for path in folder.iterdir()) == ["2.npy", "3.npy"]
    expected = np.sort(pd.util.hash_array(np.array(["bk 90011", "bk 90012"], dtype=object)))
    found = np.load(folder / "2.npy", mmap_mode="r")
    assert found.tolist() == expected.tolist()
    assert len(np.load(folder / "3.npy")) == 1
    assert not any(b"90011" in path.read_bytes() for path in folder.iterdir())
    house.write(TOML, a_csv="id,on,SSN,City\n1,2020-01-01,,\n")
    from analysis import open_dataset

    assert open_dataset("test").processed == ds.processed
    assert list(folder.iterdir()) == []  # an identifier of one digit is none to look for
