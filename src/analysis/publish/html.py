"""From an executed notebook to one HTML file that needs no network and no script.

Only what a `Page` showed is published, with the notebook's own Markdown around it and its code folded away; any other
output of a cell stays in the notebook. nbconvert's exporter is used with a template of our own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat.v4 import new_notebook
from traitlets.config import Config

from analysis.data.spec import INTERNAL
from analysis.publish import calculator, footer
from analysis.publish.figures.drawing import banner_of
from analysis.publish.gather import RenderError, close, gathered
from analysis.publish.policy import content_policy, css

_TEMPLATES = files("analysis.publish") / "templates"


class _Exporter(HTMLExporter):
    """HTMLExporter without its last step, which parses the finished page again to add attributes ours already has."""

    def from_notebook_node(self, nb: object, resources: dict | None = None, **kw: object) -> tuple[str, dict]:
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


@dataclass
class Rendered:
    """A page and what goes beside it.

    ``results`` is JSON-able; ``figures`` holds name, svg, csv, alt and png (None where none was drawn); ``skipped``
    is the reason why there is no page, else None; ``banner`` is what the data must say of themselves.
    """

    html: str = ""
    results: dict = field(default_factory=dict)
    figures: list[dict] = field(default_factory=list)
    skipped: str | None = None
    title: str = ""
    main_point: str = ""
    banner: str = ""


def render(notebook: Mapping, provenance: Mapping) -> Rendered:
    """Return the page of an executed ``notebook``; ``provenance`` is shown at its end.

    Raises `RenderError` where the notebook showed no `Page` or used a result's name twice.
    """
    report = gathered(notebook)
    if report.skipped is not None:
        return Rendered(skipped=report.skipped, title=(report.head or {}).get("title", ""))
    if report.head is None:
        raise RenderError("the notebook made no Page: nothing to publish")
    close(report, provenance)
    model = {
        **report.head,
        "source": report.head["source"].rstrip("."),
        "synthetic": report.head["kind"] == "synthetic",
        "internal": INTERNAL if report.head["disclosure"] == "internal" else "",
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
        banner=banner_of(report.head["kind"], report.head["disclosure"]),
    )


@lru_cache(maxsize=1)
def _exporter() -> _Exporter:
    """One exporter for the life of a worker: making it costs more than a page does."""
    config = Config()
    config.HTMLExporter.template_file = str(_TEMPLATES / "report.html.j2")
    return _Exporter(config=config)
