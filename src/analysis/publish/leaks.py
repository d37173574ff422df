"""The last look at every output: does it hold a name, a date of birth, a telephone number, an identifier or a raw value?

`check` is called with all that is to be written, and a finding refuses it. The scan reads what a browser or a
spreadsheet would show and what it would not (attributes, comments, code); it leaves out only what cannot name anyone:
SHA-256 hashes, path coordinates, decimals of a fraction, the DOI of a paper.
"""

import csv
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.data.errors import InputError

LONG_RUN = 9
_HASHES = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{64}|sha256-[0-9A-Za-z+/]{43}=|(?<=\">)[0-9a-f]{12}(?=…))(?![0-9A-Za-z])"
)
_DOI = re.compile(r"\bdoi[ :]+10\.\d{4,9}/[0-9.]+", re.IGNORECASE)  # the address of a paper
_PATHS = re.compile(r'\s(?:d|points)="[MmLlHhVvCcQqZzAa0-9eE\s.,+-]*"')
_DATE = (
    r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"[a-z]*\.? \d{4}|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2},? \d{4})"
)
_RULES = {
    "an A-number": re.compile(r"\b[Aa](?:[-#:\s]{0,2})(?:\d{8,9}|\d{2,3}[- ]\d{3}[- ]\d{3})\b"),
    "a social security number": re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    "a date of birth": re.compile(
        rf"(?i)\b(?:date of birth|birth[ _]?da(?:te|y)|dob|born(?: on)?)\b[^\n]{{0,60}}?\b{_DATE}"
    ),
    "a telephone number": re.compile(r"(?<![\d.-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\d-]|\.\d)"),
    "an e-mail address": re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[a-z]{2}", re.IGNORECASE),
    "a long run of digits": re.compile(rf"(?<!\d)(?<!\d\.)\d{{{LONG_RUN},}}"),
}
_PRIVATE = {
    "name", "names", "first name", "last name", "middle name", "full name", "surname", "given name", "family name",
    "maiden name", "alias", "aliases", "subject name", "defendant name", "inmate name", "person name", "dob",
    "date of birth", "birth date", "birthdate", "birthday", "a number", "anumber", "alien number", "alien file number",
    "alien registration number", "ssn", "social security number", "fbi number", "state id number", "booking number",
    "passport number", "phone", "phone number", "email", "street address", "home address", "address",
    "person id", "detainer id", "arrest id", "release id", "unique identifier", "unique id",
}  # fmt: skip
_HEADS = re.compile(r"<th\b[^>]*scope=\"col\"[^>]*>(.*?)</th>", re.DOTALL | re.IGNORECASE)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Finding:
    """What was found (``rule``), where (``place``), and enough of it to look it up without repeating it."""

    rule: str
    place: str
    hint: str

    def __str__(self) -> str:
        return f"{self.rule} at {self.place} ({self.hint})"


class LeakError(InputError):
    """An output may not be published: which of them and by what rule; ``detail`` says where, for whoever builds it."""

    detail = ""


def check(texts: Mapping[str, str], forbidden: Iterable[str] | object = ()) -> None:
    """Raise `LeakError` where one of ``texts``, by the names of what they are, may not be published; it repeats nothing of it."""
    found = [(name, finding) for name, text in texts.items() for finding in scan(text, forbidden)]
    if found:
        name, first = found[0]
        error = LeakError(f"holds what may not be published: {name}: {first.rule} ({len(found)} found)")
        error.detail = f"{first.place}, {first.hint}"
        raise error


def scan(text: str, forbidden: Iterable[str] | object = ()) -> list[Finding]:
    """Return everything in ``text`` (HTML, SVG, CSV, JSON or prose) that may not be published; empty if there is nothing.

    ``forbidden`` holds raw values, such as those of columns marked sensitive: each is looked for as whole words,
    whatever the case. Values of a single character are not looked for; what has a method ``held`` is asked instead. Raises ``TypeError`` for anything but text.
    """
    if not isinstance(text, str):
        raise TypeError(f"the leak scan reads text; found {type(text).__name__}")
    plain = html.unescape(_PATHS.sub(" ", text))
    searched = plain
    for harmless in (_HASHES, _DOI):
        searched = harmless.sub(lambda match: "#" * len(match[0]), searched)
    found = [
        Finding(rule, _place(searched, match.start()), _hint(match[0]))
        for rule, pattern in _RULES.items()
        for match in pattern.finditer(searched)
    ]
    found += [Finding("a column that names people", "a table's head", repr(head)) for head in _heads(text)]
    return found + _raw_values(plain, forbidden)


def _place(text: str, start: int) -> str:
    return f"line {text.count(chr(10), 0, start) + 1}, character {start - text.rfind(chr(10), 0, start)}"


def _hint(found: str) -> str:
    return f"begins {found[:2]!r}, {len(found)} characters"


def _heads(text: str) -> list[str]:
    heads = [re.sub(r"<[^>]+>", "", match) for match in _HEADS.findall(text)]
    start = text.lstrip()[:1]
    if start in ("{", "["):
        heads += _keys(text)
    elif start != "<" and (lines := text.splitlines()):
        heads += next(csv.reader([lines[0]]))
    return sorted({head for head in heads if _normal(html.unescape(head)) in _PRIVATE})


def _keys(text: str) -> list[str]:
    keys: list[str] = []
    try:
        json.loads(text, object_pairs_hook=lambda pairs: keys.extend(key for key, _ in pairs))
    except ValueError:
        return re.findall(r'"([^"\n]{1,40})"\s*:', text)
    return keys


def _normal(head: str) -> str:
    return " ".join(_WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", head).replace("_", " ").casefold()))


def _raw_values(text: str, forbidden: Iterable[str] | object) -> list[Finding]:
    held = forbidden if hasattr(forbidden, "held") else _Listed(forbidden)
    if not held.lengths:
        return []
    written = text.casefold()
    seen = re.sub(r"<[^>]*>", " ", written)  # names may stand in attributes, and be broken by tags
    found = []
    for length in held.lengths:
        starts: dict[str, int] = {}
        for words in (_WORD.findall(written), _WORD.findall(seen)):
            for i in range(len(words) - length + 1):
                starts.setdefault(" ".join(words[i : i + length]), i)
        phrases = list(starts)
        found += [
            Finding("a raw value", f"word {starts[phrase] + 1}", _hint(phrase))
            for phrase, is_held in zip(phrases, held.held(phrases), strict=True)
            if is_held
        ]
    return found


class _Listed:
    """Raw values given as texts."""

    def __init__(self, values: Iterable[str]) -> None:
        phrases = {" ".join(_WORD.findall(str(value).casefold())) for value in values}
        self._values = {phrase for phrase in phrases if len(phrase) > 1}
        self.lengths = sorted({phrase.count(" ") + 1 for phrase in self._values})

    def held(self, phrases: Sequence[str]) -> list[bool]:
        return [phrase in self._values for phrase in phrases]
