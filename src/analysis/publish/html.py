"""From an executed notebook to one HTML file that needs no network and no script.

Only what a `Page` showed is published, with the notebook's own Markdown around it and its code folded away; any other
output of a cell stays in the notebook. nbconvert's exporter is used with a template of our own.
"""

import base64
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat.v4 import new_notebook
from traitlets.config import Config

from analysis.publish import calculator, footer, prose
from analysis.publish.page import MIME
from analysis.publish.policy import content_policy, css

_TEMPLATES = files("analysis.publish") / "templates"
_HEADING = re.compile(r"<h([12])>(.*?)</h\1>", re.DOTALL)


class _Exporter(HTMLExporter):
    """HTMLExporter without its last step, which parses the finished page again to add attributes ours already has."""

    def from_notebook_node(self, nb: object, resources: dict | None = None, **kw: object) -> tuple[str, dict]:
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


class RenderError(ValueError):
    """The notebook does not make a page: no `Page`, or pieces that a page needs are missing."""


@dataclass
class Rendered:
    """A page and what goes beside it.

    ``results`` is JSON-able; ``figures`` holds name, svg, csv, alt and png (None where none was drawn); ``skipped``
    is the reason why there is no page, else None.
    """

    html: str = ""
    results: dict = field(default_factory=dict)
    figures: list[dict] = field(default_factory=list)
    skipped: str | None = None
    title: str = ""
    main_point: str = ""


@dataclass
class _Section:
    id: str
    title: str
    parts: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        return "\n".join(self.parts)


@dataclass
class _Report:
    """Everything the template needs, gathered from the notebook in its order."""

    head: dict | None = None
    points: list[str] = field(default_factory=list)
    point_text: list[str] = field(default_factory=list)
    lead: _Section = field(default_factory=lambda: _Section("lead", ""))
    sections: list[_Section] = field(default_factory=list)
    terms: dict[str, str] = field(default_factory=dict)
    measured: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    results: dict = field(default_factory=dict)
    figures: list[dict] = field(default_factory=list)
    skipped: str | None = None

    @property
    def here(self) -> _Section:
        return self.sections[-1] if self.sections else self.lead


def render(notebook: Mapping, provenance: Mapping) -> Rendered:
    """Return the page of an executed ``notebook``; ``provenance`` is shown at its end.

    Raises `RenderError` where the notebook showed no `Page` or used a result's name twice.
    """
    report = _gathered(notebook)
    if report.skipped is not None:
        return Rendered(skipped=report.skipped, title=(report.head or {}).get("title", ""))
    if report.head is None:
        raise RenderError("the notebook made no Page: nothing to publish")
    _close(report, provenance)
    model = {
        **report.head,
        "source": report.head["source"].rstrip("."),
        "synthetic": report.head["kind"] == "synthetic",
        "points": report.points,
        "lead": report.lead.body,
        "sections": report.sections,
        "css": css(),
        "policy": content_policy(*calculator.scripts(section.body for section in (report.lead, *report.sections))),
        "foot": footer.foot(provenance),
    }
    page, _ = _exporter().from_notebook_node(new_notebook(), resources={"report": model})
    return Rendered(
        html=page,
        results=report.results,
        figures=report.figures,
        title=report.head["title"],
        main_point=report.point_text[0] if report.point_text else "",
    )


def _gathered(notebook: Mapping) -> _Report:
    report = _Report()
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


def _add_markdown(report: _Report, source: str) -> None:
    """Each second-level heading begins a section; the cell with the first-level heading introduces the notebook only."""
    pieces = _HEADING.split(prose.markdown(source))
    if len(pieces) > 1 and pieces[1] == "1" and not pieces[0].strip():
        pieces = pieces[3:]
        pieces[0] = ""
    if pieces[0].strip():
        report.here.parts.append(pieces[0].strip())
    for title, body in zip(pieces[2::3], pieces[3::3], strict=True):
        report.sections.append(_Section(f"s{len(report.sections) + 1}", title))
        if body.strip():
            report.here.parts.append(body.strip())


def _add_piece(report: _Report, piece: Mapping) -> None:
    kind = piece["piece"]
    if kind == "page":
        report.head = {key: piece[key] for key in ("report", "title", "dataset", "kind", "source", "answers", "top")}
    elif kind == "points":
        report.points, report.point_text = list(piece["items"]), list(piece["text"])
    elif kind == "glossary":
        report.terms.update({term["term"]: term["text"] for term in piece["terms"]})
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


def _close(report: _Report, provenance: Mapping) -> None:
    """Add what every page ends with: terms, measurement, limits, provenance."""
    terms = "".join(f"<dt>{html.escape(t)}</dt><dd>{html.escape(x)}</dd>" for t, x in sorted(report.terms.items()))
    endings = (
        ("terms", "Terms", [f"<dl>{terms}</dl>"] if terms else []),
        ("measured", "How it was measured", report.measured),
        ("limits", "Strengths and limitations", report.limits),
        ("provenance", "Where this page comes from", [footer.provenance_html(provenance)]),
    )
    for name, title, parts in endings:
        if parts:
            report.sections.append(_Section(name, title, list(parts)))
    report.sections[-1].code = report.lead.code


@lru_cache(maxsize=1)
def _exporter() -> _Exporter:
    """One exporter for the life of a worker: making it costs more than a page does."""
    config = Config()
    config.HTMLExporter.template_file = str(_TEMPLATES / "report.html.j2")
    return _Exporter(config=config)
