"""An attacker who knows the rule and reads everything published of a restricted site: no small count keeps one value.

The same people are built twice, restricted and internal. The attacker is given more than a reader has: which counts of a table add
up to which, as the exact site shows it. What is published must be rounded counts and what follows from them.
"""

import csv
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from test_ordinary_data import write

from analysis.data.rounding import bounds, midpoint

K = 6
NOBODY = re.compile(
    r"days|time|year|cut|percent|interval|share|specifications|options|places|quarter|month|horizon|clusters|weeks|^estimate$",
    re.IGNORECASE,
)
SIZES = [301, *(pytest.param(n, marks=pytest.mark.thorough) for n in (150, 600, 1200))]
REPORTS = {"data", "short_window", "long_term", "sanctuary", "answers"}


@pytest.fixture(scope="module", params=SIZES)
def sites(request, tmp_path_factory, project_copy) -> dict[str, Path]:
    """The site of one county, restricted and exact."""
    from analysis.cli import main

    root = project_copy(tmp_path_factory.mktemp("attack"))
    for notebook in (root / "notebooks").glob("*.ipynb"):
        if notebook.name[:2] not in ("01", "02", "03", "04", "06"):
            notebook.unlink()
    for name, disclosure in (("shown", "restricted"), ("exact", "internal")):
        write(root, name, request.param, exits=True, detainers=True, disclosure=disclosure)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        assert main(["report", "--datasets", "shown exact", "--jobs", "2"]) == 0
    return {name: root / "reports" / name for name in ("shown", "exact")}


def tables(site: Path) -> list[tuple[str, list[str], list[list[str]]]]:
    """Every table of a site: its caption, heads and rows as text."""
    found = []
    for page in sorted(site.glob("*.html")):
        for body in re.findall(r"<table>.*?</table>", page.read_text(encoding="utf-8"), re.DOTALL):
            caption, *rest = re.split(r"</caption>", body)
            rows = [[html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
                    for row in re.findall(r"<tr>(.*?)</tr>", "".join(rest), re.DOTALL)]  # fmt: skip
            if len(rows) > 1:
                found.append((html.unescape(re.sub(r"<[^>]+>", "", caption)), rows[0], rows[1:]))
    return found


def counts(heads: list[str], rows: list[list[str]]) -> np.ndarray:
    """The whole numbers of a table that count people or records, a column each; missing where a cell holds none."""
    columns = [[row[j] for row in rows] for j, head in enumerate(heads) if j and not NOBODY.search(head)]
    numbers = [
        [float(cell.replace(",", "")) if re.fullmatch(r"[\d,]+", cell) else np.nan for cell in column]
        for column in columns
    ]
    whole = [column for column in numbers if not np.isnan(column).all()]
    return np.array(whole).T if whole else np.zeros((len(rows), 0))


def remaining(exact: np.ndarray) -> list[int]:
    """For each count of 1 to 5, how many values agree with all rounded counts of its table, and with their sums, rounded too."""
    known = np.nan_to_num(exact)
    shape, cells = known.shape, known.size
    low, high = bounds(midpoint(known, K), K)
    sums = [(np.arange(cells).reshape(shape)[:, j], known[:, j].sum()) for j in range(shape[1])]
    sums += [(np.arange(cells).reshape(shape)[i], known[i].sum()) for i in range(shape[0])]
    matrix = np.zeros((len(sums), cells))
    for row, (members, _) in zip(matrix, sums, strict=True):
        row[members] = 1
    least, most = bounds(midpoint(np.array([total for _, total in sums]), K), K)
    rules = LinearConstraint(matrix, least, most)
    found = []
    for cell in np.flatnonzero((known.ravel() >= 1) & (known.ravel() < K)):
        aim = np.zeros(cells)
        aim[cell] = 1
        ends = [
            milp(sign * aim, constraints=rules, integrality=np.ones(cells), bounds=Bounds(low.ravel(), high.ravel()))
            for sign in (1, -1)
        ]
        found.append(round(-ends[1].fun - ends[0].fun) + 1)
    return found


def is_rounded(values: np.ndarray) -> np.ndarray:
    """Whether numbers are middles of six, or differences of such."""
    return np.isnan(values) | (values % K == K // 2) | (values % K == 0)


def test_every_report_is_there(sites):
    assert {page.stem for page in sites["shown"].glob("*.html")} == REPORTS


def test_every_count_of_every_table_and_file_is_rounded(sites):
    wrong = [(caption, values[~is_rounded(values)].tolist()) for caption, heads, rows in tables(sites["shown"])
             if not is_rounded(values := counts(heads, rows)).all()]  # fmt: skip
    assert wrong == []
    for file in (sites["shown"].parents[1] / "figures" / "shown").glob("*.csv"):
        with file.open(encoding="utf-8") as text:
            heads, *rows = csv.reader(text)
        assert is_rounded(counts(["", *heads], [["", *row] for row in rows])).all(), file.name


def test_shares_are_the_quotients_of_the_counts_beside_them(sites):
    seen = 0
    for _, heads, rows in tables(sites["shown"]):
        if {"Numerator", "Denominator", "Percent"} <= set(heads):
            k, n, p = (heads.index(name) for name in ("Numerator", "Denominator", "Percent"))
            for row in rows:
                whole = float(row[n].replace(",", ""))
                if whole == int(whole) and "without an event" not in row[0] and "release counted" not in row[0]:
                    seen += 1
                    assert abs(float(row[p]) - 100 * float(row[k].replace(",", "")) / whole) < 1.0, (
                        row
                    )  # a curve allows for those lost
    assert seen > 3


def test_no_small_count_keeps_one_value_and_hardly_any_two(sites):
    left = [values for _, heads, rows in tables(sites["exact"]) if (here := counts(heads, rows)).size and here.size < 400
            for values in remaining(here)]  # fmt: skip
    assert len(left) > 20
    assert min(left) > 1
    assert sum(values == 2 for values in left) <= len(left) / 100


def test_the_same_attacker_reads_the_exact_site(sites):
    """What is not rounded there is found there: the test can see."""
    values = np.concatenate([counts(heads, rows).ravel() for _, heads, rows in tables(sites["exact"])])
    values = values[~np.isnan(values) & (values > 0)]
    assert (midpoint(values, K) != values).mean() > 0.5


def test_no_sentence_or_result_has_an_exact_count(sites):
    exact = json.loads((sites["exact"] / "data.json").read_text(encoding="utf-8"))["results"]
    shown = json.loads((sites["shown"] / "data.json").read_text(encoding="utf-8"))["results"]
    for name in ("rows_in", "rows_kept", "rows_set_aside"):
        assert shown[name] == midpoint(exact[name])
