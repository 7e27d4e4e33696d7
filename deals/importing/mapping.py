"""The map: a small TOML file that says which column is what. docs/import.md describes every key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from deals.importing.refusals import MapRefusedError
from deals.rules import CURRENCIES

MAX_MAP_BYTES = 100_000
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "cp1251", "cp1252", "iso-8859-1", "iso-8859-15")
DELIMITERS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "|": "|"}
PROBE = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001  a wall time to try date formats on

KEYS: dict[str, dict[str, type]] = {
    "file": {"encoding": str, "delimiter": str},
    "partner": {
        "key": str,
        "strip": str,
        "name": str,
        "name_column": str,
        "without": str,
        "unassigned": str,
        "create": bool,
    },
    "entry": {"id": str, "group": bool},
    "date": {"column": str, "formats": list, "time_zone": str, "known": str},
    "amount": {
        "column": str,
        "product": list,
        "decimal": str,
        "thousands": str,
        "currency": str,
        "currency_column": str,
    },
    "country": {"column": str, "value": str},
    "kind": {"prefix": str, "column": str, "sale": list, "reversal": list, "amounts": str},
}
RATE_KEYS: dict[str, type | tuple[type, ...]] = {
    "currency": str,
    "to": str,
    "valid_on": (date, str),
    "rate": str,
    "source": str,
}


@dataclass(frozen=True, slots=True)
class MappedRate:
    """An exchange rate the map brings along: `rate` units of `to` for one unit of `currency`, from `valid_on`."""

    currency: str
    to: str
    valid_on: date
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class ImportMap:
    """A checked map. Empty strings mean: not given."""

    title: str
    source: str
    encoding: str
    delimiter: str
    key_column: str
    key_strip: str
    name_column: str
    name_template: str
    unassigned: str
    create_partners: bool
    id_column: str
    grouped: bool
    date_column: str
    date_formats: tuple[str, ...]
    time_zone: ZoneInfo
    known_at_event: bool
    amount_columns: tuple[str, ...]
    decimal: str
    thousands: str
    currency: str
    currency_column: str
    country_column: str
    country: str
    reversal_prefix: str
    kind_column: str
    sale_words: frozenset[str]
    reversal_words: frozenset[str]
    unsigned: bool
    rates: tuple[MappedRate, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns a file must have."""
        named = (
            self.key_column,
            self.name_column,
            self.id_column,
            self.date_column,
            *self.amount_columns,
            self.currency_column,
            self.country_column,
            self.kind_column,
        )
        return tuple(dict.fromkeys(column for column in named if column))


