"""Identifiers become keyed hashes: equal ones stay equal, and none can be found without the key."""

import hashlib
import hmac

import pandas as pd
import pytest

from analysis.data.errors import InputError
from analysis.data.identity import keyed_hash


def test_a_hash_is_hmac_sha256_of_the_text_under_the_key(tmp_path):
    values = keyed_hash(tmp_path)(pd.Series(["A1", None, "A1", "a1"], dtype="str"))
    key = (tmp_path / "key").read_bytes()
    assert values[0] == hmac.new(key, b"A1", hashlib.sha256).hexdigest()[:32]
    assert values.isna().tolist() == [False, True, False, False]
    assert values[0] == values[2] != values[3]
    assert values.dtype == "str"


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path):
    first = keyed_hash(tmp_path)(pd.Series(["A1"], dtype="str"))
    assert keyed_hash(tmp_path)(pd.Series(["A1"], dtype="str")).equals(first)
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert keyed_hash(tmp_path / "other")(pd.Series(["A1"], dtype="str"))[0] != first[0]


def test_a_key_cut_short_is_refused(tmp_path):
    (tmp_path / "key").write_bytes(b"")
    with pytest.raises(InputError, match="cut short"):
        keyed_hash(tmp_path)


def test_identifiers_stay_equal_across_tables_files_and_types(house):
    head = 'title = "T"\nkind = "real"\nsource = "s"\ndata_end = { arrests = 2020-12-31 }\n'
    blocks = (
        '[[files]]\ntable = "arrests"\npath = "a*.csv"\n[files.columns]\nperson_id = "id"\narrested = "on"\narrest_id = "no"\n'
        '[[files]]\ntable = "releases"\npath = "r.parquet"\n[files.columns]\nperson_id = "id"\nreleased = "on"\n'
    )
    folder = house.write(
        head + blocks,
        a1_csv="id,on,no\n70011007,2020-01-01,ARREST-77001\n",
        a2_csv="id,on,no\n 70011007 ,2020-01-02,ARREST-77002\n",
    )
    pd.DataFrame({"id": [70011007, None], "on": ["2020-01-01", "2020-01-01"]}).to_parquet(folder / "r.parquet")
    ds = house.build(head + blocks)
    hashes = {*ds.frame("arrests")["person_id"], *ds.frame("releases")["person_id"]}
    assert len(hashes) == 1
    for path in (path for path in ds.processed.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert b"70011007" not in content
        assert b"ARREST-7700" not in content
