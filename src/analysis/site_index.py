"""The lines of ``reports/index.html``: what this build made, and what the records beside older pages and sweeps say.

What the index says of the claims before all lines was published with their page, and is read from its results.

In go the outcomes of a build, none where the index alone is to be written again; out comes the file. A page or sweep that was
made before and is still there keeps its line.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from analysis.data import state
from analysis.data.spec import Spec
from analysis.report.build import Outcome

SITE = "published"  # stands for a dataset where a page is about no one dataset
SITE_TITLE = "Published claims and methods"
SITE_SOURCE = "published figures and computed tables under data/raw/published, each row with its source"


def write(
    root: Path,
    found: Mapping[str, Spec] | None = None,
    broken: Iterable[str] = (),
    outcomes: Sequence[Outcome] = (),
    reports: Path | None = None,
) -> Path:
    """Write the index over the datasets of this build and over those built before whose records are still there.

    ``found`` are the datasets of this build by name, ``broken`` those that could not be read, ``reports`` the folder of the
    site. Returns the path.
    """
    reports = reports or root / "reports"
    lines: dict[str, list[dict]] = {name: [] for name in (SITE, *(found or {}))}
    for outcome in outcomes:
        lines[outcome.dataset].append(_made(outcome))
    for name in lines:  # pages with other parameters, made before, and other reports where this build made only some
        made = {outcome.report for outcome in outcomes if outcome.dataset == name}
        lines[name] += _recorded(reports, "", made) if name == SITE else _recorded(reports / name, f"{name}/", made)
    for name in broken:  # why may quote the data
        lines[name] = [{"title": "All reports", "failed": f"not built: make check DATASET={name} says why"}]
    specs, swept = dict(found or {}), _sweeps(reports)
    for name in state.dataset_names(root):
        before = [] if name in specs else _recorded(reports / name, f"{name}/")
        if before or (name in swept and name not in specs):
            specs[name], lines[name] = state.find_spec(name)[0], before
    entries = [
        {"title": spec.title, "kind": spec.kind, "disclosure": spec.disclosure, "source": spec.source,
         "reports": lines[name] + swept.get(name, []), "raw": partial(state.raw_values, spec, root)}
        for name, spec in sorted(specs.items(), key=lambda item: (item[1].kind == "synthetic", item[0]))
    ]  # fmt: skip
    if lines[SITE]:
        entries.insert(0, {"title": SITE_TITLE, "kind": SITE, "source": SITE_SOURCE, "reports": lines[SITE]})
    from analysis.publish.site import write_index

    claims = (_read(reports / "claims.json") or {}).get("results") or {}
    for line in lines[SITE]:
        if line.get("href") == "claims.html":
            line["find"] = claims.get("words", "")
    return write_index(reports, entries, claims.get("answers", []))


def _made(outcome: Outcome) -> dict:
    title = outcome.title or outcome.report.replace("_", " ").capitalize()
    if outcome.status == "failed":
        return {"title": title, "failed": outcome.message}
    if outcome.page is None:
        return {"title": title, "absent": outcome.message}
    folder = "" if outcome.dataset == SITE else f"{outcome.dataset}/"
    return {"title": title, "href": f"{folder}{outcome.page.name}", "main_point": outcome.main_point}


def _recorded(folder: Path, prefix: str, made: set[str] = frozenset()) -> list[dict]:
    """Return the lines of pages that this build did not touch, from the records beside them."""
    records = {file: _read(file) for file in sorted(folder.glob("*.json")) if file.stem not in made}
    found = {file: record for file, record in records.items() if record and "provenance" in record}
    lines = []
    for file, record in sorted(found.items(), key=lambda item: item[1]["provenance"]["notebook"]):
        title = record.get("title") or file.stem.replace("_", " ").capitalize()
        if not record["provenance"]["notebook"].endswith(f"_{file.stem}.ipynb"):
            given = (part for part in record["provenance"]["parameters"].items() if part[0] != "dataset")
            title += f" ({', '.join(f'{name} = {value}' for name, value in given)})"
        if record.get("skipped"):
            lines.append({"title": title, "absent": record["skipped"]})
        elif file.with_suffix(".html").exists():
            point = record.get("main_point", "")
            lines.append({"title": title, "href": f"{prefix}{file.stem}.html", "main_point": point})
    return lines


def _sweeps(reports: Path) -> dict[str, list[dict]]:
    """Return a line for each sweep whose index is there, by the dataset that it is about."""
    lines: dict[str, list[dict]] = {}
    for file in sorted((reports / "sweeps").glob("*/sweep.json")):
        about = _read(file)
        if about is None or not file.with_name("index.html").exists():
            continue
        made = sum(row["page"] for row in about["rows"])
        line = {
            "title": f"Sweep: {about['title']}",
            "href": f"sweeps/{file.parent.name}/index.html",
            "main_point": f"{made} report{'s' if made != 1 else ''} from one notebook, in a table that can be searched and ordered.",
        }
        if (file.parent / "reports" / "comparison.html").exists():
            line["beside"] = f"sweeps/{file.parent.name}/reports/comparison.html"
        lines.setdefault(about["dataset"], []).append(line)
    return lines


def _read(file: Path) -> dict | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
