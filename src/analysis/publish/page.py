"""What a notebook says, in the order in which it says it: text, figures, tables, results.

A notebook makes one `Page` and calls its methods. Each call shows its piece in the notebook and leaves a record of
it (a MIME bundle) in the executed notebook, from which `analysis.publish.html` builds the report. Nothing else of the
notebook's output is published, and everything passes the release rule of `analysis.publish.released` first.
"""

import base64
import html
import os
import re
from collections.abc import Mapping, Sequence

import pandas as pd
from IPython import get_ipython
from IPython.display import display

from analysis.data import rounding
from analysis.data.spec import DISCLOSURES, STEP
from analysis.publish import figures, formulas, fragments, glossary, numbers, prose, tables
from analysis.publish.figures import svg
from analysis.publish.figures.drawing import banner_of, in_brackets
from analysis.publish.released import ReleaseError, release
from analysis.publish.values import Share, plain, risk, share, shown, smallest, span

__all__ = ["MIME", "Page", "ReleaseError", "SkipReport", "figures", "plain", "risk", "share", "span"]

MIME = "application/vnd.analysis+json"
MOST_POINTS = 6
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class SkipReport(Exception):  # noqa: N818
    """The dataset cannot support this report. Not an error: the index shows the reason, and the notebook ends well."""


