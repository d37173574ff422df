"""Two reports about one restricted dataset that would give a small count away together: the later is taken back."""

import json

import nbformat
import pytest

from analysis.reports import build_site

SPEC = """title = "Small"
kind = "synthetic"
disclosure = "{disclosure}"
source = "made for a test"
area = "nowhere"
data_end = {{ arrests = 2020-12-31 }}
[[files]]
table = "releases"
path = "r.csv"
[files.columns]
person_id = "id"
released = "day"
"""
CODE = """import pandas as pd
import analysis
from analysis.publish import figures
from analysis.publish.page import Page
ds = analysis.open_dataset(dataset)
n = len(ds.frame("releases")) - {less}
page = Page("{report}", "Report {report}", ds.name, ds.kind, ds.disclosure, ds.source, "How many?")
page.points(["There are {{n}}."], n=n)
parts = pd.DataFrame({{"stage": "Rows", "part": ["kept", "other"], "count": [{kept}, 40]}})
page.figure(figures.flow(parts, name="flow"), title="All of them", note="rows")"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    folder = tmp_path / "data" / "raw" / "small"
    folder.mkdir(parents=True)
    (folder / "r.csv").write_text("id,day\n" + "".join(f"{i},2020-01-01\n" for i in range(100)))
    return tmp_path


def write(root, disclosure, **reports):
    """A dataset of 100 rows, and reports that state all but so many of them and draw so many."""
    (root / "data" / "raw" / "small" / "dataset.toml").write_text(SPEC.format(disclosure=disclosure))
    for i, (report, (less, kept)) in enumerate(reports.items(), 1):
        declared = nbformat.v4.new_code_cell('dataset: str = "small"  # its name', metadata={"tags": ["parameters"]})
        cells = [
            nbformat.v4.new_markdown_cell("# Report"),
            declared,
            nbformat.v4.new_code_cell(CODE.format(report=report, less=less, kept=kept)),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "notebooks" / f"0{i}_{report}.ipynb")


def made(root):
    return {path.stem for path in (root / "reports" / "small").glob("*.html")}


@pytest.mark.parametrize(
    "reports", [{"first": (0, 60), "second": (6, 60)}, {"first": (0, 60), "second": (0, 55)}], ids=["text", "figure"]
)
def test_the_later_of_two_pages_is_taken_back_with_its_figures(root, capsys, reports):
    write(root, "restricted", **reports)
    for _ in range(2):  # the second time from the records
        assert build_site(["small"]) == 0
        assert made(root) == {"first"}
        assert (
            "beside the report first it would reveal a count under 10" in (root / "reports" / "index.html").read_text()
        )
        assert json.loads((root / "reports" / "small" / "second.json").read_text())["shown"] is None
        assert {path.name for path in (root / "figures" / "small").glob("*.svg")} == {"first-flow.svg"}
    assert "small/second: withheld" in capsys.readouterr().err
    write(root, "restricted", first=(0, 60), second=(10, 60))  # mended
    assert build_site(["small"]) == 0
    assert made(root) == {"first", "second"}
    assert (root / "figures" / "small" / "second-flow.svg").exists()


def test_an_edit_of_the_first_page_judges_the_second_again(root):
    write(root, "restricted", first=(0, 60), second=(6, 60))
    build_site(["small"])
    write(root, "restricted", first=(6, 60))
    assert build_site(["small"]) == 0
    assert made(root) == {"first", "second"}


def test_pages_about_public_files_stay(root):
    write(root, "public", first=(0, 60), second=(6, 55))
    assert build_site(["small"]) == 0
    assert made(root) == {"first", "second"}
