"""A look-alike of the Deportation Data Project's detainers: its 64 columns, types, value lists and mess, and invented people.

For trying the whole way from the file to the reports at its real size, where the file itself is not at hand. Names of
counties are real, so that places can be matched; no row describes a real person.
"""

import csv
import io
import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic.lookalike_values import CASES, CHARGES, COUNTRIES, LIFTED, MESS, REQUESTS, SPARSE, drawn

if TYPE_CHECKING:
    import pyarrow as pa

START, END = np.datetime64("2022-10-01", "D"), np.datetime64("2026-03-10", "D")
SURGE = np.datetime64("2025-01-20", "D")  # lodged twice as often from here on
NO_IDENTIFIER = 0.13
DUPLICATES = 0.03
PIECE = 600_000  # rows drawn at a time for a file


def columns() -> list[str]:
    """Return the 64 columns in their order, from the layout's own file."""
    return tomllib.loads(_data("formats/deportation-data-project.toml"))["headers"]


def lookalike(rows: int, seed: int = 2026) -> pd.DataFrame:
    """Return so many detainers in the columns, types and spellings of the release, in order of the prepare date.

    People have one detainer or several; some depart, and a few of those come back. 13 percent of rows have no
    identifier, 3 percent repeat another on the same or the next day. The same seed gives the same rows.
    """
    rng = np.random.default_rng(seed)
    person, day = _detainers(rows - int(rows * DUPLICATES), rng)
    frame = pd.DataFrame({"detainer_prepare_date": day.astype("datetime64[s]")})
    _departures(frame, person, rng)
    _places(frame, person, rng)
    _people(frame, person, rng)
    _charges(frame, rng)
    frame["detainer_lift_reason"] = drawn(LIFTED, len(frame), rng)
    codes = {"Booked into Detention": "B", "Detainer Declined by LEA": "A"}
    frame["detainer_lift_reason_code"] = frame["detainer_lift_reason"].map(codes)
    frame["detainer_type"] = drawn(REQUESTS, len(frame), rng)
    for name in ("final_order_date", "apprehension_date", "entry_date"):
        before = frame["detainer_prepare_date"] - pd.to_timedelta(rng.integers(0, 3000, len(frame)), unit="D")
        frame[name] = before.where(rng.random(len(frame)) < 0.4)
    for name, (values, filled) in SPARSE.items():
        frame[name] = pd.Series(drawn(values, len(frame), rng)).where(rng.random(len(frame)) < filled)
    frame = _entered_twice(frame, rows, rng)
    known = frame["unique_identifier"].notna()
    gap = frame.groupby("unique_identifier")["detainer_prepare_date"].diff().dt.days
    frame["duplicate_likely"] = (known & gap.le(1)).astype("boolean")
    frame["file_original"], frame["sheet_original"] = "synthetic.xlsx", "Detainers"
    frame["row_original"] = np.arange(8, 8 + len(frame), dtype="float64")
    return frame.reindex(columns=columns())


def write_lookalike(path: Path, rows: int, seed: int = 2026) -> Path:
    """Write a look-alike as Parquet (dates as date32, as in the release) and return its path.

    More than PIECE rows are drawn and written piece by piece, each with people and an order of its own, so that a file
    of any size takes the memory of one piece.
    """
    import pyarrow.parquet as pq

    beside = path.with_name(f".{path.name}.{os.getpid()}")
    first = _arrow(lookalike(min(rows, PIECE), seed))
    with pq.ParquetWriter(beside, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for number, start in enumerate(range(PIECE, rows, PIECE), start=1):
            frame = lookalike(min(PIECE, rows - start), seed + number)
            frame["row_original"] += start
            writer.write_table(_arrow(frame).cast(first.schema))
    beside.replace(path)
    return path


def _arrow(frame: pd.DataFrame) -> "pa.Table":
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.date32()))
        elif pa.types.is_null(field.type) or pa.types.is_large_string(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.string()))
    return table


