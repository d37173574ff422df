"""The release rule's threshold and words, and the error that stops what lacks a declaration."""

import difflib

import pandas as pd

THRESHOLD = 10
DISCLOSURES = ("public", "restricted")
FEWER = f"fewer than {THRESHOLD}"
WITHHELD = "withheld"
FOOTNOTE = f"Counts under {THRESHOLD}, and figures that would reveal them, are withheld."


class ReleaseError(ValueError):
    """Something was about to leave without a declaration that the release rule needs."""


def check_disclosure(disclosure: object) -> None:
    """Raise `ReleaseError` for anything but the two disclosures there are."""
    if disclosure not in DISCLOSURES:
        raise ReleaseError(f"disclosure is {disclosure!r}; expected one of {', '.join(map(repr, DISCLOSURES))}")


def require(frame: pd.DataFrame, name: str) -> None:
    """Raise `ReleaseError`, with the nearest name, where a declared column is not in the frame."""
    if name not in frame.columns:
        near = difflib.get_close_matches(str(name), [str(c) for c in frame.columns], 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ReleaseError(f"column {name!r} is declared but not in the frame ({', '.join(map(str, frame))}){hint}")
