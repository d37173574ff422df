"""One case of the fuzz: the files of a small dataset, and the number of rows that an independent count finds in it."""

from dataclasses import dataclass, field

NAME = "case"  # the folder of the dataset under data/raw


@dataclass(frozen=True)
class Case:
    """A dataset to be built, or policy files to be read.

    ``kind`` says what was made (map, csv, xlsx, parquet, dta, policies, rule, plan); ``files`` are the contents by name,
    ``dataset.toml`` among them unless a policy file is meant; ``rows`` is the number of rows that a build must account
    for if it succeeds, None where damage makes that unknown.
    """

    kind: str
    files: dict[str, bytes] = field(default_factory=dict)
    rows: int | None = None
