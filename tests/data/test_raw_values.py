"""Hashes of raw values for the leak scan: what is in them, and what is left out because a page may hold it by chance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.data.identity import keyed_hash, phrase_key
from analysis.data.raw_values import RawValues, normal, phrases_of, telling
from analysis.data.state import RAW_VALUES
from analysis.publish.leaks import scan

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


def hashes(private, phrases):
    return np.sort(pd.util.hash_array(np.array(phrases, dtype=object), hash_key=phrase_key(private)))


def written(private, values):
    (private / RAW_VALUES).mkdir(exist_ok=True)
    for length in {0, *(value.count(" ") + 1 for value in values)}:
        phrases = [value for value in values if value.count(" ") + 1 == length] if length else [""]
        np.save(private / RAW_VALUES / f"{length}.npy", hashes(private, phrases))
    return RawValues(private)


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
    assert sorted(path.name for path in folder.iterdir()) == ["0.npy", "2.npy", "3.npy"]
    expected = hashes(folder.parent, ["bk 90011", "bk 90012"])
    found = np.load(folder / "2.npy", mmap_mode="r")
    assert found.tolist() == expected.tolist()
    assert len(np.load(folder / "3.npy")) == 1
    assert not any(b"90011" in path.read_bytes() for path in folder.iterdir())
    house.write(TOML, a_csv="id,on,SSN,City\n1,2020-01-01,,\n")
    from analysis import open_dataset

    assert open_dataset("test").processed == ds.processed
    assert [path.name for path in folder.iterdir()] == ["0.npy"]  # an identifier of one digit is none to look for


def test_nobody_without_the_key_can_try_an_identifier(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = (written(tmp_path / name, ["a012345678"]) for name in ("one", "two"))
    assert one.held(["a012345678"]).all()
    assert two.held(["a012345678"]).all()
    kept = [np.load(tmp_path / name / RAW_VALUES / "1.npy").tolist() for name in ("one", "two")]
    assert kept[0] != kept[1]
    assert pd.util.hash_array(np.array(["a012345678"], dtype=object)).tolist() not in kept
    assert phrase_key(tmp_path / "one").encode() not in (tmp_path / "one" / "key").read_bytes()


def test_a_lost_or_exchanged_key_closes_the_build(tmp_path):
    written(tmp_path, ["a012345678"])
    (tmp_path / "key").write_bytes(b"another" * 6)
    with pytest.raises(ValueError, match="was made with another key"):
        RawValues(tmp_path)
    (tmp_path / "key").unlink()
    with pytest.raises(FileNotFoundError, match="no page can be looked through"):
        RawValues(tmp_path)
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("text", ["seen: Quillfeather, Ada.", "<td>QUILLFEATHER</td> <td>Ada</td>", '<p title="quillfeather-ada">x</p>',
                                  "QUILL<b></b>FEATHER quillfeather<br>ada", "no K-2041/77 here", '{"a": "4410397"}'])  # fmt: skip
def test_values_are_found_whatever_their_case_and_marks(tmp_path, text):
    raw = written(tmp_path, ["quillfeather ada", "k 2041 77", "4410397"])
    assert raw.lengths == (1, 2, 3)
    assert [finding.rule for finding in scan(text, raw)] == ["a raw value"]
    for other in ("Ada Quillfeather", "quillfeather", "14410397", "k 2041 78", ""):
        assert scan(other, raw) == [], other


def test_the_answer_is_that_of_the_values_themselves(tmp_path):
    values = [f"name{i} other{i * 7 % 13}" for i in range(500)]
    phrases = [f"name{i} other{i % 13}" for i in range(600)]
    assert written(tmp_path, values).held(phrases).tolist() == [phrase in set(values) for phrase in phrases]


def test_a_folder_that_is_not_there_or_not_sorted_closes_the_build(tmp_path):
    keyed_hash(tmp_path)
    with pytest.raises(OSError, match=RAW_VALUES):
        RawValues(tmp_path)
    written(tmp_path, [])
    np.save(tmp_path / RAW_VALUES / "1.npy", np.array([3, 1], dtype=np.uint64))
    with pytest.raises(ValueError, match=r"1\.npy: expected a sorted array"):
        RawValues(tmp_path)
    np.save(tmp_path / RAW_VALUES / "1.npy", np.array([1.5]))
    with pytest.raises(ValueError, match="found float64"):
        RawValues(tmp_path)


@pytest.mark.parametrize(
    ("head", "row", "found", "not_found"),
    [
        ("First,Last", "Ada,Quillfeather", ["ada quillfeather", "quillfeather ada"], ["ada", "quillfeather"]),
        (
            "FirstName,Middle Name,LastName",
            "Ada Bo,Cy,Quillfeather",
            ["ada quillfeather", "quillfeather ada bo"],
            ["bo cy"],
        ),
        ("Subject_Name", '"Quillfeather, Ada Bo"', ["quillfeather ada bo", "ada quillfeather"], ["ada bo"]),
        ("Inmate", "Ada Quillfeather", ["quillfeather ada"], ["inmate"]),
        ("Last,City", "Quillfeather,Los Angeles", [], ["quillfeather", "los angeles", "quillfeather los angeles"]),
        ("First Name,Last Name", "N/A,Unknown", [], ["n a", "unknown unknown"]),
    ],
)
def test_names_are_looked_for_without_a_link_table(house, head, row, found, not_found):
    listed = ", ".join(f'"{name}"' for name in head.split(","))
    house.build(TOML.replace('"SSN", "City"', listed), a_csv=f"id,on,{head}\n7,2020-01-01,{row}\n")
    raw = RawValues(house.root / "data/private/test")
    assert [phrase for phrase in found if not raw.held([phrase]).all()] == []
    assert [phrase for phrase in not_found if raw.held([phrase]).any()] == []
