"""Sweeps: what the file may say, what is built and what is not, and an index that a reader can search and order."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from analysis import site_index
from analysis.cli import main
from analysis.data.errors import InputError
from analysis.sweep_file import read_sweep
from analysis.sweeps import run_sweep

ROOT = Path(__file__).parents[1]
SIZES = {"06037": 60, "06059": 30, "01001": 15, "01003": 4}
TOML = """title = "Small"
kind = "synthetic"
disclosure = "{disclosure}"
source = "made for a test"
area = "two states"
data_end = {{ arrests = 2020-12-31 }}
[[files]]
table = "releases"
path = "r.csv"
[files.columns]
person_id = "id"
released = "day"
jurisdiction = "place"
"""
SWEEP = 'title = "By place"\nnotebook = "02_small"\ndataset = "small"\n'
CODE = """import pandas as pd
import analysis
from analysis.publish.page import Page, share
if jurisdiction == fail: raise RuntimeError("planted")
ds = analysis.open_dataset(dataset, jurisdiction=jurisdiction)
n = len(ds.here(ds.frame("releases")))
page = Page("small", "{t}", ds.name, ds.kind, ds.disclosure, ds.source, "How many?", t=ds.title)
page.points(["There are {n}."], n=n)
page.result("sizes", pd.DataFrame({"what": ["rows"], "people": [n]}), counts=["people"])
page.result("headline", share(n // 3, n, (0.2, 0.5)))"""
CELL = 'dataset: str = "small"  # its name\njurisdiction: str = ""  # a FIPS code\ndays: int = 30  # a window\nfail: str = "x"  # a place'


def write_notebook(root: Path, code: str, days: int = 30) -> None:
    cell = CELL.replace("= 30", f"= {days}")
    cells = [
        nbformat.v4.new_markdown_cell("# Small"),
        nbformat.v4.new_code_cell(cell, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(code),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "notebooks" / "02_small.ipynb")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    shutil.copyfile(ROOT / "notebooks" / "comparison.ipynb", tmp_path / "notebooks" / "comparison.ipynb")
    write_notebook(tmp_path, CODE)
    return tmp_path


@pytest.fixture
def sweep(root):
    def write(text: str, disclosure: str = "public") -> Path:
        folder = root / "data" / "raw" / "small"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "dataset.toml").write_text(TOML.format(disclosure=disclosure))
        rows = [f"{place}-{i},2020-01-01,{place}\n" for place, n in SIZES.items() for i in range(n)]
        (folder / "r.csv").write_text("id,day,place\n" + "".join(rows))
        file = root / "by-place.toml"
        file.write_text(SWEEP + text)
        return file

    return write


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[vary]\njurisdicton = ['06037']\n", "did you mean 'jurisdiction'"),
        ("[vary]\njurisdiction = [6037]\n", 'write it in quotes: "6037"'),
        ("[vary]\njurisdiction = [06037]\n", 'write it in quotes, "06037"'),
        ("[parameters]\ndays = 30.5\n[vary]\njurisdiction = ['06']\n", "takes int, found 30.5"),
        ("[vary]\ndays = 30\n", "expected a list"),
        ("[parameters]\ndays = 1\n[vary]\ndays = [30]\n", "given in two places"),
        ("[vary]\ndays = [30, 30]\n", "asked for twice"),
        ("[places]\ntable = 'releases'\nat_lest = 3\n", "Did you mean 'at_least'"),
        ("compare = 3\n", "compare = 3 is a whole number"),
        ("", "no report follows"),
        ("[parameters]\ndataset = 'x'\n[vary]\ndays = [3]\n", "the file's own key"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(sweep, root, text, says):
    with pytest.raises(InputError, match=says.replace("[", r"\[")):
        read_sweep(sweep(text), root).combinations([])


def test_combinations_cross_and_rows_go_together(sweep, root):
    found = read_sweep(sweep("[vary]\ndays = [1, 2]\n[[reports]]\njurisdiction = '06037'\nfail = 'y'\n"), root)
    assert found.combinations([]) == [
        {"days": 1, "jurisdiction": "06037", "fail": "y"},
        {"days": 2, "jurisdiction": "06037", "fail": "y"},
    ]
    assert found.varied == ["jurisdiction", "days", "fail"]


def test_a_sweep_is_built_once_and_a_failure_stays_alone(sweep, root, capsys):
    file = sweep("[parameters]\nfail = '06059'\n[places]\ntable = 'releases'\nat_least = 10\n")
    assert run_sweep(file) == 1
    said = capsys.readouterr()
    assert "3 of 4 places (county) have at least 10 rows" in said.out
    folder = root / "reports" / "sweeps" / "by-place"
    pages = {path.stem for path in (folder / "reports").glob("*.html")}
    assert pages == {"all-places", "01001", "06037", "comparison"}
    index = (folder / "index.html").read_text()
    assert ": RuntimeError" in index
    assert "planted" not in index  # its words are for the terminal
    assert "Los Angeles County, California (06037)" in index
    assert not any(path.suffix in (".png", ".svg") for path in root.rglob("*"))
    assert (
        json.loads((folder / "reports" / "comparison.json").read_text())["results"]["reports_1"][0]["denominator"] == 15
    )
    made = {path: path.stat().st_mtime_ns for path in (folder / "reports").glob("*.html")}
    assert run_sweep(file) == 1  # the failed one alone is tried again
    assert {path: path.stat().st_mtime_ns for path in (folder / "reports").glob("*.html")} == made
    assert run_sweep(sweep("[vary]\njurisdiction = ['06037']\n")) == 0
    assert {path.stem for path in (folder / "reports").glob("*.html")} == {"all-places", "06037", "comparison"}


def test_the_index_of_the_site_leads_to_a_sweep_and_its_comparison(sweep, root):
    file = sweep("[vary]\njurisdiction = ['06037', '01001']\n")
    assert run_sweep(file) == 0
    assert not (root / "reports" / "index.html").exists()  # no site was made
    index = site_index.write(root)
    line = 'href="sweeps/by-place/index.html">Sweep: By place</a><p>Synthetic data: 3 reports from one notebook'
    assert line in index.read_text()
    index.write_text("old")
    assert run_sweep(file) == 0
    assert line in index.read_text()
    for href in re.findall(r'href="(sweeps[^"]+)"', index.read_text()):
        assert (index.parent / href).is_file()
    assert "sweeps/by-place/reports/comparison.html" in index.read_text()


def test_every_restricted_place_of_fifty_rows_has_its_page(sweep, root):
    assert run_sweep(sweep("[places]\ntable = 'releases'\nat_least = 50\n", disclosure="restricted")) == 0
    reports = root / "reports" / "sweeps" / "by-place" / "reports"
    assert {path.stem for path in reports.glob("*.html")} == {"all-places", "06037", "comparison"}
    # a third of 109 and of 60 is counted
    for place, k, n in (("all-places", 33, 111), ("06037", 21, 57)):
        share = json.loads((reports / f"{place}.json").read_text())["results"]["headline"]
        assert (share["numerator"], share["denominator"]) == (k, n)
    with pytest.raises(InputError, match="Write 50 or more"):
        run_sweep(sweep("[places]\ntable = 'releases'\nat_least = 49\n", disclosure="restricted"))


def test_an_internal_sweep_says_so_and_a_release_rounds_it(sweep, root, monkeypatch):
    monkeypatch.setenv("ANALYSIS_RELEASE", "")  # put back what the release sets
    file = sweep("[vary]\njurisdiction = ['06037']\n", disclosure="internal")
    assert run_sweep(file) == 0
    said = "Internal: exact counts, not for release"
    folder = root / "reports" / "sweeps" / "by-place"
    for page in (folder / "index.html", *(folder / "reports").glob("*.html")):
        assert said in page.read_text(), page.name
    assert json.loads((folder / "reports" / "06037.json").read_text())["banner"].endswith(said)
    dataset = file.read_text().split('dataset = "')[1].split('"')[0]
    assert main(["report", "--datasets", dataset]) == 0
    assert said in (root / "reports" / "index.html").read_text()
    assert main(["report", "--datasets", dataset, "--release"]) == 0
    released = root / "reports" / "release"
    assert said not in (released / "index.html").read_text()
    assert said not in (released / dataset / "small.html").read_text()
    assert "rounded to the middle of its 6" in (released / dataset / "small.html").read_text()
    assert said in (root / "reports" / dataset / "small.html").read_text()


def test_the_index_is_searched_and_ordered_in_a_browser(sweep, root, browser):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed: sh setup.sh lab")
    assert run_sweep(sweep("[vary]\njurisdiction = ['06059', '01001', '06037']\n")) == 0
    for width, scheme in ((1280, "light"), (380, "dark")):
        page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        page.goto((root / "reports" / "sweeps" / "by-place" / "index.html").as_uri())
        names = "[...document.querySelectorAll('tbody tr:not([hidden]) th')].map(x => x.textContent)"
        assert len(page.evaluate(names)) == 4
        page.get_by_label("Search the reports").fill("calif")
        assert page.evaluate(names) == [
            "Orange County, California (06059)",
            "Los Angeles County, California (06037)",
        ]
        assert page.get_by_role("status").inner_text() == "2 of 4 shown"
        page.get_by_role("button", name="Counts").press("Enter")
        page.get_by_role("button", name="Counts").press("Enter")
        assert page.locator("th[aria-sort=descending]").inner_text().startswith("Counts")
        assert page.evaluate(names)[0].startswith("Los Angeles")
        assert axe.Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
