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
    reasons = [reason(text) for text in distinct]
    hits: Counter = Counter()
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    for found, rows in zip(reasons, counts, strict=True):
        if found:
            hits[found] += int(rows)
    gone = np.array([found is not None for found in reasons] + [False])[codes]
    for identifier in own or []:
        held = _holds(values, identifier) & ~gone
        hits[OWN] += int(held.sum())
        gone |= held
    return values.mask(gone), +hits


def reason(text: object) -> str | None:
    """Return the first reason for which a text must not be kept, or None."""
    text = str(text)
    if not any(c.isdigit() or c == "@" for c in text):  # most texts: every pattern needs one of these
        return None
    return next((name for name, pattern in _ALL.items() if pattern.search(text)), None)


def _holds(values: pd.Series, identifier: pd.Series) -> np.ndarray:
    """Return where a text holds its own row's identifier as a word."""
    text, own = values.astype("str").fillna(""), identifier.astype("str").fillna("").str.strip()
    # a text without a digit can hold none of these: few texts are left to be searched one by one
    maybe = own.str.len().ge(_LEAST) & own.str.contains(r"\d", regex=True) & text.str.contains(r"\d", regex=True)
    found = np.zeros(len(values), dtype=bool)
    for i in np.flatnonzero(maybe.to_numpy(dtype=bool)):
        found[i] = re.search(rf"(?<!\w){re.escape(own.iloc[i])}(?!\w)", text.iloc[i], re.IGNORECASE) is not None
    return found
