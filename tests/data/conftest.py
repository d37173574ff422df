"""A project folder of its own for each test: datasets written to it, built and checked through the real commands."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest

from analysis import open_dataset
from analysis.cli import main
from analysis.data import link as linking
from analysis.data.errors import InputError
from analysis.data.spec import THRESHOLD

HEAD = 'title = "Test"\nkind = "synthetic"\nsource = "made for a test"\ndata_end = { arrests = 2020-12-31 }\n'
ARRESTS = '[[files]]\ntable = "arrests"\npath = "a.csv"\n[files.columns]\nperson_id = "id"\narrested = "on"\n'


@dataclass
class House:
    """A project root with datasets under data/raw."""

    root: Path

    def write(self, toml: str | bytes = HEAD + ARRESTS, name: str = "test", **files: str | bytes) -> Path:
        """Write a dataset.toml and its files (a_csv="..." becomes a.csv); return the dataset's folder."""
        folder = self.root / "data" / "raw" / name
        folder.mkdir(parents=True, exist_ok=True)
        for key, content in {"dataset.toml": toml, **files}.items():
            stem, _, ending = key.rpartition("_")
            path = folder / (f"{stem}.{ending}" if stem else key)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    def build(self, toml: str | bytes = HEAD + ARRESTS, name: str = "test", **files: str | bytes):
        """Write a dataset and open it."""
        self.write(toml, name, **files)
        return open_dataset(name)

    @property
    def left(self) -> list[str]:
        """What lies under data/processed, but for locks."""
        processed = self.root / "data" / "processed"
        return [p.name for p in processed.rglob("*") if not p.name.endswith(".lock")] if processed.exists() else []


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    monkeypatch.delenv("ANALYSIS_DOWNLOADS", raising=False)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    return House(tmp_path)


@pytest.fixture
def refused(house: House, capsys: pytest.CaptureFixture[str]):
    """Return a function that checks and builds a dataset, and returns the one line with which both are refused."""

    def run(name: str = "test") -> str:
        assert main(["check", "--dataset", name]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.endswith("\n")
        assert said.err.count("\n") == 1, said.err
        assert "Traceback" not in said.err
        with pytest.raises(InputError) as error:
            open_dataset(name)
        assert f"analysis: {error.value}\n" == said.err  # the build says the same
        assert house.left == []
        return said.err

    return run


def hashed(values: pd.Series) -> pd.Series:
    """A stand-in for the keyed hash."""
    return values.map(lambda text: hashlib.sha256(b"key" + text.encode()).hexdigest()[:32], na_action="ignore")


@pytest.fixture(scope="session")
def link(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SimpleNamespace]:
    """Return a function that links a frame of records; what the database holds of people comes back as frames."""
    text = ["source", "first_name", "last_name", "sex", "place", "identifier"]

    def run(records: pd.DataFrame, threshold: float = THRESHOLD, threads: int = 2) -> SimpleNamespace:
        file = tmp_path_factory.mktemp("link") / "linkage.parquet"
        whole = records.reindex(columns=[*text, "record", "birth_date"]).astype(dict.fromkeys(text, "str"))
        whole.assign(birth_date=pd.to_datetime(whole["birth_date"])).to_parquet(file, index=False)
        found = linking.link(duckdb.connect(config={"threads": threads}), file, hashed, threshold)
        people, same = (found.connection.sql(f"select * from {name}").df() for name in ("people", "same"))
        same = same.set_index("identifier")["person_id"]
        return SimpleNamespace(people=people, same=same, **vars(found))

    return run
