"""Free text that is kept must not carry an identity: texts that hold one are made missing, and counted.

Facility, charge, citizenship and kept columns are typed by people, who now and then put an A-number, a
date of birth or an address where a place belongs. In: text. Out: the same text with such values missing
and the number of rows for each reason. A whole value goes, not a part: what stands beside an identifier
describes the same person. Names cannot be told from places by their form: only those that the same row holds in
sensitive columns are known, and other columns that may hold some are not to be kept.
"""

import re

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
_NEEDED = re.compile(r"[\d@]")  # every pattern needs one of these, and most texts hold none
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def words(text: str) -> set[str]:
    """Return the words of a text that may be parts of a name."""
    return {*_LETTERS.findall(text.casefold())} - PARTICLES


def reason(text: object) -> str | None:
    """Return the first reason for which a text must not be kept, or None."""
    text = str(text)
    if not _NEEDED.search(text):
        return None
    return next((name for name, pattern in _ALL.items() if pattern.search(text)), None)
