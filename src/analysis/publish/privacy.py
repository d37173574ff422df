"""The release rule: one door through which every figure, table, CSV, JSON and alternative text leaves.

``disclosure = "public"`` lets a frame pass unchanged. ``"restricted"`` withholds counts under ten together with
the counts, rates and intervals that would reveal them, and releases curves only at steps that hold enough people.
The rule fails closed: a whole-number column that nobody has declared is refused, not guessed at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.publish import relations, suppression
from analysis.publish.rule import FEWER, FOOTNOTE, THRESHOLD, WITHHELD, ReleaseError, check_disclosure, require

COUNTS = (
    "numerator", "denominator", "n", "k", "count", "at_risk", "events", "censored", "rows", "people", "releases",
    "detainers", "arrests",
)  # fmt: skip


_LIMITS = ("lower", "upper", "se")
RATES = ("estimate", "share", "survival", "incidence", "cumulative", "conditional", "annual_first", *_LIMITS)


@dataclass(frozen=True)
class Released:
    """A frame that may be shown, and which of its cells were withheld (same shape, True where withheld).

    ``mark`` is the word to show in a withheld cell; ``note`` explains it, and is empty where nothing was withheld. ``counts``
    names the columns that count people or records, where they are known.
    """

    frame: pd.DataFrame
    withheld: pd.DataFrame
    mark: str
    note: str
    counts: tuple[str, ...] = ()

    def text(self, column: str, row: object) -> str | None:
        """Return the mark where the cell was withheld, else None."""
        return self.mark if self.withheld.loc[row, column] else None


def release(
    frame: pd.DataFrame,
    disclosure: str,
    counts: Sequence[str] | None = None,
    rates: Mapping[str, Sequence[str]] | None = None,
    of: Mapping[str, str] | None = None,
    sums: Mapping[str, Sequence[str]] | None = None,
    free: Sequence[str] = (),
    whole: bool = True,
    nested: Sequence[str] | None = None,
) -> Released:
    """Return ``frame`` as it may be shown.

    ``counts`` names the columns that count people or records (by default those with a usual name, such as
    ``numerator`` or ``at_risk``). ``rates`` names, for a share, estimate or interval column, the counts it rests
    on; a number that is neither declared here nor a count nor ``free`` rests on all counts of its row, and is withheld
    too where as a share of the largest it would stand for fewer than ten of them, or for all but fewer than ten.
    ``of`` says which count is a part of which (by default: a count that is nowhere larger than another is a part of
    it); ``sums`` names totals and their parts by column. A row that is the sum of all others is recognised as a total;
    ``whole`` says that the rows may be parts of a whole that is known elsewhere, on the page or another: what is withheld
    from a column is then never a single count, nor fewer than ten together. ``nested`` names counts of which each
    row's is a part of another's, such as the events by 30, 60 and 90 days (by default ``at_risk`` and ``events``
    within rows that agree in all text). ``free`` names numbers that count nobody, such as a year.

    Raises `ReleaseError` for an unknown disclosure, a declared column that is absent, or, where the disclosure is
    restricted, a number that is not declared.
    """
    check_disclosure(disclosure)
    if not frame.columns.is_unique:
        raise ReleaseError(f"two columns have the same name ({', '.join(map(str, frame.columns))}); rename one")
    frame = frame.reset_index(drop=True)
    declared = [
        *(counts or ()),
        *free,
        *(nested or ()),
        *(rates or {}),
        *(of or {}),
        *(of or {}).values(),
        *(sums or {}),
    ]
    for name in declared:
        require(frame, name)
    nothing = pd.DataFrame(False, index=frame.index, columns=frame.columns)
    if disclosure == "public":
        return Released(frame, nothing, "", "")
    columns = [c for c in frame.columns if c in (COUNTS if counts is None else counts) and c not in free]
    numbers = [c for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c]) and frame[c].dtype != bool]
    _refuse_undeclared(frame, numbers, columns, rates or {}, free)
    values = frame[columns].to_numpy(dtype=float, na_value=np.nan)
    inside = relations.nested(columns, values, nested, _same_group(frame))
    pairs = [*relations.pairs(columns, values, of), *inside]
    lines = relations.sums(columns, values, sums or {}, whole, {part[1] for part, _ in inside})
    hidden = suppression.withheld(values, THRESHOLD, lines, pairs)
    mask = nothing.copy()
    mask[columns] = hidden
    _withhold_rates(
        frame, mask, {n: (rates or {}).get(n, columns) for n in numbers if n not in (*columns, *free)}, rates or {}
    )
    alone = bool((values[hidden] < THRESHOLD).all()) and not _summed(hidden, lines)
    return replace(_masked(frame, mask, alone), counts=tuple(columns))


def _same_group(frame: pd.DataFrame) -> np.ndarray:
    """Return a number for each row, equal where all columns other than numbers are."""
    text = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    if not text:
        return np.zeros(len(frame), dtype=int)
    return frame.groupby(text, sort=False, observed=True, dropna=False).ngroup().to_numpy()


def _withhold_rates(
    frame: pd.DataFrame, mask: pd.DataFrame, rates: Mapping[str, Sequence[str]], declared: Mapping
) -> None:
    """Withhold each rate with its counts, and where the count that it stands for is small although not in the table."""
    implied = pd.Series(False, index=frame.index)
    for name, counts in rates.items():
        mask[name] = mask[list(counts)].any(axis=1)
        if name not in declared and name not in _LIMITS and len(counts):
            base = frame[list(counts)].astype(float).max(axis=1)
            share = frame[name].astype(float).where(frame[name].between(0, 1))
            small = (share * base < THRESHOLD - 0.5) | ((1 - share) * base < THRESHOLD - 0.5)
            mask[name] |= small
            implied |= small
    for name in rates:
        mask[name] = (mask[name] | (implied & (name in _LIMITS))) & frame[name].notna()


def _refuse_undeclared(
    frame: pd.DataFrame, numbers: list, columns: list, rates: Mapping[str, Sequence[str]], free: Sequence[str]
) -> None:
    for name in numbers:
        if name in columns or name in free or name in rates:
            continue
        values = frame[name].dropna()
        rate = name in RATES and pd.api.types.is_float_dtype(frame[name])  # a share may be 1 in every row
        if len(values) and not rate and (values == np.floor(values)).all():
            raise ReleaseError(
                f"column {name!r} holds whole numbers and is not declared: these data are restricted, so name it in "
                f"counts=[...] if it counts people or records, or in free=[...] if it counts nobody (a year, a day)"
            )
        if len(values) and not columns:
            raise ReleaseError(
                f"column {name!r} is a number that rests on no declared count: these data are restricted, so name the "
                f"counts behind it in counts=[...], or the column in free=[...] if it reveals no count"
            )


def _summed(hidden: np.ndarray, lines: list[suppression.Sum]) -> bool:
    return any(hidden[cell] for _, parts in lines for cell in parts)


def _masked(frame: pd.DataFrame, mask: pd.DataFrame, alone: bool) -> Released:
    shown = frame.copy()
    for name in frame.columns[mask.any()]:
        values = shown[name].astype("Int64" if pd.api.types.is_integer_dtype(shown[name]) else shown[name].dtype)
        shown[name] = values.mask(mask[name])
    # One word for all: if small counts and their companions were marked apart, the marks would give them away.
    mark = FEWER if alone else WITHHELD
    return Released(shown, mask, mark, FOOTNOTE if mask.to_numpy().any() else "")
