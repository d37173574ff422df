"""The canonical tables: which columns each has, what they hold, and their closed vocabularies.

Everything that reads raw files ends here, and everything that computes starts here. A column has a
kind: ``id`` (replaced by a keyed hash), ``date``, ``number``, ``flag`` (yes, no or missing), ``text``, or a
tuple of labels, its closed vocabulary. ``required`` columns must be mapped; a row without a value in one of the ``keys``
cannot be used and is set aside.
"""

from dataclasses import dataclass, field

SCHEMA_VERSION = 3
LINEAGE = ("source_file", "source_sheet", "source_row")

OUTCOMES = ("ice_custody", "declined", "released", "lifted", "cancelled", "died", "unknown")
OPERATORS = ("local", "state_prison", "federal", "unknown")
REQUESTS = ("detainer", "notification", "other", "unknown")
CASE_STATUSES = ("active", "removed", "returned", "died", "relief", "closed", "unknown")
CRIMINALITY = ("convicted", "pending", "other", "unknown")
THREAT_LEVELS = ("1", "2", "3", "none", "unknown")
SEXES = ("male", "female", "unknown")
SEVERITIES = ("felony", "misdemeanor", "violation", "unknown")
EXIT_KINDS = ("ice_custody", "removed", "died")
CHARGE_GROUPS = (
    "homicide", "sexual", "robbery", "assault", "kidnapping", "weapons", "burglary", "theft", "fraud",
    "drug", "driving", "public_order", "immigration", "other", "unknown",
)  # fmt: skip
VIOLENT = ("homicide", "sexual", "robbery", "assault", "kidnapping")
EVENTS = {  # each event: what people are called whom it happened to, and the sentence that says so
    "rearrest": ("re-arrested", "were re-arrested"),
    "repeat_detainer": ("with a repeat detainer", "had a repeat detainer"),
    "return_to_prison": ("returned to prison", "returned to prison"),
    "ice_custody": ("taken into ICE custody", "were taken into ICE custody"),
    "removed": ("removed", "were removed"),
    "died": ("died", "died"),
}


@dataclass(frozen=True)
class Table:
    """One canonical table: its columns by name, those a map must name, and those a row must fill."""

    name: str
    columns: dict[str, str | tuple[str, ...]]
    required: tuple[str, ...]
    keys: tuple[str, ...]
    free: bool = False  # True where a map may add covariates under names of its own
    dates: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        dates = tuple(name for name, kind in self.columns.items() if kind == "date")
        object.__setattr__(self, "dates", dates)


MADE = ("duplicate_likely",)  # columns that the build adds to a table: no map may name them
_PLACE = {"jurisdiction": "text", "facility": "text", "city": "text", "operator": OPERATORS, "state": "text"}
_PERSON = {"sex": SEXES, "birth_year": "number", "citizenship": "text"}
_CHARGE = {"charge": "text", "charge_group": CHARGE_GROUPS, "severity": SEVERITIES}

TABLES = {
    table.name: table
    for table in (
        Table(
            "detainers",
            {"detainer_id": "id", "person_id": "id", "prepared": "date", "request": REQUESTS, **_PLACE,
             "outcome": OUTCOMES, "case_status": CASE_STATUSES, "released": "date", "criminality": CRIMINALITY,
             "charge": "text", "charge_group": CHARGE_GROUPS, "conviction_date": "date", "judicial_warrant": "flag",
             "threat_level": THREAT_LEVELS, **_PERSON},
            required=("prepared",),
            keys=("prepared",),
        ),
        Table(
            "releases",
            {"release_id": "id", "person_id": "id", "booked": "date", "released": "date", **_PLACE, **_CHARGE, **_PERSON},
            required=("person_id", "released"),
            keys=("person_id", "released"),
        ),
        Table(
            "arrests",
            {"arrest_id": "id", "person_id": "id", "arrested": "date", **_PLACE, **_CHARGE},
            required=("person_id", "arrested"),
            keys=("person_id", "arrested"),
        ),
        Table(
            "exits",
            {"person_id": "id", "date": "date", "kind": EXIT_KINDS},
            required=("person_id", "date", "kind"),
            keys=("person_id", "date", "kind"),
        ),
        Table(
            "follow_up",
            {"person_id": "id", "jurisdiction": "text", "released": "date", "days": "number", "event": "text",
             "follow_up": "number",
             "sex": SEXES, "birth_year": "number"},
            required=("days", "event"),
            keys=("days",),
            free=True,
        ),
    )
}  # fmt: skip
