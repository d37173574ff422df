"""How far coverage may lie from its level by chance alone, when many intervals are tried at once.

The number of worlds that an interval with exactly its level covers is binomial. The family of all intervals
that claim something is held to an error of .05 by Bonferroni's correction, so that the band of each is one
number that can be printed beside it. An interval that claims its level or more is held to the lower end.
"""

from scipy.stats import binom

from analysis.worlds.trial import AT_LEAST

FAMILY_ERROR = 0.05


def band(worlds: int, level: float, claim: str, claims: int) -> tuple[int, int]:
    """The least and the largest number of worlds that an interval may cover.

    Parameters
    ----------
    worlds : int
    level : float
    claim : str
        Of ``Interval``. Where nothing is claimed the band is that of an approximate interval.
    claims : int
        How many intervals claim something.

    Returns
    -------
    tuple of int
        An interval with exactly its level falls outside with a probability of at most .05 / claims.
    """
    error = FAMILY_ERROR / claims
    if claim == AT_LEAST:
        return _least(worlds, level, error), worlds
    return _least(worlds, level, error / 2), worlds - _least(worlds, 1 - level, error / 2)


def _least(worlds: int, share: float, error: float) -> int:
    """The largest k with P(fewer than k) < error under the binomial."""
    return int(binom.ppf(error, worlds, share))


def verdict(covered: int, limits: tuple[int, int]) -> str:
    """``within``, ``below`` or ``above`` the band."""
    return "below" if covered < limits[0] else "above" if covered > limits[1] else "within"
