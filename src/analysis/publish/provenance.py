"""What a page was made from: hashes and versions, enough to rebuild it and to know that it is current.

A page is current when everything recorded beside it still holds: the notebook, its parameters, the
data, the package's source, the lock, the Python minor version, and the bytes of the page itself.
Nothing here depends on the clock, a commit or a folder, so that a build elsewhere gives the same
bytes. Only the standard library is imported: an up-to-date check takes milliseconds.
"""

import functools
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

RECORD_VERSION = 1
SOURCE_SUFFIXES = {".py", ".toml", ".html", ".css", ".csv", ".j2", ".js", ".json", ".mplstyle", ".svg", ".md"}
PACKAGES = (
    "analysis", "duckdb", "formulaic", "ibis-framework", "ipython", "matplotlib", "nbconvert", "numpy", "pandas",
    "papermill", "pyarrow", "scipy", "seaborn",
)  # fmt: skip


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str | None:
    """SHA-256 of a file, None where there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def notebook_hash(notebook: Mapping) -> str:
    """SHA-256 of what a notebook's result can depend on: each cell's kind, source and tags.

    Outputs, cell ids, execution counts and the kernel's metadata change whenever a notebook is opened
    and saved, and are left out.
    """
    cells = [
        [cell["cell_type"], "".join(cell["source"]), sorted(cell.get("metadata", {}).get("tags", []))]
        for cell in notebook["cells"]
    ]
    return text_hash(json.dumps(cells))


def tree_hash(folder: Path, names: Iterable[str] = ("",)) -> str:
    """SHA-256 of the source files under a folder, by relative path and content.

    Args:
        folder: the folder of a package.
        names: beginnings of relative paths, to take only some of the files.
    """
    names = tuple(names)
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.suffix in SOURCE_SUFFIXES)
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in files):
        if name.startswith(names) and "__pycache__" not in name:
            digest.update(f"{name}\0{file_hash(path)}\n".encode())
    return digest.hexdigest()


def python_version() -> str:
    """The Python minor version, such as ``3.11``: results are equal within one."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@functools.cache
def versions() -> dict[str, str]:
    """The installed versions of the packages that results rest on, by name."""
    from importlib import metadata

    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def expected(
    notebook: Mapping, name: str, parameters: Mapping, inputs: Mapping[str, str], package: str, lock: str | None
) -> dict:
    """What the record beside a page must say for the page to be current.

    Args:
        notebook: the notebook as read from its JSON.
        name: its path below the project's folder, with forward slashes.
        parameters: the values given to it.
        inputs: SHA-256 of each input, by name.
        package: SHA-256 of the package's source.
        lock: SHA-256 of the lock, None where there is none.
    """
    return {
        "record": RECORD_VERSION,
        "notebook": name,
        "notebook_sha256": notebook_hash(notebook),
        "parameters": dict(parameters),
        "inputs": dict(sorted(inputs.items())),
        "package_sha256": package,
        "lock_sha256": lock,
        "python": python_version(),
    }


def sealed(record: Mapping) -> dict:
    """A record with the SHA-256 of all that it says."""
    said = {key: value for key, value in record.items() if key != "sha256"}
    return {**said, "sha256": text_hash(json.dumps(said, sort_keys=True))}


def read_record(path: Path) -> dict | None:
    """The record at a path; None where there is none, or it can't be read, or was edited: build again."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record == sealed(record) else None


def is_current(record: Mapping | None, expected: Mapping, page: Path) -> bool:
    """Whether a page, or its absence for a reason, still follows from everything that it was made from.

    Args:
        record: what `read_record` found.
        expected: what `expected` says now.
        page: the page, whose bytes are compared with the hash in the record; a skipped report has none.
    """
    if record is None:
        return False
    recorded = {key: record["provenance"].get(key) for key in expected}
    comparable = json.loads(json.dumps(expected))  # as the record was: tuples are lists there
    return recorded == comparable and record.get("page_sha256") == file_hash(page)
