"""The gate lets a good page pass and sees each planted fault, one at a time, under its own name."""

import pytest

from analysis.publish import policy
from tests.pages import contrast, gate

PAGE = f"""<!doctype html><html lang="en"><head><title>A page</title><style>{policy.css()}</style></head><body>
<h1>A page</h1><h2 id="s1">One<a class="here" href="#s1" aria-label="Link to section 1">#</a></h2>
<div class="figure" id="risk"><h3>Nine percent were re-arrested</h3>
<figure><svg class="fig" viewBox="0 0 345.6 100" role="img" aria-labelledby="risk-t risk-d" font-size="11.2">
<title id="risk-t">Nine percent were re-arrested</title>
<desc id="risk-d">Step curve of the share re-arrested: 9.1 percent (interval 6.7 to 12.1) by 105 days.</desc>
<text x="1" y="2" fill="var(--soft,#57606a)">0</text><path d="M0 0H9" stroke="var(--a,#1f5fa8)" fill="none"/></svg>
<figcaption>Denominator: 440 people.</figcaption></figure>
<details><summary>The figure as a table</summary><table><caption>Share</caption><thead><tr><th scope="col">Days</th>
<th scope="col">Share</th></tr></thead><tbody><tr><th scope="row">105</th><td>9.1</td></tr></tbody></table></details></div>
<h2 id="s2">Two</h2><p>Of 440 <button popovertarget="w">people</button><span popover id="w">Anyone.</span></p></body></html>"""
DESC = PAGE[PAGE.index("Step curve") : PAGE.index("</desc>")]
TABLE = PAGE[PAGE.index("<table>") : PAGE.index("</table>") + 8]

PLANTED = {
    "no alternative text": (f'<desc id="risk-d">{DESC}</desc>', '<desc id="risk-d"> </desc>'),
    "picture '<img>' has no alternative text": ("<h2 id=\"s2\">", '<img src="data:,"><h2 id="s2">'),
    "describes nothing": (DESC, "A chart of the results"),
    "picture 'Nine percent were re-arrested': the alternative text 'short_window-curve.svg'": (DESC, "short_window-curve.svg"),
    "repeats the title": (DESC, "Nine percent were re-arrested."),
    "the alternative text repeats the title": (DESC, "Shown: nine percent were re-arrested"),
    "no table of its data": (TABLE, ""),
    "has no caption (Days": ("<caption>Share</caption>", "<caption> </caption>"),
    "without scope": ('<th scope="col">Days', "<th>Days"),
    "a row without its header cell": ('<th scope="row">105</th>', "<td>105</td>"),
    "no column heads": ('scope="col"', 'scope="row"'),
    "a level is skipped": ("<h3>Nine", "<h4>Nine"),
    "has 2 h1": ('<h2 id="s2">Two</h2>', "<h1>Two</h1>"),
    "an empty h2": ('<h2 id="s2">Two</h2>', '<h2 id="s2"></h2>'),
    "is used 2 times": ('id="s2"', 'id="s1"'),
    "'risk-q', which is not on the page": ('aria-labelledby="risk-t', 'aria-labelledby="risk-q'),
    "'s9', which is not on the page": ('href="#s1"', 'href="#s9"'),
    "'u', which is not on the page": ('popovertarget="w"', 'popovertarget="u"'),
    "stands without title and table": ('<div class="figure" id="risk">', '<div id="risk">'),
    "has no caption": ("<figcaption>Denominator: 440 people.</figcaption>", ""),
    "lacks role=img": ('role="img" ', ""),
    "without words": ("<summary>The figure as a table</summary>", "<summary></summary>"),
    "text of 9.1 px on a phone": ('<text x="1"', '<text font-size="9" x="1"'),
    "no viewBox": ('viewBox="0 0 345.6 100" ', ""),
    "the same on light and on dark paper": ('fill="var(--soft,#57606a)"', 'fill="#57606a"'),
    "contrast 1": ('fill="var(--soft,#57606a)"', 'fill="var(--card,#f5f7f9)"'),
    "which the style sheet does not define": ("var(--a,", "var(--z,"),
    "--a on dark paper: contrast 2": ("--a:#7db4f0", "--a:#1f5fa8"),
}  # fmt: skip


def test_a_good_page_passes():
    assert gate.faults(PAGE) == []


@pytest.mark.parametrize("said", PLANTED)
def test_a_planted_fault_is_seen(said):
    good, bad = PLANTED[said]
    assert good in PAGE
    found = gate.faults(PAGE.replace(good, bad))
    assert any(said in line for line in found), found or "nothing"


def test_contrast_by_the_examples_of_the_standard():
    assert contrast.ratio("#000000", "#fff") == pytest.approx(21)
    assert contrast.ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the grey that just fails
    assert contrast.ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # the grey that just passes


def test_every_colour_of_the_palette_is_text_on_paper_and_paper_on_it_in_both_schemes():
    for colours in contrast.palettes(f"<style>{policy.css()}</style>").values():
        for role in ("ink", "soft", "link", *"abcdef"):
            assert contrast.ratio(colours[role], colours["paper"]) >= 4.5, role
        assert contrast.ratio(colours["ink"], colours["warn"]) >= 4.5


def test_every_page_of_the_site_passes(site):
    found = {path.name: faults for path in sorted((site / "reports").rglob("*.html"))
             if (faults := gate.faults(path.read_text(encoding="utf-8")))}  # fmt: skip
    assert found == {}
