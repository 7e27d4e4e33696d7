"""Arithmetic of money: exact minor units, conversion at a dated rate, which rate counts. No Django."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

# What one revenue entry may hold, in minor units: far above any invoice, far below the 64-bit limit of a sum.
MAX_AMOUNT_MINOR = 10**15
EXACT = Context(prec=100)

# ISO 4217 codes of money in circulation.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
    VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()
)

Rates = Sequence[tuple[date, Decimal]]


def to_minor(amount: Decimal, exponent: int) -> int:
    """`amount` in major units as integer minor units: the one rounding, half away from zero."""
    return int(amount.scaleb(exponent, EXACT).to_integral_value(rounding=ROUND_HALF_UP))


def round_minor(amount: Decimal) -> int:
    """Minor units with a fraction (after a conversion) as whole ones, half away from zero."""
    return int(amount.to_integral_value(rounding=ROUND_HALF_UP))


def converted(minor: int, *, exponent: int, rate: Decimal, to_exponent: int) -> Decimal:
    """`minor` units of one currency as minor units of the other, not yet rounded; `rate` is per major unit."""
    return EXACT.multiply(Decimal(minor), rate).scaleb(to_exponent - exponent, EXACT)


def average_rate(rates: Rates, month: date) -> Decimal | None:
    """Mean of the rates in force on the days of `month` (given by its first day); None when there was none yet.

    `rates` are (valid from, rate), oldest first; each holds until the next.
    """
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    spans: list[tuple[int, Decimal]] = []
    for position, (valid_on, rate) in enumerate(rates):
        ends = rates[position + 1][0] if position + 1 < len(rates) else following
        days = (min(ends, following) - max(valid_on, month)).days
        if days > 0:
            spans.append((days, rate))
    total = sum(days for days, _rate in spans)
    return sum((rate * days for days, rate in spans), Decimal(0)) / total if total else None
