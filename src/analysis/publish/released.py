"""The release rule: one door through which every table, figure, CSV, JSON and sentence leaves.

Public and internal data pass as they are. Of restricted data every count is rounded (`analysis.data.rounding`), a share that is
the quotient of two counts becomes that of the rounded ones, with Wilson's limits, and what rests on people and not on counts
keeps two digits. A whole-number column that nobody has declared is refused, not guessed at.
"""

import difflib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.data.spec import DISCLOSURES

NOTE = "Rounded; the parts do not add up."
COUNTS = (
    "numerator", "denominator", "n", "k", "count", "at_risk", "events", "censored", "rows", "people", "releases",
    "detainers", "arrests",
)  # fmt: skip
NOBODY = (
    "year", "quarter", "month", "day", "days", "weeks", "months", "years", "time", "horizon", "age", "level", "start", "end",
    "clusters", "clusters_0", "clusters_1", "places", "options", "specifications", "adopt", "never", "event_time", "cut",
    "cut at days", "cut at weeks", "cut at months", "cut at years", "worlds", "covered",
)  # fmt: skip
_LIMITS = ("lower", "upper")


class ReleaseError(ValueError):
    """Something was about to leave without a declaration that the release rule needs."""


@dataclass(frozen=True)
class Released:
    """A frame as it may be shown, a note on it, empty where there is nothing to say, and of restricted data the sizes that its shares are of."""

    frame: pd.DataFrame
    note: str = ""
    sizes: tuple = ()


def check_disclosure(disclosure: object) -> None:
    """Raise `ReleaseError` for anything but the three disclosures there are."""
    if disclosure not in DISCLOSURES:
        raise ReleaseError(f"disclosure is {disclosure!r}; expected one of {', '.join(map(repr, DISCLOSURES))}")


def release(
    frame: pd.DataFrame,
    disclosure: str,
    counts: Sequence[str] | None = None,
    free: Sequence[str] = (),
    level: float = 0.95,
) -> Released:
    """Return ``frame`` as it may be shown.

    ``counts`` names the columns that count people or records (by default those with a usual name, such as ``numerator``),
    ``free`` other numbers: what rests on people, and whole numbers that count nobody, such as a year (`NOBODY`). ``level`` is
    that of the limits. What is neither comes from a rounded life table. Rows that were ordered by a number are ordered by it
    after rounding, and by their words where it is equal.

    Raises `ReleaseError` for an unknown disclosure, a declared column that is absent, or, where the disclosure is
    restricted, whole numbers that are not declared.
    """
    check_disclosure(disclosure)
    if not frame.columns.is_unique:
        raise ReleaseError(f"two columns have the same name ({', '.join(map(str, frame.columns))}); rename one")
    frame = frame.reset_index(drop=True)
    for name in (*(counts or ()), *free):
        _require(frame, name)
    if disclosure != "restricted":
        return Released(frame)
    numbers = [c for c in frame if pd.api.types.is_numeric_dtype(frame[c]) and frame[c].dtype != bool]
    named = [c for c in numbers if c in (COUNTS if counts is None else counts) and c not in free]
    counted = [*named, *(c for c in numbers if c in free and c not in (*NOBODY, *_LIMITS) and _whole(frame[c]))]
    rest = [c for c in numbers if c not in (*counted, *NOBODY)]
    _refuse_undeclared(frame, [c for c in rest if c not in free], named)
    step = rounding.step() or rounding.STEP
    frame = _pooled(frame, counted, rest, step)
    out = frame.copy()
    for name in counted:
        out[name] = _shown(frame[name], step)
    quotients = _rebuilt(frame, out, counted, rest, level)
    _shorten(out, [c for c in rest if c in free], quotients)
    sizes = tuple(n for c in counted if c in ("denominator", "people", "followed") for n in out[c].dropna())
    return Released(_ordered(frame, out, [*counted, *rest]), NOTE if named and len(out) > 1 else "", sizes)


