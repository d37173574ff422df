"""The specifications behind a curve as tables: one to find a specification in, one for files, both without repetition.

In: released specifications, sorted. Specifications that differ in one choice and give the same numbers stand in
one row, which names each of their options.
"""

from collections.abc import Callable, Sequence

import pandas as pd

from analysis.publish.figures.specifications_plot import Plan
from analysis.publish.released import Released, release

NUMBERS = ("estimate", "lower", "upper")


def finder(source: Released, plan: Plan, interval: Callable[[float, float], str]) -> Released:
    """Return every specification in a compact table: rows of options, a column for each option of one choice.

    Options are the letters of the picture, so that the table is narrow; a row with several letters of a choice holds for each
    of them. The choice that stands in columns is the one that leaves the smallest table.
    """
    frame = source.frame
    cells = frame.assign(
        cell=[
            f"{plan.number(e, False)} ({interval(a, b)})" if a == a else f"{plan.number(e, False)} (no interval)"
            for e, a, b in zip(*(frame[c] for c in NUMBERS), strict=True)
        ]
    )
    cells.attrs = {}  # whole tables, which pandas would copy at every step
    letters = plan.lettered(frame)
    tried = {choice: _across(cells, plan.choices, choice, letters) for choice in plan.choices}
    column = min(plan.choices, key=lambda choice: len(tried[choice]) * (len(plan.choices) + 2 * len(letters[choice])))
    wide = tried[column]
    for choice in plan.choices:
        if choice != column:
            wide[choice] = ["".join(sorted(letters[choice][o] for o in found)) for found in wide[choice]]
    wide = wide.sort_values([c for c in plan.choices if c != column], kind="stable", ignore_index=True)
    heads = {choice: plan.words[choice][""] for choice in plan.choices} | {
        option: f"{plan.words[column]['']}: {letter}" for option, letter in letters[column].items()
    }
    wide.columns = [heads[name] for name in wide.columns]
    return release(wide, "public")


def coded(source: Released, plan: Plan) -> Released:
    """Return every specification once, options as letters that the head of each column explains; merged where numbers agree.

    A row stands for each combination of its letters.
    """
    frame = source.frame
    letters, heads = plan.lettered(frame), {}
    for choice in plan.choices:
        said = "; ".join(f"{letter} {plan.words[choice][o]}" for o, letter in letters[choice].items())
        heads[choice] = f"{plan.words[choice]['']} ({said})"
    kept = [*NUMBERS, "primary"]
    short = frame[[*plan.choices, *kept]].assign(**{c: frame[c].map(letters[c]) for c in plan.choices})
    rows = merged(short.fillna(dict.fromkeys(NUMBERS, -9.0)), plan.choices, kept)
    rows = rows.replace({key: {-9.0: float("nan")} for key in NUMBERS})
    for choice in plan.choices:
        rows[choice] = rows[choice].map(sorted).map("".join)
    return release(rows[[*plan.choices, *kept]].rename(columns=heads), "public")


def merged(frame: pd.DataFrame, choices: Sequence[str], kept: Sequence[str]) -> pd.DataFrame:
    """Return rows that agree in ``kept`` and in all choices but one as one row; each choice becomes a tuple of options."""
    found = frame.assign(**{c: [(option,) for option in frame[c]] for c in choices})
    for choice in _least_first(frame, choices, kept):
        others = [c for c in (*choices, *kept) if c != choice]
        found = found.groupby(others, sort=False)[choice].agg(lambda each: sum(each, ())).reset_index()
    return found.sort_values(list(kept), kind="stable", ignore_index=True) if set(NUMBERS) <= set(kept) else found


def _across(
    cells: pd.DataFrame, choices: Sequence[str], column: str, letters: dict[str, dict[str, str]]
) -> pd.DataFrame:
    rows = [choice for choice in choices if choice != column]
    wide = cells.pivot(index=rows, columns=column, values="cell").reindex(columns=list(letters[column])).fillna("")
    return merged(wide.reset_index(), rows, list(letters[column]))[[*rows, *letters[column]]]


def _least_first(frame: pd.DataFrame, choices: Sequence[str], kept: Sequence[str]) -> list[str]:
    """Choices in the order of how many rows they tell apart: those that change least are merged first."""
    return sorted(choices, key=lambda choice: len(frame.drop(columns=choice).drop_duplicates()))
