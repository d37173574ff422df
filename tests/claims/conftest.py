"""A small linked dataset in memory, with ties, rows without a person, duplicates and every kind of operator."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.claims.read import read_claims
from analysis.data import engine

PUBLISHED = Path(__file__).parents[2] / "data" / "raw" / "published"


@pytest.fixture(scope="session")
def claims():
    return read_claims(PUBLISHED)


@pytest.fixture
def copied(tmp_path):
    """A folder with a copy of the published claims, as text, and a way to write it back changed."""

    def change(row: int, **values: str) -> Path:
        frame = pd.read_csv(PUBLISHED / "claims.csv", dtype="str", keep_default_na=False)
        for name, value in values.items():
            frame.loc[row, name] = value
        frame.to_csv(tmp_path / "claims.csv", index=False)
        return tmp_path

    return change


class Small:
    """What the claims room and ``cohort`` ask of a dataset."""

    name, jurisdiction, time_unit, follow_up, area, lag_days = "small", "", "day", None, "nowhere", 14
    tables, groups, spec = ("detainers", "releases", "arrests", "exits"), (), SimpleNamespace(sources=())
    data_end = {"arrests": dt.date(2024, 12, 31), "exits": dt.date(2024, 11, 30), "detainers": dt.date(2025, 1, 10)}  # noqa: RUF012

    def __init__(self, folder: Path, n: int = 700) -> None:
        rng = np.random.default_rng(20180415)
        self.folder, self._tables = folder, {}
        first = rng.integers(0, 1000, n)

        def rows(person, day, source, **columns):
            day = pd.Timestamp("2022-03-01") + pd.to_timedelta(np.asarray(day), unit="D")
            frame = pd.DataFrame({"person_id": person, "day": day.astype("datetime64[s]"), **columns})
            frame = frame.assign(source_file=f"{source}.csv", source_sheet="", source_row=np.arange(len(frame)))
            return frame.sample(frac=1, random_state=1).reset_index(drop=True)

        ids = np.array([f"p{i:04d}" for i in range(n)], dtype=object)
        again = rng.choice(n, 400)
        person = np.concatenate([ids, ids[again]])
        person[rng.choice(n, 60, replace=False)] = None
        day = np.concatenate([first, first[again] + rng.choice([0, 1, 2, 8, 29, 30, 31, 61, 95], 400)])
        operators = rng.choice(["local", "state_prison", "federal", "unknown"], n + 400, p=[0.7, 0.15, 0.1, 0.05])
        detainers = rows(
            person,
            day,
            "d",
            operator=operators,
            request="detainer",
            jurisdiction="80001",
            birth_year=1990,
            released=pd.NaT,
        )
        out = rng.choice(n, 450, replace=False)
        releases = rows(
            ids[out], first[out] + rng.integers(0, 4, 450), "r", operator="local", jurisdiction="80001", birth_year=1990
        )
        stay = pd.to_timedelta(rng.choice([0, 2, 40], 450), unit="D")
        releases["booked"] = (releases["day"] - stay).astype("datetime64[s]")
        who = rng.choice(n, 500)
        arrests = rows(ids[who], first[who] + rng.choice([0, 1, 3, 7, 20, 60, 104, 105, 106, 300], 500), "a")
        gone = rng.choice(n, 300, replace=False)
        kinds = rng.choice(["ice_custody", "removed", "died"], 300)
        exits = rows(
            ids[gone], first[gone] + rng.choice([0, 1, 3, 7, 20, 60, 104, 105, 106, 300], 300), "e", kind=kinds
        )
        names = {"detainers": "prepared", "releases": "released", "arrests": "arrested", "exits": "date"}
        frames = {"detainers": detainers, "releases": releases, "arrests": arrests, "exits": exits}
        self._frames = {table: frame.rename(columns={"day": names[table]}) for table, frame in frames.items()}
        self._frames["detainers"] = self._frames["detainers"].assign(
            released=pd.Series(pd.NaT, index=detainers.index, dtype="datetime64[s]")
        )

    def frame(self, table: str) -> pd.DataFrame:
        return self._frames[table]

    def table(self, table: str) -> "ibis.Table":
        if table not in self._tables:
            self._tables[table] = self._made(table)
        return self._tables[table]

    def _made(self, table: str) -> "ibis.Table":
        frame = self._frames[table].copy()
        for name in frame.columns[frame.dtypes == "datetime64[s]"]:
            frame[name] = pd.Series([None if pd.isna(v) else v.date() for v in frame[name]], dtype="object")
        dates = {
            "detainers": ("prepared", "released"),
            "releases": ("booked", "released"),
            "arrests": ("arrested",),
            "exits": ("date",),
        }
        found = ibis.memtable(frame.drop(columns=[c for c in frame if frame[c].isna().all()]))
        if table == "detainers":
            found = found.mutate(released=ibis.null("date"))
        days = {name: found[name].cast("date") for name in dates[table] if name in found.columns}
        return engine.connection().create_table(ibis.util.gen_name(table), found.mutate(**days), temp=True)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    return Small(tmp_path_factory.mktemp("small"))
