"""The committed notebooks: without outputs, parameters documented, each skipping what it cannot support."""

import json
from pathlib import Path

import papermill
import pytest

from analysis.publish import parameters

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem[:2].isdigit()], ids=lambda path: path.stem)
def test_every_parameter_has_a_type_and_says_what_it_is(path):
    declared = parameters.declared(json.loads(path.read_text(encoding="utf-8")), path.name)
    described = papermill.inspect_notebook(path)
    assert declared.keys() == described.keys() > set()
    for name, found in described.items():
        assert found["inferred_type_name"] == declared[name].type
        assert len(found["help"]) > 10, name


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_mostly_prose_and_calls(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["cells"][0]["cell_type"] == "markdown"
    assert "".join(notebook["cells"][0]["source"]).startswith("# ")
    assert any(
        "".join(cell["source"]).startswith("## ") for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )
