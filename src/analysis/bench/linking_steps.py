"""One way of linking records, in a process of its own: prints seconds, people, and how often it is wrong, as JSON.

``ours`` is what a build does; ``splink`` is splink by itself with the same model, on a frame of all records.
"""

import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SEED, ERRORS, PER_PERSON = 20_240_229, 0.03, 2.5
BATCH = 1 << 18
_SYLLABLES = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "il", "on", "us")]


def write_records(file: Path, size: int) -> None:
    """Write linkage records of made-up people, and beside them (``truth.parquet``) whose each is."""
    from analysis.data.link_input import SCHEMA
    from analysis.synthetic.identities import misspelt

    rng = np.random.default_rng([SEED, size])
    people = int(size / PER_PERSON)
    surnames, given = _words(rng, 40_000, 3), _words(rng, 4_000, 2)
    last, second, first = _common(rng, 40_000, people), _common(rng, 40_000, people), _common(rng, 4_000, people)
    two, male, home = rng.random(people) < 0.4, rng.random(people) < 0.85, rng.integers(0, 1_500, people)
    born = np.datetime64("1955-01-01") + rng.integers(0, 50 * 365, people)
    person = rng.integers(0, people, size)
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for at in range(0, size, BATCH):
            own = person[at : at + BATCH]
            n = len(own)
            surname = np.where(two[own], surnames[last[own]] + " " + surnames[second[own]], surnames[last[own]])
            day = born[own] + np.where(rng.random(n) < ERRORS, 10, 0)
            known = np.char.add("n", own.astype("str")).astype(object)
            known[rng.random(n) >= 0.3] = None
            columns = {
                "source": pa.array(["made.csv"] * n), "record": pa.array(np.arange(at, at + n)),
                "first_name": pa.array(misspelt(given[first[own]], rng, ERRORS)),
                "last_name": pa.array(misspelt(surname, rng, ERRORS)), "birth_date": pa.array(day.astype("datetime64[D]")),
                "sex": pa.array(np.where(male[own], "male", "female")),
                "place": pa.array(np.char.add("06", np.char.zfill(home[own].astype("str"), 3))), "identifier": pa.array(known),
            }  # fmt: skip
            writer.write_table(pa.table([columns[name].cast(SCHEMA.field(name).type) for name in SCHEMA.names], SCHEMA))
    pq.write_table(pa.table({"record": np.arange(size), "truth": person}), file.with_name("truth.parquet"))


def _words(rng: np.random.Generator, n: int, length: int) -> np.ndarray:
    parts = np.array(_SYLLABLES, dtype=object)[rng.integers(0, len(_SYLLABLES), (length, n))]
    return parts.sum(axis=0)


def _common(rng: np.random.Generator, n: int, size: int) -> np.ndarray:
    """Draw places in a list of names, of which the first are common and the last rare."""
    share = 1 / (np.arange(n) + 20)
    return rng.choice(n, size, p=share / share.sum())


def _hashed(values: pd.Series) -> pd.Series:
    return pd.Series([hashlib.sha256(text.encode()).hexdigest()[:32] for text in values], dtype="str")


def ours(file: Path) -> dict:
    """Link as a build does, and hold the people found against whose each record is."""
    from analysis.data.finish import Engine
    from analysis.data.link import link

    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as spill, Engine(Path(spill)) as engine:
        started = time.perf_counter()
        linked = link(engine().con, file, _hashed)
        seconds = time.perf_counter() - started
        truth = f"from people join read_parquet('{file.with_name('truth.parquet')}') using (record)"

        def pairs(keys: str) -> int:
            sql = f"select sum(n * (n - 1) // 2)::bigint from (select count(*) as n {truth} group by {keys})"
            return linked.connection.execute(sql).fetchall()[0][0]

        both, found, real = pairs("person_id, truth"), pairs("person_id"), pairs("truth")
    return {"seconds": seconds, "people": linked.counts["people"], "wrong": 1 - both / found, "missed": 1 - both / real}


def splink(file: Path) -> dict:
    """Link the same records with splink alone: the fields of ours, its model and threshold, and equal identifiers as links."""
    import duckdb
    from splink.clustering import cluster_pairwise_predictions_at_threshold as connected

    from analysis.data.link_columns import THRESHOLD
    from analysis.data.link_model import fitted
    from analysis.data.person_names import FIELDS, comparable

    started = time.perf_counter()
    records = pd.read_parquet(file)
    fields = comparable(records).assign(
        source=records["source"], record=records["record"], identifier=records["identifier"]
    )
    fields = fields.sort_values([*FIELDS, "record"], na_position="last", ignore_index=True)
    fields["unique_id"] = range(len(fields))
    connection = duckdb.connect()
    named = fields[["unique_id", *FIELDS]].astype(dict.fromkeys(FIELDS, "str"))
    connection.register("named", named)
    linker, _, api = fitted(connection)
    scored = linker.inference.predict(warning_mode="never").as_pandas_dataframe()
    scored = scored[["unique_id_l", "unique_id_r", "match_probability"]]
    first = fields.groupby("identifier")["unique_id"].transform("first")
    same = pd.DataFrame({"unique_id_l": first, "unique_id_r": fields["unique_id"], "match_probability": 1.0}).dropna()
    edges = pd.concat([scored, same.astype({"unique_id_l": "int64"})], ignore_index=True)
    edges = pa.Table.from_pandas(edges, preserve_index=False)
    people = connected(
        pa.table({"unique_id": fields["unique_id"]}), edges, api, "unique_id", threshold_match_probability=THRESHOLD
    )
    cluster = people.as_pandas_dataframe()["cluster_id"]
    return {"seconds": time.perf_counter() - started, "people": int(cluster.nunique())}


if __name__ == "__main__":
    print(json.dumps({"ours": ours, "splink": splink}[sys.argv[1]](Path(sys.argv[2]))))
