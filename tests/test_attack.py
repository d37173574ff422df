"""An attacker who knows the rule and reads everything published of a restricted site (`attack`): no small count keeps one value.

The same people are built twice, restricted and internal, and once more with a few changes that rounding hides.
"""

import csv
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import attack
import numpy as np
import pytest
from attack import Attack, Count
from test_ordinary_data import write

from analysis.data.rounding import midpoint

K = attack.K
ROOT = Path(__file__).parents[1]
SITES = ["301", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("150", "600", "1200", "demo"))]
REPORTS = {"data", "short_window", "long_term", "sanctuary", "answers"}
DAYS = {"first": date(2017, 1, 1), "days": 2400}  # many months with few people
HASH = re.compile(rb"\b[0-9a-f]{12,64}\b")


def build(root: Path, datasets: str) -> None:
    """Build the reports of datasets."""
    from analysis.cli import main

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        assert main(["report", "--datasets", datasets, "--jobs", "2"]) == 0


@pytest.fixture(scope="module", params=SITES)
def site(request, tmp_path_factory, project_copy) -> Path:
    """A project with the reports of one county, or of the demo, restricted and exact."""
    root = project_copy(tmp_path_factory.mktemp("attack"))
    for notebook in (root / "notebooks").glob("*.ipynb"):
        if notebook.name[:2] not in ("01", "02", "03", "04", "06"):
            notebook.unlink()
    for name, disclosure in (("shown", "restricted"), ("exact", "internal")):
        if request.param == "demo":
            folder = shutil.copytree(root / "data" / "raw" / "demo", root / "data" / "raw" / name)
            toml = (folder / "dataset.toml").read_text(encoding="utf-8")
            (folder / "dataset.toml").write_text(re.sub(r"(?m)^disclosure = .*", f'disclosure = "{disclosure}"', toml))
        else:
            write(root, name, int(request.param), exits=True, detainers=True, disclosure=disclosure, **DAYS)
    build(root, "shown exact")
    return root


@pytest.fixture(scope="module")
def read(site) -> tuple[dict, dict]:
    """Everything that the restricted and the exact site hold."""
    return attack.everything(site, "shown"), attack.everything(site, "exact")


@pytest.fixture(scope="module")
def known(read) -> list[Count]:
    """The counts of the restricted site with what they are."""
    return attack.counts(*read)


@pytest.fixture(scope="module")
def written() -> str:
    """All that templates say, with their numbers."""
    files = [
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "notebooks").glob("*.ipynb"),
        *(ROOT / "data" / "raw" / "published").glob("*.csv"),
    ]
    return " ".join(file.read_text(encoding="utf-8") for file in files)


def test_every_report_is_there(site):
    assert {page.stem for page in (site / "reports" / "shown").glob("*.html")} == REPORTS


