"""Words for values: money, points, dates. Used by template tags, mails and exports alike; no markup here."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from core import clock

NONE_SIGN = "–"
MINUS = "−"
NBSP = "\u00a0"

# ISO 4217 minor units that are not two.
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹"}
SYMBOL_AFTER = {"de", "fr", "es"}


def exponent(currency: str) -> int:
    """How many digits follow the point in `currency` (ISO code)."""
    return EXPONENTS.get(currency.upper(), 2)


def money_text(minor: int | None, currency: str, *, whole: bool = False) -> str:
    """`minor` integer minor units as localized text with the currency; `whole` rounds to major units (half even)."""
    if minor is None:
        return NONE_SIGN
    digits = exponent(currency)
    amount = Decimal(minor).scaleb(-digits)
    if whole:
        amount, digits = amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN), 0
    figure = number_format(abs(amount), decimal_pos=digits, use_l10n=True, force_grouping=True)
    sign = MINUS if amount < 0 else ""
    symbol = SYMBOLS.get(currency.upper(), currency.upper())
    if (get_language() or "en").split("-")[0] in SYMBOL_AFTER:
        return f"{sign}{figure}{NBSP}{symbol}"
    gap = "" if currency.upper() in SYMBOLS else NBSP
    return f"{sign}{symbol}{gap}{figure}"


def decimal_text(value: Decimal | float | int | None, *, places: int = 1) -> str:
    """`value` rounded half-even to `places`, localized, with a real minus sign."""
    if value is None:
        return NONE_SIGN
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    figure = number_format(abs(rounded), decimal_pos=places, use_l10n=True, force_grouping=True)
    return f"{MINUS}{figure}" if rounded < 0 else figure


def points_text(value: Decimal | float | int | None, *, places: int = 1) -> str:
    """Signed points: "+1.2", "−10.0", "0.0"."""
    text = decimal_text(value, places=places)
    if value is None or text.startswith(MINUS):
        return text
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    return f"+{text}" if rounded > 0 else text


def as_local(value: date | datetime) -> date | datetime:
    """A datetime in the reader's time zone; a plain date as it is."""
    return timezone.localtime(value) if isinstance(value, datetime) else value


def day_text(value: date) -> str:
    """Weekday and day when near (60 days), else day, month and year."""
    near = abs((_day(value) - _today()).days) <= 60
    return date_format(value, "D j M" if near else "j M Y")


def when_text(value: date | datetime) -> str:
    """Absolute: "Thu 26 Nov", with the time of day for an instant."""
    local = as_local(value)
    if isinstance(local, datetime):
        return f"{day_text(local)}, {date_format(local, 'H:i')}"
    return day_text(local)


def exact_text(value: date | datetime) -> str:
    """The full date, with time and zone for an instant: what hovering and details show."""
    local = as_local(value)
    if isinstance(local, datetime):
        return date_format(local, "l j F Y, H:i T")
    return date_format(local, "l j F Y")


def ago_text(value: date | datetime) -> str:
    """Relative up to seven days ("2 days ago", "in 3 days"), then the date."""
    local = as_local(value)
    if isinstance(local, datetime):
        gap = clock.now() - local
        if timedelta(0) <= gap < timedelta(hours=1):
            minutes = int(gap.total_seconds() // 60)
            if minutes == 0:
                return _("just now")
            return ngettext("%d minute ago", "%d minutes ago", minutes) % minutes
        if timedelta(hours=1) <= gap < timedelta(hours=12):
            hours = int(gap.total_seconds() // 3600)
            return ngettext("%d hour ago", "%d hours ago", hours) % hours
    days = (_day(local) - _today()).days
    if days == 0:
        return pgettext("day", "today")
    if days == -1:
        return pgettext("day", "yesterday")
    if days == 1:
        return pgettext("day", "tomorrow")
    if -7 <= days < 0:
        return ngettext("%d day ago", "%d days ago", -days) % -days
    if 0 < days <= 7:
        return ngettext("in %d day", "in %d days", days) % days
    return day_text(local)


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _today() -> date:
    return timezone.localtime(clock.now()).date()
