"""A process that tries cases, one after the other: ``python -m analysis.torture.fuzz_worker ROOT SEED CASES SKIP MEGABYTES``.

It writes a line of JSON before and after each case, so that whoever started it knows which one it was on
when it stopped answering, was killed, or ran out of the memory that it gives itself.
"""

import json
import os
import resource
import sys
import warnings
from pathlib import Path


def main(root: str, seed: int, count: int, skip: int, megabytes: int) -> None:
    """Try cases ``skip`` to ``count`` of those that a seed gives."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    from analysis.torture.cases import cases
    from analysis.torture.judge import judge

    confine(Path(root), megabytes)
    number = -1

    @seeded(seed)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def attempt(case: object) -> None:
        nonlocal number
        number += 1
        if number < skip:
            return
        say(case=number, kind=case.kind)
        outcome, why = judge(case, Path(root))
        say(case=number, kind=case.kind, outcome=outcome, why=why)

    attempt()
    say(tried=number + 1)


def confine(root: Path, megabytes: int) -> None:
    """Make a folder the project of this process, and limit its memory; a warning is an error."""
    (root / "data" / "raw").mkdir(parents=True, exist_ok=True)
    os.environ.update(ANALYSIS_HOME=str(root), TMPDIR=str(root))
    os.environ.pop("ANALYSIS_DOWNLOADS", None)
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", DeprecationWarning)


def say(**content: object) -> None:
    """Write one line to whoever reads this process's output."""
    print(json.dumps(content), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
