"""Mutated and heavy files end as they must, at a small size; the same seed gives the same cases."""

import re
from random import Random

import pytest

from analysis.data import read
from robustness.cases import case, heavy
from robustness.fuzz import GOOD, fuzz, judge


def test_mutated_files_end_as_they_must(tmp_path):
    said = []
    assert fuzz(150, 7, tmp_path, 1, said.append) == []
    ends = {word: int(number) for word, number in re.findall(r"'(\w+)': (\d+)", said[0])}
    assert ends.keys() == set(GOOD)  # the damage is real, and not everything is refused
    assert sum(ends.values()) == 150
    assert [case(Random(f"7 {i}")) for i in range(150)] == [case(Random(f"7 {i}")) for i in range(150)]


@pytest.mark.parametrize("seed", range(8))
def test_a_heavy_file_made_small_ends_as_it_must(tmp_path, monkeypatch, seed):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    monkeypatch.setattr(read, "_BLOCK", 100_000)
    assert judge(heavy(Random(seed), 0.002), tmp_path) in GOOD
