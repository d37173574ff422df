"""A project of one dataset whose file is so large that other processes clean it: its tables alone are built."""

import sys
from pathlib import Path

from analysis.torture.project import Project, write_keys

ROWS = 230_000  # of 150 bytes: above what is worth processes
_TOML = """title = "Large"
kind = "synthetic"
source = "made for a test: no row describes a person"
data_end = { arrests = 2024-12-31, detainers = 2024-12-31 }
[[files]]
table = "detainers"
path = "rows.csv"
sensitive = ["name"]
[files.columns]
person_id = "id"
prepared = "on"
state = "state"
charge = "charge"
[[files.also]]
table = "arrests"
[files.also.columns]
person_id = "id"
arrested = "arrest"
charge = "charge"
"""
_BUILD = """
import sys
from analysis import open_dataset
from analysis.data.errors import InputError
try:
    open_dataset("large")
except InputError as error:
    sys.exit(f"analysis: {error}")
"""


def large(root: Path) -> Project:
    """Write the dataset to a folder and return its project."""
    folder = root / "data" / "raw" / "large"
    folder.mkdir(parents=True)
    (folder / "dataset.toml").write_text(_TOML, encoding="utf-8")
    with (folder / "rows.csv").open("w", encoding="utf-8") as file:
        file.write("id,on,arrest,state,charge,name,note\n")
        for i in range(ROWS):
            day = "soon" if i % 500 == 7 else f"20{20 + i % 5}-{1 + i % 12:02d}-{1 + i % 28:02d}"
            arrest = "" if i % 3 else f"2024-{1 + i % 12:02d}-{1 + i % 27:02d}"
            file.write(f"A{i * 7919 % 150_000:09d},{day},{arrest},TX,charge {i % 90},N{i},{'x' * 85}\n")
    write_keys(root, ["large"])
    folders = tuple((name, "data/processed/large/arrests.parquet") for name in ("data/processed", "data/private"))
    return Project(root, ("large",), (sys.executable, "-c", _BUILD), "rows.csv", "analysis.data.crew", folders)
