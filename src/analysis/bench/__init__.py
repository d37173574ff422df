"""Speed and memory as ratios to named alternatives: estimates, reports, curves, and whole files up to a hundred million rows.

Every part prints what it measured; all of it is kept in ``reports/bench.json`` and shown by ``reports/bench.html``.
"""

import argparse
import json
import time
from datetime import date
from importlib import import_module
from pathlib import Path

PARTS = ("estimators", "reports", "sweeps", "specifications", "scale", "follow_ups", "raw", "linking")


def main(argv: list[str] | None = None) -> int:
    """Measure the parts asked for; 1 where a target is missed.

    Args:
        argv: see ``--help``.
    """
    from analysis.bench.result import met

    parts = {name: import_module(f"analysis.bench.{name}") for name in PARTS}
    options = _options(argv, parts)
    good, begun = True, time.perf_counter()
    for name in options.parts:
        started = time.perf_counter()
        found = parts[name].run(options)
        found |= {"measured": date.today().isoformat(), "took": round(time.perf_counter() - started, 1)}
        _keep(options.root / "reports" / "bench.json", name, found)
        good = good and met(found)
    print(f"measured in {time.perf_counter() - begun:.0f} s; see {options.root / 'reports' / 'bench.html'}")
    return int(not good)


def _options(argv: list[str] | None, parts: dict) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m analysis bench", description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the project's folder")
    parser.add_argument("--parts", type=_chosen, default=PARTS, help=f"some of {','.join(PARTS)} (default: all)")
    for part in parts.values():
        part.add_options(parser)
    options = parser.parse_args(argv)
    options.root = options.root.resolve()
    options.notebook = (options.notebook or options.root / "notebooks" / "02_short_window.ipynb").resolve()
    return options


def _chosen(text: str) -> list[str]:
    chosen = text.split(",")
    for name in chosen:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"there is no part {name!r}: choose from {', '.join(PARTS)}")
    return chosen


def _keep(path: Path, name: str, found: dict) -> None:
    from analysis.bench.machine import machine
    from analysis.bench.page import page
    from analysis.publish import outputs

    try:
        before = json.loads(path.read_text(encoding="utf-8"))["parts"]
    except (OSError, ValueError, KeyError, TypeError):
        before = {}
    parts = {**before, name: found}
    whole = {"machine": machine(), "parts": {part: parts[part] for part in PARTS if part in parts}}
    outputs.write(path, outputs.to_json(whole))
    outputs.write(path.with_suffix(".html"), page(whole))
