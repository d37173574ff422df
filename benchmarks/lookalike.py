"""A look-alike of the Deportation Data Project's release of ICE detainers: its 64 columns, types, value lists and mess.

People are invented: most have one detainer, others two or three, some depart; 13 percent of rows have no identifier, 3
percent repeat another on the same or the next day. Names of counties are real, so that places and policies can be looked
up. ``python -m benchmarks.lookalike FOLDER ROWS`` writes a project with this one dataset.
"""

import shutil
import sys
import tempfile
import tomllib
from importlib.resources import files
from pathlib import Path

import duckdb
import pandas as pd

NAME, HERE = "lookalike", Path(__file__).parent
DATA = Path(str(files("analysis.data")))
VALUES = tomllib.loads((HERE / "lookalike.toml").read_text(encoding="utf-8"))
COLUMNS = tomllib.loads((DATA / "formats" / "deportation-data-project.toml").read_text(encoding="utf-8"))["headers"]


def write_lookalike(path: Path, rows: int, seed: int = 2026) -> Path:
    """Write so many detainers as Parquet, in order of the prepare date, and return the path; same seed, same bytes."""
    keys = {name: "yes_no" if name.endswith("_yes_no") else name for name in COLUMNS}
    lists = {name: VALUES[key] for name, key in keys.items() if key in VALUES}
    others = {name: VALUES[name] for name in ("departed", "here", "convicted", "other", "again")}
    others["charges"] = dict.fromkeys(VALUES["charge_codes"], 1)
    parts = {name: _case(shares, name) for name, shares in others.items()}
    parts["drawn"] = ", ".join(f"{_case(shares, name)} AS {name}" for name, shares in lists.items())
    people = dict.fromkeys(("gender", "citizenship_country"), "person")  # the same in all rows of a person
    parts["chances"] = ", ".join(f"u({people.get(name, 'j')}, '{name}') AS u_{name}" for name in lists | others)
    for name in ("charge_codes", "lift_codes"):
        parts[name] = " ".join(f"WHEN '{label}' THEN nullif('{code}', '')" for label, code in VALUES[name].items())
    parts |= {"rows": rows, "seed": seed, "file": path, "places": DATA, "columns": ", ".join(COLUMNS)}
    with tempfile.TemporaryDirectory() as spill:
        limits = {"memory_limit": "1GB", "threads": 1, "temp_directory": spill}
        with duckdb.connect(str(Path(spill, "rows")), config=limits) as engine:
            engine.execute((HERE / "lookalike.sql").read_text(encoding="utf-8").format(**parts))
    return path


def lookalike(rows: int, seed: int = 2026) -> pd.DataFrame:
    """Return the rows of a look-alike as a frame."""
    with tempfile.TemporaryDirectory() as folder:
        frame = pd.read_parquet(write_lookalike(Path(folder, "rows.parquet"), rows, seed))
    dates = [name for name in COLUMNS if name.endswith("_date")]
    return frame.astype(dict.fromkeys(dates, "datetime64[s]") | {"duplicate_likely": "boolean"})


def write_project(root: Path, rows: int) -> Path:
    """Write a project's folder with the look-alike as its one dataset and the published facts; return the raw file."""
    folder, published = root / "data" / "raw" / NAME, Path("data", "raw", "published")
    folder.mkdir(parents=True)
    shutil.copyfile(HERE / "dataset.toml", folder / "dataset.toml")
    shutil.copytree(HERE.parent / published, root / published)
    return write_lookalike(folder / "detainers.parquet", rows)


def _case(shares: dict[str, float], name: str) -> str:
    """Return an expression that draws one of some labels by their shares; the empty label is missing."""
    total, upto, text = sum(shares.values()), 0.0, ""
    for key, share in shares.items():
        label, upto = f"'{key}'" if key else "NULL", upto + share / total
        text += f" WHEN u_{name} < {upto:.6f} THEN {label}"
    return f"CASE{text} ELSE {label} END"


if __name__ == "__main__":
    write_project(Path(sys.argv[1]), int(sys.argv[2]))
