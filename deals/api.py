"""Revenue over the API: read it by keyset, write it idempotently by external id."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import RoomViewSet, StrictSerializer, choice, moment_filter, text_parameters, valid
from deals.models import RevenueEntry
from deals.rules import MAX_AMOUNT_MINOR
from deals.services import CREATED, record_revenue
from partners.api import of_partner, partner_or_400


class RevenueOut(serializers.Serializer):
    partner = serializers.UUIDField(source="partner.uid")
    source = serializers.CharField()
    external_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=RevenueEntry.Kind.values)
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    country = serializers.CharField()
    lines = serializers.IntegerField()
    occurred_at = serializers.DateTimeField()
    known_at = serializers.DateTimeField()
    known_asserted = serializers.BooleanField()


class RevenueIn(StrictSerializer):
    partner = serializers.UUIDField()
    source = serializers.CharField(max_length=60, default="api")
    external_id = serializers.CharField(max_length=120)
    amount_minor = serializers.IntegerField(min_value=-MAX_AMOUNT_MINOR, max_value=MAX_AMOUNT_MINOR)
    currency = serializers.RegexField(r"^[A-Z]{3}$")
    country = serializers.CharField(max_length=60, required=False, allow_blank=True)
    occurred_at = serializers.DateTimeField()


class RevenueResultOut(RevenueOut):
    outcome = serializers.ChoiceField(choices=["created", "updated", "same"])


class RevenueViewSet(mixins.ListModelMixin, RoomViewSet):
    """Invoices and reversals, each attributed to one partner. Corrections replace the entry with the same id."""

    serializer_class = RevenueOut
    filters = {
        "partner": of_partner,
        "source": lambda rows, text: rows.filter(source=text),
        "external_id": lambda rows, text: rows.filter(external_id=text),
        "kind": choice("kind", RevenueEntry.Kind.values),
        "since": moment_filter("since", "occurred_at__gte"),
        "until": moment_filter("until", "occurred_at__lt"),
    }

    def get_queryset(self) -> QuerySet[RevenueEntry]:
        return RevenueEntry.objects.visible_to(self.request.user).current().select_related("partner")

    @extend_schema(parameters=text_parameters("partner", "source", "external_id", "kind", "since", "until"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=RevenueIn, responses={200: RevenueResultOut, 201: RevenueResultOut})
    def create(self, request: Request) -> Response:
        """Record one entry. The same external id again answers 200 and changes nothing, or corrects the entry."""
        data = valid(RevenueIn, request)
        partner = partner_or_400(request, data.pop("partner"))
        entry, outcome = record_revenue(partner_id=partner.pk, actor=request.user, **data)
        body = {**RevenueOut(entry).data, "outcome": outcome}
        return Response(body, status=201 if outcome == CREATED else 200)
