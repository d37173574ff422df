"""A result as it is written to the JSON beside a page: released, rounded once, plain types."""

from collections.abc import Mapping

import pandas as pd

from analysis.publish import numbers, tables
from analysis.publish.released import release
from analysis.publish.values import Share, shown


def written(name: str, value: object, disclosure: str, optimizer: bool, declared: Mapping[str, object]) -> object:
    """Return ``value`` (number, text, `share`, `risk`, `plain`, or a frame with what `released.release` takes) for JSON.

    Rounded to six significant digits, four where an ``optimizer`` found it.
    """
    digits = numbers.OPTIMIZER_DIGITS if optimizer else numbers.DIGITS
    if isinstance(value, pd.DataFrame):
        return numbers.publish(tables.to_records(release(value, disclosure, **declared)), digits)
    found = shown({name: value}, disclosure)[name]
    return numbers.publish(found.record() if isinstance(found, Share) else found.value, digits)
