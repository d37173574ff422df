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
from analysis.publish.figures.specifications_table import NUMBERS, coded, finder
from analysis.publish.released import Released, release


def specifications(
    frame: pd.DataFrame,
    choices: Sequence[str],
    words: Mapping[str, Mapping[str, str]],
    what: str,
    truth: float | None = None,
    truth_label: str = "truth",
    level: float = 0.95,
    name: str = "",
    points: bool = False,
) -> Drawing:
    """Return a specification curve of shares, or of differences of shares.

    ``frame`` has one row a specification: the columns ``choices`` (an option each), estimate, lower, upper (shares, rounded
    by the caller to a digit that gives no single person away) and primary (True in one row). ``words`` gives for each
    choice its own name under ``""`` and the words of its options. ``truth`` is a known value to mark. ``points`` says that
    the numbers are differences, shown in percentage points with their sign; a limit may be missing. The table beside
    the picture holds every specification, so that a reader finds his own; the file holds them coded by letters.

    Raises ``ValueError`` for a missing column, no rows, or other than one primary row.
    """
    needed = [*choices, *NUMBERS, "primary"]
    if missing := [c for c in needed if c not in frame.columns]:
        raise ValueError(
            f"specifications needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}"
        )
    tidy = frame[needed].dropna(subset=["estimate"]).sort_values("estimate", kind="stable", ignore_index=True)
    if tidy["primary"].sum() != 1:
        raise ValueError(f"specifications needs one primary row with an estimate; found {int(tidy['primary'].sum())}")
    plan = Plan(tuple(choices), {k: dict(v) for k, v in words.items()}, truth, truth_label, points)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(draw, plan=plan),
        describe=partial(_describe, plan=plan, what=what),
        tabulate=partial(coded, plan=plan),
        summarise=partial(finder, plan=plan, interval=numbers.interval),
        release=partial(release, tidy, counts=[], free=list(NUMBERS)),
        percent=NUMBERS,
        level=level,
        name=name,
        units=f"{what}, {'percentage points' if points else 'percent'}, with {100 * level:g} % intervals; letters as in the picture, several for each of them",
    )


def _describe(source: Released, plan: Plan, what: str) -> str:
    frame, say = source.frame, plan.number
    first = frame[frame["primary"]].iloc[0]
    low, high = frame["estimate"].min(), frame["estimate"].max()
    words = [
        f"{what} under {len(frame):,} specifications, sorted: from {say(low)} to {say(high)}, median "
        f"{say(frame['estimate'].median())}. The primary one gives {say(first['estimate'])} (interval "
        f"{numbers.interval(first['lower'], first['upper'])})."
    ]
    if plan.truth is not None:
        words.append(f"Marked: {plan.truth_label}, {say(plan.truth)}.")
    for choice in plan.choices:
        middles = frame.groupby(choice, sort=False)["estimate"].median()
        said = ", ".join(f"{plan.words[choice][option]} {say(value)}" for option, value in middles.items())
        words.append(f"Median by {plan.words[choice]['']}: {said}.")
    return " ".join(words)