def _detainers(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the person and the day of n detainers, in order of the day."""
    people = n  # more than are needed, since what falls after the end is not in the file
    after = rng.random(people) < 0.55
    first = np.where(
        after,
        SURGE + rng.integers(0, (END - SURGE).astype(int) + 1, people).astype("timedelta64[D]"),
        START + rng.integers(0, (SURGE - START).astype(int), people).astype("timedelta64[D]"),
    )
    times = 1 + np.minimum(rng.geometric(0.8, people) - 1, 5)
    person = np.repeat(np.arange(people), times)
    gap = np.rint(rng.weibull(0.7, len(person)) * 250)
    gap[np.r_[True, person[1:] != person[:-1]]] = 0
    total = np.cumsum(gap)
    start = total[np.searchsorted(person, np.arange(people))]
    day = first[person] + (total - start[person]).astype("timedelta64[D]")
    seen = np.flatnonzero(day <= END)
    chosen = np.sort(rng.choice(seen, n, replace=False))
    chosen = chosen[np.argsort(day[chosen], kind="stable")]
    return person[chosen], day[chosen]


def _departures(frame: pd.DataFrame, person: np.ndarray, rng: np.random.Generator) -> None:
    """A third depart, some time after the detainer; the case status says how."""
    n = len(frame)
    wait = pd.to_timedelta(np.rint(rng.weibull(0.8, n) * 70) + 1, unit="D")
    left = frame["detainer_prepare_date"] + wait
    gone = (rng.random(n) < 0.35) & (left <= pd.Timestamp(END))
    frame["departed_date"] = left.where(gone)
    status = np.where(gone, drawn(CASES["departed"], n, rng), drawn(CASES["here"], n, rng))
    frame["case_status"] = status
    frame["departure_country"] = pd.Series(drawn(COUNTRIES, n, rng)).where(gone)
    frame["port_of_departure"] = pd.Series("SYNTHETIC PORT", index=frame.index).where(gone & (person % 2 == 0))


def _places(frame: pd.DataFrame, person: np.ndarray, rng: np.random.Generator) -> None:
    """A jail in a county of the person's, now and then a prison or a federal facility; a few rows without any place."""
    names = {row["fips"]: row["name"].upper() for row in csv.DictReader(io.StringIO(_data("states.csv")))}
    rows = list(csv.DictReader(io.StringIO(_data("places/counties.csv"))))
    counties = [row for row in rows if row["name"].endswith("County") and row["towns"] and row["fips"][:2] in names]
    weight = 1 / np.arange(1, len(counties) + 1)  # a few counties lodge most
    order = np.random.default_rng(0).permutation(len(counties))
    home = order[rng.choice(len(counties), person.max() + 1, p=weight / weight.sum())][person]
    kind = rng.choice(3, len(frame), p=[0.82, 0.1, 0.08])
    state = np.array([names[row["fips"][:2]] for row in counties], dtype=object)[home]
    jail = np.array([row["name"].upper() + " JAIL" for row in counties], dtype=object)[home]
    city = np.array([row["towns"].split(";")[0] for row in counties], dtype=object)[home]
    prison, federal = state + " STATE PRISON", "US MARSHALS, " + city
    frame["detention_facility"] = np.select([kind == 1, kind == 2], [prison, federal], jail)
    code = np.array([row["fips"] for row in counties], dtype=object)[home]
    frame["detention_facility_code"] = "S" + code + np.array(["J", "P", "F"], dtype=object)[kind]
    frame["facility_city"], frame["facility_state"] = city, state
    frame["facility_aor"] = pd.Series("Synthetic Area of Responsibility", index=frame.index).where(
        rng.random(len(frame)) < 0.8
    )
    frame.loc[rng.random(len(frame)) < 0.02, ["detention_facility", "facility_city", "facility_state"]] = None


def _people(frame: pd.DataFrame, person: np.ndarray, rng: np.random.Generator) -> None:
    n = person.max() + 1
    numbers = rng.integers(0, 2**32, (n, 5), dtype="uint32")
    text = np.array(["".join(f"{part:08x}" for part in row) for row in numbers.tolist()], dtype=object)
    frame["unique_identifier"] = pd.Series(text[person]).where(rng.random(n)[person] >= NO_IDENTIFIER)
    sex = {"Male": 0.88, "Female": 0.115, "Unknown": 0.005}
    frame["gender"] = drawn(sex, n, rng)[person]
    frame["citizenship_country"] = drawn(COUNTRIES, n, rng)[person]
    frame["birth_country"] = frame["citizenship_country"]
    frame["birth_year"] = rng.integers(1950, 2007, n).astype("float64")[person]


def _charges(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Criminality, and for people with a conviction the most serious one."""
    n = len(frame)
    labels = {"1 Convicted Criminal": 0.5, "2 Pending Criminal Charges": 0.35, "3 Other Immigration Violator": 0.15}
    frame["detainer_prepared_criminality"] = drawn(labels, n, rng)
    convicted = frame["detainer_prepared_criminality"].str.startswith("1")
    at = rng.integers(0, len(CHARGES), n)
    for i, name in enumerate(("most_serious_conviction_charge", "msc_charge_code")):
        frame[name] = pd.Series([charge[i] for charge in CHARGES]).take(at).reset_index(drop=True).where(convicted)
    when = frame["detainer_prepare_date"] - pd.to_timedelta(rng.integers(10, 4000, n), unit="D")
    frame["msc_conviction_date"], frame["msc_charge_date"] = when.where(convicted), when.where(convicted)
    level = pd.Series(drawn({"1": 0.4, "2": 0.25, "3": 0.35}, n, rng))
    frame["detainer_prep_threat_level"] = level.where(convicted, drawn(MESS, n, rng))
    for unit, most in (("days", 365), ("months", 60), ("years", 20)):
        sentence = pd.Series(rng.integers(0, most, n).astype("float64"))
        frame[f"msc_sentence_{unit}"] = sentence.where(convicted & (rng.random(n) < 0.3))


def _entered_twice(frame: pd.DataFrame, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    again = frame.take(np.sort(rng.choice(len(frame), rows - len(frame), replace=False))).copy()
    later = again["detainer_prepare_date"] + pd.to_timedelta(rng.integers(0, 2, len(again)), unit="D")
    again["detainer_prepare_date"] = later.clip(upper=pd.Timestamp(END)).astype("datetime64[s]")
    again["detainer_lift_reason"] = drawn({"Duplicate": 1, "Superseding - New Form Issued": 1}, len(again), rng)
    again["detainer_lift_reason_code"] = None
    whole = pd.concat([frame, again], ignore_index=True)
    return whole.sort_values("detainer_prepare_date", kind="stable", ignore_index=True)


def _data(name: str) -> str:
    return files("analysis.data").joinpath(name).read_text(encoding="utf-8")
