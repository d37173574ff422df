"""Imports run one way: claims -> sanctuary -> recidivism -> data. Publish stands apart."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import analysis

SOURCE = Path(analysis.__file__).parent
ARROW = ("claims", "sanctuary", "recidivism", "data")  # each may import those after it
MAY = {room: set(ARROW[i:]) for i, room in enumerate(ARROW)} | {"publish": {"publish"}, "report": {"report", "publish"}}
ALSO = {  # beside these: what is said to a user, the release rule, and what the server of kernels imports before it forks them
    "publish": ("analysis.data.errors", "analysis.data.rounding", "analysis.data.spec"),
    "report": ("analysis.data.errors", "analysis.data.dataset"),
}


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield every module of this package that a file imports: at the top, in a function, for types, by name or as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            # a name may be a module: "from analysis import data" imports analysis.data
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "import_module",
            "__import__",
        ):
            yield from (
                arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            )
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "analysis":
            yield analysis._HOMES.get(node.attr, f"analysis.{node.attr}")


def against_the_arrow(source: Path) -> list[str]:
    """Return one line for each import under a package's folder that runs against the arrow."""
    wrong = []
    rooms = {path.name for path in source.iterdir() if path.is_dir()}
    outside = {path.stem for path in source.glob("*.py")} - {"__init__"}
    for file in sorted(source.rglob("*.py")):
        parts = file.relative_to(source).parts
        if len(parts) == 1:
            continue  # what assembles the site, or measures it, may import every room
        room = parts[0]
        package = ".".join(("analysis", *parts[:-1]))
        for module in imported(ast.parse(file.read_text(encoding="utf-8")), package):
            names = module.split(".")
            if names[0] != "analysis" or len(names) == 1 or names[1] not in rooms | outside:
                continue
            if names[1] not in MAY.get(room, set()) and not module.startswith(ALSO.get(room, ()) or "-"):
                wrong.append(f"{'/'.join(parts)} imports {module}")
    return wrong


def test_no_import_runs_against_the_arrow():
    assert against_the_arrow(SOURCE) == []


@pytest.mark.parametrize(
    ("file", "line", "found"),
    [
        ("data/a.py", "from analysis.recidivism.cohort import cohort", "analysis.recidivism.cohort.cohort"),
        ("data/a.py", "def f():\n    import analysis.claims.audit", "analysis.claims.audit"),
        ("data/a.py", "from ..recidivism import cohort", "analysis.recidivism.cohort"),
        ("recidivism/a.py", "from analysis import sanctuary", "analysis.sanctuary"),
        (
            "recidivism/a.py",
            "import importlib\nimportlib.import_module('analysis.publish.page')",
            "analysis.publish.page",
        ),
        ("sanctuary/a.py", "from analysis.claims.audit import audit", "analysis.claims.audit.audit"),
        ("publish/a.py", "from analysis.data.state import home", "analysis.data.state.home"),
        ("publish/deep/a.py", "from ...data.state import home", "analysis.data.state.home"),
        ("publish/a.py", "import analysis\nanalysis.cohort", "analysis.recidivism.cohort"),
        ("data/a.py", "from analysis.cli import main", "analysis.cli.main"),
        ("elsewhere/a.py", "from analysis.data.state import home", "analysis.data.state.home"),
    ],
)
def test_a_planted_import_is_found(tmp_path, file, line, found):
    for room in (*MAY, "elsewhere", "publish/deep"):
        (tmp_path / room).mkdir(parents=True, exist_ok=True)
    (tmp_path / "cli.py").write_text("import analysis.data, analysis.publish\n")
    (tmp_path / "claims" / "a.py").write_text(
        "from analysis.sanctuary import x\nfrom analysis.data.errors import InputError\n"
    )
    assert against_the_arrow(tmp_path) == []
    (tmp_path / file).write_text(line + "\n")
    assert against_the_arrow(tmp_path) == [f"{file} imports {found}"]


HEAVY = (
    "pandas",
    "numpy",
    "pyarrow",
    "duckdb",
    "ibis",
    "matplotlib",
    "pooch",
    "requests",
    "nbformat",
    "IPython",
    "scipy",
    "statsmodels",
    "diff_diff",
)


@pytest.mark.parametrize(
    "module",
    [
        "analysis",
        "analysis.cli",
        "analysis.reports",
        "analysis.data.state",
        "analysis.data.sources",
        "analysis.data.download",
    ],
)
def test_what_an_up_to_date_build_needs_is_light(module):
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []
