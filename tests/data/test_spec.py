"""The keys of a ``dataset.toml``: each is explained, and CONTRIBUTING lists them as the models have them."""

import tomllib
from pathlib import Path

from analysis.data import keys, spec

ROOT = Path(__file__).parents[2]


def test_the_list_of_keys_is_that_of_the_models():
    table = spec.key_table()
    assert table in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), f"not current; put there:\n\n{table}"


def test_every_key_has_a_meaning_and_an_example_that_is_toml():
    for model in (spec.Spec, spec.Source, spec.Column, spec.Also, spec.LinkColumns, spec.Born, spec.DataEnd):
        known = keys.meanings(model.__name__)
        assert set(known) == set(model.allowed())
        for key, (_, example) in known.items():
            assert list(tomllib.loads(f"{key} = {example}")) == [key]


def test_what_is_worked_out_is_no_key(tmp_path):
    source = spec.read_source({"path": "a", "format": "ice-foia-2026"}, "t")
    assert (source.table, source.maps[0].table, source.maps[1].secondary) == ("detainers", "detainers", True)
    assert {"maps", "recognized", "open"}.isdisjoint(spec.Source.allowed())
