"""Bombs and other heavy files, made small: each ends in tables whose rows add up or in one clear line."""

import pytest

from analysis.data import read_text, unpacked
from analysis.torture.heavy_cases import EXPECTED
from analysis.torture.judge import judge


@pytest.mark.parametrize("make", EXPECTED, ids=lambda make: make.__name__)
def test_a_heavy_file_made_small_ends_as_it_does_at_its_size(tmp_path, monkeypatch, make):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    monkeypatch.delenv("ANALYSIS_DOWNLOADS", raising=False)
    monkeypatch.setattr(unpacked, "LARGE", 1_000_000)
    monkeypatch.setattr(read_text, "_BLOCK", 100_000)
    outcome, why = judge(make(0.002), tmp_path)
    assert outcome != "failed", why
    assert EXPECTED[make] in (outcome, "either"), why
