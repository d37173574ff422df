"""Likely duplicates: the same person, at most a day apart; never a row without an identifier."""

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.data.clean import clean
from analysis.data.finish import likely_duplicates
from analysis.data.spec import read_source


def flags(*rows):
    """Return for each row (person, day) whether it is flagged; the rows are handed over in another order."""
    keys = pd.DataFrame(rows, columns=["person_id", "prepared"]).astype({"person_id": "str"})
    keys = keys.assign(prepared=pd.to_datetime(keys["prepared"]).astype("datetime64[s]"), place=range(len(keys))).iloc[
        ::-1
    ]
    table = ibis.memtable(keys)
    found = likely_duplicates(table.mutate(prepared=table.prepared.cast("date"))).to_pandas()["place"]
    return [place in set(found) for place in range(len(keys))]


def test_the_second_of_a_day_and_of_the_next_day():
    assert flags(("a", "2020-01-01"), ("a", "2020-01-01"), ("a", "2020-01-02"), ("a", "2020-01-04")) == [
        False,
        True,
        True,
        False,
    ]
    assert flags(("a", "2020-01-02"), ("a", "2020-01-01")) == [True, False]  # by date, whatever the order of the rows
    assert flags(("a", "2020-01-01"), ("b", "2020-01-01")) == [False, False]
    assert flags((None, "2020-01-01"), (None, "2020-01-01")) == [False, False]
    assert flags(("a", None), ("a", "1970-01-01"), ("a", None)) == [False, False, False]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 9)), min_size=1, max_size=20))
def test_what_is_left_without_the_flagged_begins_each_run_of_near_days(rows):
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


@pytest.mark.parametrize(
    ("raw", "value"),
    [("Yes", True), ("true", True), ("1", True), ("N", False), ("", None), ("maybe", None), ("J", True)],
)
def test_a_flag_is_yes_no_or_missing_and_never_a_guess(raw, value):
    columns = {"prepared": "on", "judicial_warrant": {"from": "w", "values": {"J": "yes"}}}
    source = read_source({"table": "detainers", "path": "a.csv", "columns": columns}, "here")
    frame = pd.DataFrame({"on": ["2020-01-01"], "w": [raw]}, dtype="str")
    result = clean(frame, pd.RangeIndex(2, 3).to_numpy(), source.maps[0], source, ("a.csv", ""), lambda values: values)
    found = result.kept["judicial_warrant"]
    assert found.dtype == "boolean"
    assert (None if found.isna()[0] else bool(found[0])) is value
    assert result.changed == ({("judicial_warrant", "unreadable"): 1} if raw == "maybe" else {})
