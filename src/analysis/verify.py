"""``make verify``: the default site built twice, in different folders and time zones, and compared byte by byte."""

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from analysis.data.errors import say
from analysis.data.state import home

NEEDED = ("data/raw", "notebooks", "requirements.lock")
COMPARED = ("figures", "reports")


def verify() -> int:
    """Build in two temporary copies of the project; print what differs; return 0 if nothing does, else 1."""
    root = home()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory(prefix="elsewhere-") as second:
        places = [(Path(first) / "a", "UTC"), (Path(second) / "a longer path" / "b", "Pacific/Auckland")]
        for folder, zone in places:
            copy_project(root, folder)
            say(f"verify: building in {folder} ({zone})", sys.stderr)
            environment = {**os.environ, "ANALYSIS_HOME": str(folder), "TZ": zone}
            done = subprocess.run(
                [sys.executable, "-m", "analysis", "figures"], cwd=folder, env=environment, check=False
            )
            if done.returncode:
                return done.returncode
        different = [line for part in COMPARED for line in differences(*(folder / part for folder, _ in places))]
    for line in different:
        say(f"verify: {line}", sys.stderr)
    say(f"verify: {'every byte is the same' if not different else f'{len(different)} files differ'}")
    return int(bool(different))


def differences(first: Path, second: Path) -> list[str]:
    """Return a line for each file that is in one folder only, or whose bytes differ. Hidden files are not compared."""
    names = [
        {path.relative_to(top) for path in top.rglob("*") if path.is_file() and not _hidden(path, top)}
        for top in (first, second)
    ]
    lines = [f"{first.name}/{name} is in one build only" for name in sorted(names[0] ^ names[1])]
    shared = sorted(names[0] & names[1])
    return lines + [
        f"{first.name}/{name} differs" for name in shared if not filecmp.cmp(first / name, second / name, shallow=False)
    ]


def _hidden(path: Path, top: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(top).parts)


def copy_project(root: Path, folder: Path) -> None:
    """Copy what a build of the default site needs."""
    for name in NEEDED:
        source, target = root / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
