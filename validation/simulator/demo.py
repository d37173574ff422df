"""The demo dataset: a documented simulation of 20 counties in four states, rendered as the files of data/raw/demo."""

import gzip
import json
from datetime import date

from validation.simulator.frames import tables
from validation.simulator.histories import history
from validation.simulator.local_files import arrests_csv, exits_csv, identities, releases_csv
from validation.simulator.simulation import STATE_NAMES, Policy, Simulation
from validation.simulator.truth import DRAWN, truth
from validation.simulator.workbooks import workbooks

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
DEMO = Simulation(seed=2026, people=11_000, policies=POLICIES, confounding=0.5, lodging=0.85)


def files(sim: Simulation = DEMO, drawn: int = DRAWN) -> dict[str, bytes]:
    """Return the files of a simulation by name, as they are committed for the demo.

    One workbook a fiscal year in the layout of the 2026 detainer release, three gzipped CSV files of a county, the
    rules as ``policies.csv``, and ``truth.json``, computed from ``drawn`` people. The same seed gives the same content,
    and with one version of zlib the same bytes.
    """
    past = history(sim)
    frames = tables(sim, past)
    known = identities(sim, past[0])
    csv = {
        "releases.csv": releases_csv(sim, frames["releases"], known),
        "arrests.csv": arrests_csv(sim, frames["arrests"], frames["releases"], known),
        "exits.csv": exits_csv(sim, frames["exits"], known),
    }
    return {
        **workbooks(sim, past, frames, known),
        **{f"{name}.gz": gzip.compress(content, mtime=0) for name, content in csv.items()},
        "policies.csv": policies_csv(sim).encode(),
        "truth.json": (json.dumps(truth(sim, drawn=drawn), indent=1) + "\n").encode(),
    }


def policies_csv(sim: Simulation = DEMO) -> str:
    """Return a simulation's rules in the columns of a dataset's ``policies.csv``."""
    lines = [
        "jurisdiction,level,state,county_fips,start,end,direction,basis,scope,instrument,confidence,source_seen,note,"
        "practice_disagrees"
    ]
    for policy in sim.policies:
        county = policy.fips if len(policy.fips) == 5 else ""
        name = f"Synthetic County {sim.places.index(county) + 1:02d}" if county else STATE_NAMES[policy.fips].title()
        scope = "all_detainers" if policy.direction == "requires" else "no_detention_on_detainer_alone"
        lines.append(
            f"{name},{'county' if county else 'state'},{policy.fips[:2]},{county},{policy.start},{policy.end or ''},"
            f"{policy.direction},{policy.basis},{scope},synthetic,high,yes,synthetic place and rule,{policy.practice_disagrees}"
        )
    return "\n".join(lines) + "\n"
