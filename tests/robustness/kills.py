"""Builds killed at random moments and built again: what is there at last must be what an undisturbed build makes.

A moment is a time, or a number of file operations: the process then kills itself just before it opens, renames or
removes its n-th file, which reaches the moments between two renames that no clock hits.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from robustness.project import KINDS, Project, built, take_away, unlike, write

_HOOK = """
import os, signal, sys
mine, limit, done = os.getpid(), int(sys.argv.pop(1)), 0
kept = os.environ["ANALYSIS_HOME"]
def hook(event, arguments):
    global done
    if event not in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree") or os.getpid() != mine:
        return
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        return
    if str(arguments[0]).startswith(kept):
        done += 1
        if done == limit:
            os.kill(mine, signal.SIGKILL)
sys.addaudithook(hook)
from analysis.cli import main
code, made = main(sys.argv[1:]), done
with open(os.path.join(os.environ["TMPDIR"], "operations"), "w") as file:
    file.write(str(made))
sys.exit(code)
"""


def kills(count: int, seed: int, folder: Path, say: Callable[[str], None]) -> list[str]:
    """Kill and build again so many times; return a line for each time after which something is wrong."""
    chance, places, failures = random.Random(seed), [], []
    for kind in KINDS:
        killed, started = write(folder / f"{kind}-killed", kind), time.monotonic()
        whole = built(folder / f"{kind}-whole", kind, words=[sys.executable, "-c", _HOOK, "0"])
        operations = int((whole.root / "tmp" / "operations").read_text(encoding="utf-8"))
        places.append((whole, killed, time.monotonic() - started, operations))
    for number in range(1, count + 1):
        wrong = _kill(*places[number % len(places)], chance)
        failures += [wrong] if wrong else []
        say(f"kill {number} of {count}: {wrong or 'built again, every byte as undisturbed'}")
    return failures


def _kill(whole: Project, killed: Project, seconds: float, operations: int, chance: random.Random) -> str:
    if chance.random() < 0.2:  # else what earlier kills left is built on, with some of it taken away
        killed.clear()
    else:
        made, pages = (sorted(killed.root.glob(name)) for name in ("data/processed/*/*.parquet", "reports/**/*.html"))
        take_away(chance.sample(made, min(1, len(made))) + chance.sample(pages, len(pages) // 2))
    if chance.random() < 0.5:
        at = chance.randint(1, operations)
        moment, process = f"at file operation {at}", killed.start([sys.executable, "-c", _HOOK, str(at)])
        process.communicate(timeout=10 * seconds + 60)
    else:
        after, group = chance.uniform(0, seconds), chance.random() < 0.5
        moment, process = f"after {after:.2f} s", killed.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after)
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
        process.communicate()
    code, said = killed.build()
    wrong = [f"exit code {code}: {said.strip()}"] if code else unlike(whole, killed)
    return f"killed {moment}: {'; '.join(wrong[:5])}" if wrong else ""
