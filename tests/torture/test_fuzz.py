"""Mutated files end in rows that add up or in one clear line; the same seed gives the same cases."""

from analysis.torture.fuzz import fuzz


def test_mutated_files_end_as_they_must(tmp_path):
    found = fuzz(40, 7, tmp_path / "one", workers=1, progress=lambda line: None)
    assert found.failures == []
    assert found.cases == 40
    again = fuzz(40, 7, tmp_path / "two", workers=1, progress=lambda line: None)
    assert again.counts == found.counts