def test_every_count_is_rounded(known):
    """The middle of a six, or a difference of such."""
    assert [count for count in known if count.shown % K not in (0, K // 2)] == []


def test_what_stands_beside_counts_comes_from_the_rounded_ones(read):
    assert attack.of_exact(*read) == []


def test_no_curve_is_drawn_from_exact_counts(site):
    lines, exact = attack.drawn(site, "shown"), attack.drawn(site, "exact")
    assert {name for name in lines if lines[name] & exact.get(name, set())} == set()
    assert any(lines.values())


def test_no_sentence_has_an_exact_count(site, written):
    assert [
        found for prose in attack.sentences(site, "shown") if (found := attack.exact_in_prose(prose, written))
    ] == []


def test_no_small_count_keeps_one_value_and_hardly_any_two(known):
    system = Attack(known)
    kept = system.left()[system.at]
    left = kept[kept > 0]
    print(f"{len(known)} counts, {len(left)} of 1 to 5: {(left == 1).sum()} keep one value, {(left == 2).sum()} two; "
          f"{sum(count.exact == 0 for count in known)} zeros")  # fmt: skip
    assert len(left) > 10
    assert (left > 1).all()
    assert (left == 2).sum() <= len(left) / 100


def test_he_finds_the_counts_of_the_exact_site(read, known, site):
    """At the places where the restricted site has counts: what he reads there is what it is."""
    there = {(where, row, column) for where, rows in read[0].items() if not attack.is_curve(where, rows)
             for row, column in attack.places(rows)}  # fmt: skip
    found = there & {(count.where, count.row, count.column) for count in known}
    print(f"{len(found)} of {len(there)} counts found in the exact site")
    assert len(found) >= 0.95 * len(there)
    exact = np.array([count.exact for count in known if count.exact])
    assert (midpoint(exact, K) != exact).mean() > 0.5  # they are not rounded there
    lodged = site / "data" / "raw" / "exact" / "detainers.csv"
    if lodged.exists():  # counted from the rows themselves
        months = [line["Prepared"][:7] for line in csv.DictReader(lodged.read_text(encoding="utf-8").splitlines())]
        rows = [count for count in known if count.where.startswith("data-by-month.csv")]
        assert len(rows) > 20
        assert all(count.exact == months.count(dict(count.row)["month"][:7]) for count in rows)


def test_he_sees_what_is_planted(site, known, written, tmp_path):
    """A count, a share, a limit, a curve and a sentence of the exact site put into the restricted one."""
    for kind in ("reports", "figures"):
        for name in ("shown", "exact"):
            shutil.copytree(site / kind / name, tmp_path / kind / name)
    page, figures = tmp_path / "reports" / "shown" / "short_window.html", tmp_path / "figures"
    curve = "short_window-curve"
    for column in ("share", "lower", "upper"):
        lines = {
            name: list(csv.DictReader((site / "figures" / name / f"{curve}.csv").read_text().splitlines()))
            for name in ("shown", "exact")
        }
        true = {line["time"]: line for line in lines["exact"]}
        for line in lines["shown"][2:]:
            line[column] = true.get(line["time"], line)[column]
        with (figures / "shown" / f"{curve}.csv").open("w", newline="") as text:
            writer = csv.DictWriter(text, lines["shown"][0])
            writer.writeheader()
            writer.writerows(lines["shown"])
        found = attack.of_exact(attack.everything(tmp_path, "shown"), attack.everything(tmp_path, "exact"))
        assert {what for _, _, what, _ in found} == {column}
    shutil.copyfile(figures / "exact" / f"{curve}.svg", figures / "shown" / f"{curve}.svg")
    assert attack.drawn(tmp_path, "shown")[curve] & attack.drawn(tmp_path, "exact")[curve]
    page.write_text(
        page.read_text(encoding="utf-8").replace("</h2>", "</h2><p>Of them 47 were re-arrested.</p>", 1),
        encoding="utf-8",
    )
    assert any("47 were" in str(attack.exact_in_prose(prose, written)) for prose in attack.sentences(tmp_path, "shown"))
    count = next(count for count in known if 1 <= count.exact < K)
    system = Attack([*known, *(Count(f"planted {i}", count.row, "n", 3, count.exact + i) for i in (0, 1))])
    system.sixes[system.at[known.index(count)]] = (count.exact, count.exact)
    assert system.left()[system.at[known.index(count)]] == 1


def change(folder: Path) -> None:
    """Change people by what rounding hides: some are arrested a day later, and their births are those of others of their place.

    No count of everyone, a place, a sex or a year, from the start or from a later day on, then falls below its six.
    """
    tables = {}
    for name in ("releases", "arrests", "detainers"):
        with (folder / f"{name}.csv").open(encoding="utf-8") as text:
            tables[name] = list(csv.DictReader(text))
    people = {line["PersonNo"]: line for line in tables["releases"]}
    moved: set[str] = set()
    for line in tables["arrests"]:
        one, last = people[line["PersonNo"]], date.fromisoformat(line["ArrestDate"])
        after = [(other, date.fromisoformat(arrest["ArrestDate"]) - date.fromisoformat(other["ReleaseDate"]))
                 for arrest in tables["arrests"] for other in [people[arrest["PersonNo"]]]]  # fmt: skip
        days = last - date.fromisoformat(one["ReleaseDate"])
        seen = [sum(start < then.days <= days.days and other[key][:size] == one[key][:size] for other, then in after)
                for key, size in (("County", 0), ("County", 9), ("Gender", 1), ("ReleaseDate", 4)) for start in (0, 1, 7, 30, 90)]  # fmt: skip
        if len(moved) < 5 and all(count % K != 1 for count in seen):
            line["ArrestDate"] = str(last + timedelta(days=1))
            moved.add(line["PersonNo"])
            other = next(who for who, at in people.items() if who not in moved and at["County"] == one["County"])
            for lines in (tables["releases"], tables["detainers"]):
                first, second = (next(at for at in lines if at["PersonNo"] == who) for who in (line["PersonNo"], other))
                first["Born"], second["Born"] = second["Born"], first["Born"]
    assert len(moved) == 5
    for name, lines in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, lines[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)


def published(root: Path) -> dict[str, bytes]:
    """Every file of the restricted site, without the hashes that say where it comes from."""
    files = [file for kind in ("reports", "figures") for file in sorted((root / kind / "shown").iterdir())]
    return {f"{file.parts[-3]}/{file.name}": HASH.sub(b"", file.read_bytes()) for file in files}


def test_what_rounding_hides_changes_no_byte(site):
    """Counts, shares, limits, sentences and coordinates are those of the other site: nothing knows more than rounded counts."""
    folder = site / "data" / "raw" / "shown"
    if not (folder / "detainers.csv").exists():
        pytest.skip("the demo's files are of other kinds")
    before = published(site)
    change(folder)
    build(site, "shown")
    after = published(site)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    if (
        len((folder / "releases.csv").read_text(encoding="utf-8").splitlines()) > 1000
    ):  # groups of 500: adjusted results need people
        changed = {name for name in changed if "sanctuary" not in name and "answers" not in name}
    assert changed == set()


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ([1, 1, 1, 1, 1], [2] * 5),  # five in all, shown as 3
        ([1, 1, 1, 1, 1, 1], [1] * 6),
        ([1, 7, 7, 7, 2], [2, 0, 0, 0, 2]),  # 24 in all, at most 24
        ([2, 4, 300], [3, 3, 0]),
    ],
)
def test_what_a_total_leaves_by_hand(parts, kept):
    counts = [Count("table", (("label", f"part {i}"),), "n", float(midpoint(n, K)), n) for i, n in enumerate(parts)]
    system = Attack(counts)
    assert system.left()[system.at].tolist() == kept


def test_what_several_tables_leave_together_by_hand():
    """Five places with one person each in a quarter: their table leaves 1 to 6, that of months says that they are six at most."""
    labels = [(place, quarter, n) for place in "abcde" for quarter, n in (("2021-01-01", 1), ("2021-04-01", 40))]
    places = [
        Count("places", (("place", place), ("quarter", quarter)), "count", float(midpoint(n, K)), n)
        for place, quarter, n in labels
    ]
    months = [Count("months", (("month", "2021-01-01"),), "count", 3.0, 5)]
    for counts, kept in ((places, 3), (places + months, 2)):
        system = Attack(counts)
        assert set(system.left()[system.at[: len(places)]]) == {0, kept}
