"""What a dataset gives to linking and what it gets back: names go to data/private, person_id comes back."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis.data.errors import InputError
from analysis.data.link_input import linkage_input
from analysis.data.spec import read_link_columns

COLUMNS = read_link_columns(
    {"last_name": "Last", "first_name": "First", "birth_date": {"from": "DOB", "date": ["%m/%d/%Y"]}}, "t"
)
RAW = pd.DataFrame(
    {
        "Last": ["Garcia", "REDACTED", "Lopez", "N/A"],
        "First": ["Maria", "Ana", "", "Eva"],
        "DOB": ["03/09/1980", "31115", "13/45/1980", ""],
    },
    dtype="str",
)
ROWS = np.array([2, 3, 4, 5])


def kept(rows, ids, **columns):
    frame = pd.DataFrame({"person_id": pd.Series(ids, dtype="str"), **columns})
    return frame.assign(source_file="r.csv", source_sheet="", source_row=rows)


def test_records_hold_the_kept_rows_once_with_what_is_known_of_them():
    import re

    tables = [
        kept([2, 3], ["h2", None], sex=pd.Categorical(["female", None])),
        kept([3, 5], [None, "h5"], jurisdiction=pd.Categorical(["06037", "06037"])),
    ]
    out = linkage_input(RAW, ROWS, COLUMNS, ("r.csv", ""), tables, (frozenset({"N/A"}), re.compile("REDACTED")))
    assert out["record"].tolist() == [2, 3, 5]
    assert out["source"].unique().tolist() == ["r.csv"]
    assert out["first_name"].tolist() == ["Maria", "Ana", "Eva"]
    assert out["last_name"].isna().tolist() == [False, True, True]
    assert out["birth_date"].dt.strftime("%Y-%m-%d").fillna("").tolist() == ["1980-03-09", "1985-03-09", ""]
    assert out["identifier"].fillna("").tolist() == ["h2", "", "h5"]
    assert out["place"].fillna("").tolist() == ["", "06037", "06037"]
    assert out["sex"].fillna("").tolist() == ["female", "", ""]


def test_a_block_without_names_and_a_full_name_in_one_column():
    out = linkage_input(RAW, ROWS, None, ("r.xlsx", "One"), [kept(ROWS, list("abcd"))])
    assert out[["first_name", "last_name", "birth_date"]].isna().all(axis=None)
    assert out["source"].tolist()[0] == "r.xlsx, sheet 'One'"
    raw = RAW.assign(Full="GARCIA LOPEZ, MARIA")
    out = linkage_input(
        raw,
        ROWS,
        read_link_columns({"name": "Full", "birth_date": "DOB"}, "t"),
        ("r.csv", ""),
        [kept(ROWS, list("abcd"))],
    )
    assert out["last_name"].tolist()[0] == "GARCIA LOPEZ"
    with pytest.raises(InputError, match=r"link names the column 'Nme', which is not there"):
        linkage_input(
            RAW,
            ROWS,
            read_link_columns({"name": "Nme", "birth_date": "DOB"}, "t"),
            ("r.csv", ""),
            [kept(ROWS, list("abcd"))],
        )


def test_people_come_back_to_rows_by_lineage_then_by_identifier(link):
    records = linkage_input(RAW, ROWS, COLUMNS, ("r.csv", ""), [kept(ROWS, ["h2", None, "h2", None])])
    records["birth_date"] = pd.Series(None, index=records.index, dtype="str")  # nothing to compare: identifiers alone
    linked = link(records)
    releases, exits = kept(ROWS, ["h2", None, "h2", None]), kept([90, 91, 92], ["h2", "elsewhere", None])
    out = linked.person_ids(pa.Table.from_pandas(releases), "r.csv").to_pylist()
    assert None not in out
    assert out[0] == out[2] == "h2"
    assert len(set(out)) == 3
    assert linked.person_ids(pa.Table.from_pandas(exits), "e.csv").to_pylist() == ["h2", "elsewhere", None]
    again = kept(ROWS[::-1], [None] * 4)  # in the order of the rows asked for, whatever it is
    assert linked.person_ids(pa.Table.from_pandas(again), "r.csv").to_pylist() == out[::-1]
