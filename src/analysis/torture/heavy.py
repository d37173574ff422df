"""Heavy cases tried: each is built by itself in a process with a limit of memory and time.

It must end as ``heavy_cases.EXPECTED`` says: in tables whose rows add up, or in one clear line.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from analysis.torture.heavy_cases import EXPECTED

MEGABYTES = 6144  # of address space
SECONDS = 600.0  # on a machine that does other work too


def heavy(folder: Path, progress: Callable[[str], None]) -> tuple[int, list[str]]:
    """Try every case; return how many were tried and a line for each that did not end as it must."""
    failures = []
    for make, expected in EXPECTED.items():
        root = folder / make.__name__
        root.mkdir(parents=True)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "analysis.torture.heavy", make.__name__, str(root)],
                capture_output=True, text=True, timeout=SECONDS, check=False,
            )  # fmt: skip
            outcome, why = (
                json.loads(done.stdout.splitlines()[-1])
                if done.stdout
                else ("failed", f"code {done.returncode}: {done.stderr[-500:]}")
            )
        except subprocess.TimeoutExpired:
            outcome, why = "failed", f"took longer than {SECONDS:g} s"
        wrong = outcome == "failed" or expected not in (outcome, "either")
        name = make.__name__.replace("_", " ")
        failures += [f"{name}: {outcome} {why}, expected {expected}"] if wrong else []
        progress(f"heavy case: {name}: {f'{outcome} {why}' if wrong else outcome}")
    return len(EXPECTED), failures


def main(name: str, root: Path) -> None:
    """Make one case and build it, within the limits; say in a line how it ended."""
    from analysis.torture.fuzz_worker import confine
    from analysis.torture.judge import judge

    confine(root, MEGABYTES)
    make = next(make for make in EXPECTED if make.__name__ == name)
    print(json.dumps(judge(make(1.0), root)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
