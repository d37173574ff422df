"""From an executed notebook to a page: order, escaping, and what a reader, a browser and a screen reader rely on."""

import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from analysis.publish import figures, html, leaks, page, policy
from analysis.publish.page import Page, share

SHA = {"notebook_sha256": "a" * 64, "package_sha256": "123456789012" + "b" * 52, "lock_sha256": "c" * 64}
PROVENANCE = {"record": 1, "notebook": "notebooks/x.ipynb", **SHA, "inputs": {"follow_up": "d" * 64}, "python": "3.11",
              "parameters": {"dataset": "nowhere", "days": 105}, "versions": {"pandas": "3.1.0"}}  # fmt: skip
HOSTILE = '</title><script>alert(1)</script><img src="http://evil/x">'
FRAME = pd.DataFrame(
    {
        "label": ["a", HOSTILE],
        "numerator": [40, 30],
        "denominator": [440, 70],
        "estimate": [0.09, 0.43],
        "lower": [0.06, 0.3],
        "upper": [0.12, 0.6],
    }
)


def markdown(source):
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def code(source, outputs=()):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs)}


@pytest.fixture
def cell(monkeypatch):
    """Run a function and return a code cell with what it displayed."""

    def run(function, source="page.call()"):
        bundles = []
        monkeypatch.setattr(page, "display", lambda bundle, raw: bundles.append(bundle))
        function()
        return code(source, [{"output_type": "display_data", "data": bundle} for bundle in bundles])

    return run


@pytest.fixture
def notebook(cell):
    def make(kind="real", disclosure="public"):
        pages = []

        def begin():
            pages.append(
                Page(
                    "short_window", f"Title {HOSTILE}", "nowhere", kind, disclosure, f"source {HOSTILE}", "What share?"
                )
            )
            pages[0].points(["{p:full} were arrested again.", "Second."], p=share(40, 440, (0.067, 0.121)))

        def middle():
            pages[0].text("Text about {place}.", place=HOSTILE)
            for _ in range(3):
                pages[0].figure(figures.dots(FRAME), "Nine percent", "as named on each line")
            pages[0].table(FRAME, "A table", percent=["estimate", "lower", "upper"])
            pages[0].result("risk", share(40, 440))

        def end():
            pages[0].measured("By counting.")
            pages[0].limits("- It is limited.")
            pages[0].glossary("re-arrest", "detainer")

        cells = [markdown("# A notebook\n\nAbout it."), cell(begin, "import analysis"), markdown("## First <part>\n\nWords."),
                 cell(middle, "x < 1  # code"), markdown("## Second part\n\nMore.\n\n### Sub-heading\n\nAnd more."), cell(end)]  # fmt: skip
        return {"cells": cells}

    return make


