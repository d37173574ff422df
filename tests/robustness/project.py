"""A small project to be built and broken: what a build needs, written from a seed; its build; what was made, compared."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
MADE = ("data/processed", "data/private", "reports", "figures")
# people, whether they are linked by name, notebooks: many rows, several reports, people linked
KINDS = {"tables": (60_000, False, "01_*"), "reports": (1_500, False, "0[1-3]_*"), "linking": (900, True, "01_*")}
if not find_spec("splink"):
    del KINDS["linking"]
TOML = """title = "Made"
kind = "synthetic"
disclosure = "public"
source = "made for a test: no row describes a person"
data_end = { arrests = 2024-12-31, lag_days = 0 }
"""
BLOCK = (
    '[[files]]\ntable = "{table}"\npath = "{table}.csv"\n{link}[files.columns]\n{day} = "On"\njurisdiction = "County"\n'
)
LINK = '[files.link]\nlast_name = "Last"\nfirst_name = "First"\nbirth_date = "Born"\n'


@dataclass(frozen=True)
class Project:
    """A project's folder, with one dataset and some of the notebooks."""

    root: Path

    @property
    def raw(self) -> Path:
        """A raw file that may be replaced."""
        return self.root / "data" / "raw" / "made" / "arrests.csv"

    def start(self, words: Sequence[str] = (sys.executable, "-m", "analysis"), **options: object) -> subprocess.Popen:
        """Start the build, in a group of its own, with this package and with temporary files in the project's folder."""
        (self.root / "tmp").mkdir(exist_ok=True)
        path = os.pathsep.join(filter(None, (str(SOURCE / "src"), os.environ.get("PYTHONPATH"))))
        own = {"ANALYSIS_HOME": str(self.root), "PYTHONPATH": path, "TMPDIR": str(self.root / "tmp")}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        options = {"cwd": self.root, "env": {**os.environ, **own}, "start_new_session": True, **pipes, **options}
        return subprocess.Popen([*words, "report", "--datasets", "made"], **options)

    def build(self, **options: object) -> tuple[int, str]:
        """Run the build to its end; return its exit code and what it said."""
        process = self.start(**options)
        said, _ = process.communicate(timeout=900)  # on a machine that does other work too
        return process.returncode, said

    def clear(self) -> None:
        """Take away everything that a build has made; the hashing key is everywhere the same."""
        for name in (*MADE, "tmp"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        key = self.root / "data" / "private" / "made" / "key"
        key.parent.mkdir(parents=True)
        key.write_bytes(bytes(range(32)))

    def made(self) -> dict[str, str]:
        """Return the hash of every file that was made, what was left half-made among them."""
        files = [path for part in MADE for path in (self.root / part).rglob("*") if path.is_file()]
        names = {f"/{path.relative_to(self.root)}": path for path in files}
        hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in names.items()}
        return {name: text for name, text in hashes.items() if "/." not in name or ".building" in name}


def unlike(first: Project, second: Project) -> list[str]:
    """Return a line for every file that two builds did not make alike."""
    return sorted({f"{name} differs" for name, _ in first.made().items() ^ second.made().items()})


def take_away(paths: list[Path]) -> None:
    """Remove files, or tables that lie in a folder of parts."""
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def write(root: Path, kind: str) -> Project:
    """Write a project of a kind: people released, arrests of some of them, names with errors, a few days unreadable."""
    people, linked, notebooks = KINDS[kind]
    shutil.copytree(SOURCE / "data" / "raw" / "published", root / "data" / "raw" / "published")
    (root / "data" / "raw" / "made").mkdir()
    (root / "notebooks").mkdir()
    for file in (*(SOURCE / "notebooks").glob(f"{notebooks}.ipynb"), SOURCE / "requirements.lock"):
        shutil.copyfile(file, root / file.relative_to(SOURCE))
    chance, toml = random.Random(5), TOML
    parts = [
        a + b for a in ("an", "be", "car", "dom", "el", "fin", "gar", "hol") for b in ("a", "io", "mon", "ris", "ten")
    ]

    def day(first: int, last: int) -> str:
        return f"{chance.randint(first, last)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"

    known = [
        (chance.choice(parts), chance.choice(parts) + chance.choice(parts), day(1960, 2004)) for _ in range(people)
    ]
    for table, name, years in (("releases", "released", (2021, 2022)), ("arrests", "arrested", (2022, 2024))):
        lines = ["Id,First,Last,Born,Sex,On,County,Note"]
        for i, (first, last, born) in enumerate(known):
            if table == "releases" or chance.random() < 0.4:
                last = last[::-1] if chance.random() < 0.02 else last
                on = "soon" if i % 500 == 7 else day(*years)
                lines.append(f"A{i:08},{first},{last},{born},{'fm'[i % 5 > 0]},{on},8500{1 + 2 * (i % 3)},{'x' * 60}")
        (root / "data" / "raw" / "made" / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        link = LINK if linked else 'sensitive = ["First", "Last", "Born"]\n'
        toml += BLOCK.format(table=table, day=name, link=link) + ("" if linked else 'person_id = "Id"\n')
    (root / "data" / "raw" / "made" / "dataset.toml").write_text(toml, encoding="utf-8")
    project = Project(root)
    project.clear()
    return project


def built(root: Path, kind: str, **options: object) -> Project:
    """Write a project and build it undisturbed."""
    project = write(root, kind)
    code, said = project.build(**options)
    if code or not any(name.endswith(".html") for name in project.made()):
        raise RuntimeError(f"the undisturbed build failed: {said}")
    return project
