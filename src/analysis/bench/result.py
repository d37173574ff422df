"""What the bench finds, every part in one shape: comparisons with a named alternative, and limits held or broken.

A comparison's ratio is this project's time over the alternative's: under 1 is faster. ``at_most`` is its target, None where
none is set, and ``met`` then None too. A limit is one number (megabytes, an exponent) and the most that it may be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Taken:
    """What one way took: seconds by the clock and of the processors, and the most megabytes held; None where not measured."""

    seconds: float
    processor: float | None = None
    megabytes: float | None = None


@dataclass(frozen=True)
class Compared:
    """One way of doing a thing beside another."""

    what: str
    size: str
    against: str
    ours: Taken
    theirs: Taken
    at_most: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as long this project takes."""
        return self.ours.seconds / self.theirs.seconds

    def told(self) -> dict:
        """Return the comparison as bench.json holds it."""
        processor = None
        if self.ours.processor and self.theirs.processor:
            processor = _short(self.ours.processor / self.theirs.processor)
        return {
            "what": self.what, "size": self.size, "against": self.against, **_told("", self.ours), **_told("against_", self.theirs),
            "ratio": _short(self.ratio), "processor_ratio": processor, "at_most": _short(self.at_most),
            "met": None if self.at_most is None else self.ratio <= self.at_most,
        }  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """One number, and the most that it may be."""

    what: str
    found: float
    at_most: float | None = None

    def told(self) -> dict:
        """Return the limit as bench.json holds it."""
        met = None if self.at_most is None else self.found <= self.at_most
        return {"what": self.what, "found": _short(self.found), "at_most": self.at_most, "met": met}


def part(about: str, compared: Iterable[Compared], limits: Iterable[Limit] = ()) -> dict:
    """Return what a part found, printed line by line."""
    found = {
        "about": about,
        "compared": [one.told() for one in compared],
        "limits": [one.told() for one in limits],
    }
    for line in lines(found):
        print(line, flush=True)
    return found


def skipped(about: str, reason: str) -> dict:
    """Return what is kept of a part that could not be measured."""
    print(f"skipped: {reason}", flush=True)
    return {"about": about, "compared": [], "limits": [], "skipped": reason}


def met(found: Mapping) -> bool:
    """Return whether no target of a part was missed."""
    return all(one["met"] is not False for one in (*found["compared"], *found["limits"]))


def exponent(what: str, seconds: Mapping[float, float], at_most: float | None = None) -> list[Limit]:
    """Return the exponent b of cost = a x size^b, fitted by least squares to the logarithms; nothing for one size."""
    if len(seconds) < 2:
        return []
    slope = np.polyfit(np.log(list(seconds)), np.log(list(seconds.values())), 1)[0]
    sizes = ", ".join(f"{size:,}" for size in seconds)
    return [Limit(f"growth exponent of {what} ({sizes})", float(slope), at_most)]


def words(ratio: float) -> str:
    """Return a ratio of times in words."""
    times = 1 / ratio if ratio < 1 else ratio
    text = f"{times:.3g}" if times < 100 else f"{times:,.0f}"
    return f"{text} times {'faster' if ratio < 1 else 'as long'}"


def lines(found: Mapping) -> list[str]:
    """Return one sentence a comparison or limit."""
    told = []
    for one in found["compared"]:
        text = f"{one['what']}, {one['size']}: {one['seconds']:g} s, {one['against']} {one['against_seconds']:g} s, {words(one['ratio'])}"
        text += f" (target: {words(one['at_most'])})" if one["at_most"] is not None else ""
        text += f"; {one['megabytes']:,} MB" if one["megabytes"] else ""
        told.append(text + _verdict(one["met"]))
    for one in found["limits"]:
        limit = "" if one["at_most"] is None else f" (at most {one['at_most']:g})"
        told.append(f"{one['what']}: {one['found']:g}{limit}{_verdict(one['met'])}")
    return told


def _verdict(good: bool | None) -> str:
    return {True: ": met", False: ": MISSED", None: ""}[good]


def _told(prefix: str, taken: Taken) -> dict:
    return {f"{prefix}{name}": round(value) if name == "megabytes" and value else _short(value)
            for name, value in asdict(taken).items()}  # fmt: skip


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
