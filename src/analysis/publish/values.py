"""Values for prose that know which people stand behind them, so that every sentence on restricted data is of rounded counts.

``share(40, 440)`` knows its numerator and denominator, ``risk(...)`` its events and number at risk, ``plain(105)``
that it counts nobody. A bare whole number is taken as a count. On a restricted page a bare share is refused.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real

import numpy as np
import pandas as pd

from analysis.data.rounding import STEP, midpoint, step, wilson
from analysis.publish import numbers
from analysis.publish.released import ReleaseError


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

    def rounded(self) -> "Share":
        """Return the share with rounded counts, and their quotient with Wilson's limits where it is one; else it is from rounded counts."""
        k = int(midpoint(self.k, _step()))
        n = self.n if self.n is None else int(midpoint(self.n, _step()))
        if not n or not np.isclose(self.estimate, self.k / self.n, rtol=1e-9, atol=0):
            return replace(self, k=k, n=n)
        lower, upper = map(float, wilson(k, n, self.level)) if self.lower == self.lower else (self.lower, self.upper)
        return replace(self, k=k, n=n, estimate=k / n, lower=lower, upper=upper)

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
    """Return the span of several shares."""
    return Span(tuple(shares))


def shown(values: Mapping[str, object], disclosure: str) -> dict[str, object]:
    """Return ``values`` as they may stand in a sentence: where the disclosure is restricted, every count rounded, and shares of them.

    Raises `ReleaseError` for a bare share or estimate of restricted data.
    """
    known = (Plain, Share, Span)
    if disclosure != "restricted":
        return {name: value if isinstance(value, known) else Plain(value) for name, value in values.items()}
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Share):
            found[name] = value.rounded()
        elif isinstance(value, Span):
            found[name] = Span(tuple(share.rounded() for share in value.shares))
        elif isinstance(value, Integral) and not isinstance(value, bool):
            found[name] = Plain(int(midpoint(value, _step())))
        elif isinstance(value, Real) and not isinstance(value, bool | np.bool_):
            raise ReleaseError(
                f"value {name!r} is a bare number and these data are restricted: give share(k, n), or plain(x) if it "
                f"reveals no count"
            )
        else:
            found[name] = value if isinstance(value, Plain) else Plain(value)
    return found


def smallest(values: Mapping[str, object]) -> list[int]:
    """Return the denominators of the shares among values that may be shown."""
    shares = [s for v in values.values() for s in ((v,) if isinstance(v, Share) else getattr(v, "shares", ()))]
    return [share.n for share in shares if share.n]


def _step() -> int:
    return step() or STEP


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
