"""Figures, explanations and print as a browser renders them: sizes, contrast, overlap, keys, pages.

What can be judged from the HTML alone is in ``tests/pages/gate.py``.
"""

import re

import pytest

from tests.pages.contrast import ratio

# What lies behind a text are the filled shapes at its middle that are no text, each as opaque as it is, and the paper.
MEASURE = """() => [...document.querySelectorAll('svg.fig')].flatMap(svg => {
    svg.scrollIntoView();
    const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
    const paper = getComputedStyle(document.documentElement).backgroundColor;
    const hits = (x, y) => document.elementsFromPoint(x, y).filter(e => svg.contains(e) && !e.matches('svg, text, tspan'));
    const paint = e => { const s = getComputedStyle(e); return [s.fill, s.fill === 'none' ? 0 : s.fillOpacity * s.opacity]; };
    return [...svg.querySelectorAll('text')].map(t => {
        const r = t.getBoundingClientRect(), s = getComputedStyle(t);
        const under = hits(r.x + r.width / 2, r.y + r.height / 2).map(paint).filter(([, opacity]) => opacity);
        return {figure: svg.querySelector('title').textContent, text: t.textContent, size: parseFloat(s.fontSize) * scale,
                colour: s.fill, behind: [...under, [paper, 1]],
                x: [r.left - box.left, r.right - box.left], width: box.width, screen: innerWidth, left: r.left, right: r.right,
                y: [r.top - box.top + .2 * r.height, r.bottom - box.top - .2 * r.height]};
    });
})"""


def hexed(colour):
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


def behind(layers):
    """The colour of layers (colour, opacity), the topmost first, laid over each other."""
    seen = (0.0, 0.0, 0.0)
    for colour, opacity in reversed(layers):
        over = [int(part) for part in re.findall(r"\d+", colour)[:3]]
        seen = [opacity * a + (1 - opacity) * b for a, b in zip(over, seen, strict=True)]
    return "#" + "".join(f"{round(part):02x}" for part in seen)


def faults(texts):
    """What is wrong with the texts of a page's figures: too small, too faint, off the screen, over each other."""
    found = []
    for t in texts:
        where = f"{t['figure'][:50]}: {t['text']!r}"
        if t["size"] < 10:
            found.append(f"{where} is {t['size']:.1f} px")
        if (seen := ratio(hexed(t["colour"]), behind(t["behind"]))) < 4.5:
            found.append(f"{where} has contrast {seen:.1f}")
        if t["left"] < 0 or t["right"] > t["screen"] or t["x"][0] < -3 or t["x"][1] > t["width"] + 3:
            found.append(f"{where} is cut")
    by_figure = {}
    for t in texts:
        by_figure.setdefault(t["figure"], []).append(t)
    for figure, inside in by_figure.items():
        for i, a in enumerate(inside):
            for b in inside[i + 1 :]:
                if all(min(a[k][1], b[k][1]) - max(a[k][0], b[k][0]) > 1.5 for k in "xy"):
                    found.append(f"{figure[:50]}: {a['text']!r} lies over {b['text']!r}")
    return found


def test_layers_are_laid_over_each_other():
    assert behind([["rgb(255, 255, 255)", 1]]) == "#ffffff"
    assert behind([["rgb(0, 0, 0)", 0.5], ["rgb(200, 100, 0)", 1]]) == "#643200"


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_in_figures_can_be_read(site, beyond, browser, width, scheme):
    found, seen = {}, 0
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for path in sorted(path for root in (site, beyond) for path in (root / "reports").rglob("*.html")):
        page.goto(path.as_uri())
        texts = page.evaluate(MEASURE)
        seen += len(texts)
        if wrong := faults(texts):
            found[path.name] = wrong
    page.close()
    assert found == {}
    assert seen > 300


