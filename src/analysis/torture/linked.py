"""A project of one dataset whose people are linked by name, in two files typed with errors."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.synthetic import World
from analysis.synthetic.frames import history, tables
from analysis.synthetic.identities import identities, misspelt
from analysis.torture.project import Project, copy

PEOPLE = 900  # enough records for the model to be estimated
_BLOCK = """[[files]]
table = "{table}"
path = "{table}.csv"
[files.link]
last_name = "Last"
first_name = "First"
birth_date = "Born"
[files.columns]
{day} = "On"
jurisdiction = "County"
"""
_TOML = """title = "Linked"
kind = "synthetic"
source = "made for a test: no row describes a person"
data_end = { arrests = 2030-12-31 }
"""


def available() -> bool:
    """Return whether what links people by name is installed."""
    return find_spec("splink") is not None


def linked(source: Path, root: Path) -> Project:
    """Write the dataset to a folder, with what its first report needs from a project, and return its project."""
    project = copy(source, root, ["linked"], "01_*.ipynb")
    folder = root / "data" / "raw" / "linked"
    world, rng, toml = World(seed=11, people=PEOPLE), np.random.default_rng(5), _TOML
    past = history(world)
    known = identities(world, past[0])
    for table, day in (("releases", "released"), ("arrests", "arrested")):
        frame = tables(world, past)[table]
        person = frame["person_id"].to_numpy()
        rows = {
            "First": misspelt(known.first[person], rng), "Last": misspelt(known.last[person], rng), "Born": known.born[person],
            "Sex": np.where(past[0].male[person], "male", "female"), "On": frame[day], "County": frame["jurisdiction"].astype("str"),
        }  # fmt: skip
        pd.DataFrame(rows).to_csv(folder / f"{table}.csv", index=False, date_format="%Y-%m-%d")
        toml += _BLOCK.format(table=table, day=day) + ('sex = "Sex"\n' if table == "releases" else "")
    (folder / "dataset.toml").write_text(toml, encoding="utf-8")
    folders = tuple((name, "data/processed/linked/arrests.parquet") for name in ("data/processed", "data/private"))
    return replace(project, folders=folders)
