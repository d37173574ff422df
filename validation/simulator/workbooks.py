"""Detainer workbooks in the layout of the 2026 release, one a fiscal year, with the defects of real ones."""

import io
import tomllib
from datetime import datetime
from importlib.resources import files

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from validation.simulator.histories import Histories, People
from validation.simulator.local_files import Identities
from validation.simulator.simulation import FILES, STATE_NAMES, Simulation

TOP = (
    "SYNTHETIC DATA: no row describes a real person",
    "Generated from a seed for demonstration and tests",
    "Layout of the public release 2026-ICLI-00005",
    "Detainers prepared in fiscal year {year}",
    "",
    "b(6), b(7)c",
)
NOTE = "Note: SYNTHETIC DATA. Rows are limited to detainers prepared in the fiscal year."
_WITHOUT_BIRTH_DATE = 2024  # workbooks up to this fiscal year lack the column
_EPOCH = np.datetime64("1899-12-30")
REDACTED = "b(6), b(7)c"
NOT_APPLICABLE = "Not  Applicable"
BLANK_REASON = 0.30  # share of detainers without a lift reason, whatever happened
DUPLICATES = 0.03  # share of detainers entered a second time on the same or the next day
DATES = ("Detainer Prepare Date", "Departed Date", "Birth Date", "MSC Conviction Date")
TYPES = {
    "I247A - Immigration Detainer - Notice of Action": 0.86,
    "I247D - Immigration Detainer - Request for Action": 0.06,
    "I247G - Request for Advance Notification of Release": 0.05,
    "I247N - Immigration Advisal - Request for Notification": 0.02,
    "I247X - Request for Voluntary Transfer": 0.01,
}
NOT_HONOURED = {
    "Detainer Declined by LEA": 0.70,
    "No longer in State, Local, or Federal Custody": 0.10,
    "Early Release": 0.05,
    "Insufficient Notice to ICE": 0.04,
    "ICE Temporary Resource Constraint": 0.02,
    "Prosecutorial Discretion": 0.03,
    "Case Closed": 0.02,
    "Noncitizen Not Amenable to Removal": 0.02,
    "USC or Presumptive Claim to US Citizenship": 0.02,
}
CRIMINALITY = {
    "convicted": "1 Convicted Criminal", "pending": "2 Pending Criminal Charges",
    "other": "3 Other Immigration Violator",
}  # fmt: skip
LIFT_CODES = {"Booked into Detention": "B", "Detainer Declined by LEA": "A"}
# raw text, NCIC code: the first two digits of the code name the group
CONVICTIONS = {
    ("Driving Under Influence Liquor", "5404"): 0.26, ("Traffic Offense", "5499"): 0.12, ("Assault", "1399"): 0.14,
    ("Domestic Violence", "1316"): 0.08, ("Larceny", "2399"): 0.08, ("Dangerous Drugs", "3599"): 0.10,
    ("Burglary", "2299"): 0.04, ("Robbery", "1299"): 0.03, ("Sex Assault", "1199"): 0.04, ("Homicide", "0999"): 0.01,
    ("Possession Of Weapon", "5212"): 0.03, ("Fraud", "2699"): 0.03, ("Illegal Entry", "0301"): 0.04,
}  # fmt: skip
_COUNTRIES = ("SYNTHETIC COUNTRY A", "SYNTHETIC COUNTRY B", "SYNTHETIC COUNTRY C", "SYNTHETIC COUNTRY D")
_YES_NO = (
    "Prior Felony Yes No", "Violent Misdemeanor Yes No", "Deportation Ordered Yes No", "Statements Made Yes No",
    "Biometric Match Yes No", "Resume Custody Yes No",
)  # fmt: skip


