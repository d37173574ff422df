"""``make validate``: the tables of coverage and designs computed again (under an hour), or the demo made again."""

import argparse
import sys

from validation import coverage, designs, simulator
from validation.table import ROOT, SHOWN, compute


def main() -> int:
    """Run the command; 1 where an interval or design falls outside the band that it claims."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (default 2)")
    parser.add_argument("--demo", action="store_true", help="make data/raw/demo again from its seed, and nothing else")
    arguments = parser.parse_args()
    if arguments.demo:
        for name, content in simulator.files().items():
            (ROOT / "data" / "raw" / "demo" / name).write_bytes(content)
        return 0
    failed = 0
    for name, key, part in (("worlds", "setting", coverage), ("designs", "kind", designs)):
        table = compute(name, key, part.SCENARIOS, part.estimates, part.row, arguments.jobs)
        outside = table[(table["verdict"] != "within") & (table["claim"] != SHOWN)]
        print(f"wrote {name}.csv: {len(table)} rows, {len(outside)} outside the band that they claim")
        failed += len(outside)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
