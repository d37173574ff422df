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
    return {choice: tuple(choices()["choice"][choice]["options"]) for choice in question(name)["choices"]}


def in_words(choice: str, option: str | None = None) -> str:
    """Return a choice, or one of its options, in words."""
    found = choices()["choice"][choice]
    return found["says"] if option is None else found["options"][option]


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

    Raises InputError for a choice or option under ``[short_window.<question>]`` that is not there.
    """
    chosen = {choice: found[0] for choice, found in options(name).items()}
    file = folder / "plan.toml"
    if not file.is_file():
        return chosen
    try:
        planned = tomllib.loads(file.read_text(encoding="utf-8")).get("short_window", {})
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"plan.toml of {folder.name}: {error}") from None
    for choice, option in planned.get(name, {}).items():
        if choice not in chosen:
            raise InputError(
                f"plan.toml of {folder.name}: [short_window.{name}] has no choice '{choice}'.{nearest(choice, chosen)}"
            )
        if option not in options(name)[choice]:
            raise InputError(
                f"plan.toml of {folder.name}: {choice} = {option!r}.{nearest(str(option), options(name)[choice])}"
            )
        chosen[choice] = option
    return chosen
