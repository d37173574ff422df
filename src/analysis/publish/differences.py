"""Which pages of a sweep may not stand beside the others, since a count under ten would follow by subtraction.

Each page passes the release rule by itself. Two pages on the same people, or all pages on the parts of a whole, can
still give away what none of them shows: the whole less its parts is the rest, and the events by 90 days less those
by 60 are the events between. In go the results of the pages as they would be published, out come the pages to withhold.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence

from analysis.publish.privacy import COUNTS, RATES
from analysis.publish.rule import THRESHOLD

Cells = Mapping[tuple, int]


def cells(results: object, path: tuple = ()) -> Iterator[tuple[tuple, int]]:
    """Yield every count in the results of a page, with a key that the same count has on the other pages.

    A row of a table is known by all that it holds beside its counts and rates, such as an estimand's name or a number
    of days.
    """
    if isinstance(results, Mapping):
        for name, value in results.items():
            if name in COUNTS and isinstance(value, int) and not isinstance(value, bool):
                yield (*path, name), value
            elif isinstance(value, Mapping | list):
                yield from cells(value, (*path, name))
    elif isinstance(results, list):
        for row in results:
            if isinstance(row, Mapping):
                yield from cells(row, (*path, *_label(row)))


def to_withhold(whole: Mapping | None, parts: Mapping[str, Mapping]) -> dict[str, str]:
    """Return which of the ``parts`` of a ``whole`` to withhold, each with the reason, the smallest first.

    ``whole`` and ``parts`` are results of pages, None where the whole has none. A rest of 1 to 9 is hidden by
    withholding the part with the smallest count of ten or more there.
    """
    total = dict(cells(whole)) if whole else {}
    shown = {name: dict(cells(results)) for name, results in parts.items()}
    withheld: dict[str, str] = {}
    while (path := _small_rest(total, [shown[name] for name in shown if name not in withheld])) is not None:
        left = {name: found[path] for name, found in shown.items() if name not in withheld and path in found}
        chosen = min((n, name) for name, n in left.items() if n >= THRESHOLD)[1]
        withheld[chosen] = "withheld, since with the pages of the other places it would reveal a count under 10"
    return withheld


def too_close(pages: Mapping[str, Mapping]) -> dict[str, str]:
    """Return which pages on the same people to withhold: of two that differ by 1 to 9 in a count, the later one."""
    shown = {name: dict(cells(results)) for name, results in pages.items()}
    withheld: dict[str, str] = {}
    for first, second in itertools.combinations(shown, 2):
        if first in withheld or second in withheld:
            continue
        same = shown[first].keys() & shown[second].keys()
        if any(0 < abs(shown[first][path] - shown[second][path]) < THRESHOLD for path in same):
            withheld[second] = f"withheld, since beside {first} it would reveal a count under 10"
    return withheld


def _small_rest(total: Cells, parts: Sequence[Cells]) -> tuple | None:
    for path, n in total.items():
        known = [found[path] for found in parts if path in found]
        # below 0 the parts overlap (a person may be released in two places), and nothing follows exactly
        if 0 < n - sum(known) < THRESHOLD and any(k >= THRESHOLD for k in known):
            return path
    return None


def _label(row: Mapping) -> tuple:
    return tuple(
        (name, value)
        for name, value in sorted(row.items())
        if name not in (*COUNTS, *RATES)
        and (isinstance(value, str) or (isinstance(value, int | float) and value == value // 1))
    )
