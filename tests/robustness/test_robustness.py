"""Mutated and heavy files end as they must, at a small size; the same seed gives the same cases."""

import re
from random import Random

import pytest

from analysis.data import read_text, unpacked
from robustness.cases import case
from robustness.fuzz import fuzz, judge
from robustness.heavy import HEAVY


def test_mutated_files_end_as_they_must(tmp_path):
    said = []
    assert fuzz(40, 7, tmp_path, 1, said.append) == []
    [numbers] = [[int(digits) for digits in re.findall(r"\d+", line)] for line in said]
    assert numbers[0] == sum(numbers[1:]) == 40
    assert [case(Random(f"7 {i}")) for i in range(40)] == [case(Random(f"7 {i}")) for i in range(40)]


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_file_made_small_ends_as_it_does_at_its_size(tmp_path, monkeypatch, name):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    monkeypatch.setattr(unpacked, "LARGE", 1_000_000)
    monkeypatch.setattr(read_text, "_BLOCK", 100_000)
    expected, make = HEAVY[name]
    assert judge(make(0.002), tmp_path) == expected
