"""What the arguments of a cohort may be, and go together: one clear sentence where they do not."""

from datetime import date

from analysis.data.errors import InputError, nearest
from analysis.data.tables import EVENTS

UNITS = {
    "released": ("first_release", "every_release"),
    "prepared": ("first_detainer", "every_episode"),
}
SEVERITIES = ("any", "felony", "violent")


def check_arguments(
    origin: str, event: str | None, unit: str | None, min_days: int, entry_days: float, severity: str,
    until: date | str | None,
) -> date | None:  # fmt: skip
    """Refuse arguments that no cohort can have; return ``until`` as a date. Raises InputError."""
    if origin not in UNITS:
        raise InputError(
            f"origin = {origin!r}: follow-up starts at a release or at a detainer's preparation.{nearest(origin, UNITS)}"
        )
    if unit is not None and unit not in UNITS[origin]:
        raise InputError(f"unit = {unit!r} does not go with origin = '{origin}'.{nearest(unit, UNITS[origin])}")
    if event is not None and not event:
        raise InputError(f"event = {event!r}, expected a label.{nearest('', EVENTS)}")
    if severity not in SEVERITIES:
        raise InputError(f"severity = {severity!r}.{nearest(severity, SEVERITIES)}")
    if severity != "any" and event not in (None, "rearrest"):
        raise InputError(f"severity = '{severity}' chooses among re-arrests, and event = '{event}'. Leave it out.")
    if not (min_days >= 0 and 0 <= entry_days < float("inf")) or int(min_days) != min_days:
        raise InputError(f"min_days = {min_days}, entry_days = {entry_days}: expected whole days of 0 or more.")
    try:
        return None if until is None else date.fromisoformat(str(until)[:10])
    except ValueError:
        raise InputError(f"until = {until!r}, expected a date such as 2026-01-17.") from None
