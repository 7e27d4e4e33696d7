"""Model definitions as plain data: the shipped ones, how to derive another, and what makes one valid.

`METHODS_1` the expert defaults · `shipped_default()` the one an installation starts with · `with_measure`, `derive`
build a new definition from one · `definition_hash` its fingerprint · `validate_definition` its errors in the admin's
words. Nothing here knows Django, the clock or settings.
"""

from health.definitions.derive import Definition, definition_hash, derive, with_measure
from health.definitions.methods_1 import METHODS_1
from health.definitions.validation import validate_definition
from health.shipped import ADDED_MEASURES, RHYTHM_PARAMETERS, STAGE_WEIGHTS

__all__ = [
    "METHODS_1",
    "Definition",
    "definition_hash",
    "derive",
    "shipped_default",
    "validate_definition",
    "with_measure",
]


def shipped_default() -> Definition:
    """`methods-1` with the measures and weights of `health.shipped`: the model an installation starts with."""
    return derive(
        METHODS_1,
        key="methods-1+rhythm",
        added=ADDED_MEASURES,
        stage_weights=STAGE_WEIGHTS,
        parameters={"deal_rhythm": {name: str(value) for name, value in RHYTHM_PARAMETERS.items()}},
    )
