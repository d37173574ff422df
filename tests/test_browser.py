"""The pages as a browser shows them: accessible, within the screen, whole without scripts, silent towards the network."""

from pathlib import Path

import pytest

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed: sh setup.sh lab")

# what passes is not listed: a quarter of the time goes into that
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
SCREENS = [(1280, "light"), (1280, "dark"), (380, "light"), (380, "dark")]


def pages(*roots: Path) -> list[Path]:
    return [path for root in roots for path in sorted((root / "reports").rglob("*.html"))]


@pytest.mark.parametrize(("width", "scheme"), SCREENS, ids=lambda value: str(value))
def test_every_page_passes_wcag_and_stays_within_the_screen(site, beyond, browser, width, scheme):
    found = {}
    for path in pages(site, beyond):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.goto(path.as_uri())
        violations = axe.Axe().run(page, options=RULES).response["violations"]
        if violations:
            found[path.name] = [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in violations]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than {width} px"
        context.close()
    assert found == {}


def test_the_gate_sees_a_planted_fault(site, browser, tmp_path):
    page_text = (site / "reports" / "north-carolina" / "short_window.html").read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(
        page_text.replace('<html lang="en"', "<html").replace('role="img"', 'role="imgg"'), encoding="utf-8"
    )
    page = browser.new_page()
    page.goto(broken.as_uri())
    assert {v["id"] for v in axe.Axe().run(page, options=RULES).response["violations"]} >= {"html-has-lang"}
    page.close()


def test_pages_are_whole_without_scripts_and_ask_the_network_for_nothing(site, beyond, browser):
    for path in pages(site, beyond):
        asked = []
        texts = []
        for scripts in (True, False):
            context = browser.new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(path.as_uri())
            # these forms show only with scripts; what they search stands without them
            page.evaluate(
                "document.querySelectorAll('.calculator form, form.finder, .tools').forEach(form => form.remove())"
            ) if scripts else None
            texts.append(page.inner_text("main"))
            context.close()
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        assert texts[0] == texts[1]
