"""From a matplotlib figure to a small SVG that is the same on every build and fits a light or a dark page.

Matplotlib's own output carries dates, counters, styles that a strict content policy refuses, and many empty groups.
Here it is rewritten: ids are prefixed with the figure's name, styles become attributes, coordinates keep one decimal,
colours of the palette become CSS variables (in the page) or stay as they are (in a file of its own).
"""

import io
import re
import xml.etree.ElementTree as ET
from html import escape

from matplotlib.figure import Figure

from analysis.data.errors import visible
from analysis.publish.figures import canvas

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_ROLES = dict(zip((canvas.INK, canvas.SOFT, canvas.GRID, canvas.PAPER, *canvas.SERIES, canvas.ROSE),
                  ("ink", "soft", "grid", "paper", "a", "b", "c", "d", "e", "f", "g"), strict=True))  # fmt: skip
_NUMBER = re.compile(r"-?\d+\.\d+")
_KEEP = (
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "fill-opacity",
    "stroke-opacity",
    "opacity",
    "text-anchor",
)
_COMMAND = re.compile(r"([MLHVCQZz])([^MLHVCQZz]*)")


def inline(figure: Figure, name: str, title: str, alt: str) -> str:
    """Return the SVG to put into a page: colours as CSS variables, accessible name and description."""
    body, height = _rewritten(figure, name)
    for colour, role in _ROLES.items():
        body = body.replace(f'"{colour}"', f'"var(--{role},{colour})"')
    return _wrapped(body, height, name, title, alt, f'class="fig" fill="var(--ink,{canvas.INK})"')


def standalone(figure: Figure, name: str, title: str, alt: str) -> str:
    """Return the SVG as a file of its own: plain colours on paper."""
    body, height = _rewritten(figure, name)
    paper = f'<path d="M0 0H{canvas.WIDTH:g}V{height:g}H0z" fill="{canvas.PAPER}"/>'
    extra = f'xmlns="http://www.w3.org/2000/svg" fill="{canvas.INK}" width="{canvas.WIDTH:g}" height="{height:g}"'
    return _wrapped(paper + body, height, name, title, alt, extra) + "\n"


def png(figure: Figure, dpi: int = 150) -> bytes:
    """Return the figure as PNG on paper, without metadata."""
    out = io.BytesIO()
    with canvas.styled():
        figure.savefig(out, format="png", dpi=dpi, facecolor=canvas.PAPER, metadata={"Software": None})
    return out.getvalue()


def _wrapped(body: str, height: float, name: str, title: str, alt: str, extra: str) -> str:
    return (
        f'<svg {extra} viewBox="0 0 {canvas.WIDTH:g} {height:g}" role="img" aria-labelledby="{name}-t {name}-d" '
        f'font-family="{_FONT}" font-size="{canvas.SIZE:g}" stroke-linejoin="round">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(alt)}</desc>{body}</svg>'
    )


def _rewritten(figure: Figure, name: str) -> tuple[str, float]:
    cached = getattr(figure, "_rewritten", None)
    if cached and cached[0] == name:
        return cached[1]
    out = io.StringIO()
    with canvas.styled():
        figure.savefig(out, format="svg", metadata={"Date": None})
    drawn = visible(out.getvalue(), lines=True)  # XML holds no control characters
    root = ET.fromstring(drawn.split("?>", 1)[1].split("]>")[-1].split('svg11.dtd">')[-1])
    used = re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', out.getvalue())
    names = {old: f"{name}-{i}" for i, old in enumerate(dict.fromkeys(used))}
    result = "".join(_element(child, names) for child in root), round(figure.get_figheight() * 72, 1)
    figure._rewritten = (name, result)
    return result


