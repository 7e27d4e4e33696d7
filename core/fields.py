"""Kinds of columns that more than one room may need."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import get_language


class TextInLanguages(models.JSONField):
    """A sentence that is written once in every language, as {code: text}, and read in the one in force.

    A plain text is kept as one in the language of the installation, which also stands in for a missing language.
    """

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> str:
        told = super().from_db_value(value, expression, connection) or {}
        spoken = get_language() or settings.LANGUAGE_CODE
        return str(told.get(spoken) or told.get(settings.LANGUAGE_CODE, ""))

    def get_prep_value(self, value: Any) -> Any:
        return {settings.LANGUAGE_CODE: value} if isinstance(value, str) and value else value or {}