def _require(frame: pd.DataFrame, name: str) -> None:
    if name not in frame.columns:
        near = difflib.get_close_matches(str(name), [str(c) for c in frame.columns], 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ReleaseError(f"column {name!r} is declared but not in the frame ({', '.join(map(str, frame))}){hint}")


def _whole(values: pd.Series) -> bool:
    known = values.dropna()
    share = pd.api.types.is_float_dtype(values) and known.between(0, 1).all()  # may be 1 in every row
    return len(known) > 0 and not share and bool((known == np.floor(known)).all())


def _refuse_undeclared(frame: pd.DataFrame, names: Sequence[str], counts: Sequence[str]) -> None:
    for name in names:
        if _whole(frame[name]):
            raise ReleaseError(
                f"column {name!r} holds whole numbers and is not declared: these data are restricted, so name it in "
                f"counts=[...] if it counts people or records, or in free=[...] if it does not"
            )
        if len(frame[name].dropna()) and not counts:
            raise ReleaseError(
                f"column {name!r} is a number that rests on no declared count: these data are restricted, so name the "
                f"counts behind it in counts=[...], or the column in free=[...]"
            )


def _shown(values: pd.Series, step: int) -> pd.Series:
    """Round the whole numbers of a column; others, such as person-years, come from a rounded life table."""
    exact = values.to_numpy(dtype=float, na_value=np.nan)
    shown = pd.Series(np.where(exact == np.floor(exact), rounding.midpoint(exact, step), exact), index=values.index)
    return shown.astype("Int64" if shown.isna().any() else "int64") if _whole(shown) else shown


def _pooled(frame: pd.DataFrame, counted: Sequence[str], rest: Sequence[str], step: int) -> pd.DataFrame:
    """Join the smallest rows while a count of 1 to 5 would keep fewer than three values beside all totals."""
    labels = [c for c in frame if c not in (*counted, *rest)]
    while len(labels) == 1 and len(frame) > 2 and len(counted):
        values = frame[list(counted)].to_numpy(dtype=float, na_value=0.0)
        if not rounding.told_by_all(values, step).any():
            break
        small = frame.index[np.argsort(values.sum(axis=1), kind="stable")[:2]]
        joined = {**dict.fromkeys(rest, np.nan), **frame.loc[small, list(counted)].sum(), labels[0]: rounding.OTHER}
        others = frame.drop(small)
        frame = pd.concat([others.astype({labels[0]: "object"}), pd.DataFrame([joined])], ignore_index=True)[
            list(frame)
        ]
    return frame


def _rebuilt(
    frame: pd.DataFrame, out: pd.DataFrame, counted: Sequence[str], rest: Sequence[str], level: float
) -> Mapping[str, np.ndarray]:
    """Put the quotient of rounded counts where a number is the quotient of exact ones; return in which rows of each column."""
    found, columns = {name: np.zeros(len(frame), dtype=bool) for name in rest}, list(frame.columns)
    exact, shown = ({c: f[c].to_numpy(dtype=float, na_value=np.nan) for c in counted} for f in (frame, out))
    for name in (c for c in rest if c not in _LIMITS):
        values = frame[name].to_numpy(dtype=float, na_value=np.nan)
        pairs = [(a, b, s) for a in counted for b in counted if a != b for s in (1.0, 100.0)]
        for proper, (part, whole, scale) in itertools.product((True, False), pairs):
            with np.errstate(all="ignore"):
                here = np.isclose(values, scale * exact[part] / exact[whole], rtol=1e-9, atol=0) & ~found[name]
                here &= (exact[part] <= exact[whole]) == proper
                share = scale * shown[part] / shown[whole]
            out[name] = np.where(here, share, out[name].to_numpy(dtype=float, na_value=np.nan))
            found[name] |= here
            if tuple(columns[columns.index(name) + 1 :][:2]) == _LIMITS:
                for limit, value in zip(_LIMITS, rounding.wilson(shown[part], shown[whole], level), strict=True):
                    before = frame[limit].to_numpy(float)
                    of_people = (exact[part] <= exact[whole]) & (
                        exact[whole] == np.floor(exact[whole])
                    )  # not of person-years
                    rows = here & of_people & (before != values) & ~np.isnan(before)
                    out[limit] = np.where(rows, scale * value, out[limit].to_numpy(float))
                    found[limit] |= rows
    return found


def _shorten(out: pd.DataFrame, free: Sequence[str], quotients: Mapping[str, np.ndarray]) -> None:
    """Leave two digits of what rests on people; limits right of an estimate are rebuilt from it."""
    columns = list(out.columns)
    for name in (c for c in free if c not in _LIMITS):
        values = out[name].to_numpy(dtype=float, na_value=np.nan)
        if tuple(columns[columns.index(name) + 1 :][:2]) == _LIMITS:
            short = rounding.limits(values, *(out[limit].to_numpy(float) for limit in _LIMITS))
            short = dict(zip((name, *_LIMITS), short, strict=True))
        else:
            short = {name: rounding.significant(values)}
        for column, value in short.items():
            out[column] = np.where(quotients[column], out[column], value)


def _ordered(frame: pd.DataFrame, out: pd.DataFrame, numbers: Sequence[str]) -> pd.DataFrame:
    """Order rows that stood in the order of a number by it as it is shown, and by their words where it is equal."""
    words = [
        c for c in frame if pd.api.types.is_string_dtype(frame[c]) or isinstance(frame[c].dtype, pd.CategoricalDtype)
    ]
    if not words or len(words) + len(numbers) < len(frame.columns):
        return out
    for name in numbers:
        rising, falling = frame[name].is_monotonic_increasing, frame[name].is_monotonic_decreasing
        if rising != falling:
            by = out.assign(**{word: out[word].astype("str") for word in words})
            order = by.sort_values([name, *words], ascending=[rising, *[True] * len(words)], kind="stable").index
            return out.loc[order].reset_index(drop=True)
    return out