class Outline(HTMLParser):
    """Headings, ids, references and tables of a page."""

    def __init__(self, text):
        super().__init__()
        self.levels, self.ids, self.references, self.tags, self.attributes, self.open = [], [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.attributes += attrs.items()
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        for key in ("aria-labelledby", "aria-describedby"):
            self.references += attrs.get(key, "").split()
        if attrs.get("href", "").startswith("#"):
            self.references.append(attrs["href"][1:])


def test_a_page_has_its_parts_in_order(notebook):
    text = html.render(notebook(), PROVENANCE).html
    parts = ["What share?", "Main points", 'aria-label="Contents"', "First &lt;part&gt;", "Nine percent", "Second part", ">Terms<",
             "How it was measured", "Strengths and limitations", "Where this page comes from", "<footer>"]  # fmt: skip
    body = text[text.index("<body>") :]
    content = body[body.index("</nav>") :]
    places = [body.index(p) for p in parts[:3]] + [body.index("</nav>") + content.index(p) for p in parts[3:]]
    assert places == sorted(places)
    assert "About it." not in text  # the cell with the notebook's own title is for those who open the notebook


def test_headings_ids_and_references_hold_together(notebook):
    outline = Outline(html.render(notebook(), PROVENANCE).html)
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.levels, outline.levels[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.references) <= set(outline.ids)
    assert outline.tags.count("main") == 1
    assert ("lang", "en") in outline.attributes


def test_every_figure_has_description_caption_and_table_and_every_table_caption_and_scopes(notebook):
    text = html.render(notebook(), PROVENANCE).html
    drawn = re.findall(r'<div class="figure".*?</details>', text, re.DOTALL)
    assert len(drawn) == 3
    for one in drawn:
        title, desc = re.search(r"<title[^>]*>(.*?)</title><desc[^>]*>(.*?)</desc>", one, re.DOTALL).groups()
        assert title != desc
        assert "9.0 percent" in desc
        assert "<figcaption>" in one
        assert "Denominator:" in one
        assert "Source:" in one
        assert "<table>" in one
    tables = re.findall(r"<table>.*?</table>", text, re.DOTALL)
    assert len(tables) == 4
    for table in tables:
        assert re.search(r"<caption[^>]*><span>\S", table)
        assert 'scope="col"' in table
        assert 'scope="row"' in table


def test_a_page_loads_nothing_and_runs_nothing(notebook):
    text = html.render(notebook(), PROVENANCE).html
    outline = Outline(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(outline.tags)
    assert not [key for key, _ in outline.attributes if key.startswith("on") or key in ("src", "srcset", "style")]
    assert not [
        value for key, value in outline.attributes if key == "href" and re.match(r"(?!data:text/csv)\w+:", value or "")
    ]
    assert "url(" not in policy.css()
    assert "@import" not in policy.css()
    assert "default-src 'none'" in text
    assert f"<style>{policy.css()}</style>" in text


def test_hostile_text_stays_text(notebook):
    text = html.render(notebook(), PROVENANCE).html
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text


def test_results_figures_and_main_point_go_beside_the_page(notebook):
    made = html.render(notebook(), PROVENANCE)
    assert made.results["risk"]["estimate"] == 0.0909091
    assert made.title.startswith("Title")
    assert made.main_point == "9.1\u00a0% (95\u00a0% interval 6.7 to 12.1) were arrested again."
    assert [figure["name"] for figure in made.figures] == ["short_window-01", "short_window-02", "short_window-03"]
    assert set(made.figures[0]) >= {"name", "svg", "csv", "alt", "png"}
    json.dumps(made.results, allow_nan=False)


def test_code_is_folded_not_deleted_and_other_output_is_not_published(notebook):
    nb = notebook()
    nb["cells"][3]["outputs"] += [
        {"output_type": "stream", "name": "stdout", "text": "printed secret"},
        {"output_type": "execute_result", "data": {"text/html": "<p>bare secret</p>", "text/plain": "secret"}},
    ]
    text = html.render(nb, PROVENANCE).html
    assert "secret" not in text
    folded = "".join(re.findall(r"<details class=\"code\">.*?</details>", text, re.DOTALL))
    assert "x &lt; 1  # code" in folded
    assert "import analysis" in folded


def test_provenance_is_whole_and_readable(notebook):
    text = html.render(notebook(), PROVENANCE).html
    for value in [*SHA.values(), "d" * 64]:
        assert f'title="SHA-256 {value}"' in text
        assert f">{value[:12]}…<" in text
    for words in ("notebooks/x.ipynb", "days: 105", "pandas: 3.1.0", "make report"):
        assert words in text


def test_our_own_page_passes_the_leak_scan(notebook):
    made = html.render(notebook(), PROVENANCE)
    assert leaks.scan(made.html) == []
    for figure in made.figures:
        assert [leaks.scan(figure[kind]) for kind in ("svg", "csv", "alt")] == [[], [], []]


def test_rendering_twice_gives_the_same_bytes(notebook):
    assert html.render(notebook(), PROVENANCE).html == html.render(notebook(), PROVENANCE).html


def test_synthetic_pages_say_so_in_title_banner_and_footer_and_real_ones_do_not(notebook):
    text = html.render(notebook(kind="synthetic"), PROVENANCE).html
    assert "(synthetic data)</title>" in text
    assert 'class="banner"' in text
    assert text[text.index("<footer>") :].count("Synthetic data") == 1
    assert "ynthetic" not in re.sub(
        r"<style>.*?</style>", "", html.render(notebook(), PROVENANCE).html, flags=re.DOTALL
    )


def test_a_skipped_report_has_a_reason_and_no_page(cell):
    def skip():
        with pytest.raises(page.SkipReport):
            Page("r", "t", "d", "real", "public", "s", "a").skip("No dates.")

    made = html.render({"cells": [cell(skip)]}, PROVENANCE)
    assert made.skipped == "No dates."
    assert made.html == ""


def test_a_notebook_without_a_page_is_refused():
    with pytest.raises(html.RenderError, match="made no Page"):
        html.render({"cells": [markdown("## x"), code("1 + 1")]}, PROVENANCE)


def test_ten_figures_are_small(notebook):
    made = html.render(notebook(), PROVENANCE)
    assert len(made.html) / 3 * 10 < 400_000
