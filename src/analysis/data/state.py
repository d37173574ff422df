"""Where a project's datasets live, and whether what was built from one is still what its inputs say.

Standard library only: a build with nothing to do must cost milliseconds.
"""

import hashlib
import json
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.data.errors import InputError, nearest
from analysis.data.sources import RawFile
from analysis.data.spec import Spec, read_spec
from analysis.data.tables import SCHEMA_VERSION

if TYPE_CHECKING:
    from analysis.data.raw_values import RawValues

MANIFEST = "manifest.json"
RAW_VALUES = "raw_values"  # the folder of hashes for the leak scan, under data/private


def home(start: Path | None = None) -> Path:
    """Return the project's root: ANALYSIS_HOME, else the nearest parent folder that holds ``data/raw``."""
    if os.environ.get("ANALYSIS_HOME"):
        return Path(os.environ["ANALYSIS_HOME"]).resolve()
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "data" / "raw").is_dir():
            return folder
    raise InputError(
        f"no folder above {start} holds data/raw. Go into the project's folder, or set ANALYSIS_HOME to it."
    )


def dataset_names(root: Path) -> list[str]:
    """Return the names of the datasets under ``data/raw``."""
    return sorted(path.parent.name for path in (root / "data" / "raw").glob("*/dataset.toml"))


def find_spec(name: str | Path) -> tuple[Spec, Path]:
    """Return the spec of a dataset, by its name under ``data/raw`` or by the path of a ``dataset.toml``, and the root."""
    file = Path(name)
    if file.suffix == ".toml" or (len(file.parts) > 1 and file.is_dir()):
        file = (file / "dataset.toml" if file.is_dir() else file).resolve()
        try:
            root = home(file.parent) if not os.environ.get("ANALYSIS_HOME") else home()
        except InputError:
            root = file.parent
        return read_spec(file), root
    root = home()
    file = root / "data" / "raw" / str(name) / "dataset.toml"
    if not file.is_file():
        raise InputError(f"there is no dataset '{name}' under data/raw.{nearest(str(name), dataset_names(root))}")
    return read_spec(file), root


def processed_folder(spec: Spec, root: Path) -> Path:
    """Return the folder of the dataset's processed tables."""
    return root / "data" / "processed" / spec.name


def private_folder(spec: Spec, root: Path) -> Path:
    """Return the folder of what publishing never reads: raw values set aside, linkage input, the hashing key."""
    return root / "data" / "private" / spec.name


def closed(path: Path) -> bool:
    """Let nobody but its owner read a file or enter a folder; return whether others could. Not every file system has such rights."""
    before = path.stat().st_mode
    with suppress(PermissionError):
        path.chmod(stat.S_IMODE(before) & 0o700)
    return path.stat().st_mode != before


def close_private(private: Path) -> None:
    """Make the folder of what publishing never reads, and close it and all that lies in it, whatever the umask."""
    private.mkdir(parents=True, exist_ok=True)
    for path in (private.parent, private, *private.rglob("*")):
        if not path.is_symlink():
            closed(path)


def raw_values(spec: Spec, root: Path) -> "RawValues":
    """Open the raw values that nothing about a dataset may hold; raises OSError or ValueError where they cannot be asked for."""
    from analysis.data.raw_values import RawValues

    return RawValues(private_folder(spec, root))


def expected(spec: Spec, files: list[RawFile]) -> dict:
    """Return what the processed tables depend on: schema version, map, code, layouts and places of this room, raw files."""
    room = Path(__file__).parent
    code = sorted(path for path in room.rglob("*") if path.suffix in (".py", ".csv", ".toml"))
    layouts = [path for path in code if path.parent.name in ("formats", "vocabularies")]
    return {
        "schema": SCHEMA_VERSION,
        "maps": _digest([spec.file, *layouts]),
        "code": _digest(code),
        "files": [{"name": file.name, "sha256": file.sha256} for file in files],
    }


def is_current(folder: Path, wanted: dict) -> bool:
    """Return whether a processed folder and what its build left under data/private are whole, and built from exactly these inputs."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    sizes, kept = found.pop("sizes", None), found.pop("private", None)
    whole = isinstance(sizes, dict) and all(_size(folder / name) == size for name, size in sizes.items())
    private = folder.parents[1] / "private" / folder.name
    return whole and isinstance(kept, list) and all((private / name).is_file() for name in kept) and found == wanted


def manifest(folder: Path, private: Path, wanted: dict) -> str:
    """Return what is written beside the tables of a folder when they are whole: what they were built from, and their sizes.

    Of the private files those are named that something reads later: what linking compared may be taken away. Their sizes are
    not told: rows set aside lie in them as they came, in batches.
    """
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    kept = [name for name in ("key", "set_aside.parquet", "unknown_values.csv") if (private / name).is_file()]
    names = sorted((*kept, *(path.relative_to(private).as_posix() for path in private.glob(f"{RAW_VALUES}/*"))))
    return json.dumps({**wanted, "sizes": sizes, "private": names}, indent=1, sort_keys=True) + "\n"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


@contextmanager
def locked(folder: Path):
    """Hold a folder's lock, so that two builds of one dataset wait for each other."""
    import fcntl

    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
