"""How large the project is: what each slice of the redesign has reached, and the limits that it works towards.

`make size` prints the same numbers. Lines are all lines of a file; in the package, examples in docstrings (``>>>``, ``...``
and their output) are counted apart.
"""

import ast
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "analysis"
LIMITS = {
    "package": 11_000, "modules": 60, "examples": 600, "data": 2_700, "recidivism": 2_700, "sanctuary": 1_700, "claims": 700,
    "report and plot": 2_200, "rest": 400, "notebooks": 1_300, "longest cell": 20, "tests, benchmarks and validation": 12_000,
}  # fmt: skip
REACHED = {  # above the limit as yet: each slice writes down what it has reached, and may not grow beyond it
    "package": 25_418, "modules": 174, "data": 6_487, "recidivism": 3_651, "sanctuary": 4_842, "claims": 2_623,
    "report and plot": 6_376, "rest": 1_354, "notebooks": 3_308, "longest cell": 99,
    "tests, benchmarks and validation": 22_902,
}  # fmt: skip


def sizes() -> dict[str, int]:
    """Return what is limited, by name."""
    found, examples = {"data": 0, "recidivism": 0, "sanctuary": 0, "claims": 0, "report and plot": 0, "rest": 0}, 0
    files = sorted(PACKAGE.rglob("*.py"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        shown = example_lines(text)
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        room = "report and plot" if room in ("report", "plot", "publish") else room
        found[room if room in found else "rest"] += text.count("\n") - shown
        examples += shown
    cells = [
        sum(bool(line.strip()) for line in "".join(cell["source"]).splitlines())
        for file in (ROOT / "notebooks").glob("*.ipynb")
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    beside = [file for name in ("tests", "benchmarks", "validation") for file in (ROOT / name).rglob("*.py")]
    return {
        "package": sum(found.values()) + examples, "modules": len(files), "examples": examples, **found, "notebooks": sum(cells),
        "longest cell": max(cells), "tests, benchmarks and validation": sum(lines(file) for file in beside),
    }  # fmt: skip


def lines(file: Path) -> int:
    """Return the number of a file's lines."""
    return file.read_text(encoding="utf-8").count("\n")


def docstrings(text: str) -> list[str]:
    """Return the docstrings of a module and of all that it defines."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = (ast.get_docstring(node) for node in ast.walk(ast.parse(text)) if isinstance(node, kinds))
    return [said for said in found if said]


def example_lines(text: str) -> int:
    """Return how many lines of docstrings are examples and their output, which ends at an empty line."""
    number = 0
    for said in docstrings(text):
        inside = False
        for line in said.splitlines():
            inside = bool(line.strip()) and (inside or line.lstrip().startswith(">>>"))
            number += inside
    return number


def test_nothing_is_larger_than_its_limit_or_than_what_was_reached():
    found = sizes()
    allowed = {name: max(limit, REACHED.get(name, 0)) for name, limit in LIMITS.items()}
    assert {name: size for name, size in found.items() if size > allowed[name]} == {}


def test_what_was_reached_is_written_down_where_it_is_above_the_limit_alone():
    found = sizes()
    assert all(REACHED[name] > LIMITS[name] for name in REACHED)
    assert {name: size for name, size in REACHED.items() if found[name] < size - max(50, size // 50)} == {}


def test_examples_end_where_their_output_does():
    said = 'def f():\n    """Double.\n\n    >>> f(1)\n    2\n    >>> f(\n    ...     2)\n    4\n\n    Not an example.\n    """\n'
    assert example_lines(said) == 5


if __name__ == "__main__":
    for label, size in sizes().items():
        print(f"{label:34} {size:7,}  limit {LIMITS[label]:7,}")
    words = [text for file in PACKAGE.rglob("*.py") for text in docstrings(file.read_text(encoding="utf-8"))]
    print(f"{'lines of docstrings':34} {sum(text.count(chr(10)) + 1 for text in words):7,}")