class Page:
    """One report on one dataset."""

    def __init__(
        self,
        report: str,
        title: str,
        dataset: str,
        kind: str,
        disclosure: str,
        source: str,
        answers: str,
        top: bool = False,
        **values: object,
    ) -> None:
        """Begin a report.

        ``report`` and ``dataset`` are short names, ``title`` and ``answers`` (what the report answers, one or two
        sentences) may hold ``{name}`` filled from ``values``. ``kind`` is "real" or "synthetic", ``disclosure``
        "public", "internal" or "restricted" (all counts of the run are then rounded), ``source`` says where the data come
        from. ``top`` says that the page is about no one dataset and lies beside the index.
        """
        if kind not in ("real", "synthetic"):
            raise ValueError(f"kind is {kind!r}; expected 'real' or 'synthetic'")
        if disclosure not in DISCLOSURES:
            raise ValueError(f"disclosure is {disclosure!r}; expected one of {', '.join(map(repr, DISCLOSURES))}")
        if not _NAME.fullmatch(report):
            raise ValueError(f"report is {report!r}; expected small letters, digits, - and _")
        self.report, self.dataset, self.kind, self.disclosure, self.source = report, dataset, kind, disclosure, source
        self._up = ".." if top else "../.."
        self._figures: set[str] = set()
        self._results: set[str] = set()
        self._tables = 0
        self._sizes: set[int] = set()  # that shares on a restricted page are of
        if disclosure == "restricted":
            rounding.restrict(rounding.step() or STEP)
        _heed_errors()
        shown = self._together([title, answers], values)
        self.title = prose.filled_text(title, prose.used(title, shown), "public")
        said = prose.filled_text(answers, prose.used(answers, shown), "public")
        body = f"<h1>{html.escape(self.title)}</h1><p>{html.escape(said)}</p>"
        if self.banner:
            body = f"<p><strong>{self.banner}.</strong></p>{body}"
        self._show(body, piece="page", report=report, title=self.title, dataset=dataset, kind=kind, disclosure=disclosure,
                   source=source, answers=said, top=top)  # fmt: skip

    @property
    def banner(self) -> str:
        """What the page, its figures and files must say of themselves."""
        return banner_of(self.kind, self.disclosure)

    @property
    def synthetic(self) -> bool:
        """Whether the data are synthetic, which every page and figure then says."""
        return self.kind == "synthetic"

    def points(self, points: Sequence[str], **values: object) -> None:
        """State the main points, at most six, the most important first; each is filled from ``values``.

        Each says of itself where the data are synthetic or internal, since any may be quoted alone, as the index does.
        """
        if not 1 <= len(points) <= MOST_POINTS:
            raise ValueError(f"a report has 1 to {MOST_POINTS} main points; found {len(points)}")
        lines = self._lines(
            [f"{self._before(point)}{point}" for point in points],
            values,
        )
        items = "".join(f"<li>{line}</li>" for line in lines)
        self._show(f"<p><strong>Main points</strong></p><ul>{items}</ul>", piece="points", items=lines,
                   text=[prose.plain_text(line) for line in lines])  # fmt: skip

    def text(self, template: str, anchor: str = "", **values: object) -> None:
        """Add prose: Markdown with ``{name}`` or ``{name:format}`` in it, filled from ``values``.

        ``anchor`` names the place, for links from elsewhere; a page has each once.

        Whole numbers are taken as counts; write ``plain(days)`` for one that counts nobody, ``share(k, n)`` for a
        share.
        """
        if anchor and not _NAME.fullmatch(anchor):
            raise ValueError(f"anchor is {anchor!r}; expected small letters, digits, - and _")
        body = self._filled(template, values)
        self._show(f'<div id="{anchor}">{body}</div>' if anchor else body, piece="text")

    def checks(self, checks: Sequence[tuple[str, str, bool | None]], **values: object) -> None:
        """Add a row of short checks: (name, finding, True for fine, False for not, None for neither)."""
        lines = self._lines([finding for _, finding, _ in checks], values)
        marks = [(name, line, fine) for (name, _, fine), line in zip(checks, lines, strict=True)]
        self._show(fragments.checks(marks), piece="text")

    def formula(self, name: str) -> None:
        """Add one of the formulas of `analysis.publish.formulas`, with a line that says what its letters are."""
        math, letters = formulas.formula(name)
        self._show(f'<div class="formula">{math}<p class="soft">{html.escape(letters)}</p></div>', piece="text")

    def figure(
        self,
        drawing: figures.Drawing,
        title: str,
        note: str,
        source: str | None = None,
        units: str | None = None,
        name: str = "",
        **values: object,
    ) -> None:
        """Add a figure: ``title`` states the finding, ``note`` gives the denominator, both filled from ``values``.

        ``source`` is the page's own unless given, ``units`` the drawing's own. ``name`` (or the drawing's) names the
        figure's files; without one it is numbered.
        """
        name = name or drawing.name or f"{len(self._figures) + 1:02d}"
        name = f"{self.report}-{name}"
        if name in self._figures or not _NAME.fullmatch(name):
            raise ValueError(f"figure name {name!r} is taken or has other than small letters, digits, - and _")
        self._figures.add(name)
        shown = self._together([title, note, units or ""], values)
        released = drawing.released(self.disclosure, self.banner)
        self._sizes.update(released.source.sizes)
        drawn = os.environ.get("ANALYSIS_PNG") == "1"
        body, record = fragments.figure(
            released,
            name,
            title=prose.filled_text(title, prose.used(title, shown), "public"),
            note=prose.filled_html(note, prose.used(note, shown), "public", inline=True),
            source=source or self.source,
            units=prose.filled_text(units, prose.used(units, shown), "public") if units else drawing.units,
            folder=f"{self._up}/figures/{self.dataset}" if os.environ.get("ANALYSIS_FIGURES") == "1" else None,
            png=drawn,
        )
        if drawn:
            record["png"] = base64.b64encode(svg.png(released.figure)).decode()
        self._show(body, piece="figure", **record)

    def table(
        self,
        frame: pd.DataFrame,
        caption: str,
        percent: Sequence[str] = (),
        note: str = "",
        level: float = 0.95,
        **declared: object,
    ) -> None:
        """Add a table. ``percent`` names its shares (0 to 1), ``level`` is that of its intervals (lower, upper).

        ``declared`` is what `released.release` takes: on a restricted page every whole-number column must be in
        ``counts=[...]`` or ``free=[...]``.
        """
        self._tables += 1
        released = release(frame, self.disclosure, level=level, **declared)
        self._sizes.update(released.sizes)
        name = f"{self.report}-table-{self._tables}"
        says = f"{html.escape(caption)}{in_brackets(self.banner)}"
        body = tables.to_html(released, says, name, tuple(percent), level)
        if note:
            body += f'<p class="soft">{html.escape(note)}</p>'
        self._show(body, piece="table", name=name, caption=caption, rows=tables.to_records(released))

    def result(self, name: str, value: object, optimizer: bool = False, **declared: object) -> None:
        """Put a result into the JSON beside the page, rounded to six significant digits (four from an optimizer).

        ``value`` is a number, text, `share`, `risk`, `plain`, or a frame (then ``declared`` is what
        `released.release` takes). Raises ``ValueError`` for a name already used.
        """
        if name in self._results:
            raise ValueError(f"result {name!r} is given twice")
        self._results.add(name)
        value = written(name, value, self.disclosure, optimizer, declared)
        self._show("", piece="result", name=name, value=value)

    def glossary(self, *keys: str) -> None:
        """Explain terms of the shared glossary at the end of the page, and where each is first met."""
        terms = [{"key": key, **glossary.explained(key)} for key in dict.fromkeys(keys)]
        self._show(glossary.listed(terms), piece="glossary", terms=terms)

    def measured(self, template: str, **values: object) -> None:
        """Say how it was measured: source, area, follow-up, what counts as an event."""
        self._show(self._filled(template, values), piece="measured")

    def limits(self, template: str, **values: object) -> None:
        """Say what the figures can bear: strengths and limitations."""
        self._show(self._filled(template, values), piece="limits")

    def skip(self, reason: str) -> None:
        """Stop here: the dataset cannot support this report. The index gives ``reason``; raises `SkipReport`."""
        self._show(f"<p>{html.escape(reason)}</p>", piece="skip", reason=reason)
        _pass_over_errors()
        raise SkipReport(reason)

    def _filled(self, template: str, values: Mapping[str, object]) -> str:
        shown = self._together([template], values)
        return prose.filled_html(template, shown, "public")

    def _lines(self, templates: Sequence[str], values: Mapping[str, object]) -> list[str]:
        """Return short texts as HTML."""
        shown = self._together(templates, values)
        return [prose.filled_html(text, prose.used(text, shown), "public", inline=True) for text in templates]

    def _together(self, templates: Sequence[str], values: Mapping[str, object]) -> dict[str, object]:
        """Return the values of texts as they may be shown."""
        shown = prose.together(templates, values, self.disclosure)
        self._sizes.update(smallest(shown))
        return shown

    def _before(self, point: str) -> str:
        """What a main point that is quoted alone begins with."""
        banner = banner_of("" if "synthetic" in point else self.kind, self.disclosure)
        return f"{banner}: " if banner else ""

    def _show(self, body: str, **record: object) -> None:
        if self.disclosure == "restricted":
            record["rounding"] = [rounding.step(), *sorted(self._sizes)[:1]]
        bundle = {MIME: {**record, "html": body}, "text/plain": ""}
        display({"text/html": fragments.on_paper(body), **bundle} if body else bundle, raw=True)


