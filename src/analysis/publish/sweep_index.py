"""The index of a sweep: one table of all its reports, which a reader can search and order without a network."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from analysis.data.spec import INTERNAL
from analysis.publish import numbers, outputs
from analysis.publish.policy import content_policy, css

PLACE = "jurisdiction"


def write_sweep_index(
    folder: Path, about: Mapping, results: Mapping[str, Mapping], compared: object, home: bool = False
) -> Path:
    """Write ``index.html`` into the folder of a sweep and return its path.

    ``about`` is what ``sweep.json`` says of the sweep, ``results`` holds the published results of each report that has
    a page, ``compared`` is what became of the comparison, and ``home`` says that there is a site to link back to.
    """
    made = sum(row["page"] for row in about["rows"])
    page = _template().render(
        title=about["title"],
        dataset_title=about["dataset_title"],
        source=about["source"].rstrip("."),
        synthetic=about["kind"] == "synthetic",
        internal=INTERNAL if about["disclosure"] == "internal" else "",
        home=home,
        made=made,
        absent=len(about["rows"]) - made,
        compared=compared.page is not None,
        comparison_why=compared.message,
        heads=[_head(name) for name in about["varied"]],
        rows=[_line(row, about, results.get(row["report"], {})) for row in about["rows"]],
        script=script(),
        css=css(),
        policy=content_policy(script()),
    )
    target = folder / "index.html"
    outputs.write(target, page)
    return target


@lru_cache(maxsize=1)
def script() -> str:
    """Return the script that searches and orders every ``table.sortable`` of a page."""
    return (files("analysis.publish") / "templates" / "sweep.js").read_text(encoding="utf-8").strip()


def headline(results: Mapping, name: str) -> Mapping | None:
    """Return the share that a page gives as the result ``name``; None where there is none, or it may not be shown."""
    found = results.get(name)
    return found if isinstance(found, Mapping) and isinstance(found.get("estimate"), int | float) else None


def counts(share: Mapping) -> tuple[int, int | None]:
    """Return the numerator and denominator of a share; of a risk read off a curve, its events and those still at risk (None: unknown)."""
    if "numerator" in share:
        return share["numerator"], share["denominator"]
    return share["events"], share["at_risk"]


def _head(name: str) -> str:
    return "Place" if name == PLACE else name.replace("_", " ").capitalize()


def _line(row: Mapping, about: Mapping, results: Mapping) -> dict:
    cells = []
    for name in about["varied"]:
        value = row["values"].get(name)
        said = row["called"].get(name) or ("" if value is None else str(value))
        code = f" ({value})" if name == PLACE and value and str(value) not in said else ""
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        cells.append({"text": said + code, "v": number})
    line = {"cells": cells, "href": f"reports/{row['report']}.html" if row["page"] else "",
            "why": "" if row["page"] else row["why"], "v": "", "width": "", "n": "", "estimate": "", "interval": "",
            "counts": ""}  # fmt: skip
    share = headline(results, about["compare"])
    if share is not None:
        k, n = counts(share)
        line |= {"v": share["estimate"], "estimate": f"{100 * share['estimate']:.1f}", "n": "" if n is None else n,
                 "counts": f"{numbers.thousands(k)} events" if n is None
                           else f"{numbers.thousands(k)} {'of' if 'numerator' in share else 'events,'} {numbers.thousands(n)}"
                                f"{'' if 'numerator' in share else ' at risk'}"}  # fmt: skip
        if share.get("lower") is not None and share.get("upper") is not None:
            line |= {
                "width": share["upper"] - share["lower"],
                "interval": numbers.interval(share["lower"], share["upper"]),
            }
    elif row["page"]:
        line["estimate"] = "not shown"
    return line


@lru_cache(maxsize=1)
def _template() -> object:
    text = (files("analysis.publish") / "templates" / "sweep.html.j2").read_text(encoding="utf-8")
    return Environment(undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True).from_string(text)
