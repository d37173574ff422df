"""Free text that is kept must not carry an identity: texts that hold one are made missing, and counted.

Facility, charge, citizenship and kept columns are typed by people, who now and then put an A-number, a
date of birth or an address where a place belongs. In: text. Out: the same text with such values missing
and the number of rows for each reason. A whole value goes, not a part: what stands beside an identifier
describes the same person. Names cannot be told from places by their form; columns that may hold them are
not to be kept.
"""

import re
from collections import Counter

import numpy as np
import pandas as pd

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY, _NUMBER = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?", r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
# Tried in this order; the first that is found names the reason.
PATTERNS = {
    # A 012 345 678, A012-345-678, A# 12345678: eight or nine digits after an A
    "A-number": r"\bA(?:lien)?[\s.:#-]*(?:no\.?|number)?[\s.:#-]*\d{2,3}[\s.-]?\d{3}[\s.-]?\d{3}\b",
    "e-mail address": r"[\w.+-]+@[\w-]+\.\w",
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
    "long code": r"\b(?=[0-9a-f-]*\d)(?:[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b",
    # no statute, code of a place or year is as long; booking, court and FBI numbers are
    "long number": r"\d{7}",
}
_ALL = {reason: re.compile(pattern, re.IGNORECASE | re.ASCII) for reason, pattern in PATTERNS.items()}
OWN = "the row's own identifier"
_LEAST = 4  # characters of an identifier that is looked for: shorter ones stand in many texts by chance


def scrub(values: pd.Series, own: list[pd.Series] | None = None) -> tuple[pd.Series, Counter]:
    """Make texts missing that hold an A-number, a full date, an e-mail address, a long number or code.

    Parameters
    ----------
    values : Series of text or categorical
        "" and missing values stay as they are.
    own : list of Series, optional
        Raw identifiers of the same rows (same index). A text that holds its row's own identifier as a
        word, of four characters or more with a digit among them, goes too.

    Returns
    -------
    Series, Counter
        The values, missing where an identity was found, and the number of rows for each reason (a key of
        PATTERNS, or OWN).
    """
    codes, distinct = pd.factorize(values)
    texts = [str(text) for text in distinct]
    reasons = [reason(text) for text in texts]
    hits: Counter = Counter()
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    for found, rows in zip(reasons, counts, strict=True):
        if found:
            hits[found] += int(rows)
    gone = np.array([found is not None for found in reasons] + [False])[codes]
    for identifier in own or []:
        held = _holds(codes, texts, identifier) & ~gone
        hits[OWN] += int(held.sum())
        gone |= held
    return values.mask(gone) if gone.any() else values, +hits


def reason(text: object) -> str | None:
    """Return the first reason for which a text must not be kept, or None."""
    text = str(text)
    if not any(c.isdigit() or c == "@" for c in text):  # most texts: every pattern needs one of these
        return None
    return next((name for name, pattern in _ALL.items() if pattern.search(text)), None)


def _holds(codes: np.ndarray, texts: list[str], identifier: pd.Series) -> np.ndarray:
    """Return where a text (by its code) holds its own row's identifier as a word."""
    # a text without a digit can hold none of these, and neither can one that is shorter than the identifier
    length = np.array([len(text) if any(c.isdigit() for c in text) else 0 for text in texts] + [0])[codes]
    own = identifier.astype("str")
    least = own.str.len().fillna(0).to_numpy(dtype="int64")
    maybe = np.flatnonzero((length >= least) & (least >= _LEAST))
    found = np.zeros(len(codes), dtype=bool)
    for i, word in zip(maybe, own.take(maybe).to_numpy(dtype=object), strict=True):
        text, word = texts[codes[i]], word.strip()
        if len(word) >= _LEAST and word.casefold() in text.casefold() and any(c.isdigit() for c in word):
            found[i] = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None
    return found
