"""Model definitions as plain data: the shipped one, how to derive another, and what makes one valid.

`METHODS_1` the expert defaults · `with_measure`, `derive` build a new definition from one · `definition_hash` its
fingerprint · `validate_definition` its errors in the admin's words. Nothing here knows Django, the clock or settings.
"""

from health.definitions.derive import Definition, definition_hash, derive, with_measure
from health.definitions.methods_1 import METHODS_1
from health.definitions.validation import validate_definition

__all__ = ["METHODS_1", "Definition", "definition_hash", "derive", "validate_definition", "with_measure"]
