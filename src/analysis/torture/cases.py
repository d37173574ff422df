"""All kinds of cases, in their proportions, each with a chance that bytes of its file are damaged as well."""

import random

from hypothesis import strategies as st

from analysis.torture.books import book_case
from analysis.torture.case import Case
from analysis.torture.damage import damaged
from analysis.torture.maps import map_text
from analysis.torture.policies import policies_case, toml_case
from analysis.torture.texts import text_case
from analysis.torture.typed import parquet_case, stata_case


@st.composite
def map_case(draw: st.DrawFn) -> Case:
    """Return a good file under a changed map."""
    base = draw(st.one_of(text_case(), text_case(), book_case(), parquet_case()))
    [data] = [name for name in base.files if name != "dataset.toml"]
    return Case("map", {**base.files, "dataset.toml": draw(map_text(data)).encode()})


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return any case."""
    made = draw(
        st.one_of(
            map_case(),
            map_case(),
            text_case(),
            text_case(),
            book_case(),
            parquet_case(),
            stata_case(),
            policies_case(),
            toml_case(),
        )
    )
    if draw(st.integers(0, 2)):
        return made
    name = draw(
        st.sampled_from(
            [name for name in made.files if name != "dataset.toml"] if made.kind != "map" else ["dataset.toml"]
        )
    )
    chance = random.Random(draw(st.integers(0, 2**32)))
    return Case(made.kind, {**made.files, name: damaged(made.files[name], chance)})
