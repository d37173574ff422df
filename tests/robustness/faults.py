"""What befalls a build: killed at any moment, a full disk, no permission, another build, a file replaced, memory run out.

Under each fault a build must succeed or say in a line what is wrong, and the next build, without the fault, must make
what an undisturbed one makes.
"""

import contextlib
import ctypes
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random

SOURCE = Path(__file__).resolve().parents[2]
MADE = ("data/processed", "data/private", "reports", "figures")
BY_ID = 'columns.person_id = "Id"\nsensitive = ["First", "Last", "Born"]\n'
BY_NAME = 'link = { last_name = "Last", first_name = "First", birth_date = "Born" }\n'
# people, how their rows are linked, notebooks: many rows, several reports, people linked by name
KINDS = {"tables": (60_000, BY_ID, "01_*"), "reports": (1_500, BY_ID, "0[1-3]_*"), "linking": (900, BY_NAME, "01_*")}
if not find_spec("splink"):
    del KINDS["linking"]
TOML = """title = "Made"
kind = "synthetic"
disclosure = "public"
source = "made for a test: no row describes a person"
data_end = { arrests = 2024-12-31, lag_days = 0 }
"""
PARTIAL = re.compile(r"\.building|/figures\.json$")  # what is not in place, and the list that grows by each report
BLOCK = '[[files]]\ntable = "{0}"\npath = "{0}.csv"\ncolumns.{1} = "On"\ncolumns.jurisdiction = "County"\n'
# A build that kills itself just before it opens to write, renames or removes its n-th file: moments between two renames that no
# clock hits. Where it is not killed, what it says ends in the number of these.
HOOK = """
import os, signal, sys
mine, limit, done, home = os.getpid(), int(sys.argv.pop(1)), 0, os.environ["ANALYSIS_HOME"]
def hook(event, arguments):
    global done
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    changes = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")
    if (writes or changes) and os.getpid() == mine and str(arguments[0]).startswith(home):
        done += 1
        if done == limit:
            os.kill(mine, signal.SIGKILL)
sys.addaudithook(hook)
from analysis.cli import main
sys.exit(main(sys.argv[1:]) or print(done))
"""


