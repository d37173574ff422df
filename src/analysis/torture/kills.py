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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.torture.linked import available, linked
from analysis.torture.project import Project, copy, remove, unlike

_PLACES = (  # tables of nine raw files, and all reports of a dataset
    (("demo",), "01_*.ipynb"),
    (("north-carolina",), "0[0-9]_*.ipynb"),
)


@dataclass(frozen=True)
class Place:
    """A project that is killed, one that is not, and how long and how many file operations that took."""

    killed: Project
    whole: Project
    seconds: float
    operations: int


def places(source: Path, folder: Path) -> list[Place]:
    """Copy each project twice, and build the first copy undisturbed. People are linked by name where splink is installed."""
    found = []
    made = [lambda root, chosen=chosen: copy(source, root, *chosen) for chosen in _PLACES]
    made += [lambda root: linked(source, root)] * available()
    for number, make in enumerate(made, 1):
        whole, killed = (make(folder / f"{number}-{name}") for name in ("whole", "killed"))
        started = time.monotonic()
        code, said = whole.build(_counted(whole, 0))
        if code:
            raise RuntimeError(f"the undisturbed build of {' '.join(whole.datasets)} failed: {said}")
        operations = int((whole.root / "tmp" / "operations").read_text(encoding="utf-8"))
        found.append(Place(killed, whole, time.monotonic() - started, operations))
    return found


def kill(place: Place, chance: random.Random) -> str:
    """Kill one build and build again; return what is wrong then, or ""."""
    if chance.random() < 0.2:  # else what earlier ones left is built on, and killed again
        place.killed.clear()
    else:
        _stale(place.killed, chance)
    if chance.random() < 0.5:
        at = chance.randint(1, place.operations)
        moment, process = f"at file operation {at}", place.killed.start(_counted(place.killed, at))
        process.communicate(timeout=10 * place.seconds + 60)
    else:
        after, whole_group = chance.uniform(0, place.seconds), chance.random() < 0.5
        moment, process = f"after {after:.2f} s", place.killed.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after)
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
        process.communicate()
    code, said = place.killed.build()
    wrong = [f"exit code {code}: {said.strip()}"] if code else unlike(place.whole, place.killed)
    return f"killed {moment}: {'; '.join(wrong[:5])}" if wrong else ""


def _stale(project: Project, chance: random.Random) -> None:
    """Take away some of what is there, so that the next build has something to do."""
    made = list(project.root.glob("data/processed/*/*.parquet"))
    pages = list(project.root.glob("reports/**/*.html"))
    for path in chance.sample(made, min(1, len(made))) + chance.sample(pages, len(pages) // 2):
        remove(path)


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
    if not str(arguments[0]).startswith(kept):
        return
    done += 1
    if done == limit:
        os.kill(mine, signal.SIGKILL)
sys.addaudithook(hook)
from analysis.cli import main
code = main(sys.argv[1:])
made = done
with open(os.path.join(os.environ["TMPDIR"], "operations"), "w") as file:
    file.write(str(made))
sys.exit(code)
"""


def _counted(project: Project, limit: int) -> list[str]:
    """Return the build's command, in a process that kills itself at its ``limit``-th file operation (0: never)."""
    return [sys.executable, "-c", _HOOK, str(limit), *project.words[3:]]


def kills(count: int, seed: int, source: Path, folder: Path, progress: Callable[[str], None]) -> Iterator[str]:
    """Yield what is wrong after each of ``count`` kills, "" where nothing is."""
    chance = random.Random(seed)
    chosen = places(source, folder)
    for number in range(1, count + 1):
        place = chosen[number % len(chosen)]
        wrong = kill(place, chance)
        progress(f"kill {number} of {count}: {wrong or 'built again, every byte as undisturbed'}")
        yield wrong
