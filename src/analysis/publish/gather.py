"""What a page is made of, gathered from an executed notebook in its order: sections, their text, figures, tables and code.

Only what a `Page` showed is taken, with the notebook's own Markdown around it; any other output of a cell stays there.
"""

import base64
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.data.rounding import midpoint, moves
from analysis.publish import footer, fragments, glossary, numbers, prose
from analysis.publish.page import MIME

_HEADING = re.compile(r"<h([12])>(.*?)</h\1>", re.DOTALL)
_SUBHEADING = re.compile(r"<h3>(.*?)</h3>", re.DOTALL)


class RenderError(ValueError):
    """The notebook does not make a page: no `Page`, or pieces that a page needs are missing."""


@dataclass
class Section:
    """A numbered section: its text, figures and tables as HTML, and its code."""

    id: str
    title: str
    parts: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    headings: int = 0

    @property
    def body(self) -> str:
        """The section's HTML."""
        return "\n".join(self.parts)


@dataclass
class Report:
    """Everything the template needs, gathered from the notebook in its order."""

    head: dict | None = None
    points: list[str] = field(default_factory=list)
    point_text: list[str] = field(default_factory=list)
    lead: Section = field(default_factory=lambda: Section("lead", ""))
    sections: list[Section] = field(default_factory=list)
    terms: dict[str, Mapping] = field(default_factory=dict)
    measured: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    results: dict = field(default_factory=dict)
    figures: list[dict] = field(default_factory=list)
    skipped: str | None = None
    rounding: tuple[int, ...] = ()

    @property
    def here(self) -> Section:
        """The section being filled."""
        return self.sections[-1] if self.sections else self.lead


def gathered(notebook: Mapping) -> Report:
    """Return the pieces of an executed notebook; raises `RenderError` where it used a result's name twice."""
    report = Report()
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            _add_markdown(report, source)
        elif cell["cell_type"] == "code":
            if source.strip():
                report.here.code.append(source)
            for output in cell.get("outputs", []):
                piece = output.get("data", {}).get(MIME)
                if piece:
                    _add_piece(report, piece)
    return report


def _add_markdown(report: Report, source: str) -> None:
    """Each second-level heading begins a section; the cell with the first-level heading introduces the notebook only."""
    pieces = _HEADING.split(prose.markdown(source))
    if len(pieces) > 1 and pieces[1] == "1" and not pieces[0].strip():
        pieces = pieces[3:]
        pieces[0] = ""
    if pieces[0].strip():
        report.here.parts.append(_addressed(pieces[0].strip(), report.here))
    for title, body in zip(pieces[2::3], pieces[3::3], strict=True):
        report.sections.append(Section(f"s{len(report.sections) + 1}", title))
        if body.strip():
            report.here.parts.append(_addressed(body.strip(), report.here))


def _addressed(body: str, section: Section) -> str:
    """Give each sub-heading an address and a link to it."""

    def linked(match: re.Match) -> str:
        section.headings += 1
        name = f"{section.id}-{section.headings}"
        return f'<h3 id="{name}">{match[1]}{fragments.here(name, "this part")}</h3>'

    return _SUBHEADING.sub(linked, body)


def _add_piece(report: Report, piece: Mapping) -> None:
    kind = piece["piece"]
    report.rounding = tuple(piece.get("rounding") or report.rounding)
    if kind == "page":
        report.head = {
            key: piece[key] for key in ("report", "title", "dataset", "kind", "disclosure", "source", "answers", "top")
        }
    elif kind == "points":
        report.points, report.point_text = list(piece["items"]), list(piece["text"])
    elif kind == "glossary":
        report.terms.update({term["term"]: term for term in piece["terms"]})
    elif kind == "measured":
        report.measured.append(piece["html"])
    elif kind == "limits":
        report.limits.append(piece["html"])
    elif kind == "skip":
        report.skipped = piece["reason"]
    elif kind == "result":
        if piece["name"] in report.results:
            raise RenderError(f"result {piece['name']!r} is given twice")
        report.results[piece["name"]] = piece["value"]
    else:
        report.here.parts.append(piece["html"])
    if kind == "figure":
        png = base64.b64decode(piece["png"]) if piece.get("png") else None
        report.figures.append({key: piece[key] for key in ("name", "title", "svg", "csv", "alt")} | {"png": png})


def rounded_in_words(step: int, smallest: int | None = None) -> str:
    """Return how the counts of a page are rounded, and how far that can move a share of the fewest people on it."""
    said = (
        f"Every count here is rounded to the middle of its {step} (0; 1 to {step} is {int(midpoint(1, step))}; {step + 1} to {2 * step} is "
        f"{int(midpoint(step + 1, step))}), and shares, curves and their intervals are computed from rounded counts."
    )
    if not smallest:
        return said
    moved = numbers.percent(moves(smallest, step)).replace("%", "percentage points")
    return f"{said} The share of fewest is of {smallest:,}: rounding its count can move it by {moved}."


def close(report: Report, provenance: Mapping) -> None:
    """Add what every page ends with: terms, measurement, limits, provenance."""
    terms = [report.terms[name] for name in sorted(report.terms, key=str.casefold)]
    if report.rounding:
        report.limits.append(f"<p>{html.escape(rounded_in_words(*report.rounding))}</p>")
    endings = (
        ("terms", "Terms", [glossary.listed(terms)] if terms else []),
        ("measured", "How it was measured", report.measured),
        ("limits", "Strengths and limitations", report.limits),
        ("provenance", "Where this page comes from", [footer.provenance_html(provenance)]),
    )
    for name, title, parts in endings:
        if parts:
            report.sections.append(Section(name, title, list(parts)))
    report.sections[-1].code = report.lead.code
    _explain(report, terms)


def _explain(report: Report, terms: list[Mapping]) -> None:
    """Explain each term where running text first names it, from the main points on."""
    places = [report.points, report.lead.parts, *(section.parts for section in report.sections)]
    said = iter(glossary.in_place([part for parts in places for part in parts], terms))
    for parts in places:
        parts[:] = [next(said) for _ in parts]
