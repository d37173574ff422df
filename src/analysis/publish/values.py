"""Values for prose that know which people stand behind them, so that no sentence gives a small count away.

``share(40, 440)`` knows its numerator and denominator, ``risk(...)`` its events and number at risk, ``plain(105)``
that it counts nobody. A bare whole number is taken as a count. On a restricted page a bare share is refused.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd

from analysis.publish import numbers
from analysis.publish.rule import FEWER, THRESHOLD, ReleaseError

NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class Plain:
    """A value that counts nobody: a window, a year, a hazard ratio."""

    value: object

    def __format__(self, spec: str) -> str:
        return _formatted(self.value, spec)


@dataclass(frozen=True)
class Share:
    """An estimated share with the counts behind it and, where given, its interval.

    In a template ``{p}`` gives ``9.1 %``, ``{p:interval}`` the limits, ``{p:full}`` both, ``{p:counts}``
    ``40 of 440``; any percent format (``{p:.0%}``) works too. ``part`` says that ``n - k`` is a count as well; ``n`` is None
    where it is not known how many are left. The counts of an estimate that is not their quotient, as of one read off a curve, are refused: no sentence has both.
    """

    k: int
    n: int | None
    estimate: float
    lower: float = float("nan")
    upper: float = float("nan")
    level: float = 0.95
    part: bool = True

    @property
    def small(self) -> bool:
        """Whether a count behind the share, or its complement, is under the threshold."""
        return (
            self.k < THRESHOLD
            or (self.n is not None and self.n < THRESHOLD)
            or (self.part and self.n - self.k < THRESHOLD)
        )

    def record(self) -> dict[str, object]:
        """Return the share for JSON, its counts beside it."""
        names = ("numerator", "denominator") if self.part else ("events", "at_risk")
        counts = dict(zip(names, (self.k, self.n), strict=True))
        return {**counts, "estimate": self.estimate, "lower": self.lower, "upper": self.upper, "level": self.level}

    def __format__(self, spec: str) -> str:
        if spec in ("", "estimate"):
            return numbers.percent(self.estimate)
        if spec == "interval":
            return numbers.interval(self.lower, self.upper)
        if spec == "full":
            limits = numbers.interval(self.lower, self.upper)
            return f"{numbers.percent(self.estimate)} ({numbers.percent(self.level, 0)} interval {limits})"
        if spec == "counts":
            if not self.part or numbers.percent(self.k / self.n) != numbers.percent(self.estimate):
                raise ValueError(
                    f"{numbers.percent(self.estimate)} is not the share of {self.k} in {self.n}: say of whom it is an estimate"
                )
            return f"{numbers.thousands(self.k)} of {numbers.thousands(self.n)}"
        return _formatted(self.estimate, spec)


@dataclass(frozen=True)
class Span:
    """Several shares of which a sentence gives the lowest and the highest: ``10.3 % to 10.9 %``, or the one they agree on."""

    shares: tuple[Share, ...]

    def __format__(self, spec: str) -> str:
        low, high = min(s.estimate for s in self.shares), max(s.estimate for s in self.shares)
        words = [numbers.percent(low), numbers.percent(high)]
        return words[0] if words[0] == words[1] else f"{words[0]} to {words[1]}"


@dataclass(frozen=True)
class Hidden:
    """What stands in a sentence for a value that is withheld, whatever format the template asks for."""

    words: str

    def __format__(self, spec: str) -> str:
        return self.words


def plain(value: object) -> Plain:
    """Mark a value as one that counts nobody, such as a number of days or years, a ratio or a p value."""
    return Plain(value)


def share(k: int, n: int, interval: object = None, level: float = 0.95) -> Share:
    """Return the share ``k`` of ``n``; ``interval`` is a pair of limits or anything with ``lower`` and ``upper``.

    An ``interval`` that also has an ``estimate`` (a row of results, say) gives the estimate; else it is ``k / n``.
    Raises ``ValueError`` where ``k`` is not between 0 and ``n``, or ``n`` is 0.
    """
    if not 0 <= k <= n or n == 0:
        raise ValueError(f"a share needs 0 <= k <= n and n > 0; found k = {k}, n = {n}")
    lower, upper = _limits(interval)
    return Share(int(k), int(n), float(getattr(interval, "estimate", k / n)), lower, upper, level)


def risk(estimate: float, lower: float, upper: float, events: int, at_risk: int | None, level: float = 0.95) -> Share:
    """Return an estimated risk read off a curve, with the ``events`` up to then and those still ``at_risk``.

    Past the end of a curve all are missing: the counts are then 0.
    """
    events, at_risk = (n if n is None else 0 if n != n else int(n) for n in (events, at_risk))
    return Share(events, at_risk, float(estimate), float(lower), float(upper), level, part=False)


def span(shares: Iterable[Share]) -> Span:
    """Return the span of several shares; on a restricted page those with a small count behind them are left out."""
    return Span(tuple(shares))


def guard(values: Mapping[str, object], disclosure: str, said: set[int] | None = None) -> dict[str, object]:
    """Return ``values`` as they may stand in a sentence; all of one call are judged together, and beside what was ``said``.

    Where ``disclosure`` is restricted, counts under the threshold become "fewer than 10", a count that differs from
    another of the same call by less than the threshold is withheld, and so is a share with a small count behind it.
    ``said`` holds the counts that the page has stated so far, and takes up those shown here: a count that differs from one of
    them by less than the threshold is withheld too.
    Raises `ReleaseError` for a bare share or estimate.
    """
    if disclosure == "public":
        return {
            name: value if isinstance(value, Share | Span | Plain | Hidden) else Plain(value)
            for name, value in values.items()
        }
    counts = {name: int(v) for name, v in values.items() if isinstance(v, Integral) and not isinstance(v, bool)}
    secret = {v.k for v in values.values() if isinstance(v, Share) and v.small}
    sizes = {*counts.values(), *(v.n for v in values.values() if isinstance(v, Share) and v.n is not None)}
    shown: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Share):
            shown[name] = Hidden(NOT_SHOWN) if value.small else value
        elif isinstance(value, Span):
            large = tuple(s for s in value.shares if not s.small)
            shown[name] = Span(large) if large else Hidden(NOT_SHOWN)
        elif name in counts:
            shown[name] = _guarded_count(counts[name], secret, sizes, said or ())
        elif isinstance(value, Real) and not isinstance(value, bool | np.bool_):
            raise ReleaseError(
                f"value {name!r} is a bare number and these data are restricted: give share(k, n), or plain(x) if it "
                f"reveals no count"
            )
        else:
            shown[name] = value if isinstance(value, Plain | Hidden) else Plain(value)
    if said is not None:
        said |= {counts[name] for name in counts if isinstance(shown[name], Plain)}
    return shown


def _guarded_count(n: int, secret: set[int], sizes: set[int], said: Iterable[int]) -> object:
    if n < THRESHOLD:
        return Hidden(FEWER)
    near = any(0 < other - n < THRESHOLD for other in sizes) or any(0 < abs(other - n) < THRESHOLD for other in said)
    if n in secret or near:
        return Hidden(f"a number that is {NOT_SHOWN}")
    return Plain(n)


def _limits(interval: object) -> tuple[float, float]:
    if interval is None:
        return float("nan"), float("nan")
    if hasattr(interval, "lower"):
        return float(interval.lower), float(interval.upper)
    lower, upper = interval
    return float(lower), float(upper)


def _formatted(value: object, spec: str) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return "not available"
    if spec.endswith("%"):
        return format(value, "z" + spec)[:-1] + numbers.NBSP + "%" if "z" not in spec else format(value, spec)
    if spec:
        return format(value, spec)
    return numbers.day(value) if isinstance(value, dt.date) else numbers.plainly(value)
