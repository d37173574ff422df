"""The questions of a specification curve and the choices that leave each the same, from `choices.toml`.

In: a question, and a dataset's dated plan where there is one. Out: the options of each choice, and which is primary.
"""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from itertools import product
from pathlib import Path

from analysis.data.errors import InputError, nearest


@lru_cache(maxsize=1)
def choices() -> dict:
    """Return `choices.toml`: ``question`` and ``choice`` by name."""
    return tomllib.loads((files("analysis.claims") / "choices.toml").read_text(encoding="utf-8"))


def question(name: str) -> dict:
    """Return a question by name. Raises InputError with the nearest name for one that is not there."""
    known = choices()["question"]
    if name not in known:
        raise InputError(f"question = {name!r}: no such question is posed.{nearest(name, known)}")
    return known[name]


def options(name: str) -> dict[str, tuple[str, ...]]:
    """Return the choices of a question and the options of each, the default first."""
    posed = question(name)
    found = {}
    for choice in posed["choices"]:
        known = posed.get("only", {}).get(choice, tuple(choices()["choice"][choice]["options"]))
        default = posed.get("first", {}).get(choice, known[0])
        found[choice] = (default, *(option for option in known if option != default))
    return found


def in_words(choice: str, option: str | None = None) -> str:
    """Return a choice, or one of its options, in words."""
    found = choices()["choice"][choice]
    return found["says"] if option is None else found["options"][option]


def risks() -> list[str]:
    """Return the questions about one share."""
    return [name for name, posed in choices()["question"].items() if not posed.get("difference")]


def differences() -> list[str]:
    """Return the questions about the difference of two shares."""
    return [name for name, posed in choices()["question"].items() if posed.get("difference")]


def options_in_order(choice: str) -> tuple[str, ...]:
    """Return the options of a choice, the default first."""
    return tuple(choices()["choice"][choice]["options"])


def days_of(option: str) -> int:
    """Return the days that an option such as ``days_30`` names; 0 for any other."""
    match = re.fullmatch(r"days_(\d+)", option)
    return int(match[1]) if match else 0


def every_specification(menu: dict[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """Return every combination of options, one of each choice, in the order of the menu.

    Where competing events are ignored no tie can be broken, and the combination stands once.
    """
    found = [dict(zip(menu, combination, strict=True)) for combination in product(*menu.values())]
    return [
        spec for spec in found if spec.get("competing") != "any_later" or spec.get("tie") == menu.get("tie", (None,))[0]
    ]


def primary(name: str, folder: Path) -> dict[str, str]:
    """Return the primary option of each choice of a question: that of ``plan.toml`` in ``folder``, else the default.

    Raises InputError for a choice or option under ``[short_window.<question>]``, or a definition, list of covariates or
    of operators under ``[question.<plan>]``, that is none of those offered.
    """
    chosen = {choice: found[0] for choice, found in options(name).items()}
    file = folder / "plan.toml"
    if not file.is_file():
        return chosen
    try:
        planned = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"plan.toml of {folder.name}: {error}") from None
    where, wanted = f"[short_window.{name}]", planned.get("short_window", {}).get(name, {})
    if "plan" in (posed := question(name)):
        where = f"[question.{posed['plan']}]"
        wanted = _of_a_difference(
            planned.get("question", {}).get(posed["plan"], {}), f"plan.toml of {folder.name}: {where}"
        )
    for choice, option in wanted.items():
        if choice not in chosen:
            raise InputError(f"plan.toml of {folder.name}: {where} has no choice '{choice}'.{nearest(choice, chosen)}")
        if option not in options(name)[choice]:
            raise InputError(
                f"plan.toml of {folder.name}: {choice} = {option!r}.{nearest(str(option), options(name)[choice])}"
            )
        chosen[choice] = option
    return chosen


def horizon(name: str, folder: Path, default: int = 365) -> int:
    """Return the horizon in days that a plan gives the question of a difference, else the default."""
    file = folder / "plan.toml"
    if not file.is_file():
        return default
    planned = tomllib.loads(file.read_text(encoding="utf-8")).get("question", {}).get(question(name)["plan"], {})
    return int(planned.get("horizon", default))


def _of_a_difference(planned: dict, where: str) -> dict[str, str]:
    """Return the choices that a plan's keys definition, adjust and operators stand for."""
    found = {"definition": planned["definition"]} if "definition" in planned else {}
    for key, choice, known in (
        ("adjust", "adjustment", choices()["choice"]["adjustment"]["columns"]),
        ("operators", "facilities", choices()["choice"]["facilities"]["operators"]),
    ):
        if key in planned:
            same = [option for option, names in known.items() if sorted(names) == sorted(planned[key])]
            if not same:
                offered = "; ".join(", ".join(names) or "nothing" for names in known.values())
                raise InputError(f"{where}: {key} = {planned[key]!r} is none of the sets a curve offers: {offered}.")
            found[choice] = same[0]
    return found
