"""The files around the package hold together: locks, pyproject.toml, environment.yml, Makefile, CITATION.cff."""

import datetime as dt
import importlib
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import analysis

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("linux", "darwin")


def locked(name: str) -> list[tuple[Requirement, list[str]]]:
    """Return the requirements of a lock with their hashes."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    out = []
    for words in lines:
        hashes = [word for word in words if word.startswith("--hash=")]
        out.append((Requirement(" ".join(word for word in words if not word.startswith("--"))), hashes))
    return out


def versions(name: str, python: str, platform: str) -> dict[str, Version]:
    """Return what a lock installs on one platform and version of Python."""
    system = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix")}[platform]
    where = {
        **default_environment(), "python_version": python, "python_full_version": f"{python}.9", "sys_platform": platform,
        "platform_system": system[0], "os_name": system[1], "implementation_name": "cpython", "platform_python_implementation": "CPython",
    }  # fmt: skip
    chosen: dict[str, Version] = {}
    for requirement, _ in locked(name):
        if requirement.marker is None or requirement.marker.evaluate(where):
            key = canonicalize_name(requirement.name)
            assert key not in chosen, f"{name} installs two versions of {key} on {platform}, Python {python}"
            [only] = requirement.specifier
            assert only.operator == "=="
            chosen[key] = Version(only.version)
    return chosen


SEVEN = ("jupyterlab", "pandas", "matplotlib", "seaborn", "statsmodels", "papermill", "nbconvert")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_dependency_is_locked_at_a_version_that_satisfies_it(python, platform):
    extras = PROJECT["optional-dependencies"]
    main = versions("requirements.lock", python, platform)
    for text in [*PROJECT["dependencies"], *extras["test"], *extras["build"]]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(main[canonicalize_name(wanted.name)]), text
    assert "jupyterlab" not in main  # reports and tests do without
    for extra in ("lab", "cluster"):  # whose locks hold what they add
        added = versions(f"{extra}.lock", python, platform)
        for text in extras[extra]:
            wanted = Requirement(text)
            assert wanted.specifier.contains(added[canonicalize_name(wanted.name)]), text
        both = main.keys() & added.keys()
        assert {name: main[name] for name in both} == {name: added[name] for name in both}


@pytest.mark.parametrize("name", ["lab.lock", "cluster.lock"])
def test_a_lock_beside_requirements_repeats_nothing(name):
    main = {str(requirement) for requirement, _ in locked("requirements.lock")}
    assert main.isdisjoint(str(requirement) for requirement, _ in locked(name))


@pytest.mark.parametrize("name", [name for name in SEVEN if name != "jupyterlab"])
def test_set_up_installs_the_package(name):
    assert importlib.import_module(name)


def test_the_lab_part_installs_all_seven():
    for name in SEVEN:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: sh setup.sh lab")
    assert importlib.import_module("jupyterlab")


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("*.lock")))
def test_a_lock_has_hashes_and_names_no_host(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    for requirement, hashes in locked(name):
        assert hashes, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", text) for text in hashes)
        assert requirement.url is None


def test_the_conda_environment_names_the_packages_and_installs_the_locks():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    [pip] = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    assert pip == ["-r requirements.lock", "-r lab.lock"]
    named = dict(part.partition("=")[::2] for part in environment["dependencies"] if isinstance(part, str))
    assert set(named) == {"python", "make", "pip", *SEVEN}
    assert named["python"] in PYTHONS
    assert Version(named["python"]) in Requirement(f"x{PROJECT['requires-python']}").specifier
    lists = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]
    wanted = {requirement.name: requirement.specifier for requirement in map(Requirement, lists)}
    there = versions("requirements.lock", named["python"], "linux") | versions("lab.lock", named["python"], "linux")
    for name in SEVEN:
        assert there[name] in Requirement(f"{name}=={named[name]}.*").specifier, (
            name
        )  # so that pip keeps conda's minor version
        assert there[name] in wanted[name], name


def rules() -> dict[str, list[str]]:
    """Return the Makefile's targets with the lines of their recipes."""
    found: dict[str, list[str]] = {}
    target = None
    for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines():
        named = re.match(r"^([^\s#:=.][^:=]*):(?!=)", line)
        if named:
            target = named[1].strip()
            found[target] = []
        elif line.startswith("\t") and target:
            found[target].append(line.strip())
    return found


def test_the_makefile_works_with_gnu_make_3_81():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for newer in ("&:", "!=", ".ONESHELL", "$(file", "::=", "$(guile"):
        assert newer not in text, newer


def test_each_command_is_one_call_of_the_package_or_of_a_script():
    found = rules()
    assert {
        "report",
        "test",
        "setup",
        "new",
        "check",
        "lab",
        "figures",
        "data",
        "verify",
        "bench",
        "lock",
        "clean",
        "help",
    } <= found.keys()
    for target, recipe in found.items():
        if target in ("setup", "lock", "help", "clean", "$(STAMP)"):
            continue
        assert len(recipe) == 1, target
        called = recipe[0].removeprefix("@$(PYTHON) ").removeprefix("@python3 ").removeprefix("-m ").split()[0]
        assert recipe[0].startswith("@$(ANALYSIS) ") or (ROOT / called).exists(), target
    assert "ANALYSIS := $(PYTHON) -m analysis" in (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
    assert set(phony) == found.keys() - {"$(STAMP)"}


def test_each_target_calls_a_command_that_there_is():
    from analysis.cli import _parser

    [commands] = [action for action in _parser()._actions if getattr(action, "choices", None)]
    for target, recipe in rules().items():
        called = (
            recipe[0].removeprefix("@$(ANALYSIS) ").split()[0]
            if recipe and recipe[0].startswith("@$(ANALYSIS)")
            else None
        )
        assert called is None or called in commands.choices, target
        assert called in (None, target)


def test_make_help_lists_every_target():
    said = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in said.splitlines()} == rules().keys() - {"$(STAMP)"}


def test_the_citation_is_a_valid_one():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()  # required by the schema of CFF 1.2.0
    assert citation["type"] in ("software", "dataset")
    assert citation["license"] == PROJECT["license"]
    assert isinstance(citation["date-released"], dt.date)
    assert all({"name", "family-names", "given-names", "alias"} & author.keys() for author in citation["authors"])
    assert str(citation["version"]) == analysis.__version__


def test_every_file_that_the_package_reads_is_packed_with_it():
    package = ROOT / "src" / "analysis"
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]["analysis"]
    packed = {path for pattern in patterns for path in package.glob(pattern)}
    there = {path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc", ".md")}
    assert sorted(path.relative_to(package).as_posix() for path in there - packed) == []


@pytest.mark.parametrize("file", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda file: file.stem)
def test_a_notebook_lies_as_jupyterlab_writes_it_without_outputs(file):
    text = file.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    assert (
        nbformat.writes(notebook) + "\n" == text
    )  # else git takes a saved one for changed; mended by nbstripout -t FILE
    assert [cell.id for cell in notebook.cells] == [str(number) for number in range(len(notebook.cells))]
    assert notebook.metadata.language_info == {"name": "python"}
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_no_file_names_a_folder_of_one_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".toml", ".yml", ".md", ".sh", ".ipynb", ".cff", "") and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not re.search(r"(?<![\w.])/(home|Users|root|work)/\w", text), name
