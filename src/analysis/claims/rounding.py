"""What a number in words allows: the counts behind "nearly 40", the shares behind "one in six".

The rules are those of `rules.toml`. They decide whether stated counts and a stated percentage agree.
"""

import re

from analysis.claims.rules import rules

_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_NUMBER = rf"(\d[\d,]*(?:\.\d+)?|{'|'.join(_NUMBERS)})"
_PERCENT = re.compile(rf"{_NUMBER} ?(?:percent|per cent|%)", re.IGNORECASE)
_ONE_IN = re.compile(rf"(?:1|one) in {_NUMBER}", re.IGNORECASE)
_REST = re.compile(r"remain|not |were never|still", re.IGNORECASE)


def allowed_counts(value: int, stated_as: str) -> tuple[float, float]:
    """Return the lowest and highest count that a text allows for ``value``.

    A word such as "nearly" counts where it stands before this very number; a number without one is exact.
    """
    for word, (below, above) in rules()["words"].items():
        for match in re.finditer(rf"\b{word} {_NUMBER}", stated_as, re.IGNORECASE):
            if _number(match[1]) == value:
                unit = _unit(value)
                return value - below * unit, value + above * unit
    return float(value), float(value)


def allowed_shares(stated_as: str, stated_percent: float) -> dict[str, tuple[float, float]]:
    """Return, for each form in which a percentage is stated, the lowest and highest share that it allows.

    Forms are parted by semicolons: "17 percent" allows 16.5 to 17.5 percent, "one in six" 1 in 6.5 to 1 in 5.5. The
    percentage itself is always one of the forms, read to its last digit, unless the text gives it as a percentage.
    """
    forms: dict[str, tuple[float, float]] = {}
    for text in filter(None, (part.strip() for part in stated_as.split(";"))):
        if match := _ONE_IN.search(text):
            size = _number(match[1])
            forms[text] = (1 / (size + 0.5), 1 / (size - 0.5))
        elif match := _PERCENT.search(text):
            low, high = _read_to_last_digit(match[1])
            forms[text] = (1 - high, 1 - low) if _REST.search(text) else (low, high)
    if stated_percent == stated_percent and not forms:
        forms[f"{stated_percent:g} percent"] = _read_to_last_digit(f"{stated_percent:g}")
    return forms


def says_the_rest(stated_as: str) -> bool:
    """Return whether a percentage is stated of those without the event ("60 percent remained at large")."""
    return bool(_REST.search(stated_as))


def reproduces(counts: tuple[tuple[float, float], tuple[float, float]], share: tuple[float, float]) -> bool:
    """Return whether some numerator and denominator within their limits give a share within its limits."""
    (fewest, most), (smallest, largest) = counts
    return fewest / largest <= share[1] + 1e-12 and most / smallest >= share[0] - 1e-12


def _read_to_last_digit(text: str) -> tuple[float, float]:
    value = _number(text)
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    return (value - half) / 100, (value + half) / 100


def _number(text: str) -> float:
    return float(_NUMBERS[text.lower()]) if text.lower() in _NUMBERS else float(text.replace(",", ""))


def _unit(value: int) -> int:
    """The place of the last digit that is not zero."""
    unit = 1
    while value and value % (unit * 10) == 0:
        unit *= 10
    return unit
