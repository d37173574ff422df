"""The commands behind the Makefile: ``python -m analysis <command>``.

Imports are inside the commands: a build with nothing to do must cost milliseconds. Every error that a
user can mend is an InputError and is printed as one line with exit code 2.
"""

import argparse
import errno
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.data.errors import InputError, say

if TYPE_CHECKING:
    import threading

DEFAULT = ("north-carolina", "demo")
_ROOM = (errno.ENOSPC, errno.EROFS, errno.EFBIG, errno.EDQUOT, errno.EACCES, errno.EIO)


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 a report or test failed, 2 the input cannot be used."""
    parser = _parser()
    arguments, arguments.rest = parser.parse_known_args(argv)
    if arguments.rest and arguments.run not in (_lab, _test):
        parser.error(f"unknown argument {arguments.rest[0]}")
    try:
        return arguments.run(arguments)
    except InputError as error:
        say(f"analysis: {error}", sys.stderr)
        return 2
    except KeyboardInterrupt:
        say("analysis: stopped. What was finished is kept; the same command goes on from there.", sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except MemoryError:
        say("analysis: there is not enough memory. Close other programs and run the same command again.", sys.stderr)
        return 2
    except OSError as error:
        if error.filename is None and error.errno not in _ROOM:
            raise  # no fault of a disk or folder
        say(f"analysis: {InputError(_said(error))}", sys.stderr)
        return 2


def _said(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}. Make room, or make the folder writable, and run the same command again."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analysis", description="Reports on re-arrest from raw files. See also `make help`."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(run=run)
        return added

    for name, run, about in (
        ("report", _report, "build the site of reports"),
        ("figures", _report, "draw the files in figures/ again"),
    ):
        added = command(name, run, about)
        added.add_argument(
            "--datasets",
            default="",
            help=f"names under data/raw or paths of a dataset.toml (default: {' '.join(DEFAULT)})",
        )
        added.add_argument("--jobs", type=int, default=2, help="worker processes (default 2)")
        added.add_argument("--open", action="store_true", help="open the site when it is built")
        added.add_argument(
            "--release", action="store_true", help="build internal datasets as restricted, under reports/release"
        )
        added.set_defaults(figures=name == "figures")
        added.add_argument("--notebook", default="", help="build only the reports of this notebook (02_short_window)")
        added.add_argument("--params", default="", help='with these parameters: "days=180 jurisdiction=85001"')
    command("data", _data, "download what datasets name by url").add_argument("--datasets", default="")
    added = command("new", _new, "write a first dataset.toml from a file's headers, or a block for a further file")
    added.add_argument("--dataset", required=True)
    added.add_argument("--file", required=True)
    added.add_argument("--table", default="", help="what its rows are, where headers do not say")
    command(
        "check", _check, "review a dataset: what would be kept, what cannot be right, which reports will be built"
    ).add_argument("--dataset", required=True)
    added = command("sweep", _sweep, "one notebook over many places or windows")
    added.add_argument("--file", required=True, help="a TOML file such as sweeps/demo-counties.toml")
    added.add_argument("--jobs", type=int, default=2, help="worker processes (default 2)")
    added.add_argument("--open", action="store_true", help="open the index when it is built")
    command("lab", _lab, "open JupyterLab at the project's folder; further arguments go to it")
    command("verify", _verify, "build twice in different folders and compare every byte")
    added = command("digits", _digits, "build the default site elsewhere, or compare two such sites (for make lock)")
    added.add_argument("--into", help="a folder to build in")
    added.add_argument("--compare", nargs=2, metavar=("BEFORE", "AFTER"), help="folders built in")
    command("test", _test, "run the tests; further arguments go to pytest")
    return parser


def _report(arguments: argparse.Namespace) -> int:
    from analysis.reports import build_site

    names = arguments.datasets.split() or list(DEFAULT)
    notebook, given = arguments.notebook.removesuffix(".ipynb"), arguments.params
    return build_site(names, arguments.jobs, arguments.figures, arguments.open, notebook, given, arguments.release)


def _data(arguments: argparse.Namespace) -> int:
    from analysis.data.download import fetch
    from analysis.data.state import dataset_names, find_spec, home

    failed = 0
    for name in arguments.datasets.split() or dataset_names(home()):
        spec, _ = find_spec(name)
        try:
            for path in fetch(spec):
                say(f"{spec.name}: {path.name} is here, its hash is right")
        except InputError as error:
            say(f"analysis: {error}", sys.stderr)
            failed = 2
    return failed


def _new(arguments: argparse.Namespace) -> int:
    from analysis.data.draft import new
    from analysis.data.state import home

    target = new(arguments.dataset, Path(arguments.file).expanduser(), home(), arguments.table)
    say(f"wrote {target}\nMend the lines marked TODO, then: make check DATASET={arguments.dataset}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from analysis.data.dataset import Dataset
    from analysis.data.errors import visible
    from analysis.data.review import review, tried
    from analysis.data.state import find_spec
    from analysis.reports import planned

    spec, _ = find_spec(arguments.dataset)
    with tried(spec) as (processed, private):
        found = review(spec, processed, private)
        reports, nobody = planned(Dataset(spec, processed))
    lines = [f"{spec.name}: {spec.title} ({spec.kind}, {spec.disclosure})", *found.lines, ""]
    for why in dict.fromkeys(reports.values()):
        named = ", ".join(report for report, because in reports.items() if because == why)
        lines.append(f"not built: {named}. {why}" if why else f"will be built: {named}")
    lines += ["", *(f"look at this: {line}" for line in found.warnings if line not in found.wrong)]
    say("\n".join(map(visible, lines)))
    wrong = [*found.wrong, *nobody]
    for line in wrong:
        say(f"analysis: {spec.name} cannot be right: {InputError(line)}", sys.stderr)
    if not wrong:
        say(f"\nNothing was built. `make report DATASETS={arguments.dataset}` builds the reports.")
    return int(bool(wrong))


def _sweep(arguments: argparse.Namespace) -> int:
    from analysis.sweeps import run_sweep

    return run_sweep(Path(arguments.file).expanduser(), workers=arguments.jobs, show=arguments.open)


def _lab(arguments: argparse.Namespace) -> int:
    import importlib.util
    import os
    import subprocess

    from analysis.data.state import home

    if os.geteuid() == 0 and "--allow-root" not in arguments.rest:
        raise InputError("JupyterLab does not run as root unless told: make lab ARGS=--allow-root")
    os.chdir(home())
    if importlib.util.find_spec("jupyterlab") is None:
        done = subprocess.run(["sh", "setup.sh", "lab"], check=False)
        if done.returncode:
            return done.returncode
    hook = "--FileContentsManager.post_save_hook=analysis.cli.after_save"
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", hook, *arguments.rest])


def after_save(os_path: str, **_: object) -> "threading.Thread":
    """JupyterLab calls this when it has saved a file. Git takes a file of another size for a changed one without asking a filter: where
    only outputs have changed, it is told the size, so that ``git status`` stays clean. Nothing is staged, and the server does not wait."""
    import subprocess
    import threading

    same = ["sh", "-c", 'git diff --quiet -- "$1" && git update-index -- "$1"', "sh", os_path]
    call = {"cwd": Path(os_path).parent, "capture_output": True, "check": False}
    thread = threading.Thread(target=subprocess.run, args=(same,), kwargs=call)
    thread.start()
    return thread


def _verify(arguments: argparse.Namespace) -> int:
    from analysis.verify import verify

    return verify()


def _digits(arguments: argparse.Namespace) -> int:
    from analysis.digits import build, compare

    code = build(Path(arguments.into)) if arguments.into else 0
    if arguments.compare:
        compare(*map(Path, arguments.compare))
    return code


def _test(arguments: argparse.Namespace) -> int:
    import subprocess

    from analysis.data.state import home

    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments.rest]
    return subprocess.run(command, cwd=home(), check=False).returncode
