"""Whether the colours of a page's figures can be told from the paper, in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11).

Figures name their colours as CSS variables with a role; the style sheet gives each role a colour for light paper and one for
dark. Both are computed here from the page itself.
"""

import re

_WORDS, _SHAPES = 4.5, 3.0  # least contrast of text, and of lines and areas that carry meaning
_BLOCK = re.compile(r":root\{([^}]*)\}")
_VARIABLE = re.compile(r"--([a-z]+):(#[0-9a-f]{3,6})\b", re.IGNORECASE)
_ROLE = re.compile(r"var\(--([a-z]+)")
_TEXT = re.compile(r"<text\b([^>]*)>")
_SHAPE = re.compile(r"<(path|use|rect|circle|line|polygon|polyline)\b([^>]*)>")
_PAINT = re.compile(r'\b(fill|stroke)="([^"]+)"')
_SVG = re.compile(r'<svg\b[^>]*class="fig".*?</svg>', re.DOTALL)
_DECORATION = ("grid", "paper")


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rgb`` or ``#rrggbb`` (WCAG 2.2, definition of relative luminance)."""
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def palettes(page: str) -> dict[str, dict[str, str]]:
    """Return role -> colour for "light" and "dark", as the style sheet in a page says."""
    light, dark, *_ = [dict(_VARIABLE.findall(block)) for block in _BLOCK.findall(page) if "--paper" in block] + [
        {},
        {},
    ]
    return {"light": light, "dark": {**light, **dark}}


def faults(page: str) -> list[str]:
    """Return colours in figures that cannot be told from the paper, or do not follow the reader's setting."""
    found: dict[str, None] = {}
    schemes = palettes(page)
    for figure in _SVG.findall(page):
        texts = [
            paint
            for attributes in _TEXT.findall(figure)
            for kind, paint in _PAINT.findall(attributes)
            if kind == "fill"
        ]
        shapes = [
            paint
            for _, attributes in _SHAPE.findall(figure)
            for _, paint in _PAINT.findall(attributes)
            if paint != "none"
        ]
        for least, kind, paints in ((_WORDS, "text", texts), (_SHAPES, "a shape", shapes)):
            for paint in dict.fromkeys(paints):
                role = _ROLE.match(paint)
                if role is None and not paint.startswith("url("):
                    found[
                        f"{kind} in a figure has the colour {paint}, which is the same on light and on dark paper"
                    ] = None
                elif role and role[1] not in _DECORATION:
                    found |= dict.fromkeys(_weak(kind, role[1], least, schemes))
    return list(found)


def _weak(kind: str, role: str, least: float, schemes: dict[str, dict[str, str]]) -> list[str]:
    lines = []
    for name, colours in schemes.items():
        if role not in colours or "paper" not in colours:
            lines.append(f"{kind} in a figure has the colour --{role}, which the style sheet does not define")
        elif (value := ratio(colours[role], colours["paper"])) < least:
            lines.append(
                f"{kind} in a figure, --{role} on {name} paper: contrast {value:.1f}, expected {least} or more"
            )
    return lines
