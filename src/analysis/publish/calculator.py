"""A small calculator for readers: pick a window, a unit and a group, and see numerator, denominator, rate and interval.

It reads rows that passed the release rule and stand in a table under it, so that the page loses nothing without it. The
script is the same on every page and is allowed by its hash alone.
"""

import html
import json
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

import pandas as pd

from analysis.publish import numbers, tables
from analysis.publish.figures.drawing import in_brackets
from analysis.publish.page import Page
from analysis.publish.released import Released, release

COLUMNS = ("unit", "by", "group", "time", "numerator", "denominator", "estimate", "lower", "upper")
SHOWN = 4  # decimals of a share: the script writes tenths of a percent
NONE = "No figure is given for this choice."
HIDDEN = "Not shown: the counts behind this figure are too small to be published."


@lru_cache(maxsize=1)
def script() -> str:
    """Return the calculator's script."""
    return (files("analysis.publish") / "templates" / "calculator.js").read_text(encoding="utf-8").strip()


def scripts(bodies: Iterable[str]) -> list[str]:
    """Return the scripts that these parts of a page hold: the calculator's, or none."""
    tag = f"<script>{script()}</script>"
    return [script()] if any(tag in body for body in bodies) else []


def show(
    page: Page, frame: pd.DataFrame, caption: str, time_unit: str = "day", first: float | None = None, level: float = 0.95,
    name: str = "calculator",
) -> None:  # fmt: skip
    """Add a calculator to a page, and its figures as a table under it.

    ``frame`` has the columns of ``COLUMNS``, one row a unit, group and time: ``unit`` says what is counted, ``by`` what
    groups it (``""`` in the rows of everyone), ``group`` is a label, ``time`` the window in ``time_unit``; ``numerator`` is
    part of ``denominator``, the rest are shares. It passes the release rule here. ``first`` is the window shown first.

    Raises ``ValueError`` for a missing column, or two rows for one choice.
    """
    if missing := [c for c in COLUMNS if c not in frame.columns]:
        raise ValueError(
            f"the calculator needs the columns {', '.join(missing)}; found {', '.join(map(str, frame.columns))}"
        )
    tidy = frame[list(COLUMNS)].reset_index(drop=True)
    if tidy.duplicated(["unit", "by", "group", "time"]).any():
        raise ValueError("the calculator was given two rows for one unit, group and time")
    released = release(tidy, page.disclosure, counts=["numerator", "denominator"], level=level)
    page._show(_html(released, caption, time_unit, first, level, f"{page.report}-{name}", page.banner), piece="text")


def _html(
    released: Released, caption: str, time_unit: str, first: float | None, level: float, name: str, banner: str
) -> str:
    said = f"{caption}{in_brackets(banner)}"
    released = _without_by(released)
    table = "".join(
        tables.to_html(
            part, html.escape(f"{said}: {unit}"), f"{name}-{i}", ("estimate", "lower", "upper"), level, foot=False
        )
        for i, (unit, part) in enumerate(_by_unit(released))
    )
    table += f'<p class="soft">{html.escape(released.note)}</p>' if released.note else ""
    fields = "".join(
        f'<p><label for="{name}-{key}">{label}</label> <select id="{name}-{key}"></select></p>'
        for key, label in (("unit", "Who is counted"), ("group", "Group"), ("time", "Window"))
    )
    form = f'<form hidden>{fields}<p><output for="{name}-unit {name}-group {name}-time" aria-live="polite"></output></p></form>'
    data = f'<script type="application/json">{_data(released, time_unit, first, level)}</script>'
    return (
        f'<div class="calculator" id="{name}"><h3>{html.escape(said)}</h3>{form}{data}'
        f"<details><summary>All figures of the calculator as a table</summary>{table}</details></div><script>{script()}</script>"
    )


def _without_by(released: Released) -> Released:
    """Put the name of the grouping into the label of each group."""
    by = released.frame["by"]
    label = released.frame["group"].where(by == "", by + ": " + released.frame["group"].astype(str))
    frame = released.frame.assign(group=label).drop(columns="by")
    return Released(frame, released.note)


def _by_unit(released: Released) -> list[tuple[str, Released]]:
    """Part the rows by unit, which then heads a table of its own. Events over everyone followed are not the percentage."""
    heads = {"numerator": "events seen", "denominator": "followed"}
    found = []
    for unit, rows in released.frame.groupby("unit", sort=False):
        found.append((str(unit), Released(rows.drop(columns="unit").rename(columns=heads), released.note)))
    return found


def _data(released: Released, time_unit: str, first: float | None, level: float) -> str:
    """The rows as JSON that cannot end the script element it stands in; units and groups stand once, and rows number them."""
    records = [list(record.values()) for record in tables.to_records(released)]
    units, groups = (list(dict.fromkeys(row[i] for row in records)) for i in (0, 1))
    rows = [
        [
            units.index(row[0]),
            groups.index(row[1]),
            *row[2:5],
            *(None if v is None else round(v, SHOWN) for v in row[5:]),
        ]
        for row in records
    ]
    times = [row[2] for row in rows]
    data = {
        "units": units, "groups": groups, "rows": rows, "time": f"{time_unit}s",
        "first": first if first in times else (times[0] if times else None),
        "level": numbers.percent(level, 0), "hidden": HIDDEN, "none": NONE,
    }  # fmt: skip
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