def load_map(path: Path) -> ImportMap:
    """Read and check a map file; raises `MapRefusedError` with what is wrong and where."""
    try:
        if path.is_dir():
            raise MapRefusedError(_("{} is a folder; name the map file.").format(path))
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise MapRefusedError(_("There is no map {}.").format(path)) from error
    except OSError as error:
        raise MapRefusedError(_("The map {} cannot be read: {}.").format(path, error.strerror)) from error
    if len(raw) > MAX_MAP_BYTES:
        raise MapRefusedError(_("{} is too long for a map. Did you name the data file?").format(path))
    try:
        data = tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MapRefusedError(_("The map {} is not text in UTF-8.").format(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise MapRefusedError(_("The map {} is not TOML: {}.").format(path, error)) from error
    return parse_map(data, title=path.name)


def parse_map(data: Mapping[str, Any], *, title: str) -> ImportMap:
    """Check a map that is already a dictionary."""
    _check_names(data)
    parts = {section: dict(data.get(section, {})) for section in KEYS}
    partner, amount, kind, moment = parts["partner"], parts["amount"], parts["kind"], parts["date"]
    source = data.get("source")
    if not isinstance(source, str) or not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,59}", source):
        raise MapRefusedError(
            _('The map needs source = "…": a short name of the system the sales come from (a-z, 0-9, dot, dash).')
        )
    for section, key in (("partner", "key"), ("entry", "id"), ("date", "column"), ("date", "formats")):
        if not parts[section].get(key):
            raise MapRefusedError(_("The map needs {} in [{}].").format(key, section))
    if bool(amount.get("column")) == bool(amount.get("product")):
        raise MapRefusedError(_("[amount] needs either column or product (two columns to multiply)."))
    product = _texts(amount, "amount", "product")
    if product and len(product) != 2:
        raise MapRefusedError(_("[amount] product names {} columns; it takes two.").format(len(product)))
    if bool(amount.get("currency")) == bool(amount.get("currency_column")):
        raise MapRefusedError(_("[amount] needs either currency (a code such as EUR) or currency_column."))
    if amount.get("currency"):
        _check_currency(amount["currency"], "amount")
    if not partner.get("name") and not partner.get("name_column"):
        raise MapRefusedError(_('[partner] needs name_column, or name such as "Account {{key}}".').format())
    if partner.get("name") and "{key}" not in partner["name"]:
        raise MapRefusedError(_("[partner] name must contain {{key}}, or every partner has the same name.").format())
    without = _choice(partner, "partner", "without", ("refuse", "assign"))
    if (without == "assign") != bool(partner.get("unassigned")):
        raise MapRefusedError(_('[partner] without = "assign" and unassigned (the name of that partner) go together.'))
    decimal, thousands = amount.get("decimal", "."), amount.get("thousands", "")
    if decimal not in {".", ","} or thousands not in {"", ",", ".", " ", "'", "\u00a0", "\u202f"}:
        raise MapRefusedError(
            _("[amount] decimal is a point or a comma; thousands is empty, a point, a comma or a space.")
        )
    if decimal == thousands:
        raise MapRefusedError(_("[amount] decimal and thousands are the same sign, so numbers cannot be read."))
    sale, reversal = _texts(kind, "kind", "sale"), _texts(kind, "kind", "reversal")
    if bool(kind.get("column")) != bool(reversal):
        raise MapRefusedError(_("[kind] column and reversal (the words for a reversal) go together."))
    if sale and not kind.get("column"):
        raise MapRefusedError(_("[kind] sale needs column."))
    encoding = parts["file"].get("encoding", "utf-8").lower()
    if encoding not in ENCODINGS:
        raise MapRefusedError(_("[file] encoding {} is unknown; one of: {}.").format(encoding, ", ".join(ENCODINGS)))
    delimiter = parts["file"].get("delimiter", "")
    if delimiter and delimiter not in DELIMITERS:
        raise MapRefusedError(_('[file] delimiter is ",", ";", "tab" or "|".'))
    return ImportMap(
        title=title,
        source=source,
        encoding=encoding,
        delimiter=DELIMITERS.get(delimiter, ""),
        key_column=partner["key"].strip(),
        key_strip=partner.get("strip", ""),
        name_column=partner.get("name_column", "").strip(),
        name_template=partner.get("name", ""),
        unassigned=partner.get("unassigned", ""),
        create_partners=partner.get("create", True),
        id_column=parts["entry"]["id"].strip(),
        grouped=parts["entry"].get("group", False),
        date_column=moment["column"].strip(),
        date_formats=_formats(moment),
        time_zone=_zone(moment.get("time_zone", "UTC")),
        known_at_event=_choice(moment, "date", "known", ("import", "event")) == "event",
        amount_columns=tuple(name.strip() for name in product) or (amount["column"].strip(),),
        decimal=decimal,
        thousands=thousands,
        currency=amount.get("currency", ""),
        currency_column=amount.get("currency_column", "").strip(),
        country_column=parts["country"].get("column", "").strip(),
        country=parts["country"].get("value", ""),
        reversal_prefix=kind.get("prefix", ""),
        kind_column=kind.get("column", "").strip(),
        sale_words=frozenset(sale),
        reversal_words=frozenset(reversal),
        unsigned=_choice(kind, "kind", "amounts", ("signed", "unsigned")) == "unsigned",
        rates=_rates(data.get("rates", [])),
    )


def _check_names(data: Mapping[str, Any]) -> None:
    known = ["source", "rates", *KEYS]
    for section, content in data.items():
        if section not in known:
            raise MapRefusedError(
                _("The map has {}, which means nothing here.{}").format(section, _did_you(section, known))
            )
        if section in KEYS:
            if not isinstance(content, dict):
                raise MapRefusedError(_("[{}] must be a section of the map, with keys below it.").format(section))
            for key, value in content.items():
                if key not in KEYS[section]:
                    raise MapRefusedError(
                        _("[{}] has {}, which means nothing there.{}").format(
                            section, key, _did_you(key, list(KEYS[section]))
                        )
                    )
                _check_type(section, key, value, KEYS[section][key])


def _check_type(section: str, key: str, value: Any, expected: type | tuple[type, ...]) -> None:
    words = {str: _("text in quotes"), bool: _("true or false"), list: _("a list")}
    if not isinstance(value, expected):
        named = expected if isinstance(expected, type) else expected[-1]
        raise MapRefusedError(_("[{}] {} must be {}.").format(section, key, words[named]))


def _did_you(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return " " + _("Did you mean {}?").format(near[0]) if near else ""


def _texts(part: Mapping[str, Any], section: str, key: str) -> list[str]:
    values = part.get(key, [])
    if not all(isinstance(value, str) and value for value in values):
        raise MapRefusedError(_("[{}] {} must be a list of texts.").format(section, key))
    return list(values)


def _choice(part: Mapping[str, Any], section: str, key: str, allowed: tuple[str, str]) -> str:
    value = str(part.get(key, allowed[0]))
    if value not in allowed:
        raise MapRefusedError(_('[{}] {} is "{}" or "{}".').format(section, key, *allowed))
    return value


def _formats(moment: Mapping[str, Any]) -> tuple[str, ...]:
    formats = _texts(moment, "date", "formats")
    for pattern in formats:
        try:
            read = datetime.strptime(PROBE.strftime(pattern), pattern)  # noqa: DTZ007  the zone is the map's
        except ValueError:
            read = None
        if read is None or (read.date() != PROBE.date() and "%z" not in pattern):
            raise MapRefusedError(
                _("[date] formats: “{}” does not give year, month and day (example: %d.%m.%Y).").format(pattern)
            )
    return tuple(formats)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise MapRefusedError(_("[date] time_zone {} is unknown; write it like Europe/Berlin.").format(name)) from error


def _check_currency(code: str, section: str) -> None:
    if code not in CURRENCIES:
        raise MapRefusedError(_("[{}] {} is not a currency code such as EUR.").format(section, code))


def _rates(rows: Any) -> tuple[MappedRate, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MapRefusedError(_("Rates are written as [[rates]] sections."))
    result = []
    for row in rows:
        for key in [key for key in row if key not in RATE_KEYS]:
            raise MapRefusedError(_("[{}] has {}, which means nothing there.{}").format("rates", key, ""))
        for key, expected in RATE_KEYS.items():
            if key not in row:
                raise MapRefusedError(_("The map needs {} in [{}].").format(key, "rates"))
            _check_type("rates", key, row[key], expected)
        _check_currency(row["currency"], "rates")
        _check_currency(row["to"], "rates")
        try:
            rate = Decimal(row["rate"])
            valid_on = row["valid_on"] if isinstance(row["valid_on"], date) else date.fromisoformat(row["valid_on"])
        except (InvalidOperation, ValueError) as error:
            raise MapRefusedError(_('[rates] writes rate = "1.25" and valid_on = 2024-01-31.')) from error
        if not (rate.is_finite() and 0 < rate < 10**9):
            raise MapRefusedError(_("[rates] rate must be above zero."))
        result.append(MappedRate(row["currency"], row["to"], valid_on, rate, row["source"][:120]))
    return tuple(result)
