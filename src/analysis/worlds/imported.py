"""Which modules of this package a module imports, directly or through others, and the hash of their source.

A stored table is as old as the code that it came from and no older: an edit of a module that it does not import leaves it
as it is.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from analysis.publish.provenance import text_hash

PACKAGE = Path(__file__).parents[1]
_ROOT = PACKAGE.name


def source_hash(*modules: str) -> str:
    """The hash of the named modules and all that they import from this package, whatever the order of the names."""
    found = sorted(imported(*modules))
    return text_hash("".join(f"{name}\n{_file(name).read_text(encoding='utf-8')}" for name in found))[:16]


def imported(*modules: str) -> set[str]:
    """Names of the modules and of all that they import from this package; the ``__init__`` of rooms is not among them.

    Nor is the room ``data``: a synthetic world takes its words and its errors from there, and no number.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found and not name.startswith(f"{_ROOT}.data."):
            found.add(name)
            waiting += _imports(name)
    return found


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_file(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == _ROOT:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if _file(whole).is_file() else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == _ROOT)


def _file(module: str) -> Path:
    parts = module.split(".")[1:]
    path = PACKAGE.joinpath(*parts)
    inside = path / "__init__.py"
    return inside if inside.is_file() else path.with_suffix(".py")
