"""A project's folder to torture: what a build needs, copied; commands run in it; what was made, compared."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import analysis
from analysis.verify import differences

KEY = bytes(range(32))  # the hashing key of every copy, so that two builds can have the same bytes
MADE = ("data/processed", "data/private", "reports", "figures")
DEADLINE = 900.0  # seconds for one command, on a machine that does other work too


@dataclass(frozen=True)
class Project:
    """A copy of a project: where it is, which datasets it builds, and by what command, as a shell would take it.

    ``file`` is a raw file that may be replaced, ``worker`` what the command of a process that works for the build holds,
    ``folders`` what may be made unwritable, each with something made whose absence makes a build write there.
    """

    root: Path
    datasets: tuple[str, ...]
    words: tuple[str, ...]
    file: str
    worker: str
    folders: tuple[tuple[str, str], ...]

    @property
    def raw(self) -> Path:
        """The raw file that may be replaced."""
        return self.root / "data" / "raw" / self.datasets[0] / self.file

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the environment in which commands run: this package, this folder, temporary files in it."""
        scratch = self.root / "tmp"
        scratch.mkdir(exist_ok=True)
        home = str(Path(analysis.__file__).parents[1])
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        kept = {name: value for name, value in os.environ.items() if name != "ANALYSIS_DOWNLOADS"}
        return {**kept, "ANALYSIS_HOME": str(self.root), "PYTHONPATH": path, "TMPDIR": str(scratch), **changes}

    def start(self, words: Sequence[str] | None = None, **options: object) -> subprocess.Popen:
        """Start the build, in a group of its own."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        return subprocess.Popen(
            words or self.words, cwd=self.root, env=self.environment(), start_new_session=True, text=True, **options
        )

    def build(self, words: Sequence[str] | None = None, **options: object) -> tuple[int, str]:
        """Run the build to its end; return its exit code and what it said."""
        process = self.start(words, **options)
        said, _ = process.communicate(timeout=DEADLINE)
        return process.returncode, said

    def clear(self) -> None:
        """Take away everything that a build has made, but for the hashing key."""
        for name in (*MADE, "tmp"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        write_keys(self.root, self.datasets)


def copy(source: Path, root: Path, datasets: Iterable[str], notebooks: str) -> Project:
    """Copy what a build of some datasets needs from a project; ``notebooks`` is a pattern. Downloads are not copied."""
    datasets = tuple(datasets)
    for name in ("published", *datasets):
        target = root / "data" / "raw" / name
        target.mkdir(parents=True)
        for file in (source / "data" / "raw" / name).glob("*"):  # none for a dataset that is made
            if (
                file.is_file()
                and file.suffix in (".toml", ".csv")
                and not (name != "published" and file.name not in _KEPT)
            ):
                shutil.copyfile(file, target / file.name)
    (root / "notebooks").mkdir()
    for notebook in sorted((source / "notebooks").glob(notebooks)):
        shutil.copyfile(notebook, root / "notebooks" / notebook.name)
    shutil.copyfile(source / "requirements.lock", root / "requirements.lock")
    write_keys(root, datasets)
    words = (sys.executable, "-m", "analysis", "report", "--datasets", " ".join(datasets))
    return Project(root, datasets, words, "releases.csv", "analysis.publish.worker", _FOLDERS)


_FOLDERS = (
    ("data/processed", "data/processed/demo/arrests.parquet"), ("data/private", "data/processed/demo/arrests.parquet"),
    ("reports", "reports/demo/data.html"), ("figures", "figures/demo/*.svg"), ("data/raw/demo", "data/raw/demo/releases.csv"),
)  # fmt: skip
_KEPT = ("dataset.toml", "plan.toml", "policies.csv")


def write_keys(root: Path, datasets: Iterable[str]) -> None:
    """Give the datasets the one hashing key."""
    for name in datasets:
        folder = root / "data" / "private" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "key").write_bytes(KEY)


def unlike(first: Project, second: Project) -> list[str]:
    """Return a line for everything that two builds did not make alike, and for what the second left half-made."""
    lines = [f"{part}: {line}" for part in MADE for line in differences(first.root / part, second.root / part)]
    for part in MADE:
        for path in (second.root / part).rglob("*"):
            if path.name.endswith((".part", ".old")) or ".building" in path.name:
                lines.append(f"{path.relative_to(second.root)} was left")
    return lines


def remove(path: Path) -> None:
    """Take away a file, or a table that lies in a folder of parts."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()
