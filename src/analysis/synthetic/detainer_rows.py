"""The columns of a detainer workbook, one small function a group of columns, with redactions and blanks."""

import numpy as np
import pandas as pd

from analysis.synthetic.courses import Courses
from analysis.synthetic.identities import Identities
from analysis.synthetic.people import People
from analysis.synthetic.places import STATE_NAMES
from analysis.synthetic.world import World

REDACTED = "b(6), b(7)c"
NOT_APPLICABLE = "Not  Applicable"
BLANK_REASON = 0.30  # share of detainers without a lift reason, whatever happened
DUPLICATES = 0.03  # share of detainers entered a second time on the same or the next day
DATES = (
    "Detainer Prepare Date",
    "Departed Date",
    "Birth Date",
    "Apprehension Date",
    "MSC Charge Date",
    "MSC Conviction Date",
)
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
    world: World,
    past: tuple[People, Courses],
    frames: dict[str, pd.DataFrame],
    known: Identities,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return one row a line of the workbooks, in order of the prepare date, columns named as in the layout."""
    people, course = past
    table = frames["detainers"]
    person = table["person_id"].to_numpy()
    n = len(table)
    rows = pd.DataFrame({"Detainer Prepare Date": table["prepared"]})
    _place(rows, world, table, rng)
    _departure(rows, world, course, table)
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
    return _with_duplicates(rows, world, rng)


def _place(rows: pd.DataFrame, world: World, table: pd.DataFrame, rng: np.random.Generator) -> None:
    facilities = {row[0]: row for row in facility_list(world)}
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


def facility_list(world: World) -> list[tuple[str, str, str, str]]:
    """Return code, name, jurisdiction and operator of every facility."""
    jails = [(f"S{p}J", f"SYNTHETIC COUNTY {i:02d} JAIL", p, "local") for i, p in enumerate(world.places, 1)]
    prisons = [(f"S{s}PRI", f"{STATE_NAMES[s]} PRISON", s, "state_prison") for s in world.states]
    return [*jails, *prisons, *((f"S{s}FED", f"{STATE_NAMES[s]} FEDERAL FACILITY", s, "federal") for s in world.states)]


def _departure(rows: pd.DataFrame, world: World, course: Courses, table: pd.DataFrame) -> None:
    """A removal is recorded with the person's last detainer before it."""
    removed = pd.DataFrame({"person_id": course.removals["person"], "day": course.removals["day"]})
    removed["Departed Date"] = (
        np.datetime64(world.start, "D") + removed["day"].to_numpy().astype("timedelta64[D]")
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
    died = table["person_id"].isin(course.deaths["person"]) & ~gone
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
    raw = {
        "convicted": "1 Convicted Criminal",
        "pending": "2 Pending Criminal Charges",
        "other": "3 Other Immigration Violator",
    }
    rows["Detainer Criminality"] = table["criminality"].astype("str").map(raw)
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


def _with_duplicates(rows: pd.DataFrame, world: World, rng: np.random.Generator) -> pd.DataFrame:
    again = rows[rng.random(len(rows)) < DUPLICATES].copy()
    later = again["Detainer Prepare Date"] + pd.to_timedelta(rng.integers(0, 2, len(again)), unit="D")
    again["Detainer Prepare Date"] = later.clip(upper=pd.Timestamp(world.end))
    kinds = np.array(["Duplicate", "Superseding - New Form Issued", None], dtype=object)
    again["Detainer Lift Reason"] = kinds[rng.integers(0, 3, len(again))]
    again["Detainer Lift Reason Code"] = None
    return pd.concat([rows, again]).sort_values("Detainer Prepare Date", kind="stable", ignore_index=True)


def _draw(shares: dict, n: int, rng: np.random.Generator) -> np.ndarray:
    labels = np.array(list(shares), dtype=object)
    share = np.array(list(shares.values()))
    return labels[rng.choice(len(labels), n, p=share / share.sum())]
