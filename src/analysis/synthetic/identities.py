"""Made-up names, dates of birth and identifiers, and how a jail's clerk misspells them.

The names are built from syllables and are nobody's; no identifier here follows the numbering of a real
agency. They exist so that linking can be tried and so that a leak of a name would be seen.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from analysis.synthetic.people import People
from analysis.synthetic.world import FILES, World

TYPING_ERRORS = 0.03  # share of rows of a local file in which a name is misspelt
_STARTS = (
    "Qar",
    "Vel",
    "Zor",
    "Bex",
    "Tulm",
    "Kriv",
    "Jaz",
    "Wym",
    "Drex",
    "Fyr",
    "Glon",
    "Hux",
    "Yev",
    "Pixt",
    "Ombr",
    "Uld",
)
_MIDDLES = ("vañ", "quel", "zim", "tovo", "rixa", "bénd", "lumo", "gaxe", "dorf", "pyx", "nüm", "wexo")
_ENDS = ("dath", "ovex", "imund", "arqua", "estov", "urnik", "elzor", "abvin", "yxten", "onquil")
_GIVEN_STARTS = ("Az", "Bry", "Cel", "Dov", "Ez", "Fen", "Gix", "Hul", "Ixa", "Jov", "Kel", "Lur")
_GIVEN_ENDS = ("quin", "zara", "voth", "mirel", "dax", "lyx", "nuvo", "teph", "rund", "wexa")


@dataclass(frozen=True)
class Identities:
    """Arrays with one entry a person: number (40 hexadecimal digits), names, date of birth, and whether ICE has the number."""

    number: np.ndarray
    last: np.ndarray
    first: np.ndarray
    born: np.ndarray
    known_to_ice: np.ndarray


def identities(world: World, people: People, missing: float = 0.13) -> Identities:
    """Make up an identity for every person; a share of ``missing`` has no identifier in the detainer files."""
    rng = world.stream(FILES, 1)
    n = len(people)
    number = np.array(
        [hashlib.sha1(f"synthetic {world.seed} {i}".encode(), usedforsecurity=False).hexdigest() for i in range(n)]
    )
    surnames = np.array([a + b + c for a in _STARTS for b in _MIDDLES for c in _ENDS])
    given = np.array([a + b for a in _GIVEN_STARTS for b in _GIVEN_ENDS])
    last = surnames[rng.integers(0, len(surnames), n)].astype(object)
    second = surnames[rng.integers(0, len(surnames), n)]
    both = rng.random(n) < 0.3
    last[both] = last[both] + " " + second[both]
    born = np.datetime64(world.start, "D") + people.born.astype("timedelta64[D]")
    return Identities(
        number, last, given[rng.integers(0, len(given), n)].astype(object), born, rng.random(n) >= missing
    )


def misspelt(names: np.ndarray, rng: np.random.Generator, share: float = TYPING_ERRORS) -> np.ndarray:
    """Return the names as a clerk typed them: a share with two letters exchanged, one dropped, or the second surname left out."""
    typed = names.copy()
    for i in np.flatnonzero(rng.random(len(names)) < share):
        name = typed[i]
        at = int(rng.integers(1, len(name) - 1))
        kind = int(rng.integers(0, 3))
        if kind == 2 and " " in name:
            typed[i] = name.split()[0]
        elif kind == 1:
            typed[i] = name[:at] + name[at + 1 :]
        else:
            typed[i] = name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
    return typed
