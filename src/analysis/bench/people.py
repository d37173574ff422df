"""The people that estimators are timed on, written as plain binary columns that every side reads at the same cost."""

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20_180_615
DAYS = 730
FACTORS = {"five": 5, "four": 4, "three": 3, "two": 2, "stratum": 2}
HAZARDS = {"died": 0.00002, "ice_custody": 0.0003, "rearrest": 0.0008}


def write(folder: Path, n: int) -> None:
    """Draw n people followed 1 to 730 days, with five factors and an age, and write one file a column."""
    from analysis.worlds.draws import exponential, observed, whole_uniform  # what is timed needs none of it

    rng = np.random.default_rng([SEED, n])
    codes = {name: whole_uniform(rng, n, 0, size - 1) for name, size in FACTORS.items()}
    age = 18 + 40 * rng.random(n)
    log_ratio = 0.1 * codes["five"] - 0.15 * codes["four"] + 0.2 * codes["three"] + 0.3 * codes["two"] - 0.02 * age
    rates = {cause: h * np.exp(log_ratio + 0.6 if cause == "rearrest" else 0.0 * age) for cause, h in HAZARDS.items()}
    latent = {cause: exponential(rng.random(n), rate) for cause, rate in rates.items()}
    frame = observed(latent, whole_uniform(rng, n, 1, DAYS))
    codes["event"] = frame["event"].cat.codes.to_numpy() + 1  # 0: censored
    frame["days"].to_numpy().astype("<i4").tofile(folder / "days")
    age.astype("<f8").tofile(folder / "age")
    for name, values in codes.items():
        (values + 1).astype("<i4").tofile(folder / name)
    levels = {name: [f"{name} {i}" for i in range(size)] for name, size in FACTORS.items()}
    levels["event"] = ["censored", *HAZARDS]
    for name, labels in levels.items():
        (folder / f"{name}.levels").write_text("\n".join(labels) + "\n", encoding="utf-8")


def read(folder: Path, text: bool = False) -> pd.DataFrame:
    """The people as a frame with categoricals, or with text labels."""
    columns: dict[str, object] = {"days": np.fromfile(folder / "days", "<i4").astype(np.int64)}
    for name in (*FACTORS, "event"):
        labels = (folder / f"{name}.levels").read_text(encoding="utf-8").split("\n")[:-1]
        codes = np.fromfile(folder / name, "<i4").astype(np.int8) - np.int8(1)
        if name == "event":
            labels, codes = labels[1:], codes - np.int8(1)
        columns[name] = pd.Categorical.from_codes(codes, categories=labels)
    frame = pd.DataFrame({**columns, "age": np.fromfile(folder / "age", "<f8")})
    return frame.astype(dict.fromkeys((*FACTORS, "event"), "str")) if text else frame