@dataclass(frozen=True)
class Project:
    """A project's folder, with one dataset and some of the notebooks."""

    root: Path

    def start(self, words: Sequence[str] = ("-m", "analysis"), **options: object) -> subprocess.Popen:
        """Start the build, in a group of its own, with this package and with temporary files in the project's folder."""
        (self.root / "tmp").mkdir(exist_ok=True)
        path = os.pathsep.join(filter(None, (str(SOURCE / "src"), os.environ.get("PYTHONPATH"))))
        own = {"ANALYSIS_HOME": str(self.root), "PYTHONPATH": path, "TMPDIR": str(self.root / "tmp")}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        options = {"cwd": self.root, "env": {**os.environ, **own}, "start_new_session": True, **pipes, **options}
        return subprocess.Popen([sys.executable, *words, "report", "--datasets", "made"], **options)

    def build(self, *words: object, **options: object) -> tuple[int, str]:
        """Run the build to its end; return its exit code and what it said."""
        process = self.start(*words, **options)
        said, _ = process.communicate(timeout=900)  # on a machine that does other work too
        return process.returncode, said

    def clear(self) -> None:
        """Take away everything that a build has made; the hashing key is everywhere the same."""
        for name in (*MADE, "build", "tmp"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        key = self.root / "data" / "private" / "made" / "key"
        key.parent.mkdir(parents=True)
        key.write_bytes(bytes(range(32)))

    def take_away(self, chance: Random) -> None:
        """Take away half of the tables, of the pages and of the figures, so that the next build writes everywhere."""
        for name in ("data/processed/*/*.parquet", "reports/**/*.html", "figures/*/*.svg"):
            found = sorted(self.root.glob(name))
            for path in chance.sample(found, (len(found) + 1) // 2):
                shutil.rmtree(path) if path.is_dir() else path.unlink()  # a table may be a folder of parts

    def made(self) -> dict[str, bytes]:
        """Return every file that was made, what was left half-made among them."""
        files = {f"/{path.relative_to(self.root)}": path for name in MADE for path in (self.root / name).rglob("*")}
        whole = {name: path for name, path in files.items() if "/." not in name or ".building" in name}
        return {name: path.read_bytes() for name, path in whole.items() if path.is_file()}


def unlike(first: Project, second: Project) -> str:
    """Return what two builds did not make alike, or "" where every byte is the same."""
    names = sorted({name for name, _ in first.made().items() ^ second.made().items()})
    return f"{len(names)} files differ: {', '.join(names[:5])}" if names else ""


def write(root: Path, kind: str) -> Project:
    """Write a project of a kind: people released, arrests of some of them, names with errors, a few days unreadable."""
    people, link, notebooks = KINDS[kind]
    raw, toml, chance = root / "data" / "raw", TOML, Random(5)
    shutil.copytree(SOURCE / "data" / "raw" / "published", raw / "published")
    for file in (*SOURCE.glob(f"notebooks/{notebooks}.ipynb"), SOURCE / "requirements.lock"):
        (copy := root / file.relative_to(SOURCE)).parent.mkdir(exist_ok=True)
        shutil.copyfile(file, copy)

    def day(first: int, last: int) -> str:
        return f"{chance.randint(first, last)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"

    parts = ["".join(chance.choices("aeilmnorst", k=4)) for _ in range(40)]  # of names
    known = [(*chance.choices(parts, k=3), day(1960, 2004)) for _ in range(people)]
    (raw / "made").mkdir()
    for table, name, years in (("releases", "released", (2021, 2022)), ("arrests", "arrested", (2022, 2024))):
        lines = ["Id,First,Last,Born,On,County"]
        for i, (first, *last, born) in enumerate(known):
            if table == "releases" or chance.random() < 0.4:
                last = "".join(reversed(last) if chance.random() < 0.02 else last)
                on = "soon" if i % 500 == 7 else day(*years)
                lines.append(f"A{i:08},{first},{last},{born},{on},8500{1 + 2 * (i % 3)}")
        (raw / "made" / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        toml += BLOCK.format(table, name) + link
    (raw / "made" / "dataset.toml").write_text(toml, encoding="utf-8")
    project = Project(root)
    project.clear()
    return project


def refused(what: str, code: int, said: str, *, may_succeed: bool = False, word: str = "") -> str:
    """Return what is wrong with the end of a build that was to fail, or "": it ended by itself, and said why in a line."""
    if code == 0:
        return "" if may_succeed else f"{what}: it succeeded"
    if code == 127 and "cannot allocate memory" in said:
        return ""  # the system's loader ends a program by itself where a library finds no room: Python is not asked
    told = any(line.startswith("analysis: ") or " failed: " in line for line in said.splitlines())
    good = code in (1, 2) and told and word in said and "Traceback" not in said
    return "" if good else f"{what}: exit code {code}, or no clear line: {said[-2000:]}"


def recovered(project: Project, whole: Project) -> str:
    """Return what is wrong with the next build, without the fault, or "": it makes what an undisturbed one makes."""
    code, said = project.build()
    return f"the next build ended with {code}: {said[-2000:]}" if code else unlike(whole, project)


def killed(project: Project, whole: Project, moments: list[float], chance: Random) -> Iterator[str]:
    """Builds killed at a file operation (a whole number), or after seconds, alone or with all that they have started."""
    for moment in moments:
        if chance.random() < 0.2:  # else what earlier kills left is built on, with some of it taken away
            project.clear()
        else:
            project.take_away(chance)
        process = project.start(["-c", HOOK, f"{moment if isinstance(moment, int) else 0}"])
        if isinstance(moment, float):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            with contextlib.suppress(ProcessLookupError):
                chance.choice((os.kill, os.killpg))(process.pid, signal.SIGKILL)
        process.communicate(timeout=900)
        torn = [name for name, _ in project.made().items() - whole.made().items() if not PARTIAL.search(name)]
        wrong = f"not whole: {', '.join(torn)}" if torn else recovered(project, whole)
        yield f"{moment}: {wrong}" if wrong else ""


def disk(project: Project, whole: Project) -> Iterator[str]:
    """A file system of its own: with room, then at several sizes on which the build does not fit, then turned read-only."""
    on_disk = Project(project.root.with_name("mounted"))
    on_disk.root.mkdir()

    def mount(options: str, *more: str) -> int:
        subprocess.run(["mount", "-o", options, *more, on_disk.root], check=True, capture_output=True)
        return shutil.disk_usage(on_disk.root).used

    mount("size=1g", "-t", "tmpfs", "tmpfs")
    try:
        shutil.copytree(project.root, on_disk.root, dirs_exist_ok=True)
        given = mount("remount,rw")
        yield recovered(on_disk, whole)
        needed = mount("remount,rw") - given
        for share in (0.15, 0.9, 2.1):  # of what lies there at the end: while it is built it needs more
            on_disk.clear()
            mount(f"remount,size={given + 65_536 + int(needed * share)}")
            yield refused(f"{share:.0%} of the room", *on_disk.build(), may_succeed=share > 1)
            mount("remount,size=1g")
            yield recovered(on_disk, whole)
        on_disk.take_away(Random(1))
        mount("remount,ro")
        yield refused("read-only", *on_disk.build())
        mount("remount,rw")
        yield recovered(on_disk, whole)
    finally:
        subprocess.run(["umount", "-l", on_disk.root], check=True)


def memory(project: Project, whole: Project) -> Iterator[str]:
    """Too little memory for the tables, and for the reports."""
    for megabytes in (700, 1200, 2400):
        project.clear()
        limit = partial(resource.setrlimit, resource.RLIMIT_AS, (megabytes << 20,) * 2)
        yield refused(f"{megabytes} MB", *project.build(preexec_fn=limit), may_succeed=True)
        yield recovered(project, whole)


def permission(project: Project, whole: Project) -> Iterator[str]:
    """Folders that may not be written to, one after the other; the superuser's right to do so is given up."""
    project.build()
    for name in (name for name in MADE if any(whole.root.glob(f"{name}/made/*"))):  # some pages draw no figure
        project.take_away(Random(1))
        subprocess.run(["chmod", "-R", "a-w", project.root / name], check=True)
        yield refused(f"{name} not writable", *project.build(preexec_fn=_bound))
        subprocess.run(["chmod", "-R", "u+w", project.root / name], check=True)
        yield recovered(project, whole)


def _bound() -> None:
    for capability in (1, 2) if os.geteuid() == 0 else ():  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
            raise OSError("the superuser's rights cannot be given up")


def two_builds(project: Project, whole: Project) -> Iterator[str]:
    """Two builds started together, and two of which the first is killed while the second waits."""
    for first in (0, -signal.SIGKILL):
        project.clear()
        both = project.start(), project.start()
        if first:
            time.sleep(1)
            os.killpg(both[0].pid, signal.SIGKILL)
        said = [process.communicate()[0] for process in both]
        codes = [process.returncode for process in both]
        yield "" if codes == [first, 0] else f"exit codes {codes}: {' '.join(said)}"
        yield recovered(project, whole) if first else unlike(whole, project)


def file_replaced(project: Project, whole: Project) -> Iterator[str]:
    """A raw file replaced by another after reading has begun."""
    raw, processed = project.root / "data" / "raw" / "made" / "arrests.csv", project.root / "data" / "processed"
    content, beside = raw.read_bytes(), raw.with_name(".new")
    beside.write_bytes(content[: content.rindex(b"\n", 0, -1) + 1])  # without its last line
    process = project.start()
    while process.poll() is None and not any(p.is_file() and p.suffix != ".lock" for p in processed.rglob("*")):
        time.sleep(0.005)
    beside.replace(raw)
    said, _ = process.communicate()
    yield refused("replaced", process.returncode, said, word="changed while")
    yield "tables of a file that was replaced are in place" if (processed / "made").exists() else ""
    raw.write_bytes(content)
    yield recovered(project, whole)


FAULTS = (disk, memory, permission, two_builds, file_replaced)


def disturb(kills: int, places: int, seed: int, folder: Path, say: Callable[[str], None]) -> tuple[int, list[str]]:
    """Kill builds and try faults, these on the first so many kinds of projects; return how many were tried, and what failed."""
    tried, failures = 0, []
    for place, kind in enumerate(KINDS):
        faults = {fault.__name__: fault for fault in FAULTS if place < places}
        count, chance = len(range(place, kills, len(KINDS))), Random(f"{seed} {kind}")
        if not count and not faults:
            continue
        whole, started = write(folder / kind / "whole", kind), time.monotonic()
        code, said = whole.build(["-c", HOOK, "0"])
        if code or not any(name.endswith(".html") for name in whole.made()):
            raise RuntimeError(f"the undisturbed build failed: {said}")
        seconds, operations = time.monotonic() - started, int(said.split()[-1])
        moments = [chance.choice((chance.randint(1, operations), chance.uniform(0, seconds))) for _ in range(count)]
        faults["killed"] = partial(killed, moments=moments, chance=chance)
        for name, fault in faults.items():
            try:
                for wrong in fault(write(folder / kind / name, kind), whole):
                    say(f"{kind}, {name}: {wrong or 'as it must'}")
                    failures += [f"{kind}, {name}: {wrong}"] if wrong else []
                tried += name != "killed"
            except subprocess.CalledProcessError:
                say(f"{kind}, {name}: NOT tried (this account may not mount a file system)")
    return tried, failures
