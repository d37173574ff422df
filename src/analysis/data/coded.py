"""A raw column as its distinct texts and, for each row, which of them it holds.

A file of a million rows repeats a few thousand texts. What cleaning does to a text (fold, redact, look up, read as a
date) is done once for each distinct text, and a row costs a number.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Coded:
    """``codes`` (one a row) are positions in ``texts`` (str, white space folded, "" where there is no value)."""

    codes: np.ndarray
    texts: np.ndarray
    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def counts(self) -> np.ndarray:
        """The number of rows of each text."""
        return np.bincount(self.codes, minlength=len(self.texts))

    @cached_property
    def blank(self) -> np.ndarray:
        """Which rows hold no value."""
        return (self.texts == "")[self.codes]

    def once(self, what: Hashable, make: Callable[[], Any]) -> Any:
        """Return what ``make`` makes of this column, made once however many tables ask for it."""
        if what not in self._made:
            self._made[what] = make()
        return self._made[what]

    def rows(self, texts: np.ndarray) -> np.ndarray:
        """Return for each row what ``texts`` holds for its text."""
        return texts[self.codes]

    def series(self) -> pd.Series:
        """Return the column as a Series of text."""
        return pd.Series(pd.array(self.texts, dtype="str").take(self.codes))

    def replaced(self, texts: np.ndarray) -> "Coded":
        """Return the column with other texts in place of its own, one for each."""
        return Coded(self.codes, texts)

    def without(self, gone: np.ndarray) -> "Coded":
        """Return the column with no value in the given rows."""
        texts = np.append(self.texts, np.array([""], dtype=object))
        return _used(np.where(gone, len(self.texts), self.codes), texts)

    def filled(self, other: "Coded") -> "Coded":
        """Return the column with the other's value in rows that hold none."""
        codes = np.where(self.blank, other.codes + len(self.texts), self.codes)
        return _used(codes, np.concatenate([self.texts, other.texts]))

    def at(self, rows: np.ndarray) -> "Coded":
        """Return some of the rows, chosen by position or mask."""
        return _used(self.codes[rows], self.texts)


class RawColumns:
    """The raw columns of a batch by header, each coded once, however many maps and rules read it."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self.columns = frame.reset_index(drop=True), frame.columns
        self._coded: dict[str, Coded] = {}

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, header: str) -> pd.Series:
        return self.frame[header]

    def coded(self, header: str) -> Coded:
        """Return a raw column coded."""
        if header not in self._coded:
            self._coded[header] = coded(self.frame[header])
        return self._coded[header]


def coded(values: "pd.Series | Coded") -> Coded:
    """Return raw values of any type as text: white space folded, whole numbers without a point, days as 2018-01-31."""
    if isinstance(values, Coded):
        return values
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = values.cat.codes.to_numpy(), values.cat.categories
    else:
        try:
            codes, distinct = pd.factorize(values, use_na_sentinel=True)
        except TypeError:  # lists and the like, which cannot be compared
            codes, distinct = pd.factorize(values.map(str, na_action="ignore"), use_na_sentinel=True)
    codes, distinct = _present(codes.astype("int64"), distinct)
    texts = np.empty(len(distinct) + 1, dtype=object)
    texts[:-1], texts[-1] = _texts(pd.Series(distinct)), ""
    return _used(np.where(codes < 0, len(distinct), codes), texts)


def constant(text: str, rows: int) -> Coded:
    """Return a column that holds one text in every row."""
    return Coded(np.zeros(rows, dtype="int64"), np.array([text], dtype=object))


def _present(codes: np.ndarray, distinct: pd.Index) -> tuple[np.ndarray, pd.Index]:
    """Leave out categories that no row holds: a batch may know many more than it has rows."""
    there = np.bincount(codes + 1, minlength=len(distinct) + 1)[1:] > 0
    if there.all():
        return codes, distinct
    return np.append(np.cumsum(there) - 1, -1)[codes], distinct[there]


def _used(codes: np.ndarray, texts: np.ndarray) -> Coded:
    """Leave out texts that no row holds."""
    there = np.bincount(codes, minlength=len(texts)) > 0
    return Coded(codes, texts) if there.all() else Coded((np.cumsum(there) - 1)[codes], texts[there])


def _texts(distinct: pd.Series) -> list[str]:
    if pd.api.types.is_float_dtype(distinct.dtype):
        return [_number(value) for value in distinct.astype("float64").tolist()]
    if pd.api.types.is_datetime64_any_dtype(distinct.dtype):
        return distinct.dt.strftime("%Y-%m-%d").tolist()
    texts = distinct.tolist()
    if isinstance(distinct.dtype, pd.StringDtype):
        return [" ".join(text.split()) for text in texts]
    return [" ".join(_plain(value).split()) for value in texts]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)


def _plain(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
