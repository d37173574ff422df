"""Which options of each choice differ for a dataset: those that cannot are fixed, so that no specification stands twice."""

import numpy as np

from analysis.claims.histories import Histories
from analysis.claims.tallies import facilities


def menu(
    offered: dict[str, tuple[str, ...]], held: Histories, booked: bool, first: dict[str, str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the options of each choice that differ, the primary one first, and the choices that are fixed.

    ``held`` are the histories of the dataset, ``booked`` says whether booking days are known, ``first`` is the primary
    option of each choice.
    """
    kept, fixed = {}, {}
    for choice, found in offered.items():
        found = (first[choice], *(option for option in found if option != first[choice]))
        if choice == "facilities":
            found = _different(found, held)
        elif not _matters(choice, held, booked):
            found = (first[choice],)
        if len(found) > 1:
            kept[choice] = found
        else:
            fixed[choice] = first[choice]
    return kept, fixed


def _different(found: tuple[str, ...], held: Histories) -> tuple[str, ...]:
    """The options that take in other facilities than those before them, and any at all."""
    present = set(np.unique(held.operator).tolist())
    groups = [present & set(facilities(option)) for option in found]
    return tuple(option for i, option in enumerate(found) if i == 0 or (groups[i] and groups[i] not in groups[:i]))


def _matters(choice: str, held: Histories, booked: bool) -> bool:
    if choice == "missing_ids":
        return bool((held.person < 0).any())
    if choice in ("competing", "tie"):
        return len(held.exits) > 0
    if choice == "duplicates":
        return bool(held.flagged.any())
    return booked or choice != "custody"