def detainer_rows(
    sim: Simulation,
    past: tuple[People, Histories],
    frames: dict[str, pd.DataFrame],
    known: Identities,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return one row a line of the workbooks, in order of the prepare date, columns named as in the layout."""
    people, histories = past
    table = frames["detainers"]
    person = table["person_id"].to_numpy()
    n = len(table)
    rows = pd.DataFrame({"Detainer Prepare Date": table["prepared"]})
    _place(rows, sim, table, rng)
    _departure(rows, sim, histories, table)
    _person(rows, people, known, person, rng)
    _crime(rows, table, rng)
    _lift(rows, table, rng)
    rows["Detainer Type"] = _draw(TYPES, n, rng)
    rows["Entry Status"] = np.where(rng.random(n) < 0.5, NOT_APPLICABLE, "EWI")
    rows["Apprehension Method"] = np.where(rng.random(n) < 0.75, None, "CAP Local Incarceration")
    rows["Processing Disposition"] = "Detainer"
    for name in _YES_NO:
        found = rng.random(n)
        rows[name] = np.where(found < 0.3, None, np.where(found < 0.45, "YES", "NO"))
    rows["TOD Current Duty Site"] = "Synthetic Duty Site"
    rows["EID DTA ID"] = REDACTED
    rows["Anonymized Identifier"] = np.where(known.known_to_ice[person], known.number[person], None)
    return _with_duplicates(rows, sim, rng)


def _place(rows: pd.DataFrame, sim: Simulation, table: pd.DataFrame, rng: np.random.Generator) -> None:
    facilities = {row[0]: row for row in facility_list(sim)}
    local = table["operator"].to_numpy() == "local"
    code = np.where(
        local,
        "S" + table["jurisdiction"].astype("str") + "J",
        "S" + table["state"].astype("str") + np.where(table["operator"] == "federal", "FED", "PRI"),
    )
    rows["Facility State"] = table["state"].astype("str").map(STATE_NAMES)
    rows["Facility AOR"] = np.where(rng.random(len(table)) < 0.2, None, "Synthetic Area of Responsibility")
    rows["Detainer Facility"] = [facilities[c][1] for c in code]
    rows["Detainer Facility Code"] = code
    rows["Facility City"] = "SYNTHETIC CITY"
    blank = rng.random(len(table)) < 0.01
    rows.loc[blank, ["Facility State", "Detainer Facility", "Detainer Facility Code", "Facility City"]] = None


def facility_list(sim: Simulation) -> list[tuple[str, str, str, str]]:
    """Return code, name, jurisdiction and operator of every facility."""
    jails = [(f"S{p}J", f"SYNTHETIC COUNTY {i:02d} JAIL", p, "local") for i, p in enumerate(sim.places, 1)]
    prisons = [(f"S{s}PRI", f"{STATE_NAMES[s]} PRISON", s, "state_prison") for s in sim.states]
    return [*jails, *prisons, *((f"S{s}FED", f"{STATE_NAMES[s]} FEDERAL FACILITY", s, "federal") for s in sim.states)]


def _departure(rows: pd.DataFrame, sim: Simulation, histories: Histories, table: pd.DataFrame) -> None:
    """A removal is recorded with the person's last detainer before it."""
    removed = pd.DataFrame({"person_id": histories.removals["person"], "day": histories.removals["day"]})
    removed["Departed Date"] = (
        np.datetime64(sim.start, "D") + removed["day"].to_numpy().astype("timedelta64[D]")
    ).astype("datetime64[s]")
    left = table[["person_id", "prepared", "detainer_id"]].sort_values(["prepared", "detainer_id"])
    removed = removed.sort_values(["Departed Date", "person_id"])
    found = pd.merge_asof(removed, left, left_on="Departed Date", right_on="prepared", by="person_id")
    date = (
        found.dropna(subset=["detainer_id"])
        .drop_duplicates("detainer_id", keep="first")
        .set_index("detainer_id")["Departed Date"]
    )
    rows["Departed Date"] = table["detainer_id"].map(date)
    gone = rows["Departed Date"].notna()
    rows["Departure Country"] = np.where(gone, _COUNTRIES[0], None)
    status = np.where(
        gone,
        np.where(
            table["person_id"] % 5 == 0, "6-Deported/Removed - Deportability", "8-Excluded/Removed - Inadmissibility"
        ),
        "ACTIVE",
    )
    died = table["person_id"].isin(histories.deaths["person"]) & ~gone
    rows["Case Status"] = np.where(died, "7-Died", status)
    rows["Final Order Yes No"] = np.where(gone, "YES", "NO")


def _person(
    rows: pd.DataFrame, people: People, known: Identities, person: np.ndarray, rng: np.random.Generator
) -> None:
    rows["Gender"] = np.where(
        rng.random(len(person)) < 0.004, "Unknown", np.where(people.male[person], "Male", "Female")
    )
    rows["Citizenship Country"] = np.take(_COUNTRIES, person % len(_COUNTRIES))
    rows["Birth Country"] = rows["Citizenship Country"]
    day = known.born[person]
    # a redaction that was forgotten in a few rows: the reason why the layout calls the column sensitive
    shown = rng.random(len(person)) < 0.02
    rows["Birth Date"] = np.where(shown, pd.Series(day).dt.strftime("%m/%d/%Y"), REDACTED)
    rows["Birth Year"] = day.astype("datetime64[Y]").astype(int) + 1970


def _crime(rows: pd.DataFrame, table: pd.DataFrame, rng: np.random.Generator) -> None:
    n = len(table)
    rows["Detainer Criminality"] = table["criminality"].astype("str").map(CRIMINALITY)
    convicted = (table["criminality"] == "convicted").to_numpy()
    level = np.where(rng.random(n) < 0.4, "1", np.where(rng.random(n) < 0.5, "2", "3"))
    rows["Detainer Threat Level"] = np.where(convicted, level, np.where(rng.random(n) < 0.5, NOT_APPLICABLE, None))
    found = _draw(dict(zip(range(len(CONVICTIONS)), CONVICTIONS.values(), strict=True)), n, rng).astype(int)
    text, code = (np.array([pair[i] for pair in CONVICTIONS], dtype=object)[found] for i in (0, 1))
    rows["MSC Charge"] = np.where(convicted, text, np.where(rng.random(n) < 0.2, NOT_APPLICABLE, None))
    rows["MSC Charge Code"] = np.where(convicted, code, None)
    when = table["prepared"] - pd.to_timedelta(rng.integers(100, 3000, n), unit="D")
    rows["MSC Conviction Date"] = when.where(convicted)
    rows["MSC Sentence Days"] = pd.Series(rng.integers(1, 365, n), dtype=object).where(
        convicted & (rng.random(n) < 0.4), None
    )


def _lift(rows: pd.DataFrame, table: pd.DataFrame, rng: np.random.Generator) -> None:
    n = len(table)
    reason = np.where(table["outcome"] == "ice_custody", "Booked into Detention", _draw(NOT_HONOURED, n, rng))
    reason = np.where(rng.random(n) < BLANK_REASON, None, reason)
    rows["Detainer Lift Reason"] = reason
    rows["Detainer Lift Reason Code"] = [LIFT_CODES.get(text) for text in reason]


def _with_duplicates(rows: pd.DataFrame, sim: Simulation, rng: np.random.Generator) -> pd.DataFrame:
    again = rows[rng.random(len(rows)) < DUPLICATES].copy()
    later = again["Detainer Prepare Date"] + pd.to_timedelta(rng.integers(0, 2, len(again)), unit="D")
    again["Detainer Prepare Date"] = later.clip(upper=pd.Timestamp(sim.end))
    kinds = np.array(["Duplicate", "Superseding - New Form Issued", None], dtype=object)
    again["Detainer Lift Reason"] = kinds[rng.integers(0, 3, len(again))]
    again["Detainer Lift Reason Code"] = None
    return pd.concat([rows, again]).sort_values("Detainer Prepare Date", kind="stable", ignore_index=True)


def _draw(shares: dict, n: int, rng: np.random.Generator) -> np.ndarray:
    labels = np.array(list(shares), dtype=object)
    share = np.array(list(shares.values()))
    return labels[rng.choice(len(labels), n, p=share / share.sum())]


def headers() -> list[str]:
    """Return the headers of the layout in order, from the layout's own file."""
    layout = files("analysis.data").joinpath("formats/ice-foia-2026.toml").read_text(encoding="utf-8")
    return tomllib.loads(layout)["headers"]


def workbooks(
    sim: Simulation, past: tuple[People, Histories], frames: dict[str, pd.DataFrame], known: Identities
) -> dict[str, bytes]:
    """Return the workbooks as bytes by file name, ``detainers-fy2021.xlsx`` and so on."""
    rows = detainer_rows(sim, past, frames, known, sim.stream(FILES, 4))
    prepared = rows["Detainer Prepare Date"].to_numpy().astype("datetime64[M]").astype(int)
    year = (prepared + 3) // 12 + 1970  # the fiscal year begins in October
    return {f"detainers-fy{y}.xlsx": _workbook(rows[year == y], int(y)) for y in np.unique(year)}


def _workbook(rows: pd.DataFrame, year: int) -> bytes:
    """Write one workbook. Dates are date cells, texts or bare serial numbers, as the year has it."""
    columns = [name for name in headers() if not (name == "Birth Date" and year <= _WITHOUT_BIRTH_DATE)]
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    book.set_properties({"created": datetime(2026, 3, 10), "comments": "Synthetic data"})
    style = book.add_format({"num_format": "m/d/yyyy"})
    sheets = 2 if year >= 2025 else 1
    cut = np.linspace(0, len(rows), sheets + 1).astype(int)
    for part in range(sheets):
        sheet = book.add_worksheet(f"Detainers ({part + 1})" if sheets > 1 else "Detainers")
        dates = {2022: "text", 2024: "serial"}.get(year, "serial" if part else "cell")
        unreadable = year == 2023
        _sheet(sheet, rows.iloc[cut[part] : cut[part + 1]], columns, style, dates, year, unreadable=unreadable)
    book.close()
    return buffer.getvalue()


def _sheet(
    sheet: Worksheet, rows: pd.DataFrame, columns: list[str], style: Format, dates: str, year: int, *, unreadable: bool
) -> None:
    """Write the lines above the header, the header, the rows, and the note below them."""
    for line, text in enumerate(TOP):
        sheet.write_string(line, 0, text.format(year=year))
    for j, name in enumerate(columns):
        sheet.write_string(len(TOP), j, name + " " * (j % 7 == 3))  # some headers end in a blank
    top = len(TOP) + 1
    cells = [_cells(rows[name], dates) if name in rows else None for name in columns]
    filled = [
        (j, name in DATES, column)
        for j, (name, column) in enumerate(zip(columns, cells, strict=True))
        if column is not None
    ]
    for i in range(len(rows)):
        for j, is_date, column in filled:
            value = column[i]
            if value is None:
                continue
            if isinstance(value, str):
                sheet.write_string(top + i, j, value)
            elif is_date and dates == "cell":
                sheet.write_number(top + i, j, value, style)
            else:
                sheet.write_number(top + i, j, value)
    if unreadable:
        sheet.write_string(top + len(rows), 0, "13/45/2023")
        sheet.write_string(top + len(rows), 1, "SYNTHETIC STATE A")
        sheet.write_string(
            top + len(rows), columns.index("Detainer Type"), "I247A - Immigration Detainer - Notice of Action"
        )
        top += 1
    sheet.write_string(top + len(rows) + 1, 0, NOTE)


def _cells(column: pd.Series, dates: str) -> list:
    """Return a column's cells: None where blank, numbers (a date's serial number) or text."""
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.astype(object).where(column.notna(), None).tolist()
    if dates == "text":
        return column.dt.strftime("%m/%d/%Y").astype(object).where(column.notna(), None).tolist()
    serial = (column.to_numpy().astype("datetime64[D]") - _EPOCH).astype("timedelta64[D]").astype(int)
    return [int(day) if there else None for day, there in zip(serial, column.notna(), strict=True)]
