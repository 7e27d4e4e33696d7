from datetime import date
from decimal import Decimal

import pytest

from core.display import EXPONENTS
from deals.rules import CURRENCIES, average_rate, converted, round_minor, to_minor


@pytest.mark.parametrize(
    ("amount", "exponent", "minor"),
    [
        ("12.34", 2, 1234),
        ("0.005", 2, 1),
        ("-0.005", 2, -1),
        ("0.0049999", 2, 0),
        ("1.005", 2, 101),
        ("12.5", 0, 13),
        ("1.2345", 3, 1235),
        ("-0", 2, 0),
        ("123456789012345.995", 2, 12345678901234600),
    ],
)
def test_to_minor_rounds_half_away_from_zero(amount: str, exponent: int, minor: int) -> None:
    assert to_minor(Decimal(amount), exponent) == minor


def test_converted_crosses_exponents() -> None:
    assert round_minor(converted(10_000, exponent=0, rate=Decimal("0.0062"), to_exponent=2)) == 6_200
    assert round_minor(converted(1_000, exponent=3, rate=Decimal("2.5"), to_exponent=2)) == 250


def test_currencies_hold_every_code_with_an_own_exponent() -> None:
    assert set(EXPONENTS) <= CURRENCIES
    assert len(CURRENCIES) > 140
    assert "EUX" not in CURRENCIES


def test_average_rate_weighs_days() -> None:
    rates = [(date(2026, 3, 1), Decimal(1)), (date(2026, 4, 21), Decimal(4))]
    assert average_rate(rates, date(2026, 4, 1)) == Decimal(2)  # 20 days at 1, 10 days at 4
    assert average_rate(rates, date(2026, 3, 1)) == Decimal(1)
    assert average_rate(rates, date(2026, 12, 1)) == Decimal(4)


def test_average_rate_counts_only_days_with_a_rate() -> None:
    assert average_rate([(date(2026, 4, 21), Decimal(4))], date(2026, 4, 1)) == Decimal(4)
    assert average_rate([(date(2026, 4, 21), Decimal(4))], date(2026, 3, 1)) is None
    assert average_rate([], date(2026, 3, 1)) is None