def _element(element: ET.Element, names: dict[str, str]) -> str:
    tag = element.tag.removeprefix(_SVG)
    if tag in ("metadata", "style") or tag.startswith("{"):
        return ""
    attributes = _attributes(element, tag, names)
    inside = (
        "".join(_element(child, names) for child in element)
        if tag != "text"
        else escape(element.text or "", quote=False)
    )
    if tag in ("g", "defs") and not inside:
        return ""
    if tag == "g" and not attributes:
        return inside
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def _attributes(element: ET.Element, tag: str, names: dict[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    if element.get("id") in names:
        kept["id"] = names[element.get("id")]
    for key in ("x", "y", "width", "height"):
        if element.get(key) and tag in ("use", "rect", "text"):
            kept[key] = _short(element.get(key))
    if element.get("d"):
        kept["d"] = _path(element.get("d"))
    if href := element.get(f"{_XLINK}href"):
        kept["href"] = f"#{names[href[1:]]}"
    if clip := element.get("clip-path"):
        kept["clip-path"] = f"url(#{names[clip[5:-1]]})"
    style = dict(part.split(":", 1) for part in element.get("style", "").replace(" ", "").split(";") if ":" in part)
    _restyle(kept, style, element.get("style", ""), tag)
    if turn := element.get("transform"):
        if tag == "text":
            _place(kept, turn)
        else:
            kept["transform"] = _short(turn)
    return kept


def _restyle(kept: dict[str, str], style: dict[str, str], raw: str, tag: str) -> None:
    for key in _KEEP:
        if key in style and not (key == "text-anchor" and style[key] == "start"):
            kept[key] = _short(style[key])
    if style.get("stroke") and "fill" not in style and tag == "path":
        kept.setdefault("fill", "none") if style.get("fill") == "none" else None
    if tag == "text":
        kept.pop("opacity", None)
        if kept.get("fill") == canvas.INK:
            del kept["fill"]
        font = raw.split("font:", 1)[-1].split(";")[0] if "font:" in raw else ""
        size = re.search(r"([\d.]+)px", raw)
        if size and float(size[1]) != canvas.SIZE:
            kept["font-size"] = f"{float(size[1]):g}"
        if re.search(r"\b(bold|700)\b", font) or style.get("font-weight") in ("bold", "700"):
            kept["font-weight"] = "600"


def _place(kept: dict[str, str], transform: str) -> None:
    """Keep a turned text's transform; matplotlib adds a turn of zero to text that stands still."""
    moved = re.match(r"translate\((-?[\d.]+)[ ,](-?[\d.]+)\)(.*)", transform)
    if moved and not moved[3].strip():
        kept["x"], kept["y"] = _short(moved[1]), _short(moved[2])
    elif not re.fullmatch(r"rotate\(-?0( .*)?\)", transform):
        kept["transform"] = _short(transform)


def _short(text: str) -> str:
    return _NUMBER.sub(lambda m: f"{float(m[0]):.1f}".removesuffix(".0").replace("-0", "0") if abs(float(m[0])) < 0.05
                       else f"{float(m[0]):.1f}".removesuffix(".0"), text)  # fmt: skip


def _path(d: str) -> str:
    """Return a path with one decimal, horizontal and vertical lines in their short form; points that add nothing are left out."""
    parts, x, y, before = [], "", "", ""  # before: where a horizontal line that may go on began
    for command, arguments in _COMMAND.findall(d):
        points = _short(arguments).split()
        if command in "Zz":
            parts.append("z")
        elif command == "L" and len(points) == 2:
            if points[0] == x and points[1] == y:
                continue
            if points[1] == y and before and (float(points[0]) > float(x)) == (float(x) > float(before)):
                parts[-1] = f"H{points[0]}"
            else:
                before = x if points[1] == y else ""
                parts.append(
                    f"V{points[1]}" if points[0] == x else f"H{points[0]}" if points[1] == y else f"L{' '.join(points)}"
                )
        else:
            before = ""
            parts.append(command + " ".join(points))
        if points:
            x, y = points[-2:]
    return "".join(parts)
