"""The shared glossary: terms and their explanations, from `templates/glossary.toml`, listed and explained in place.

Where a term is first met it becomes a button that opens its explanation. That is HTML's own popover: no script, opened with
Enter or a tap, closed with Escape, announced by screen readers; a browser that knows none shows the words as they were.
"""

import difflib
import html
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-z][a-z0-9]*)")
# Text inside these is no running prose, or is a control already.
_CLOSED = frozenset(
    [
        "a",
        "button",
        "code",
        "pre",
        "svg",
        "math",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "summary",
        "details",
        "form",
        "script",
        "figure",
        "dl",
    ]
)


@lru_cache(maxsize=1)
def terms() -> dict[str, dict[str, str]]:
    """Return key -> {term, text} for every term; ``words``, where given, are the forms in which a text may name it."""
    text = (files("analysis.publish") / "templates" / "glossary.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def explained(key: str) -> dict[str, str]:
    """Return ``{term, text}`` for ``key``; ``KeyError`` with the nearest term where there is none."""
    if key not in terms():
        near = difflib.get_close_matches(key, terms(), 1, cutoff=0.3)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"no glossary term {key!r} in glossary.toml{hint}")
    return terms()[key]


def listed(given: Iterable[Mapping[str, str]]) -> str:
    """Return terms (key, term, text) as a list of definitions, each with an address of its own."""
    items = [f'<dt id="term-{t["key"]}">{html.escape(t["term"])}</dt><dd>{html.escape(t["text"])}</dd>' for t in given]
    return f"<dl>{''.join(items)}</dl>"


def in_place(parts: Sequence[str], given: Iterable[Mapping[str, str]]) -> list[str]:
    """Return ``parts`` (HTML, in the order of the page) with each term explained where running text first names it."""
    left = {t["key"]: (_pattern(t), t) for t in given}
    return [_marked(part, left) for part in parts]


def _pattern(term: Mapping[str, str]) -> re.Pattern[str]:
    """The forms of a term: those listed under ``words``, else the term itself and its plural."""
    forms = term.get("words") or [term["term"], f"{term['term']}s"]
    escaped = sorted((re.escape(form).replace(r"\ ", r"[\s\u00a0]+") for form in forms), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(escaped)})(?![\w-])", re.IGNORECASE)


def _marked(part: str, left: dict[str, tuple[re.Pattern[str], Mapping[str, str]]]) -> str:
    out, closed = [], 0
    for piece in _TAG.split(part) if left else ():
        if piece.startswith("<"):
            name = _NAME.match(piece)
            if name and name[1] in _CLOSED and not piece.endswith("/>"):
                closed += -1 if piece.startswith("</") else 1
        elif not closed and piece.strip():
            piece = _explained(piece, left)
        out.append(piece)
    return "".join(out) if out else part


def _explained(text: str, left: dict) -> str:
    found = sorted((m.start(), -len(m[0]), key) for key, (pattern, _) in left.items() if (m := pattern.search(text)))
    if not found:
        return text
    start, length, key = found[0]
    _, term = left.pop(key)
    word, end = text[start : start - length], start - length
    button = f'<button type="button" class="term" popovertarget="what-{key}">{word}</button>'
    note = f'<span popover id="what-{key}" role="note"><b>{html.escape(term["term"])}</b> {html.escape(term["text"])}</span>'
    before = text[:start]
    if before.endswith("("):  # a line may end before a button, and must not after a bracket
        before, button = before[:-1], f'<span class="held">({button}</span>'
    return before + button + note + _explained(text[end:], left)
