"""The printed rules of `rules.toml`: loaded once, and applied to the coded columns of a claim."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

import pandas as pd


@lru_cache(maxsize=1)
def rules() -> dict:
    """Return the rules as `rules.toml` states them."""
    return tomllib.loads((files("analysis.claims") / "rules.toml").read_text(encoding="utf-8"))


def first_that_applies(ruleset: Iterable[Mapping], coded: Mapping[str, str]) -> Mapping:
    """Return the first rule that applies to the coded columns; the last rule of a set has no condition."""
    return next(rule for rule in ruleset if _applies(rule, coded))


def _applies(rule: Mapping, coded: Mapping[str, str]) -> bool:
    listed = all(coded[column] in values for column, values in rule.get("when", {}).items())
    same = rule.get("same")
    return listed and (same is None or coded[same[0]] == coded[same[1]])


def printed() -> pd.DataFrame:
    """Return the rules of the four checks as a table for readers: check, finding, given where."""
    rows = [
        (check["name"].replace("_", "-").capitalize(), rule["finding"], rule["says"])
        for check in rules()["check"]
        for rule in check["rule"]
    ]
    return pd.DataFrame(rows, columns=["check", "finding", "given where"]).drop_duplicates(ignore_index=True)


def printed_words() -> pd.DataFrame:
    """Return how words before a number are read: word, and the example of 440 with it."""
    rows = [
        (word, f"{440 - 10 * below:g} to {440 + 10 * above:g}") for word, (below, above) in rules()["words"].items()
    ]
    return pd.DataFrame([*rows, ("no such word", "440")], columns=["word", "440 with it is read as"])
