"""Which pages about one restricted dataset may not stand beside the others, since a count under ten would follow.

Each page has kept the release rule by itself. A reader who has two of them can still subtract a sentence's count from another
page's, a group's size in one table from its size in the next, and the steps of a curve from those of the same curve drawn
with other steps. In goes what the pages show (`analysis.publish.shown`), out come
the pages to take back, each with the reason.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from analysis.publish.rule import THRESHOLD

Shown = Mapping[str, list]  # "said": counts in sentences; "tables": what `shown.counts` gives


def taken_back(pages: Mapping[str, Shown]) -> dict[str, str]:
    """Return which ``pages`` (by name, the most important first) to take back: of two that give a count away, the later."""
    reasons: dict[str, str] = {}
    for first, second in itertools.combinations(pages, 2):
        if first in reasons or second in reasons:
            continue
        if (what := next(_found(pages[first], pages[second]), None)) is not None:
            reasons[second] = f"withheld, since beside the report {first} it would reveal a count under 10 ({what})"
    return reasons


def _found(first: Shown, second: Shown) -> Iterator[str]:
    """Yield what a reader of both pages would subtract."""
    if any(_small(a - b) for a in first["said"] for b in second["said"]):
        yield "counts in their text"
    known = _known(first["tables"])
    for table in _plain(second["tables"]):
        if any(_small(n - m) for key, n in _counts(table) for m in known.get(key, ())):
            yield table["what"]
    before = [curve for table in first["tables"] for curve in _curves(table)]
    for table in second["tables"]:
        if any(a == b and _finer(mine, theirs) for a, mine in before for b, theirs in _curves(table)):
            yield table["what"]


def _small(difference: int) -> bool:
    return 0 < abs(difference) < THRESHOLD


def _plain(tables: Iterable[Mapping]) -> list[Mapping]:
    return [table for table in tables if table["times"] is None]


def _counts(table: Mapping) -> Iterator[tuple[tuple[frozenset, str], int]]:
    for labels, values in table["rows"]:
        yield from (((frozenset(labels), column), n) for column, n in values.items())


def _known(tables: Iterable[Mapping]) -> dict[tuple, set[int]]:
    """Return the counts of all tables by the labels of their row and their column; a row without a label is no one's."""
    found: dict[tuple, set[int]] = {}
    for table in _plain(tables):
        for key, n in _counts(table):
            if key[0]:
                found.setdefault(key, set()).add(n)
    return found


def _curves(table: Mapping) -> list[tuple[frozenset, list[tuple]]]:
    """Return each curve of a figure, by what it is called: its steps (end, at risk at the start, events within)."""
    found: dict[frozenset, list] = {}
    for (labels, values), time in zip(table["rows"], table["times"] or (), strict=False):
        found.setdefault(frozenset(labels), []).append((time, values["at_risk"], values["events"]))
    return list(found.items())


def _finer(mine: Sequence[tuple], theirs: Sequence[tuple]) -> bool:
    """Whether two curves over the same people, put together, make a step that holds fewer than ten."""
    if mine[0][1] != theirs[0][1]:
        return False  # other people
    (left, events), (more_left, more_events) = _by_time(mine), _by_time(theirs)
    left |= more_left
    series = [left]
    if all(events[time] == more_events[time] for time in events.keys() & more_events.keys()):
        events |= more_events  # the same event, and not another one of the same people
        left_otherwise = {time: left[0.0] - left[time] - events[time] for time in left.keys() & events.keys()}
        series += [events, {0.0: 0, **left_otherwise}]
    return any(_small(a - b) for known in series for a, b in itertools.pairwise(n for _, n in sorted(known.items())))


def _by_time(steps: Sequence[tuple]) -> tuple[dict[float, int], dict[float, int]]:
    """Return the number at risk at the start of each step, and the events by the end of each."""
    starts = [0.0, *(end for end, _, _ in steps[:-1])]
    left = {start: at_risk for start, (_, at_risk, _) in zip(starts, steps, strict=True)}
    events = itertools.accumulate(d for _, _, d in steps)
    return left, {end: total for (end, _, _), total in zip(steps, events, strict=True)}
