"""The kinds of agreement between two records that linking tells apart, with how often each is met.

Each comparison has levels, tried from the top: ``m`` is the share of a level among pairs of records of one
person, ``u`` among pairs of two people. The levels are chosen for names and dates as jails write them:
accents, hyphens and spaces are gone already (``person_names``); left are letters exchanged or left out, two
surnames of which one is missing or that change places, given and family names exchanged, initials, day
and month exchanged, and a digit off. The shares are starting values, and stand as they are for small files.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """One level of a comparison; ``sql`` is tried after the levels above it, None is "anything else"."""

    comparison: str
    label: str
    sql: str | None
    m: float
    u: float
    by_frequency: str | None = None  # the column whose rarer values weigh more


_EXCHANGED = "first_name_l = last_name_r and last_name_l = first_name_r"
NULL = {
    # an exchange of the two names is counted once, under the given name
    "surname": f"last_name_l is null or last_name_r is null or ({_EXCHANGED})",
    "given_name": "first_name_l is null or first_name_r is null",
    "date_of_birth": "birth_date_l is null or birth_date_r is null",
    "sex": "sex_l is null or sex_r is null",
    "place": "place_l is null or place_r is null",
}
_DAY_MONTH = (
    "birth_year_l = birth_year_r and substr(birth_date_l, 6, 2) = substr(birth_date_r, 9, 2) "
    "and substr(birth_date_l, 9, 2) = substr(birth_date_r, 6, 2)"
)
_TWO_OF_THREE = (
    "birth_month_day_l = birth_month_day_r or (birth_year_l = birth_year_r and "
    "(substr(birth_date_l, 6, 2) = substr(birth_date_r, 6, 2) or substr(birth_date_l, 9, 2) = substr(birth_date_r, 9, 2)))"
)
_ONE_SURNAME = "last_1_l = last_1_r or last_2_l = last_2_r or last_1_l = last_2_r or last_2_l = last_1_r"
_SAME_SURNAMES = "last_1_l = last_2_r and last_2_l = last_1_r"
_SURNAME_CLOSE = "greatest({}) >= 0.93".format(
    ", ".join(
        f"jaro_winkler_similarity({a}_l, {b}_r)"
        for a, b in (("last_name",) * 2, ("last_1",) * 2, ("last_2",) * 2, ("last_1", "last_2"), ("last_2", "last_1"))
    )
)
_ONE_DIGIT = (
    "case when hamming(birth_date_l, birth_date_r) = 1 then true "
    "when hamming(birth_date_l, birth_date_r) = 2 then damerau_levenshtein(birth_date_l, birth_date_r) = 1 else false end"
)
_PART_GIVEN = (
    "first_1_l = first_1_r or ((length(first_name_l) = 1 or length(first_name_r) = 1) "
    "and first_initial_l = first_initial_r)"
)


def _slip(name: str) -> str:
    """One letter wrong, left out, added, or two neighbours exchanged; the cheap likeness first spares the dear one."""
    return (
        f"case when jaro_winkler_similarity({name}_l, {name}_r) < 0.75 then false "
        f"else damerau_levenshtein({name}_l, {name}_r) <= 1 end"
    )


LEVELS = (
    Level("surname", "the same", "last_name_l = last_name_r", 0.90, 0.001, "last_name"),
    Level("surname", "the same surnames in another order", _SAME_SURNAMES, 0.005, 0.00002),
    Level("surname", "one slip", _slip("last_name"), 0.035, 0.0005),
    Level("surname", "one of two surnames", _ONE_SURNAME, 0.04, 0.004),
    Level("surname", "close", _SURNAME_CLOSE, 0.012, 0.003),
    Level("surname", "another", None, 0.008, 0.99148),
    Level("given_name", "the same", "first_name_l = first_name_r", 0.92, 0.008, "first_name"),
    Level("given_name", "exchanged with the surname", _EXCHANGED, 0.005, 0.000002),
    Level("given_name", "one slip", _slip("first_name"), 0.03, 0.004),
    Level("given_name", "a part or an initial", _PART_GIVEN, 0.025, 0.006),
    Level("given_name", "close", "jaro_winkler_similarity(first_name_l, first_name_r) >= 0.9", 0.01, 0.006),
    Level("given_name", "another", None, 0.01, 0.975998),
    # 1 January stands for "not known" in many files: agreement on it is a level, and a weight, of its own
    Level(
        "date_of_birth",
        "the same, a 1 January",
        "birth_date_l = birth_date_r and birth_month_day_l = '01-01'",
        0.01,
        0.000004,
    ),
    Level("date_of_birth", "the same", "birth_date_l = birth_date_r", 0.94, 0.00006),
    Level("date_of_birth", "day and month exchanged", _DAY_MONTH, 0.008, 0.00003),
    Level("date_of_birth", "one digit off", _ONE_DIGIT, 0.025, 0.0012),
    Level("date_of_birth", "two of day, month and year", _TWO_OF_THREE, 0.010, 0.005),
    Level("date_of_birth", "another", None, 0.007, 0.993706),
    Level("sex", "the same", "sex_l = sex_r", 0.99, 0.7),
    Level("sex", "another", None, 0.01, 0.3),
    Level("place", "the same", "place_l = place_r", 0.6, 0.1),
    Level("place", "the same state", "substr(place_l, 1, 2) = substr(place_r, 1, 2)", 0.2, 0.2),
    Level("place", "another", None, 0.2, 0.7),
)
# Pairs are compared where they agree on one of these; a pair of one person that agrees on none is missed.
BLOCKS = (
    "l.last_name = r.last_name and l.birth_date = r.birth_date",
    "l.first_1 = r.first_1 and l.birth_date = r.birth_date",
    "l.last_1 = r.last_1 and l.first_1 = r.first_1 and l.birth_year = r.birth_year",
    "l.last_1 = r.last_1 and l.first_1 = r.first_1 and l.birth_month_day = r.birth_month_day",
    "l.last_1 = r.last_2 and l.birth_date = r.birth_date",
    "l.last_2 = r.last_1 and l.birth_date = r.birth_date",
    "l.birth_date = r.birth_date and l.first_initial = r.first_initial",
    "l.birth_date = r.birth_date and l.last_initial = r.last_initial",
    "l.first_name = r.last_name and l.last_name = r.first_name and l.birth_year = r.birth_year",
    "l.last_name = r.last_name and l.first_name = r.first_name and l.place = r.place",
)
# Each round of EM holds one set of fields equal and learns from the others.
ROUNDS = ("l.birth_date = r.birth_date", "l.last_name = r.last_name and l.first_name = r.first_name")
