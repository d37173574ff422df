"""The examples in docstrings of the estimators give what they say."""

import doctest
from importlib import import_module

import pytest

MODULES = (
    "life_table",
    "survival",
    "cox",
    "recurrent",
    "yearly",
    "projections",
    "proportions",
    "cohort",
    "windows",
    "at_large",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    found = doctest.testmod(import_module(f"analysis.recidivism.{name}"))
    assert (found.failed, found.attempted > 0) == (0, True)
