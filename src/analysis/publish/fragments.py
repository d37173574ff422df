"""The HTML of a figure (finding, units, picture, denominator and source, and its data as a table) and of small pieces."""

import html
from collections.abc import Iterable
from urllib.parse import quote

from analysis.publish import tables
from analysis.publish.figures import svg
from analysis.publish.figures.drawing import Drawing, in_brackets

_SHEET = 2.0  # height over width of a figure that can still be read on one printed sheet; of a taller one the table is printed

_PAPER = (
    "max-width:42rem;padding:.2rem .8rem;background:#fff;color:#1b1f24;--jp-content-font-color1:#1b1f24;--jp-ui-font-color1:#1b1f24;"
    "--jp-layout-color0:#fff;--jp-layout-color2:#f5f7f9;--jp-rendermime-table-row-background:#f5f7f9;--jp-content-link-color:#174f90;"
    "--jp-rendermime-table-row-hover-background:#e4eefa;--jp-border-color1:#d5dae0"
)


def figure(
    drawing: Drawing, name: str, title: str, note: str, source: str, units: str, folder: str | None, png: bool
) -> tuple[str, dict]:
    """Return the HTML of a released drawing, and its record: name, title, alt, svg, csv (what goes to ``figures/``).

    ``note`` is HTML, all else plain text. ``folder`` is where the page finds the figure's files; without it the page
    carries the data itself.
    """
    mark = f"<b>{drawing.banner}.</b> " if drawing.banner else ""
    note_on_counts = f"<p>{html.escape(drawing.data.note)}</p>" if drawing.data.note else ""
    caption = f"<p>{mark}<b>Denominator:</b> {note}</p><p><b>Source:</b> {html.escape(source)}</p>{note_on_counts}"
    short = f"{html.escape(units)}{in_brackets(drawing.banner)}"
    table = tables.to_html(drawing.brief, short, name, drawing.percent, drawing.level, foot=False)
    data = tables.to_csv(drawing.data, drawing.banner)
    width, height = drawing.figure.get_size_inches()
    tall = ' class="tall"' if height > _SHEET * width else ""
    body = (
        f'<div class="figure" id="{name}"><h3>{html.escape(title)}{here(name, "this figure")}</h3><p class="units">{html.escape(units)}</p>'
        f"<figure{tall}>{svg.inline(drawing.figure, name, title, drawing.alt)}<figcaption>{caption}</figcaption></figure>"
        f"<details><summary>The figure as a table</summary>{table}</details>"
        f"{_links(name, folder, png, data)}</div>"
    )
    record = {
        "name": name,
        "title": title,
        "alt": drawing.alt,
        "svg": svg.standalone(drawing.figure, name, title, drawing.alt),
        "csv": data,
    }
    return body, record


def checks(marks: Iterable[tuple[str, str, bool | None]]) -> str:
    """Return a row of short checks: name, finding (HTML), and whether it is fine (None for neither)."""
    words = {True: "ok", False: "no", None: "open"}
    items = [f'<li class="{words[fine]}"><b>{html.escape(name)}</b>{line}</li>' for name, line, fine in marks]
    return f'<ul class="checks">{"".join(items)}</ul>'


def here(name: str, what: str) -> str:
    """Return the link that a heading carries to itself, to be copied."""
    return f'<a class="here" href="#{name}" aria-label="Link to {what}">#</a>'


def on_paper(body: str) -> str:
    """Return a piece as it is shown in a notebook: on white, whatever the theme of JupyterLab, whose colours of text, rows, code and
    links are set to light ones within."""
    return f'<div style="{_PAPER}">{body}</div>'


def _links(name: str, folder: str | None, png: bool, data: str) -> str:
    if folder is None:
        inline = f"data:text/csv;charset=utf-8,{quote(data, safe=' ,.;:/()-+=')}"
        return f'<p class="files"><a download="{name}.csv" href="{inline}">Data (CSV)</a></p>'
    kinds = {"csv": "Data (CSV)", "svg": "Picture (SVG)", **({"png": "Picture (PNG)"} if png else {})}
    links = " · ".join(f'<a href="{folder}/{name}.{kind}">{words}</a>' for kind, words in kinds.items())
    return f'<p class="files">{links}</p>'
