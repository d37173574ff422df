"""The default site: whole, self-contained, and in step with the figures that are committed."""

import csv
import gzip
import html
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REPORTS = ("data", "short_window", "long_term")
DATASETS = ("north-carolina", "demo")
COMMITTED = sorted(path.name for path in (ROOT / "figures").iterdir() if path.is_dir())


def pages(site: Path) -> list[Path]:
    return sorted((site / "reports").rglob("*.html"))


def test_every_default_dataset_has_every_report(site):
    found = {path.relative_to(site / "reports").as_posix() for path in pages(site)}
    assert found >= {
        "index.html",
        "methods.html",
        *(f"{dataset}/{report}.html" for dataset in DATASETS for report in REPORTS),
    }


def test_the_index_links_every_page_and_every_link_leads_somewhere(site):
    index = (site / "reports" / "index.html").read_text(encoding="utf-8")
    for path in pages(site):
        links = re.findall(r'href="([^"#]+)(?:#[^"]*)?"', path.read_text(encoding="utf-8"))
        for link in links:
            if not link.startswith(("http", "data:")):
                assert (path.parent / link).resolve().exists(), f"{path.name}: {link}"
        if path.name != "index.html":
            assert path.relative_to(site / "reports").as_posix() in index


def test_pages_load_nothing_from_outside(site):
    for path in pages(site):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"<(script|link|iframe|object|embed|img|video|audio|source)\b[^>]*(src|href)\s*=\s*[\"']?https?:", text
        )
        assert not re.search(r"url\(\s*[\"']?https?:|@import", text)
        # the calculator, and finding and sorting in the index: each allowed by its hash
        assert ("<script" in text) == (path.name in ("answers.html", "index.html"))
        assert "<script src" not in text
        assert "default-src 'none'" in html.unescape(text)


def test_synthetic_pages_and_figures_say_so(site):
    for report in REPORTS:
        assert "Synthetic data" in (site / "reports" / "demo" / f"{report}.html").read_text(encoding="utf-8")
        assert "Synthetic data" not in (site / "reports" / "north-carolina" / f"{report}.html").read_text(
            encoding="utf-8"
        )
    for path in (site / "figures" / "demo").glob("*.svg"):
        assert "Synthetic data" in path.read_text(encoding="utf-8"), path.name
    for path in (site / "figures" / "demo").glob("*.csv"):
        assert "synthetic" in path.read_text(encoding="utf-8"), path.name


def test_no_planted_name_or_birth_date_leaves_the_raw_files(site):
    raw = site / "data" / "raw" / "demo"
    with gzip.open(raw / "releases.csv.gz", "rt", encoding="latin-1", newline="") as file:
        rows = list(csv.DictReader(file))
    planted = {row[name] for row in rows[::50] for name in ("DOB", "PersonNo")} | {
        f"{row['LastName']}" for row in rows[::50]
    }
    planted = {text for text in planted if len(text) >= 6}
    assert len(planted) > 100
    for folder in ("figures", "reports"):
        for path in (site / folder).rglob("*"):
            if path.is_file() and path.suffix in (".html", ".json", ".csv", ".txt", ".svg"):
                text = path.read_text(encoding="utf-8")
                assert not [word for word in planted if word in text], path


def test_results_beside_the_page_hold_the_published_kaplan_meier(site):
    # 1 minus Kaplan-Meier of the North Carolina releases at 12, 24, 36 and 60 months, from R's survfit
    record = json.loads((site / "reports" / "north-carolina" / "long_term.json").read_text(encoding="utf-8"))
    cumulative = {row["year"]: row["cumulative"] for row in record["results"]["yearly"]}
    assert [cumulative[year] for year in (1, 2, 3, 5)] == pytest.approx(
        [0.126644, 0.233910, 0.295502, 0.362630], abs=5e-7
    )


def numbers(path: Path) -> list[list[object]]:
    def value(text: str) -> object:
        try:
            return float(text)
        except ValueError:
            return text

    with path.open(encoding="utf-8", newline="") as file:
        return [[value(cell) for cell in row] for row in csv.reader(file)]


@pytest.mark.parametrize("dataset", [name for name in COMMITTED if name in DATASETS])
def test_committed_figures_hold_the_numbers_of_this_build(site, dataset):
    committed, built = ROOT / "figures" / dataset, site / "figures" / dataset
    names = {path.name for path in committed.iterdir()}
    assert names == {path.name for path in built.iterdir()}, "run `make figures` and commit figures/"
    for path in sorted(committed.glob("*.csv")):
        for mine, theirs in zip(numbers(path), numbers(built / path.name), strict=True):
            same = [
                a == b or (isinstance(a, float) and a == pytest.approx(b, rel=2e-6))
                for a, b in zip(mine, theirs, strict=True)
            ]
            assert all(same), f"{path.name}: {mine} became {theirs}: run `make figures` and commit figures/"
