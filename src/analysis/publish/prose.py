"""Sentences filled from results, and Markdown to HTML in which no value can become markup.

Values never meet the Markdown parser: the template is parsed with marks in their place, and the escaped values
take the place of the marks in the finished HTML.
"""

import html
import re
import string
from collections.abc import Callable, Iterable, Mapping

import mistune

from analysis.publish.values import shown as as_shown

_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use characters that no template contains
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_FORMATTER = string.Formatter()


class _Renderer(mistune.HTMLRenderer):
    """Plain HTML; images are refused because a page loads nothing, headings are left to the page's own order."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        raise ValueError(f"an image cannot be put in text ({url}): draw it with page.figure")

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if _OPEN in url or "%EE%80%80" in url.upper():
            raise ValueError("a value cannot be part of an address; write the address into the text")
        return super().link(text, url, title)


_markdown = mistune.create_markdown(renderer=_Renderer(escape=True), plugins=["table"])


def markdown(text: str) -> str:
    """Return Markdown (with tables; raw HTML is shown as text) as HTML."""
    return str(_markdown(text)).strip()


def filled_html(template: str, values: Mapping[str, object], disclosure: str, inline: bool = False) -> str:
    """Return ``template``, Markdown with ``{name}`` or ``{name:format}`` in it, as HTML filled from ``values``.

    Values pass the release rule and are escaped. ``inline`` leaves out the paragraph around a single line.
    Raises ``KeyError`` for a name without a value and ``ValueError`` for a value that the template does not use.
    """
    pieces: list[str] = []

    def marked(text: str) -> str:
        pieces.append(html.escape(text, quote=False))
        return f"{_OPEN}{len(pieces) - 1}{_CLOSE}"

    body = markdown(_filled(template, values, disclosure, marked))
    if inline and body.count("<p>") == 1:
        body = body.removeprefix("<p>").removesuffix("</p>")
    return _MARK.sub(lambda match: pieces[int(match[1])], body)


def filled_text(template: str, values: Mapping[str, object], disclosure: str) -> str:
    """Return ``template`` filled as plain text, for titles, alternative text and JSON."""
    return _filled(template, values, disclosure, str)


def used(template: str, values: Mapping[str, object]) -> dict[str, object]:
    """Return those of ``values`` that ``template`` names."""
    names = {name for _, name, _, _ in _FORMATTER.parse(template) if name}
    return {name: value for name, value in values.items() if name in names}


def together(templates: Iterable[str], values: Mapping[str, object], disclosure: str) -> dict[str, object]:
    """Return ``values`` as several texts may show them; ``ValueError`` for one that none uses."""
    templates = list(templates)
    if unused := sorted(set(values) - {name for text in templates for name in used(text, values)}):
        raise ValueError(f"values given but not used: {', '.join(unused)} (in {templates[0]!r} ...)")
    return as_shown(values, disclosure)


def plain_text(fragment: str) -> str:
    """Return the text of an HTML fragment."""
    return html.unescape(re.sub(r"<[^>]+>", "", fragment))


def _filled(
    template: str,
    values: Mapping[str, object],
    disclosure: str,
    write: Callable[[str], str],
) -> str:
    shown = as_shown(values, disclosure)
    parts, named = [], set()
    for literal, name, spec, _ in _FORMATTER.parse(template):
        parts.append(literal)
        if name is None:
            continue
        if name not in shown:
            raise KeyError(f"the text uses {{{name}}}, but no value of that name was given: {template!r}")
        named.add(name)
        parts.append(write(format(shown[name], spec or "")))
    if unused := sorted(set(values) - named):
        raise ValueError(f"values given but not used in the text: {', '.join(unused)} ({template!r})")
    return "".join(parts)
