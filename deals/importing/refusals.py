"""Why a line, a file or a map is refused, in the user's words."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class Reason(models.TextChoices):
    """Why one line is refused; the rest of the file goes on."""

    NO_ACCOUNT = "no_account", _("no account")
    NO_ID = "no_id", _("no id of the entry")
    COLUMNS = "columns", _("not as many cells as the header has columns")
    QUOTES = "quotes", _("a quote in the middle of a cell")
    TOO_LONG = "too_long", _("the text is too long")
    NUL = "nul", _("a NUL character")
    CONTROL = "control", _("a control character in the text")
    ENCODING = "encoding", _("bytes that are not text in the encoding of the file")
    DATE = "date", _("not a date in any format of the map")
    AMBIGUOUS_DATE = "ambiguous_date", _("two formats of the map read two different dates")
    PAST = "past", _("a date before 1970")
    FUTURE = "future", _("a date in the future")
    NUMBER = "number", _("not a number as the map writes numbers")
    RANGE = "range", _("the amount is too large")
    CURRENCY = "currency", _("not a currency code")
    KIND = "kind", _("neither a sale nor a reversal by the map")
    POSITIVE_REVERSAL = "positive_reversal", _("a reversal that adds money")
    TWO_ACCOUNTS = "two_accounts", _("the entry already belongs to another account")
    TWO_CURRENCIES = "two_currencies", _("the entry already has another currency")
    REPEATED_ID = "repeated_id", _("the id was used by an earlier line")
    INCOMPLETE = "incomplete", _("another line of the same entry was refused")
    UNKNOWN_ACCOUNT = "unknown_account", _("no partner has this key, and the map creates none")


class Refusal(Exception):  # noqa: N818  it is the answer to one line, not an error of the program
    """One line cannot be taken: why, which column, and what stood there."""

    def __init__(self, reason: Reason, column: str = "", value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
        self.value = value


class FileRefusedError(DomainError):
    """The file as a whole cannot be read, so nothing of it was written."""


class MapRefusedError(DomainError):
    """The map cannot be used."""


class ShiftRefusedError(DomainError):
    """The dates of this source were moved (or not) by an earlier import, and this one asks for the other."""