def _pass_over_errors() -> None:
    """Let this cell and those that follow end well, whatever they lack: papermill and nbconvert take a skip for success."""
    if shell := get_ipython():
        shell.set_custom_exc((Exception,), _not_run)
        shell.events.register("post_run_cell", _forgive)


def _heed_errors() -> None:
    """Undo `_pass_over_errors`: a report begins anew."""
    shell = get_ipython()
    if shell and _forgive in shell.events.callbacks["post_run_cell"]:
        shell.set_custom_exc((), None)
        shell.events.unregister("post_run_cell", _forgive)


def _not_run(shell: object, kind: type, error: Exception, *_: object, **__: object) -> None:
    if kind is not SkipReport:
        print("Not run: the records cannot support this report; the reason stands above.")


def _forgive(result: object) -> None:
    result.error_before_exec = result.error_in_exec = None


# ---- a result as it is written to the JSON beside a page: released, rounded once, plain types


def written(name: str, value: object, disclosure: str, optimizer: bool, declared: Mapping[str, object]) -> object:
    """Return ``value`` (number, text, `share`, `risk`, `plain`, or a frame with what `released.release` takes) for JSON.

    Rounded to six significant digits, four where an ``optimizer`` found it.
    """
    digits = numbers.OPTIMIZER_DIGITS if optimizer else numbers.DIGITS
    if isinstance(value, pd.DataFrame):
        return numbers.publish(tables.to_records(release(value, disclosure, **declared)), digits)
    found = shown({name: value}, disclosure)[name]
    return numbers.publish(found.record() if isinstance(found, Share) else found.value, digits)
