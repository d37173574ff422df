"""An attacker who knows the release rule and reads everything that is published of a site. He is given more than a reader has: which
numbers are counts, which of them add up to which and which are the same people, as the exact site shows it.
"""

import csv
import html
import io
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from analysis.data.rounding import bounds, midpoint

K = 6
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
KEYS = re.compile(r"^(days|time|year|month|quarter|horizon|cut.*|number|start|end|start year|weeks|option)$")
NOBODY = re.compile(
    r"percent|interval|share|specifications|options|places|clusters|estimate|lower|upper|level|rate|per 100|median|est move|"
    r"highest|lowest|minimum|annual|conditional|cumulative|loss|likelihood|projected|person-year|bias|alarms|truth|coverage|power|"
    r"difference|smallest|least|most|days without|weight|^p$|seen in|number of choices|^adopt$|^never$"
)
Row = dict[str, str]


@dataclass
class Count:
    """A count that is published: where, which row and column, as it is shown, and what it is."""

    where: str
    row: tuple
    column: str
    shown: float
    exact: float


def number(text: object) -> float:
    """A number as it is written, missing where there is none."""
    try:
        return float(str(text).replace(",", "").replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return float("nan")


def _plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).replace("\xa0", " ").strip()


def _rows(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text)))


def pieces(root: Path, name: str) -> Iterator[tuple[str, list[Row]]]:
    """Every table of a site, each file of figures and result too: where it stands and its rows."""
    for page in sorted((root / "reports" / name).glob("*.html")):
        text = page.read_text(encoding="utf-8")
        for body in re.findall(r"<table>.*?</table>", text, re.DOTALL):
            caption, _, rest = body.partition("</caption>")
            lines = [[_plain(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
                     for row in re.findall(r"<tr>(.*?)</tr>", rest, re.DOTALL)]  # fmt: skip
            yield f"{page.stem}: {_plain(caption)}", [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
        for stem, inline in re.findall(r'download="([^"]+)\.csv" href="data:text/csv[^,]*,([^"]*)"', text):
            yield f"{stem}.csv", _rows(unquote(html.unescape(inline)))
        results = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["results"]
        for key, value in results.items():
            lines = value if isinstance(value, list) else [value if isinstance(value, dict) else {key: value}]
            yield f"{page.stem}.json: {key}", [line for line in lines if isinstance(line, dict)]
    for file in sorted((root / "figures" / name).glob("*.csv")):
        yield file.name, _rows(file.read_text(encoding="utf-8"))


def everything(root: Path, name: str) -> dict[str, dict[tuple, Row]]:
    """Every number of a site: by where it stands, then by the words of its row, its columns as text.

    Where events are given by day they are counted up to it. Months are counted together where the restricted site has quarters.
    """
    found: dict[str, dict[tuple, Row]] = {}
    for where, lines in pieces(root, name):
        place = re.sub(r" \((internal:|synthetic)[^()]*\)|[\d,]+", "", where)
        place += f" #{sum(known.startswith(place + ' #') for known in found)}"
        found[place] = {}
        sums: dict[tuple, float] = {}
        met: dict[tuple, int] = {}
        for line in lines:
            cells = {
                head.lower().replace("_", " "): _spoken(str(value)) for head, value in line.items() if head != "data"
            }
            words = tuple((c, v.lower()) for c, v in cells.items() if _names(c, v))
            if {"time", "events", "at risk"} <= set(cells) and where.endswith(".csv"):
                group = tuple(word for word in words if word[0] != "time")
                sums[group] = sums.get(group, 0) + number(cells["events"])
                cells["events"] = str(sums[group])
            met[words] = met.get(words, -1) + 1
            found[place][(*words, ("again", str(met[words]))) if met[words] else words] = cells
    return found


def _spoken(value: str) -> str:
    """A cell as a file has it: the count alone of "October 2020: 0", a month by its first day."""
    if count := re.fullmatch(r"[A-Z]\w+ \d{4}: ([\d,]+)", value):
        return count[1]
    month, _, year = value.partition(" ")
    return f"{year}-{MONTHS.index(month) + 1:02d}-01" if month in MONTHS and year.isdigit() else value


def _names(column: str, value: str) -> bool:
    """Whether a cell says what its row is about."""
    if not value or value in ("None", "–") or re.search(r"interval|percent", column):
        return False
    return bool(KEYS.match(column)) or np.isnan(number(value))


def counts(shown: dict[str, dict[tuple, Row]], exact: dict[str, dict[tuple, Row]]) -> list[Count]:
    """The counts of the restricted site that stand in the exact one, at the same place or as a sum of what stands there.

    A curve is read on every day on which any curve has a step.
    """
    days = sorted({float(dict(row)["time"]) for where, rows in shown.items() for row in rows if is_curve(where, rows)})
    found = []
    for where, rows in shown.items():
        true = exact.get(where) or exact.get(where.replace("quarter", "month")) or {}
        whole = _whole(true)
        if is_curve(where, rows):
            found += _daily(where, rows, true, days)
            continue
        rest = {row: cells for row, cells in true.items() if row not in rows}
        for row, cells in rows.items():
            if _person_years(row):
                continue
            parts = [true[row]] if row in true else [cells for other, cells in rest.items() if _within(other, row)]
            for column in whole & set(cells):
                values = [number(part.get(column, "")) for part in parts]
                here = number(cells[column])
                if parts and all(value == np.floor(value) for value in (*values, here)):
                    found.append(Count(where, row, column, here, sum(values)))
    return found


def is_curve(where: str, rows: dict[tuple, Row]) -> bool:
    """Whether a file holds steps of curves."""
    return ".csv" in where and all({"time", "events", "at risk"} <= set(cells) for cells in rows.values())


def _steps(rows: dict[tuple, Row]) -> dict[tuple, list[tuple[float, float, float]]]:
    """Day, events up to it and people at risk, for each group."""
    found: dict[tuple, list] = {}
    for row, cells in rows.items():
        group = tuple(word for word in row if word[0] != "time")
        found.setdefault(group, []).append(tuple(number(cells[name]) for name in ("time", "events", "at risk")))
    return found


def _daily(where: str, rows: dict[tuple, Row], true: dict[tuple, Row], days: list[float]) -> Iterator[Count]:
    exact = _steps(true)
    for group, steps in _steps(rows).items():
        if group not in exact:
            continue
        yield Count(where, group, "followed", steps[0][2], exact[group][0][2])
        for day in [day for day in days if day <= steps[-1][0]]:
            now = [max((events for at, events, _ in part if at <= day), default=0.0) for part in (steps, exact[group])]
            yield Count(where, (*group, ("time", day)), "events", *now)


def _whole(rows: dict[tuple, Row]) -> set[str]:
    """The columns that count people or records: their numbers are whole, but for person-years among them."""
    found = set()
    for column in {c for cells in rows.values() for c in cells if not (NOBODY.search(c) or KEYS.match(c))}:
        known = np.array([number(cells.get(column, "")) for cells in rows.values()])
        known = known[~np.isnan(known)]
        if len(known) and (known == np.floor(known)).mean() > 0.5:
            found.add(column)
    return found


def _person_years(row: tuple) -> bool:
    return any("person-year" in str(word[1]) for word in row)


def places(rows: dict[tuple, Row]) -> set[tuple]:
    """Where a table of the restricted site has counts."""
    whole = _whole(rows)
    return {
        (row, c)
        for row, cells in rows.items()
        for c, text in cells.items()
        if c in whole and not _person_years(row) and number(text) == np.floor(number(text))
    }


def _within(part: tuple, whole: tuple) -> bool:
    """Whether a row of the exact site is a part of one of the restricted site: of a quarter or of "other"."""
    if [word[0].replace("month", "quarter") for word in part] != [word[0] for word in whole]:
        return False
    for (column, mine), (_, theirs) in zip(part, whole, strict=True):
        if column == "month" and re.match(r"\d{4}-\d\d", mine):
            same = _quarter([(column, mine)])[0][1] == theirs
        else:
            kind, _, name = theirs.rpartition(": ")
            same = mine == theirs or (name == "other" and mine.startswith(kind))
        if not same:
            return False
    return True


class Attack:
    """What the counts of a site can be: each in its six, and all that adds up in the exact site adds up."""

    def __init__(self, known: list[Count]) -> None:
        self.truth: list[float] = []
        self.sixes: list[tuple[float, float]] = []
        self.names: dict[tuple, int] = {}
        self.rules: list[tuple[dict[int, float], float, float]] = []
        self.large = max(100.0, max(count.exact for count in known) / 5)
        self.at: list[int] = []
        met: dict[tuple, int] = {}
        for count in known:
            words = [str(word[1]) for word in count.row]
            here = (count.where, count.exact, *words)
            met[here] = met.get(here, -1) + 1  # equal ones of one row are several
            self.at.append(
                self.count(count.exact, [*words, *["again"] * met[here]], count.shown == midpoint(count.exact, K))
            )
        self.totals: dict[float, list[tuple[int, set]]] = {}
        for name, i in self.names.items():
            self.totals.setdefault(name[0], []).append((i, set(name[1:])))
        tables: dict[str, list[int]] = {}
        for j, count in enumerate(known):
            tables.setdefault(count.where, []).append(j)
        for members in tables.values():
            self._columns(known, members)
            self._lines(known, members)

    def count(self, exact: float, words: Sequence[str], rounded: bool) -> int:
        """The number of a count: a new one, or that of the same people. ``rounded`` says that its six is known.

        Equal counts of the same words are the same people; of a hundred and a fifth of the largest, all equal ones.
        """
        name = (exact, *(sorted(words) if exact < self.large else ()))
        if name not in self.names:
            self.names[name] = len(self.truth)
            self.truth.append(float(name[0]))
            self.sixes.append((0.0, np.inf))
        i = self.names[name]
        if rounded:
            self.sixes[i] = tuple(float(end) for end in bounds(midpoint(name[0], K), K))
        return i

    def rule(self, members: list[int], whole: int, low: float = 0.0) -> None:
        """Add that counts are together another, or at most another."""
        weights: dict[int, float] = {whole: -1.0}
        for i in members:
            weights[i] = weights.get(i, 0.0) + 1
        if any(weights.values()):
            self.rules.append((weights, low, 0.0))

    def _columns(self, known: list[Count], members: list[int]) -> None:
        """Totals of a column, of its rows with a word in common, of its months, their six given; cumulative counts only rise."""
        groups: dict[tuple, list[int]] = {}
        for j in members:
            words = known[j].row
            days = [word for word in words if word[0] in ("time", "days", "horizon")]
            others = tuple(word for word in words if word not in days)
            for word in days or [("all", ""), *words, *_quarter(words)]:
                groups.setdefault((known[j].column, "of", *map(str, word)), []).append(self.at[j])
            if days:
                groups.setdefault((known[j].column, "over", others), []).append(self.at[j])
        for (_, kind, word, *label), some in groups.items():
            if kind == "over":
                for a, b in itertools.pairwise(some):
                    if all(self.truth[x] <= self.truth[y] for x, y in itertools.pairwise(some)) and a != b:
                        self.rule([a], b, -np.inf)
            elif len(some) > 1:
                total = sum(self.truth[i] for i in some)
                for whole in self.totals.get(total, ()):
                    if total >= self.large or set(label) <= whole[1]:
                        self.rule(some, whole[0])
                if word == "all":  # the total of a table is given in any case
                    self.rule(some, self.count(total, [f"all of {known[members[0]].where}"], True))

    def _lines(self, known: list[Count], members: list[int]) -> None:
        """In each row: columns that are never more than another, or the sum of others in every row."""
        rows: dict[tuple, dict[str, int]] = {}
        for j in members:
            rows.setdefault(known[j].row, {})[known[j].column] = int(self.at[j])
        columns = list(dict.fromkeys(known[j].column for j in members))
        lines = [line for line in rows.values() if len(line) == len(columns)]
        if len(lines) < 2:
            return
        values = np.array([[self.truth[line[c]] for c in columns] for line in lines])
        for size in (1, 2, 3, 4):
            for *parts, whole in itertools.permutations(range(len(columns)), size + 1):
                total = values[:, parts].sum(axis=1)
                if parts != sorted(parts) or not (values[:, parts] > 0).any(axis=0).all():
                    continue
                if (total == values[:, whole]).all() or (size == 1 and (total <= values[:, whole]).all()):
                    for line, same in zip(lines, total == values[:, whole], strict=True):
                        part = [line[columns[c]] for c in parts]
                        self.rule(part, line[columns[whole]], 0.0 if same and size > 1 else -np.inf)

    def left(self) -> np.ndarray:
        """How many values each count of 1 to 5 keeps, 3 standing for three or more; 0 for other counts."""
        truth = np.array(self.truth, dtype=float)
        small = (truth >= 1) & (truth < K)
        least, most = truth.copy(), truth.copy()
        entries = [(w, r, i) for r, (weights, _, _) in enumerate(self.rules) for i, w in weights.items()]
        weight, row, column = zip(*entries, strict=True)
        matrix = csr_array((weight, (row, column)), shape=(len(self.rules), len(truth)))
        rules = LinearConstraint(matrix, *zip(*[ends for _, *ends in self.rules], strict=True))
        box = Bounds(*zip(*self.sixes, strict=True))

        def push(aim: np.ndarray) -> None:
            found = np.round(milp(-aim, constraints=rules, integrality=np.ones(len(truth)), bounds=box).x)
            np.minimum(least, found, out=least)
            np.maximum(most, found, out=most)

        push(small.astype(float))
        push(-small.astype(float))
        for i, sign in itertools.product(np.flatnonzero(small), (1.0, -1.0)):
            if most[i] - least[i] < 2:
                push(sign * np.eye(1, len(truth), i).ravel())
        return np.where(small, np.minimum(most - least + 1, 3), 0).astype(int)


def _quarter(words: Sequence[tuple]) -> list[tuple]:
    """The quarter of a row's month."""
    return [("quarter", f"{m[:5]}{(int(m[5:7]) - 1) // 3 * 3 + 1:02d}-01") for column, m in words
            if column == "month" and re.match(r"\d{4}-\d\d-01", m)]  # fmt: skip


def of_exact(shown: dict[str, dict[tuple, Row]], exact: dict[str, dict[tuple, Row]]) -> list[tuple]:
    """Numbers of five digits and more that are those of the exact site, beside counts that are not: computed from exact ones."""
    found = []
    for where, rows in shown.items():
        for row in rows.keys() & exact.get(where, {}).keys():
            cells, true = rows[row], exact[where][row]
            both = [
                c
                for c in cells
                if c in true and not KEYS.match(c) and not np.isnan([number(cells[c]), number(true[c])]).any()
            ]
            long = [c for c in both if "." in cells[c] and len(re.sub(r"^[-0.]*|\D", "", cells[c])) >= 5]
            moved = [
                c
                for c in both
                if c not in long and not NOBODY.search(c) and c != "at risk" and number(cells[c]) != number(true[c])
            ]
            found += [(where, row, c, cells[c]) for c in long if moved and cells[c] == true[c]]
    return found


def drawn(root: Path, name: str) -> dict[str, set[str]]:
    """The curves of a site's figures, as they are drawn."""
    return {file.stem: set(re.findall(r' d="(M[-\d.HV ]{60,})"', file.read_text(encoding="utf-8")))
            for file in (root / "figures" / name).glob("*.svg")}  # fmt: skip


def sentences(root: Path, name: str) -> Iterator[str]:
    """The prose of each page, the alternative texts of its figures among it."""
    for page in sorted((root / "reports" / name).glob("*.html")):
        text = page.read_text(encoding="utf-8")
        text = " ".join([re.sub(r"<(style|script|pre|svg|table|head|math)\b.*?</\1>", " ", text, flags=re.DOTALL),
                         *re.findall(r"<(?:title|desc)[^>]*>([^<]*)", text)])  # fmt: skip
        yield re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def exact_in_prose(prose: str, written: str) -> list[str]:
    """Whole numbers before a word for people or records that are no middle of a six and stand in no template (``written``)."""
    kinds = "people|persons|rows|detainers|releases|arrests|exits|events|deaths|records|episodes|kept|set aside|at risk|of them|were"
    found = re.finditer(
        rf"(?<![\d.,])(\d+(?:,\d{{3}})*)(?: of \d[\d,]*)? (?!or more)(?:[a-z]+[ -]){{0,2}}(?:{kinds})\b|(?<![\d.,])(\d+(?:,\d{{3}})*) of \d",
        prose,
    )
    numbers = {match[1] or match[2]: match[0] for match in found}
    return [words for text, words in numbers.items() if number(text) % K not in (0, K // 2) and words not in written]
