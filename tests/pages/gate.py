"""What an accessibility checker in a browser cannot judge: do words and structure serve someone who does not see the page?

A pure function of a page's HTML. Tests run it on every page that they build: axe passes an
alternative text of "figure", a picture without its table, and a heading that a notebook put a level too deep. What is
rendered (size of text, its contrast with what lies behind it) is measured in ``tests/test_browser.py``; sizes and colours
are judged here too, from the picture and the two palettes of the style sheet.
"""

import re
from collections import Counter

from tests.pages import contrast
from tests.pages.markup import Node, everything, parsed

_SHORT = 20  # characters: nothing is described in fewer
_PHONE, _LEAST = 348.0, 10.0  # pixels: the width of a figure on a screen of 380, and the smallest text
_PLACEHOLDER = re.compile(
    r"^(an? |the )?(figure|image|picture|chart|graph|plot|diagram|photo|untitled|placeholder|todo|tbd|alt|alternative|description)"
    r"\b.{0,40}$|\.(svg|png|jpe?g|gif)$|lorem ipsum|^n/?a$",
    re.IGNORECASE,
)
_REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "popovertarget")


def faults(page: str) -> list[str]:
    """Return what is wrong with a page (HTML), one line each, naming the element; empty if nothing is."""
    root = parsed(page)
    return [
        *_headings(root),
        *_ids(root),
        *_pictures(root),
        *_figures(root),
        *_tables(root),
        *_named(root),
        *contrast.faults(page),
    ]


def _headings(root: Node) -> list[str]:
    found, level = [], 0
    headings = root.all("h1", "h2", "h3", "h4", "h5", "h6")
    for node in headings:
        now = int(node.tag[1])
        if now > level + 1:
            found.append(
                f"heading {node.name!r} is {node.tag} after {f'h{level}' if level else 'nothing'}: a level is skipped"
            )
        if not node.text.strip(" #"):
            found.append(f"an empty {node.tag}")
        level = now
    if (ones := sum(node.tag == "h1" for node in headings)) != 1:
        found.append(f"the page has {ones} h1; expected one")
    return found


def _ids(root: Node) -> list[str]:
    nodes = everything(root)
    ids = Counter(node.attributes["id"] for node in nodes if "id" in node.attributes)
    found = [f"id {name!r} is used {times} times" for name, times in ids.items() if times > 1]
    for node in nodes:
        wanted = [name for key in _REFERENCES for name in node.attributes.get(key, "").split()]
        address = node.attributes.get("href", "")
        wanted += [address[1:]] if len(address) > 1 and address[0] == "#" else []
        found += [f"<{node.tag}> refers to {name!r}, which is not on the page" for name in wanted if name not in ids]
    return found


def _pictures(root: Node) -> list[str]:
    found = [
        f"picture {n.name!r} has no alternative text"
        for n in root.all("img")
        if not n.attributes.get("alt", "").strip()
    ]
    for svg in (node for node in root.all("svg") if node.attributes.get("aria-hidden") != "true"):
        title, words = ("".join(n.text for n in svg.inside if n.tag == tag).strip() for tag in ("title", "desc"))
        if svg.attributes.get("role") != "img":
            found.append(f"picture {title!r} lacks role=img")
        if not title:
            found.append(f"picture {svg.name!r} has no title")
        if not words:
            found.append(f"picture {title!r} has no alternative text")
        elif len(words) < _SHORT or _PLACEHOLDER.search(words):
            found.append(f"picture {title!r}: the alternative text {words!r} describes nothing")
        elif _same(words, title):
            found.append(f"picture {title!r}: the alternative text repeats the title")
        found += _small(svg, title)
    return found


def _small(svg: Node, title: str) -> list[str]:
    """Text that a phone would show under ten pixels, as the picture fills its width there."""
    box = svg.attributes.get("viewbox", "").split()
    if len(box) != 4:
        return [f"picture {title!r} has no viewBox: it cannot fit a phone"]
    sizes = [
        node.attributes["font-size"] for node in [svg, *svg.all("text", "g", "tspan")] if "font-size" in node.attributes
    ]
    scale = _PHONE / float(box[2])
    return [
        f"picture {title!r}: text of {float(s) * scale:.1f} px on a phone"
        for s in {*sizes}
        if float(s) * scale < _LEAST
    ]


def _same(words: str, title: str) -> bool:
    """Whether one text is the other with hardly a word more."""
    a, b = (re.findall(r"\w+", text.casefold()) for text in (words, title))
    more = Counter(a) - Counter(b)
    return bool(b) and sum(more.values()) <= max(2, len(b) // 4)


def _figures(root: Node) -> list[str]:
    framed = [node for node in root.all("div") if node.attributes.get("class") == "figure"]
    inside = [figure for node in framed for figure in node.all("figure")]
    found = [f"figure {node.name!r} has no table of its data" for node in framed if not node.all("table")]
    found += [f"figure {node.name!r} has no caption" for node in inside if not node.all("figcaption")]
    lone = [node for node in root.all("figure") if not any(node is other for other in inside)]
    return found + [f"figure {node.name!r} stands without title and table" for node in lone]


def _tables(root: Node) -> list[str]:
    found = []
    for table in root.all("table"):
        caption = "".join(node.text for node in table.all("caption")).strip()
        if not caption:
            found.append(f"a table has no caption ({' | '.join(node.text for node in table.all('th')[:4])})")
        heads = table.all("th")
        if not heads or any(
            node.attributes.get("scope") not in ("col", "row", "colgroup", "rowgroup") for node in heads
        ):
            found.append(f"table {caption!r}: a header cell without scope")
        if not any(node.attributes.get("scope") == "col" for node in heads):
            found.append(f"table {caption!r}: no column heads")
        for body in table.all("tbody"):
            if any(row.inside and row.inside[0].tag != "th" for row in body.all("tr")):
                found.append(f"table {caption!r}: a row without its header cell")
    return found


def _named(root: Node) -> list[str]:
    controls = root.all("a", "button", "summary")
    return [
        f"a <{node.tag}> without words"
        for node in controls
        if not (node.text.strip() or node.attributes.get("aria-label", "").strip())
    ]
