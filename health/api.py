"""Health over the API: published scores as a list, and one partner's explanation as page and command show it."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import RoomViewSet, moment_filter, text_parameters
from health import queries
from health.models import Band, Confidence, HealthState
from health.pages.partner import read_day
from partners.api import of_partner
from partners.models import Partner

NO_BAND = "none"
BANDS = [band for band in Band.values if band]
STATUSES = ["ok", "missing", "stale", "suppressed", "not_applicable"]


class HealthOut(serializers.Serializer):
    partner = serializers.UUIDField(source="partner.uid")
    slug = serializers.CharField(source="partner.slug")
    name = serializers.CharField(source="partner.name")
    score = serializers.DecimalField(max_digits=7, decimal_places=4)
    band = serializers.ChoiceField(choices=Band.values)
    band_since = serializers.DateField()
    confidence = serializers.ChoiceField(choices=Confidence.values)
    coverage = serializers.DecimalField(max_digits=5, decimal_places=4)
    breadth = serializers.DecimalField(max_digits=5, decimal_places=4)
    change_30 = serializers.DecimalField(max_digits=7, decimal_places=4, allow_null=True)
    change_90 = serializers.DecimalField(max_digits=7, decimal_places=4, allow_null=True)
    why = serializers.CharField()
    as_of = serializers.DateField()
    updated_at = serializers.DateTimeField()


class MeasureOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    raw = serializers.DictField()
    unit = serializers.CharField()
    n = serializers.IntegerField(allow_null=True)
    window = serializers.IntegerField(allow_null=True)
    value_as_of = serializers.DateField(allow_null=True)
    age_days = serializers.IntegerField(allow_null=True)
    flags = serializers.ListField(child=serializers.CharField())
    s = serializers.CharField(allow_null=True)
    f = serializers.CharField()
    w = serializers.CharField()
    v = serializers.CharField()
    c = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    source = serializers.CharField()
    sentence = serializers.CharField()


class SignalOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    contribution = serializers.CharField()
    measures = MeasureOut(many=True)


class GroupOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    contribution = serializers.CharField()
    signals = SignalOut(many=True)


class AdjustmentOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    contribution = serializers.CharField()


class ChangeRowOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    total = serializers.CharField()
    value = serializers.CharField()
    freshness = serializers.CharField()
    reweight = serializers.CharField()
    evidence = serializers.CharField()
    adjustment = serializers.CharField()


class ChangeOut(serializers.Serializer):
    since = serializers.DateField(allow_null=True)
    total = serializers.CharField()
    rows = ChangeRowOut(many=True)


class HelpOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.ChoiceField(choices=["improve", "ask"])
    gain = serializers.CharField()
    sentence = serializers.CharField()


class DisplayedOut(serializers.Serializer):
    score = serializers.CharField()
    lines = serializers.DictField(child=serializers.CharField())


class ExplanationOut(serializers.Serializer):
    """Numbers are text with all their digits: baseline + contributions + adjustments = score, exactly."""

    as_of = serializers.DateField()
    known_cutoff = serializers.DateTimeField()
    run_reason = serializers.CharField()
    model_version = serializers.CharField()
    stage = serializers.CharField()
    score = serializers.CharField()
    model_score = serializers.CharField()
    raw_band = serializers.CharField(allow_null=True)
    published_band = serializers.CharField(allow_null=True)
    confidence = serializers.ChoiceField(choices=Confidence.values)
    coverage = serializers.CharField()
    breadth = serializers.CharField()
    basis = serializers.CharField()
    sources = serializers.ListField(child=serializers.CharField())
    not_connected = serializers.ListField(child=serializers.CharField())
    baseline = serializers.CharField()
    groups = GroupOut(many=True)
    adjustments = AdjustmentOut(many=True)
    exceptions = serializers.ListField(child=serializers.CharField())
    change = ChangeOut(allow_null=True)
    helps = HelpOut(many=True)
    displayed = DisplayedOut()


def _band(rows: QuerySet[HealthState], text: str) -> QuerySet[HealthState]:
    if text not in {*BANDS, NO_BAND}:
        raise ValidationError({"band": [_("Not one of: {}.").format(", ".join([*BANDS, NO_BAND]))]})
    return rows.filter(band="" if text == NO_BAND else text)


class HealthViewSet(mixins.ListModelMixin, RoomViewSet):
    """Published scores. `band=none` finds partners without enough data."""

    serializer_class = HealthOut
    filters = {
        "partner": of_partner,
        "band": _band,
        "updated_since": moment_filter("updated_since", "updated_at__gte"),
    }

    def get_queryset(self) -> QuerySet[HealthState]:
        return HealthState.objects.visible_to(self.request.user).select_related("partner")

    @extend_schema(parameters=text_parameters("partner", "band", "updated_since"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)


class PartnerHealthViewSet(RoomViewSet):
    """The explanation of one partner's score."""

    serializer_class = ExplanationOut
    detail_parameters = ("as_of",)

    def get_queryset(self) -> QuerySet[Partner]:
        return Partner.objects.visible_to(self.request.user)

    @extend_schema(
        parameters=[
            OpenApiParameter("as_of", {"type": "string", "format": "date"}, description="A past day; default: newest.")
        ],
        responses=ExplanationOut,
    )
    @action(detail=True, methods=["get"], url_path="health", pagination_class=None)
    def explanation(self, request: Request, uid: str) -> Response:
        """Why the score is what it is, to the last digit; 404 when there is none by that day."""
        partner = self.get_object_or_404()
        day, problem = read_day(request.query_params.get("as_of", ""))
        if problem:
            raise ValidationError({"as_of": [problem]})
        explained = queries.explanation(partner, as_of=day)
        if explained is None:
            raise Http404
        return Response(explained)
