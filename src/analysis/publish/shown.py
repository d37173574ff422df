"""The counts that a page shows, kept beside it so that pages about one dataset can be held against each other.

In go released frames, out come plain lists for JSON: nothing in them is not on the page already.
"""

from collections.abc import Mapping

import pandas as pd

from analysis.publish.privacy import Released


def counts(released: Released, what: str, curve: bool = False) -> dict | None:
    """Return the counts of a table or figure; None where it shows none.

    ``what`` is its caption or units. Each row is a pair: its labels (text, and whole numbers that count nobody, such as
    days) and its counts by column, without those that are withheld. The rows of a ``curve`` are its steps, with the number at risk
    when each began and the events within it; ``times`` then says when each ends.
    """
    frame, columns = released.frame, [c for c in released.counts if c in released.frame]
    if not columns or frame.empty:
        return None
    labels = [c for c in frame if c not in (*columns, "time") and not pd.api.types.is_float_dtype(frame[c])]
    rows = [
        [
            [str(value) for value in label if not pd.isna(value)],
            {c: int(n) for c, n, gone in zip(columns, values, hidden, strict=True) if not (gone or pd.isna(n))},
        ]
        for label, values, hidden in zip(
            frame[labels].itertuples(index=False, name=None),
            frame[columns].itertuples(index=False, name=None),
            released.withheld[columns].itertuples(index=False, name=None),
            strict=True,
        )
    ]
    times = [float(time) for time in frame["time"]] if curve else None
    return {"what": what, "rows": rows, "times": times}


def of_results(results: Mapping[str, object]) -> list[dict]:
    """Return the counts among the results of a page, in the form of `counts`."""
    from analysis.publish.differences import cells

    found: dict[str, list] = {}
    for (name, *label, column), n in cells(results):
        found.setdefault(name, []).append([[_said(part) for part in label], {column: n}])
    return [{"what": name, "rows": rows, "times": None} for name, rows in found.items()]


def _said(part: object) -> str:
    value = part[1] if isinstance(part, tuple) else part
    return f"{value:g}" if isinstance(value, float) else str(value)
