"""Likely duplicates: the same person, at most a day apart; never a row without an identifier."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import open_dataset

TOML = (
    'title = "T"\nkind = "synthetic"\nsource = "s"\n[[files]]\ntable = "detainers"\npath = "*.parquet"\n[files.columns]\n'
    'person_id = "id"\nprepared = "on"\n'
)


@pytest.fixture
def flags(house):
    folder = house.write(TOML)

    def flags(*rows):
        """Return for each row (person, day) whether it is flagged."""
        keys = pd.DataFrame(rows, columns=["id", "on"]).astype({"id": "str"})
        keys.assign(on=pd.to_datetime(keys["on"])).to_parquet(folder / "a.parquet")
        return open_dataset("test").frame("detainers")["duplicate_likely"].tolist()

    return flags


def test_the_second_of_a_day_and_of_the_next_day(flags):
    assert flags(("a", "2020-01-01"), ("a", "2020-01-01"), ("a", "2020-01-02"), ("a", "2020-01-04")) == [
        False,
        True,
        True,
        False,
    ]
    assert flags(("a", "2020-01-02"), ("a", "2020-01-01")) == [True, False]  # by date, whatever the order of the rows
    assert flags(("a", "2020-01-01"), ("b", "2020-01-01")) == [False, False]
    assert flags((None, "2020-01-01"), (None, "2020-01-01")) == [False, False]
    assert flags(("a", None), ("a", "1970-01-01"), ("a", None)) == [False]  # who has no date is set aside


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 9)), min_size=1, max_size=20))
def test_what_is_left_without_the_flagged_begins_each_run_of_near_days(flags, rows):
    found = flags(*((who, pd.Timestamp("2020-01-01") + pd.Timedelta(n, "D")) for who, n in rows))
    for who in ("a", "b"):
        days = sorted({n for w, n in rows if w == who})
        runs = sum(1 for i, n in enumerate(days) if i == 0 or n - days[i - 1] > 1)
        assert sum(not flag for flag, (w, _) in zip(found, rows, strict=True) if w == who) == runs
    assert not any(flag for flag, (w, _) in zip(found, rows, strict=True) if w is None)


def test_flags_are_counted_beside_the_rows_kept(house):
    toml = (
        'title = "T"\nkind = "synthetic"\nsource = "s"\n[[files]]\ntable = "detainers"\npath = "*.csv"\n[files.columns]\n'
        'person_id = "id"\nprepared = "on"\n'
    )
    ds = house.build(
        toml, a_csv="id,on\n1,2020-01-01\n,2020-01-01\n1,soon\n", b_csv="id,on\n1,2020-01-02\n1,2020-01-02\n"
    )
    assert ds.quality[["source_file", "kept", "set_aside", "duplicate_likely"]].to_numpy().tolist() == [
        ["a.csv", 2, 0, 0], ["a.csv", 0, 1, 0], ["b.csv", 2, 0, 2],
    ]  # fmt: skip
    assert ds.frame("detainers")["duplicate_likely"].tolist() == [False, False, True, True]
    assert ds.table("detainers").duplicate_likely.sum().to_pandas() == 2
