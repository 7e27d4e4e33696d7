"""What every API list shares: keyset pages, strict query parameters, strict bodies."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

PAGING = frozenset({"cursor", "page_size"})


class KeysetPagination(CursorPagination):
    """Pages by key, never by offset: the last page costs what the first does (reliability R54)."""

    ordering = "id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100

    def get_page_size(self, request: Request) -> int:
        raw = request.query_params.get("page_size", "50")
        if not (raw.isascii() and raw.isdigit() and 1 <= int(raw) <= self.max_page_size):
            raise ValidationError({"page_size": _("A number from 1 to 100.")})
        return int(raw)


class StrictSerializer(serializers.Serializer):
    """Unknown fields are errors, not silently dropped (reliability R11)."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise ValidationError({name: [_("This field is not known here.")] for name in unknown})
        return super().to_internal_value(data)


class RoomViewSet(viewsets.GenericViewSet):
    """Base of the viewsets: `filters` maps each public parameter to a function of (queryset, text)."""

    pagination_class = KeysetPagination
    lookup_field = "uid"
    lookup_value_regex = "[^/]+"  # what is no id is as missing as an id that does not exist, and in JSON
    filters: dict[str, Any] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action is None:
            return  # a method this address does not know: the 405 comes next
        allowed = set(self.filters) | PAGING if self.action == "list" else set(getattr(self, "detail_parameters", ()))
        if unknown := sorted(set(request.query_params) - allowed):
            raise ValidationError({name: [_("This parameter is not known here.")] for name in unknown})

    def filter_queryset(self, queryset: Any) -> Any:
        for name, narrow in self.filters.items():
            if (text := self.request.query_params.get(name)) is not None:
                if len(text) > 200 or "\x00" in text:
                    raise ValidationError({name: [_("This value is too long or holds a NUL character.")]})
                queryset = narrow(queryset, text)
        return queryset

    def get_object_or_404(self) -> Any:
        row = self.get_queryset().filter(uid=as_uuid(self.kwargs["uid"])).first()
        if row is None:
            raise Http404
        return row


def as_uuid(text: str) -> UUID:
    """The id as a UUID; anything else is as missing as an id that does not exist."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def choice(name: str, allowed: Any) -> Any:
    """A filter that accepts only the listed values."""

    def narrow(queryset: Any, text: str, *, path: str = name) -> Any:
        if text not in allowed:
            raise ValidationError({path.rsplit("__", 1)[-1]: [_("Not one of: {}.").format(", ".join(allowed))]})
        return queryset.filter(**{name: text})  # `name` is written in code, never sent by a caller

    return narrow


def text_parameters(*names: str) -> list[OpenApiParameter]:
    """Query parameters for the schema: short texts."""
    return [OpenApiParameter(name, {"type": "string", "maxLength": 200}) for name in names]


def valid(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The checked body of the request; a 400 with every problem when it is not valid."""
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def submission_key(request: Request) -> str:
    """The caller's `Idempotency-Key`, in the caller's own key space; empty when none was sent."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > 80 or not key.isprintable():
        raise ValidationError({"Idempotency-Key": [_("At most 80 printable characters.")]})
    return f"api:{request.user.uid.hex}:{key}" if key else ""


IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 80, "pattern": "^[!-~]{1,80}$"},
    OpenApiParameter.HEADER,
    description="A repeated key returns what the first call made.",
)


def moment_filter(name: str, lookup: str) -> Any:
    """A filter on an instant given as ISO 8601 with its offset; `lookup` is written in code."""

    def narrow(queryset: Any, text: str) -> Any:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or moment.year < 1970:
            raise ValidationError({name: [_("An instant such as 2026-03-01T09:00:00Z.")]})
        return queryset.filter(**{lookup: moment})

    return narrow
