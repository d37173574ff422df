"""Free text that is kept must not carry an identity: texts that hold one are made missing, and counted.

Facility, charge, citizenship and kept columns are typed by people, who now and then put an A-number, a
date of birth or an address where a place belongs. In: text. Out: the same text with such values missing
and the number of rows for each reason. A whole value goes, not a part: what stands beside an identifier
describes the same person. Names cannot be told from places by their form: only those that the same row holds in
sensitive columns are known, and other columns that may hold some are not to be kept.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.data.coded import Coded, coded
from analysis.data.person_names import PARTICLES

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY, _NUMBER = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?", r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
# Tried in this order; the first that is found names the reason. Each takes time in proportion to the text, however it is filled: no
# part that repeats follows another that could take the same characters, and none begins anew within what it has passed.
PATTERNS = {
    # A 012 345 678, A012-345-678, A# 12345678: eight or nine digits after an A
    "A-number": r"\bA(?:lien)?[\s.:#-]*(?:(?:no\.?|number)[\s.:#-]*)?\d{2,3}[\s.-]?\d{3}[\s.-]?\d{3}\b",
    "e-mail address": r"(?<![\w.+-])[\w.+-]+@[\w-]+\.\w",
    # 1985-03-09, 3/9/1985, 9.3.1985, 3/9/85, 09-Mar-1985, March 9, 1985, 9 March 1985
    "full date": (
        rf"(?<!\d){_YEAR}([-/.]){_NUMBER}\1{_DAY}(?!\d)"
        rf"|(?<!\d)(?:{_NUMBER}([-/.]){_DAY}|{_DAY}([-/.]){_NUMBER})[-/.]{_YEAR}(?!\d)"
        rf"|(?<![\d/]){_NUMBER}/{_DAY}/\d\d(?![\d/])"
        rf"|\b{_DAY}[\s-]*(?:of\s+)?{_MONTH}[\s,-]*{_YEAR}\b"
        rf"|\b{_MONTH}[\s-]*{_DAY}[\s,-]+{_YEAR}\b"
    ),
    # 123-45-6789 and (213) 555-0123: nine and ten digits in their usual groups
    "number in groups": r"(?<![\d-])(?:\d{3}-\d{2}-\d{4}|\(?\d{3}\)?[\s.-]?\d{3}[\s.-]\d{4})(?![\d-])",
    # hashes and universally unique identifiers
    "long code": (
        r"\b(?=[0-9a-f]*\d)[0-9a-f]{16,}\b"
        r"|\b(?=[0-9a-f-]{0,35}\d)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    ),
    # no statute, code of a place or year is as long; booking, court and FBI numbers are
    "long number": r"\d{7}",
}
_ALL = {reason: re.compile(pattern, re.IGNORECASE | re.ASCII) for reason, pattern in PATTERNS.items()}
_DIGIT = re.compile(r"\d")
_NEEDED = re.compile(r"[\d@]")  # every pattern needs one of these, and most texts hold none
OWN = "the row's own identifier or name"
_LEAST = 4  # characters of an identifier that is looked for: shorter ones stand in many texts by chance
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_NEVER = 2**40  # longer than any text: an identifier that is not looked for


@dataclass(frozen=True)
class Own:
    """Raw identifiers of the rows, which no text of the same row may hold; ``lengths`` of those looked for, else beyond any."""

    found: Coded
    lengths: np.ndarray

    def held(self, found: Coded) -> np.ndarray:
        """Return where a text holds its own row's identifier as a word."""
        held = np.zeros(len(found), dtype=bool)
        # a text without a digit can hold none of these, and neither can one that is shorter than the identifier
        lengths = np.array([len(text) if _DIGIT.search(text) else 0 for text in found.texts], dtype="int64")
        if lengths.max(initial=0) < self.lengths.min(initial=_NEVER):
            return held
        maybe = np.flatnonzero(found.rows(lengths) >= self.found.rows(self.lengths))
        for i in maybe:
            text, word = found.texts[found.codes[i]], self.found.texts[self.found.codes[i]]
            if word.casefold() in text.casefold():
                held[i] = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None
        return held


class Names:
    """People's names of the rows, in one column or several: no text of the same row may hold two words of them."""

    def __init__(self, columns: list[Coded]) -> None:
        self.columns = columns
        self.words = [[_words(text) for text in column.texts] for column in columns]
        self.flat = [pa.array([word for own in words for word in own], pa.string()) for words in self.words]
        self.owner = [np.repeat(np.arange(len(words)), [len(own) for own in words]) for words in self.words]

    def held(self, found: Coded) -> np.ndarray:
        """Return where a text holds two words of its own row's names: one alone is as often a place's."""
        texts = [_words(text) for text in found.texts]
        several = np.array([len(words) > 1 for words in texts], dtype=bool)
        said = pa.array(sorted(set().union(*(words for words in texts if len(words) > 1))), pa.string())
        known = np.zeros(len(found))
        for column, flat, owner in zip(self.columns, self.flat, self.owner, strict=True):
            here = pc.is_in(flat, said).to_numpy(zero_copy_only=False)
            known += column.rows(np.bincount(owner[here], minlength=len(column.texts)))
        held = np.zeros(len(found), dtype=bool)
        for i in np.flatnonzero((known > 1) & found.rows(several)):
            own = (words[column.codes[i]] for column, words in zip(self.columns, self.words, strict=True))
            held[i] = len(texts[found.codes[i]] & set().union(*own)) > 1
        return held


def _words(text: str) -> set[str]:
    return {*_LETTERS.findall(text.casefold())} - PARTICLES


def own(identifiers: pd.Series | Coded) -> Own:
    """Prepare a column of identifiers for ``scrub``: of four characters or more, with a digit among them."""
    found = coded(identifiers)
    sought = [len(text) if len(text) >= _LEAST and _DIGIT.search(text) else _NEVER for text in found.texts]
    return Own(found, np.array(sought, dtype="int64"))


def scrub(found: pd.Series | Coded, identifiers: Iterable[Own | Names] = ()) -> tuple[Coded, Counter]:
    """Make texts missing that hold an A-number, a full date, an e-mail address, a long number or code.

    Parameters
    ----------
    found : a column of text
        Blanks stay as they are.
    identifiers : iterable of Own or Names, optional
        Raw identifiers and names of the same rows. A text that holds its row's own goes too.

    Returns
    -------
    Coded, Counter
        The column, blank where an identity was found, and the number of rows for each reason (a key of
        PATTERNS, or OWN).
    """
    found = coded(found)
    reasons = [reason(text) for text in found.texts]
    hits: Counter = Counter()
    for why, rows in zip(reasons, found.counts, strict=True):
        if why:
            hits[why] += int(rows)
    gone = found.rows(np.array([why is not None for why in reasons], dtype=bool))
    for identifier in identifiers:
        held = identifier.held(found) & ~gone
        hits[OWN] += int(held.sum())
        gone |= held
    return (found.without(gone) if gone.any() else found), +hits


def reason(text: object) -> str | None:
    """Return the first reason for which a text must not be kept, or None."""
    text = str(text)
    if not _NEEDED.search(text):
        return None
    return next((name for name, pattern in _ALL.items() if pattern.search(text)), None)