PLANTED = {
    "px": ("document.querySelector('svg.fig text').setAttribute('font-size', '8')", "is 8"),
    "contrast": ("document.querySelector('svg.fig text').setAttribute('fill', '#999')", "has contrast 2.8"),
    "contrast on a bar": ("{const t = document.querySelector('svg.fig text'), r = t.getBBox(), s = 'http://www.w3.org/2000/svg',"
                          " b = document.createElementNS(s, 'rect'); for (const k of ['x', 'y', 'width', 'height'])"
                          " b.setAttribute(k, r[k]); b.setAttribute('fill', '#222'); t.before(b)}", "has contrast 1.0"),
    "cut": ("document.querySelector('svg.fig text').setAttribute('x', '335')", "is cut"),
    "over": ("{const t = document.querySelectorAll('svg.fig text'); for (const k of ['x', 'y', 'text-anchor'])"
             " t[1].setAttribute(k, t[0].getAttribute(k) ?? 'start')}", "lies over"),
}  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED)
def test_the_measurement_sees_a_planted_fault(site, browser, plant):
    page = browser.new_page(viewport={"width": 380, "height": 900}, color_scheme="light")
    page.goto((site / "reports" / "north-carolina" / "short_window.html").as_uri())
    assert faults(page.evaluate(MEASURE)) == []
    script, said = PLANTED[plant]
    page.evaluate(f"() => {{{script}}}")
    assert any(said in line for line in faults(page.evaluate(MEASURE)))
    page.close()


def test_a_term_is_explained_in_place_by_keyboard_and_by_name(site, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 380, "height": 900})
    page = context.new_page()
    page.goto((site / "reports" / "demo" / "short_window.html").as_uri())
    button = page.get_by_role("button", name="re-arrested", exact=True).first
    note = page.get_by_role("note").filter(has_text="An arrest dated after")
    assert not note.is_visible()
    button.focus()
    page.keyboard.press("Enter")
    assert note.is_visible()
    box = note.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 380
    page.keyboard.press("Escape")
    assert not note.is_visible()
    context.close()


def test_the_first_key_leads_past_the_top_and_every_heading_can_be_linked(site, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((site / "reports" / "demo" / "long_term.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    unlinked = page.evaluate(
        "[...document.querySelectorAll('main :is(h2, h3)')].filter(h => !h.querySelector('a.here') && !h.closest('.points')).length"
    )
    assert unlinked == 0
    lead = page.evaluate(
        "[...document.querySelectorAll('a.here')].every(a => document.getElementById(a.hash.slice(1)).contains(a))"
    )
    assert lead
    page.close()


def test_printed_pages_are_numbered_and_cut_no_figure(site, browser, tmp_path):
    page = browser.new_page()
    page.goto((site / "reports" / "demo" / "long_term.html").as_uri())
    page.pdf(path=tmp_path / "page.pdf", format="A4", prefer_css_page_size=True)
    page.emulate_media(media="print")
    rules = page.evaluate(
        "[...document.querySelectorAll('.figure:not(:has(.tall)), figure, tr, .checks')].map(e => getComputedStyle(e).breakInside)"
    )
    assert set(rules) == {"avoid"}
    tall = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.figure')].map(e => e.getBoundingClientRect().height))"
    )
    assert tall < 25.7 / 2.54 * 96, "a figure is taller than a sheet"
    sheets = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes()))
    assert 4 < sheets < 30
    page.close()


def test_the_index_finds_and_sorts_and_is_whole_without_scripts(site, browser):
    address = (site / "reports" / "index.html").as_uri()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert not page.get_by_label("Find a dataset").is_visible()
    everything = page.locator("section.data li").count()
    assert page.locator("section.data li:visible").count() == everything
    context.close()
    page = browser.new_page()
    page.goto(address)
    page.get_by_label("Find a dataset").fill("carolina YEARS")
    assert page.locator("section.data li:visible").count() == 1
    assert page.locator("section.data:visible").count() == 1
    assert page.locator(".finder output").inner_text() == f"1 of {everything} lines"
    for words in ("sanctuary", "50%", "9 %", "fifty percent", "New York", "NYC", "rearrest"):  # what people come with
        page.get_by_label("Find a dataset").fill(words)
        assert page.locator("section.data li:visible").count() > 0, words
    page.get_by_label("Find a dataset").fill("")
    page.get_by_label("Order of datasets").select_option("name")
    names = page.locator("section.data h2").all_inner_texts()
    assert names == sorted(names, key=str.casefold)
    page.get_by_label("Order of datasets").select_option("listed")
    assert page.locator("section.data h2").all_inner_texts() != names
    page.close()
