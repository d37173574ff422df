"""Raw values are found by their hashes, in any place of an output, and a folder that cannot be read stops the scan."""

import numpy as np
import pandas as pd
import pytest

from analysis.publish.leaks import scan
from analysis.publish.raw_values import RawValues


def write(folder, values):
    by_length = {}
    for value in values:
        by_length.setdefault(value.count(" ") + 1, []).append(value)
    for length, phrases in by_length.items():
        np.save(folder / f"{length}.npy", np.sort(pd.util.hash_array(np.array(phrases, dtype=object))))
    return RawValues(folder)


def test_values_are_found_whatever_their_case_and_marks_and_nothing_else_is(tmp_path):
    raw = write(tmp_path, ["quillfeather ada", "k 2041 77", "4410397"])
    assert raw.lengths == (1, 2, 3)
    for text in ("seen: Quillfeather, Ada.", "<td>QUILLFEATHER</td> <td>Ada</td>", '<p title="quillfeather-ada">x</p>',
                 "QUILL<b></b>FEATHER quillfeather<br>ada", "no K-2041/77 here", '{"a": "4410397"}'):  # fmt: skip
        assert [finding.rule for finding in scan(text, raw)] == ["a raw value"], text
    for text in ("Ada Quillfeather", "quillfeather", "14410397", "k 2041 78", ""):
        assert scan(text, raw) == [], text
    assert "quill" not in str(scan("Quillfeather Ada", raw)[0]).casefold()


def test_the_answer_is_that_of_the_values_themselves(tmp_path):
    values = [f"name{i} other{i * 7 % 13}" for i in range(500)]
    raw = write(tmp_path, values)
    phrases = [f"name{i} other{i % 13}" for i in range(600)]
    assert raw.held(phrases).tolist() == [phrase in set(values) for phrase in phrases]


def test_a_folder_that_is_not_there_or_not_sorted_closes_the_build(tmp_path):
    with pytest.raises(OSError, match="absent"):
        RawValues(tmp_path / "absent")
    np.save(tmp_path / "1.npy", np.array([3, 1], dtype=np.uint64))
    with pytest.raises(ValueError, match=r"1\.npy: expected a sorted array"):
        RawValues(tmp_path)
    np.save(tmp_path / "1.npy", np.array([1.5]))
    with pytest.raises(ValueError, match="found float64"):
        RawValues(tmp_path)
