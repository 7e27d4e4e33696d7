"""JSON bodies read strictly: one value per key, no NaN, bounded depth (reliability 6.3)."""

import json
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 20


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ParseError(_("A key appears twice in one object."))
    return result


def _constant(name: str) -> None:
    raise ParseError(_("{} is not a number.").format(name))


def _depth(value: Any, level: int = 0) -> None:
    if level > MAX_DEPTH:
        raise ParseError(_("The JSON is nested too deeply."))
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _depth(child, level + 1)


class StrictJSONParser(JSONParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: dict[str, Any] | None = None) -> Any:
        raw = stream.read()
        try:
            value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("This is not valid JSON in UTF-8.")) from error
        if "\x00" in raw.decode("utf-8") or "\\u0000" in raw.decode("utf-8"):
            raise ParseError(_("NUL characters are not allowed."))
        _depth(value)
        return value
