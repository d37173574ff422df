"""Several lines over a common scale, each named at its end: projections over years, or over where data were cut.

Lines of one family share colour, dash and marker; a leader joins a name to its line where the name had to move.
"""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.publish import numbers
from analysis.publish.figures.drawing import Drawing
from analysis.publish.figures.paths_plot import Plan, draw
from analysis.publish.released import Released, release


@dataclass(frozen=True)
class _Words:
    what: str
    x_is: str


def paths(
    frame: pd.DataFrame,
    x: str,
    y: str,
    by: str,
    family: str,
    what: str,
    x_is: str,
    reference: float | None = None,
    reference_label: str = "",
    even: bool = False,
    name: str = "",
) -> Drawing:
    """Return shares over ``x``, a line for each level of ``by``, coloured by its ``family``.

    ``frame`` has a row a line and ``x``; ``y`` is a share from 0 to 1 that counts nobody (a projection), missing where a
    line does not reach. ``what`` names y, ``x_is`` names x. ``reference`` is a share marked by a horizontal line and named
    ``reference_label``. ``even`` sets the values of x at equal distances.

    Raises ``ValueError`` for a missing column, a share outside 0 to 1, or no rows.
    """
    if missing := [c for c in (x, y, by, family) if c not in frame.columns]:
        raise ValueError(f"paths needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}")
    tidy = frame[[by, family, x, y]].dropna(subset=[y]).reset_index(drop=True)
    if tidy.empty or not tidy[y].between(0, 1).all():
        raise ValueError("paths needs at least one row, and shares from 0 to 1")
    plan = Plan(x, y, by, family, x_is, reference, reference_label, even)
    return Drawing(
        source=release(tidy, "public"),
        draw=partial(draw, plan=plan),
        describe=partial(_describe, plan=plan, words=_Words(what, x_is)),
        tabulate=lambda source: source,
        summarise=partial(_wide, plan=plan),
        release=partial(release, tidy, counts=[], free=[x, y]),
        percent=(y, *(numbers.plainly(value) for value in sorted(tidy[x].unique()))),
        name=name,
        units=f"{what}, percent, by {x_is[0].lower()}{x_is[1:]}",
    )


def _wide(source: Released, plan: Plan) -> Released:
    """Return one row a line and one column a value of x, for the table on the page."""
    order = source.frame[plan.by].drop_duplicates()
    wide = source.frame.pivot(index=plan.by, columns=plan.x, values=plan.y).reindex(order)
    wide.columns = [numbers.plainly(value) for value in wide.columns]
    return release(wide.reset_index().rename(columns={plan.by: plan.by}), "public")


def _describe(source: Released, plan: Plan, words: _Words) -> str:
    said = []
    for line, part in source.frame.groupby(plan.by, sort=False):
        steps = [f"{numbers.percent(row[plan.y])} at {numbers.plainly(row[plan.x])}" for _, row in part.iterrows()]
        said.append(f"{line}: {', '.join(steps)}")
    mark = f" Marked: {plan.reference_label}, {numbers.percent(plan.reference)}." if plan.reference is not None else ""
    return f"{words.what} by {words.x_is[0].lower()}{words.x_is[1:]}, {len(said)} lines. {'; '.join(said)}.{mark}"
