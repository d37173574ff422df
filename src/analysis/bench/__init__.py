"""Speed and memory as ratios to named alternatives: what a report costs, and what an estimate costs.

Every part prints what it measured; all of it is kept in ``reports/bench.json`` and shown by ``reports/bench.html``.
"""

import argparse
import json
from pathlib import Path

PARTS = ("estimators", "reports", "sweeps", "specifications", "scale", "rows")


def main(argv: list[str] | None = None) -> int:
    """Measure the parts asked for; 1 where a target is missed.

    Args:
        argv: see ``--help``.
    """
    from analysis.bench import estimators, reports, rows, scale, specifications, sweeps

    parts = (estimators, reports, sweeps, specifications, scale, rows)
    options = _options(argv, *parts)
    met = True
    for part in (part for part in parts if part.__name__.rpartition(".")[2] in options.parts):
        found, good = part.run(options)
        _keep(options.root / "reports" / "bench.json", found)
        met = met and good
    return int(not met)


def _options(argv: list[str] | None, *parts) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m analysis bench", description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the project's folder")
    parser.add_argument("--parts", type=_chosen, default=PARTS, help=f"some of {','.join(PARTS)} (default: all)")
    for part in parts:
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


def _keep(path: Path, found: dict) -> None:
    from analysis.bench.page import page
    from analysis.publish import outputs

    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    whole = {**before, **found}
    outputs.write(path, outputs.to_json(whole))
    outputs.write(path.with_suffix(".html"), page(whole))
