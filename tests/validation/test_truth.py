"""The truth against a simulation written a second time, person by person, from the description alone."""

import math
import random
from dataclasses import replace
from datetime import date

import numpy as np

from validation.simulator import DEMO, Simulation, tables, truth
from validation.simulator.histories import draw
from validation.simulator.simulation import DIRECTIONS
from validation.simulator.truth import _had, first_event_risk

# one place, no rules, so that the second simulation below fits on a page
PLAIN = Simulation(seed=11, people=10_000, jurisdictions=1, spread=1e-9, surge=1.0)
HORIZONS = (30, 365, 1095)


def person(rng: random.Random) -> dict[str, float]:
    """One person's first detainer: days from it to release (infinite if honoured) and from release to re-arrest."""
    where = rng.choices((0, 1, 2), (0.85, 0.08, 0.07))[0]
    charged = rng.random()
    criminality = 0 if charged < 0.45 else rng.choices((1, 2), (5, 3))[0]
    log_rate = math.log(0.0006) + 0.45 * (rng.random() < 0.88) - 0.35 * (18 + rng.gammavariate(2.2, 6.5) - 32) / 10
    rate = math.exp(log_rate + (0.5, 0.25, 0)[criminality]) * rng.gammavariate(0.5, 2.0)
    honoured = rng.random() < (0.97 if where else (0.80, 0.62, 0.50)[criminality])
    mean = ((25, 10, 4), (220, 150, 120), (170, 110, 60))[where][criminality]
    stay = int(rng.expovariate(1 / mean))
    again = rng.expovariate(rate) if rate > 0 else math.inf
    other = min(rng.expovariate(0.00018), rng.expovariate(0.000012))
    return {"stay": stay, "honoured": honoured, "again": math.ceil(again) if again < other else math.inf}


def test_risk_from_the_detainer_agrees_with_a_second_simulation():
    rng = random.Random(5)
    n = 40_000
    drawn = [person(rng) for _ in range(n)]
    found = truth(PLAIN, HORIZONS, drawn=200_000)["prepared"]["first_event"]
    for h in HORIZONS:
        second = sum(not p["honoured"] and p["stay"] + p["again"] <= h for p in drawn) / n
        error = math.hypot(found[str(h)]["se"], math.sqrt(second * (1 - second) / n))
        assert abs(found[str(h)]["risk"] - second) < 4.5 * error


def test_risk_from_the_release_agrees_with_what_the_frames_of_a_large_simulation_show():
    # everyone followed for h days: a plain share, no estimator; arrests and exits as the frames have them
    sim = replace(DEMO, people=60_000)
    frames = tables(sim)
    found = truth(sim, (105, 365), drawn=200_000)["released"]["first_event"]
    release = frames["releases"].drop_duplicates("person_id").set_index("person_id")["released"]

    def first(frame, column):
        joined = frame.join(release, on="person_id", how="inner")
        joined = joined[joined[column] > joined["released"]]
        days = (joined[column] - joined["released"]).dt.days
        return days.groupby(joined["person_id"]).min().reindex(release.index, fill_value=10**6)

    again, out = first(frames["arrests"], "arrested"), first(frames["exits"], "date")
    cut = np.datetime64("2026-01-17")
    for h in (105, 365):
        followed = release + np.timedelta64(h, "D") <= cut
        share = ((again <= h) & (again <= out))[followed].mean()
        error = math.hypot(found[str(h)]["se"], math.sqrt(share * (1 - share) / followed.sum()))
        # those released early enough are a little different from all: a tolerance of .01 beside the random error
        assert abs(found[str(h)]["risk"] - share) < 4.5 * error + 0.01


def test_risks_are_ordered_as_their_definitions_say():
    found = truth(DEMO, HORIZONS, drawn=60_000)
    for h in map(str, HORIZONS):
        released = {
            name: released_risk[h]["risk"] for name, released_risk in found["released"].items() if name != "people"
        }
        assert released["first_event"] < released["net"] < 1
        had = {d: found["had_everyone"][d][h]["risk"] for d in DIRECTIONS}
        assert had["requires"] < had["none"] < had["limits"]
    for origin in ("prepared", "released"):
        risks = [found[origin]["first_event"][str(h)]["risk"] for h in HORIZONS]
        assert risks == sorted(risks)


def test_average_over_the_stay_is_the_sum_over_its_days():
    local = draw(DEMO, np.random.default_rng(1), 0.05)
    for code, h in ((0, 30), (1, 365)):
        stop = np.exp(-1 / np.array([25.0, 10.0, 4.0])[local.criminality])
        day = np.arange(h + 1)[:, None]
        total = ((1 - stop) * stop**day * first_event_risk(DEMO, local.rate, h - day)).sum(axis=0)
        honoured = np.array(DEMO.honour[DIRECTIONS[code]])[local.criminality]
        np.testing.assert_allclose(_had(DEMO, local, code, h), total * (1 - honoured), rtol=1e-9)


def test_no_effect_and_equal_honouring_leave_no_difference_between_rules():
    sim = replace(DEMO, honour=dict.fromkeys(DIRECTIONS, (0.5, 0.5, 0.5)))
    had = truth(sim, (365,), drawn=20_000)["had_everyone"]
    assert had["none"] == had["limits"] == had["requires"]
    harmful = truth(replace(sim, effect=1.5), (365,), drawn=20_000)["had_everyone"]
    assert harmful["limits"]["365"]["risk"] > harmful["none"]["365"]["risk"]


def test_the_truth_is_repeatable_and_names_its_seeds():
    first, second = (truth(DEMO, (105,), drawn=20_000) for _ in range(2))
    assert first == second
    assert (first["world_seed"], first["truth_seed"]) == (DEMO.seed, 20_260_310)
    assert truth(DEMO, (105,), drawn=20_000, seed=1)["prepared"] != first["prepared"]


def test_the_last_origin_is_the_earliest_data_end_less_the_lag():
    sim = replace(PLAIN, end=date(2023, 3, 10), arrests_end=date(2023, 2, 28), exits_end=date(2023, 1, 31))
    assert truth(sim, (30,), drawn=10_000)["last_origin"] == "2023-01-17"
