"""A small dataset whose names attack every format, built end to end: no cell becomes markup, a script, a formula or a template."""

import csv
import json
import xml.etree.ElementTree as ET

import pytest

from analysis.cli import main
from analysis.data.errors import visible
from tests.pages.gate import faults
from tests.pages.markup import everything, parsed

NAMES = [
    '</td></table><script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "]]></desc></svg><svg onload=alert(1)>",
    "=HYPERLINK(\"http://evil\";\"jail\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tTab County", "[jail](javascript:alert(1))",
    "| a | **b** | ![x](http://evil/x)", "{n} {0} %(x)s ${y} {{ r }}", "$\\frac{1}{2}$ &lt;b&gt; &amp;", "`code` <!-- <b> --> <style>*{}</style>",
    "\x1b]0;title\x07\x1b[2J\u202eliaj",
]  # fmt: skip
TITLE = '</title><script>alert("title")</script> {{ 7*7 }} <b>jails</b>'
CODE = """
import pandas as pd
import analysis
from analysis.publish import figures
from analysis.publish.page import Page, plain, share

ds = analysis.open_dataset(dataset)
page = Page(report="names", title="About {name}", dataset=ds.name, kind=ds.kind, disclosure=ds.disclosure, source=ds.source,
            answers="What is called {name}?", name=ds.title)
rows = ds.frame("detainers")
by = rows.groupby(rows["facility"].astype(str), sort=False).size().rename("count").rename_axis("label").reset_index()
n = int(by["count"].sum())
frame = by.assign(numerator=by["count"], denominator=n, estimate=by["count"] / n, lower=0.01, upper=0.2)
worst = by["label"].iloc[0]
page.points(["**{worst}** leads {n} rows."], worst=worst, n=n)
"""
SHOWN = """
page.text("At {worst}: | {worst} | and `{worst}`.", worst=worst)
page.checks([("Name", "{worst}", None)], worst=worst)
page.figure(figures.dots(frame, what="Share"), "Share at {worst}", "{n} rows at {worst}", n=n, worst=worst)
page.figure(figures.shares(frame), "Shares at {worst}", "{n} rows", n=n, worst=worst)
page.figure(figures.flow(by.assign(stage="all " + worst, part=by["label"])), "Parts of {worst}", "{n} rows", n=n, worst=worst)
curve = pd.concat([pd.DataFrame({"time": [1.0, 2.0], "at_risk": [90, 60], "events": [21, 18], "incidence": [0.1, 0.2], "lower": [0.05, 0.1],
                                 "upper": [0.2, 0.3], "place": name}) for name in by["label"].iloc[:3]])
page.figure(figures.curve(curve, "incidence", by="place"), "Curves of {worst}", "{n} rows", n=n, worst=worst)
page.table(by, caption="Rows at " + worst, note="As in " + worst)
page.result("by", by)
page.measured("In {worst}.", worst=worst)
page.limits("- {worst}", worst=worst)
"""


def cell(kind, source, number, **metadata):
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": f"{number}", "metadata": metadata, "source": source, **code}


@pytest.fixture(scope="module", params=["public", "restricted"])
def built(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    folder = root / "data" / "raw" / "hostile"
    folder.mkdir(parents=True)
    (folder / "dataset.toml").write_text(
        f"title = '{TITLE}'\nkind = \"real\"\ndisclosure = \"{request.param}\"\nsource = '{NAMES[1]} by hand'\n"
        '[[files]]\ntable = "detainers"\npath = "rows.csv"\n[files.columns]\ndetainer_id = "Id"\nfacility = "Jail"\n'
        'jurisdiction = { value = "06037" }\nprepared = { from = "Day", date = ["%Y-%m-%d"] }\n',
        encoding="utf-8",
    )
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file)
        write.writerow(["Id", "Jail", "Day"])
        write.writerows([f"D{i}", NAMES[i % len(NAMES)], f"2020-01-{1 + i % 28:02}"] for i in range(30 * len(NAMES)))
    (root / "notebooks").mkdir()
    cells = [cell("markdown", "# Names", 0), cell("code", 'dataset: str = "hostile"  # a name', 1, tags=["parameters"]),
             cell("code", CODE, 2), cell("markdown", "## By name", 3), cell("code", SHOWN, 4)]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}}
    text = json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    (root / "notebooks" / "01_names.ipynb").write_text(text, encoding="utf-8")
    (root / "requirements.lock").write_text("", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        assert main(["report", "--datasets", "hostile"]) == 0
    return root


def test_every_name_is_shown_as_text(built):
    page = (built / "reports" / "hostile" / "names.html").read_text(encoding="utf-8")
    words = [node.text for node in parsed(page).all("th")]
    for name in NAMES:
        assert any(" ".join(word.split()) == visible(" ".join(name.split())) for word in words), name


def test_no_file_that_leaves_moves_a_cursor_or_turns_a_text(built):
    files = [
        path for folder in ("reports", "figures") for path in (built / folder).rglob("*.*") if path.suffix != ".png"
    ]
    texts = [path.read_bytes().decode() for path in files]
    assert [path.name for path, text in zip(files, texts, strict=True) if visible(text, lines=True) != text] == []
    assert sum(r"\u202eliaj" in text for text in texts) > 4


def test_no_name_becomes_an_element_an_attribute_or_a_link(built):
    for path in (built / "reports").rglob("*.html"):
        nodes = everything(parsed(path.read_text(encoding="utf-8")))
        own = [node for node in nodes if node.tag == "script" and not node.attributes]
        assert len(own) == (path.name == "index.html")  # that which finds and sorts
        nodes = [node for node in nodes if node not in own and not (path.name == "index.html" and node.tag == "form")]
        assert not {node.tag for node in nodes} & {"script", "img", "iframe", "object", "base", "link", "form"}
        assert not [key for node in nodes for key in node.attributes if key.startswith("on")]
        assert not [
            a
            for n in nodes
            if (a := n.attributes.get("href", n.attributes.get("src", ""))).startswith(("http", "java"))
        ]
        assert sum(node.tag == "style" for node in nodes) == 1
        assert sum(node.tag == "title" and node.text.startswith("About") for node in nodes) <= 1
        assert "49" not in [node.text for node in nodes]
        if path.name != "index.html":
            assert faults(path.read_text(encoding="utf-8")) == []


def test_pictures_are_well_formed_and_hold_the_names_as_text(built):
    files = sorted((built / "figures" / "hostile").glob("*.svg"))
    assert len(files) == 4
    for path in files:
        tags = {node.tag.rpartition("}")[2] for node in ET.fromstring(path.read_text(encoding="utf-8")).iter()}
        assert tags <= {"svg", "title", "desc", "g", "defs", "path", "use", "text", "clipPath", "rect"}, path.name


def is_number(text):
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def test_no_cell_of_a_spreadsheet_is_a_formula_and_json_is_json(built):
    cells = 0
    for path in (built / "figures" / "hostile").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                cells += len(row)
                assert not [c for c in row if c.lstrip(" ")[:1] in tuple("=+-@\t\r") and not is_number(c)], row
    assert cells > 100
    record = json.loads((built / "reports" / "hostile" / "names.json").read_text(encoding="utf-8"))
    assert {row["label"].strip() for row in record["results"]["by"]} == {name.strip() for name in NAMES}
