"""The plan of a comparison, written before the data are looked at: one primary specification for each question.

``data/raw/<dataset>/plan.toml`` is dated. What it names is shown as primary, everything else as other; where it is
younger than the data, the report says so, because a plan that could have been made after a look is worth less.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from analysis.data.errors import InputError
from analysis.data.keys import Entries, Keys, Texts, checked, load_toml, shown


class _Plan(Keys):
    written: date | None = None
    note: str = ""
    question: Entries
    short_window: Entries


class _Question(Keys):
    asks: str = ""
    estimand: str = ""
    design: str = ""
    definition: str = ""
    groups: Texts = ()
    horizon: int = 0
    adjust: Texts = ()
    cluster: str = ""
    operators: Texts = ()
    outcome: str = ""
    every: str = ""
    control: str = ""


@dataclass(frozen=True)
class Plan:
    """A dated plan: ``questions`` maps a name to its primary specification, ``note`` says what it could not know."""

    written: date
    questions: dict[str, dict] = field(default_factory=dict)
    note: str = ""
    file: str = ""

    def younger_than(self, data_end: date | None) -> bool:
        """Whether the plan was written after the last day of the data."""
        return data_end is not None and self.written > data_end


def read_plan(path: str | Path) -> Plan:
    """Return the plan in a TOML file.

    Raises InputError where the file is not there or cannot be read, a key is unknown, or there is no date.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path.name}: not found in {path.parent.name}/. A plan names the primary specification of each question; see that of demo."
        )
    raw = load_toml(path, path.name)
    checked(_Plan, raw, path.name)
    if "written" not in raw:
        raise InputError(f"{path.name}: 'written' is missing, expected a date such as 2026-11-24.")
    for name, question in raw.get("question", {}).items():
        checked(_Question, question, f"{path.name}, question {shown(name)}")
        if "asks" not in question:
            raise InputError(
                f"{path.name}, question {shown(name)}: 'asks' is missing: what the question asks, in a sentence."
            )
    return Plan(raw["written"], raw.get("question", {}), raw.get("note", ""), path.name)


def plan_of(folder: Path) -> Plan | None:
    """Return the plan beside a ``dataset.toml``, or None where there is none."""
    return read_plan(folder / "plan.toml") if (folder / "plan.toml").is_file() else None
