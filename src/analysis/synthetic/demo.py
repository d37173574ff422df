"""The demo dataset: a documented world of 20 counties in four states, rendered as raw files."""

import json
import os
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from analysis.synthetic.frames import history, tables
from analysis.synthetic.identities import identities
from analysis.synthetic.local_files import arrests_csv, exits_csv, releases_csv
from analysis.synthetic.places import STATE_NAMES, Policy
from analysis.synthetic.risks import truth
from analysis.synthetic.workbooks import workbooks
from analysis.synthetic.world import World

SEED = 2026

# One state law of each kind, counties that acted before it, counties that act alone, one repeal, one law
# that was never followed, and counties without any rule.
POLICIES = (
    Policy("80", date(2023, 1, 1), None, "limits", "law"),
    Policy("80001", date(2021, 7, 1), date(2022, 12, 31), "limits", "practice"),
    Policy("82", date(2022, 9, 1), None, "requires", "law"),
    Policy("82003", date(2021, 4, 1), date(2022, 8, 31), "limits", "practice"),
    Policy("83001", date(2021, 10, 15), None, "limits", "law"),
    Policy("83003", date(2022, 5, 1), None, "limits", "practice"),
    Policy("83005", date(2023, 6, 12), None, "limits", "law"),
    Policy("83007", date(2024, 3, 1), None, "limits", "court"),
    Policy("85001", date(2015, 1, 1), None, "limits", "law"),
    Policy("85003", date(2022, 2, 1), date(2024, 6, 30), "limits", "law"),
    Policy("85005", date(2023, 10, 1), None, "limits", "practice"),
    Policy("85009", date(2024, 1, 1), None, "limits", "law", "the sheriff went on honouring detainers"),
)

DEMO = World(seed=SEED, people=11_000, policies=POLICIES, confounding=0.5, lodging=0.85)
WORLDS = {"demo": DEMO}


def write(name: str, folder: Path, seed: int | None = None) -> list[Path]:
    """Write the raw files of a synthetic dataset into a folder and return their paths.

    One workbook a fiscal year in the layout of the 2026 detainer release, ``releases.csv``,
    ``arrests.csv``, ``exits.csv``, and ``truth.json``. The same seed gives the same bytes. Each file is
    written beside its place and then renamed. Raises ValueError for an unknown name.
    """
    if name not in WORLDS:
        near = get_close_matches(name, WORLDS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"no synthetic dataset is named '{name}', expected one of: {', '.join(WORLDS)}.{hint}")
    world = WORLDS[name] if seed is None else replace(WORLDS[name], seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    past = history(world)
    frames = tables(world, past)
    known = identities(world, past[0])
    files = workbooks(world, past, frames, known)
    files["releases.csv"] = releases_csv(world, frames["releases"], known)
    files["arrests.csv"] = arrests_csv(world, frames["arrests"], frames["releases"], known)
    files["exits.csv"] = exits_csv(world, frames["exits"], known)
    files["truth.json"] = (json.dumps(truth(world), indent=1) + "\n").encode()
    return [_put(folder / file, content) for file, content in files.items()]


def policies_csv(world: World = DEMO) -> str:
    """Return a world's rules in the columns of a dataset's ``policies.csv``."""
    header = (
        "jurisdiction,level,state,county_fips,start,end,direction,basis,scope,instrument,confidence,source_seen,note,"
        "practice_disagrees"
    )
    lines = [header]
    for policy in world.policies:
        county = policy.fips if len(policy.fips) == 5 else ""
        place = place_name(world, county) if county else STATE_NAMES[policy.fips].title()
        scope = "all_detainers" if policy.direction == "requires" else "no_detention_on_detainer_alone"
        lines.append(
            f"{place},{'county' if county else 'state'},{policy.fips[:2]},{county},{policy.start},{policy.end or ''},"
            f"{policy.direction},{policy.basis},{scope},synthetic,high,yes,synthetic place and rule,{policy.practice_disagrees}"
        )
    return "\n".join(lines) + "\n"


def place_name(world: World, county: str) -> str:
    """Return the name of a county, such as "Synthetic County 01"."""
    return f"Synthetic County {world.places.index(county) + 1:02d}"


def _put(file: Path, content: bytes) -> Path:
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    beside.write_bytes(content)
    beside.replace(file)
    return file
