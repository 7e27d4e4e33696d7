"""Exact numbers: the four roundings of the method, all half-even, none dependent on the caller's decimal context."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

ZERO = Decimal(0)
ONE = Decimal(1)
TENTH = Decimal("0.1")
CENT = Decimal("0.01")
POINT4 = Decimal("0.0001")
POINT6 = Decimal("0.000001")
EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)


def rounded(value: Decimal, step: Decimal) -> Decimal:
    """`value` half-even to `step`; never the negative zero."""
    result = EXACT.quantize(value, step)
    return result or abs(result)


def number(value: object) -> Decimal:
    """A raw value as Decimal. TypeError for a float (it was rounded unseen) and for anything that is no number."""
    if type(value) is Decimal:
        return value
    if isinstance(value, int | str) and not isinstance(value, bool):
        return Decimal(value)
    raise TypeError(f"A raw value is an int, a Decimal or digits as text, not {value!r}.")


def field(raw: Mapping[str, object], name: str, targets: Mapping[str, Decimal]) -> Decimal | None:
    """A raw field, else the configured target of that name, else None."""
    value = raw.get(name)
    if value is None:
        return targets.get(name)
    return number(value)


def from_fraction(value: Fraction, step: Decimal) -> Decimal:
    """An exact fraction half-even to `step`."""
    places = -int(step.as_tuple().exponent)
    return Decimal(round(value * 10**places)).scaleb(-places, context=EXACT)
