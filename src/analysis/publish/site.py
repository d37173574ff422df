"""The index of all reports: what can be learned here, the datasets, one main point a report, and what is missing."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from analysis.data.spec import INTERNAL
from analysis.publish import leaks, outputs
from analysis.publish.policy import content_policy, css

TAGS = {"real": "Real data", "synthetic": "Synthetic data", "published": "Published figures and simulations"}
_LINE = {"href": None, "beside": None, "main_point": "", "absent": "", "failed": ""}  # what a report may lack


def write_index(folder: Path, entries: Sequence[Mapping], answers: Sequence[Mapping] = ()) -> Path:
    """Write ``index.html`` into ``folder`` and return its path.

    ``entries`` holds one mapping a dataset: title, kind (of ``TAGS``), source, what opens its raw values (raw), and reports, each with title
    and either href and main_point (a sweep also beside: the page that compares its reports), or absent (the reason why there
    is no report), or failed (the error in one line); find holds further words under which a report is found. ``answers`` are
    what the page begins with: about, says, href. What may not be published of an entry is replaced by the reason: the file that
    is there already was looked through when it was written.
    """
    target = Path(folder) / "index.html"
    page = _page(entries, answers)
    if not target.is_file() or target.read_text(encoding="utf-8") != page:
        page = _page([_looked_through(entry) for entry in entries], answers)
        outputs.write(target, page)
    return target


def _looked_through(entry: Mapping) -> dict:
    """Return an entry with a reason in place of each text that may not be published."""
    raw = ()
    with suppress(OSError, ValueError):  # none were written: its pages are not built either
        raw = entry["raw"]() if "raw" in entry else ()

    def shown(value: object) -> object:
        if isinstance(value, list):
            return [{key: shown(text) for key, text in line.items()} for line in value]
        found = leaks.scan(f"<p>{value}</p>", raw) if isinstance(value, str) else ()
        return f"withheld: it holds {found[0].rule}" if found else value

    return {key: shown(value) for key, value in entry.items()}


def _page(entries: Sequence[Mapping], answers: Sequence[Mapping]) -> str:
    datasets = [_dataset(entry, i) for i, entry in enumerate(entries)]
    return _template().render(
        datasets=datasets,
        answers=answers,
        synthetic=any(d["kind"] == "synthetic" for d in datasets),
        css=css(),
        script=_script(),
        policy=content_policy(_script()),
    )


def _dataset(entry: Mapping, i: int) -> dict:
    given = [{key: value for key, value in report.items() if value is not None} for report in entry.get("reports", [])]
    reports = [{**_LINE, "find": report.get("href", ""), **report} for report in given]
    for report in reports:  # the dataset's own title stands above its reports
        report["title"] = str(report["title"]).removesuffix(f": {entry['title']}")
        if entry["kind"] == "synthetic" and report["main_point"] and not report["main_point"].startswith("Synthetic"):
            report["main_point"] = f"Synthetic data: {report['main_point']}"
    tag = TAGS[entry["kind"]] + (f". {INTERNAL}" if entry.get("disclosure") == "internal" else "")
    slug = re.sub(r"[^a-z0-9]+", "-", str(entry["title"]).lower()).strip("-")
    return {"title": entry["title"], "kind": entry["kind"], "tag": tag, "source": entry.get("source", ""), "reports": reports,
            "id": f"d{i + 1}-{slug}"}  # fmt: skip


@lru_cache(maxsize=1)
def _script() -> str:
    """Return the script that finds and sorts, the only one that the index may run."""
    return (files("analysis.publish") / "templates" / "index.js").read_text(encoding="utf-8").strip()


@lru_cache(maxsize=1)
def _template() -> object:
    text = (files("analysis.publish") / "templates" / "index.html.j2").read_text(encoding="utf-8")
    return Environment(undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True).from_string(text)
