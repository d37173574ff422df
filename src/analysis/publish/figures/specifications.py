"""A specification curve: estimates of one quantity under many combinations of choices, sorted, with the choices below.

Above, every estimate with its interval, in order; below, a row for each option that shows where in that order the
specifications with it lie. The primary specification and a known truth are marked.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from analysis.publish import numbers
from analysis.publish.figures.drawing import Drawing
from analysis.publish.figures.specifications_plot import Plan, draw
from analysis.publish.privacy import Released, release

_NUMBERS = ("estimate", "lower", "upper")


def specifications(
    frame: pd.DataFrame,
    choices: Sequence[str],
    words: Mapping[str, Mapping[str, str]],
    what: str,
    truth: float | None = None,
    truth_label: str = "truth",
    level: float = 0.95,
    name: str = "",
) -> Drawing:
    """Return a specification curve of shares.

    ``frame`` has one row a specification: the columns ``choices`` (an option each), estimate, lower, upper (shares, rounded
    by the caller to a digit that gives no single person away) and primary (True in one row). ``words`` gives for each
    choice its own name under ``""`` and the words of its options. ``truth`` is a known share to mark. The table
    beside the picture holds every specification: one column for each option of the last choice.

    Raises ``ValueError`` for a missing column, no rows, or other than one primary row.
    """
    needed = [*choices, *_NUMBERS, "primary"]
    if missing := [c for c in needed if c not in frame.columns]:
        raise ValueError(
            f"specifications needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}"
        )
    tidy = frame[needed].dropna(subset=["estimate"]).sort_values("estimate", kind="stable", ignore_index=True)
    if tidy["primary"].sum() != 1:
        raise ValueError(f"specifications needs one primary row with an estimate; found {int(tidy['primary'].sum())}")
    plan = Plan(tuple(choices), {k: dict(v) for k, v in words.items()}, truth, truth_label)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(draw, plan=plan),
        describe=partial(_describe, plan=plan, what=what),
        tabulate=lambda source: source,
        summarise=partial(_finder, plan=plan),
        release=partial(release, tidy, counts=[], free=list(_NUMBERS)),
        percent=_NUMBERS,
        level=level,
        name=name,
        units=f"{what}, percent, with {100 * level:g} % intervals; every specification once",
    )


def _finder(source: Released, plan: Plan) -> Released:
    """Return every specification in a compact table: rows of options, a column for each option of the last choice."""
    *rows, last = plan.choices
    frame = source.frame
    cells = pd.Series(
        [f"{100 * e:.1f} ({numbers.interval(a, b)})" for e, a, b in zip(*(frame[c] for c in _NUMBERS), strict=True)]
    )
    wide = frame.assign(cell=cells).pivot(index=rows, columns=last, values="cell")
    wide = wide.reindex(columns=[o for o in plan.words[last] if o in wide.columns]).fillna("").reset_index()
    for choice in rows:
        wide[choice] = wide[choice].map(plan.words[choice])
    heads = {choice: plan.words[choice][""] for choice in rows}
    wide.columns = [
        heads.get(c, f"{plan.words[last][''] if c in plan.words[last] else ''}: {plan.words[last].get(c, c)}")
        for c in wide.columns
    ]
    return release(wide, "public")


def _describe(source: Released, plan: Plan, what: str) -> str:
    frame = source.frame
    first = frame[frame["primary"]].iloc[0]
    low, high = frame["estimate"].min(), frame["estimate"].max()
    words = [
        f"{what} under {len(frame):,} specifications, sorted: from {numbers.percent(low)} to {numbers.percent(high)}, median "
        f"{numbers.percent(frame['estimate'].median())}. The primary one gives {numbers.percent(first['estimate'])} (interval "
        f"{numbers.interval(first['lower'], first['upper'])})."
    ]
    if plan.truth is not None:
        words.append(f"Marked: {plan.truth_label}, {numbers.percent(plan.truth)}.")
    for choice in plan.choices:
        middles = frame.groupby(choice, sort=False)["estimate"].median()
        said = ", ".join(f"{plan.words[choice][option]} {numbers.percent(value)}" for option, value in middles.items())
        words.append(f"Median by {plan.words[choice]['']}: {said}.")
    return " ".join(words)
