"""Partners over the API: the company with its stage and published health in one row."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from core import clock
from core.api import RoomViewSet, StrictSerializer, choice, text_parameters, valid
from health.models import Band
from lifecycle.models import Stage
from lifecycle.services import start_journey
from partners.models import Partner, Tier
from partners.rules import normalise
from partners.services import create_partner, update_partner


class PartnerHealthOut(serializers.Serializer):
    score = serializers.DecimalField(max_digits=7, decimal_places=4)
    band = serializers.ChoiceField(choices=Band.values)
    confidence = serializers.CharField()
    coverage = serializers.DecimalField(max_digits=5, decimal_places=4)
    breadth = serializers.DecimalField(max_digits=5, decimal_places=4)
    change_30 = serializers.DecimalField(max_digits=7, decimal_places=4, allow_null=True)
    as_of = serializers.DateField()
    why = serializers.CharField()


class PartnerOut(serializers.Serializer):
    uid = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    key = serializers.CharField()
    kind = serializers.CharField()
    tier = serializers.ChoiceField(choices=Tier.values)
    stage = serializers.SerializerMethodField()
    owner = serializers.SerializerMethodField()
    country = serializers.CharField()
    time_zone = serializers.CharField()
    website = serializers.CharField()
    joined_on = serializers.DateField(allow_null=True)
    contract_ends_on = serializers.DateField(allow_null=True)
    archived = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    health = serializers.SerializerMethodField()

    def get_stage(self, partner: Partner) -> str:
        journey = getattr(partner, "journey", None)
        return journey.stage if journey else ""

    def get_owner(self, partner: Partner) -> str:
        return partner.owner.email if partner.owner else ""

    def get_archived(self, partner: Partner) -> bool:
        return partner.archived_at is not None

    @extend_schema_field(PartnerHealthOut(allow_null=True))
    def get_health(self, partner: Partner) -> dict[str, Any] | None:
        state = getattr(partner, "health", None)
        return PartnerHealthOut(state).data if state else None


class PartnerIn(StrictSerializer):
    name = serializers.CharField(max_length=160)
    key = serializers.CharField(max_length=120, required=False, allow_blank=True)
    kind = serializers.CharField(max_length=40, required=False, allow_blank=True)
    tier = serializers.ChoiceField(choices=Tier.values, required=False)
    stage = serializers.ChoiceField(choices=Stage.values, required=False)
    owner = serializers.EmailField(required=False, allow_blank=True)
    country = serializers.CharField(max_length=60, required=False, allow_blank=True)
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    joined_on = serializers.DateField(required=False)


class PartnerPatchIn(StrictSerializer):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    name = serializers.CharField(max_length=160, required=False)
    kind = serializers.CharField(max_length=40, required=False, allow_blank=True)
    country = serializers.CharField(max_length=60, required=False, allow_blank=True)
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    contract_ends_on = serializers.DateField(required=False, allow_null=True)


def _owner(queryset: QuerySet[Partner], text: str) -> QuerySet[Partner]:
    return queryset.filter(owner__email__iexact=text)


def _name(queryset: QuerySet[Partner], text: str) -> QuerySet[Partner]:
    return queryset.filter(search_name__contains=normalise(text))


class PartnerViewSet(mixins.ListModelMixin, RoomViewSet):
    """Companies the vendor sells through."""

    serializer_class = PartnerOut
    filters = {
        "key": lambda rows, text: rows.filter(key=text),
        "name": _name,
        "owner": _owner,
        "tier": choice("tier", Tier.values),
        "stage": choice("journey__stage", Stage.values),
        "band": choice("health__band", [band for band in Band.values if band]),
    }

    def get_queryset(self) -> QuerySet[Partner]:
        return Partner.objects.visible_to(self.request.user).select_related("owner", "journey", "health")

    @extend_schema(parameters=text_parameters("key", "name", "owner", "tier", "stage", "band"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, uid: str) -> Response:
        return Response(PartnerOut(self.get_object_or_404()).data)

    @extend_schema(request=PartnerIn, responses={201: PartnerOut})
    def create(self, request: Request) -> Response:
        data = valid(PartnerIn, request)
        stage = data.pop("stage", Stage.RECRUIT)
        owner = self._owner(data.pop("owner", ""))
        partner = create_partner(actor=request.user, owner=owner, **data)
        start_journey(partner_id=partner.pk, stage=stage, occurred_at=clock.now(), actor=request.user)
        return Response(PartnerOut(self.get_queryset().get(pk=partner.pk)).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PartnerPatchIn, responses=PartnerOut)
    def partial_update(self, request: Request, uid: str) -> Response:
        partner = self.get_object_or_404()
        update_partner(partner_id=partner.pk, actor=request.user, **valid(PartnerPatchIn, request))
        return Response(PartnerOut(self.get_queryset().get(pk=partner.pk)).data)

    def _owner(self, email: str) -> User | None:
        if not email:
            return None
        owner = User.objects.filter(
            email__iexact=email, is_active=True
        ).first()  # visible: staff choose among colleagues
        if owner is None:
            raise ValidationError({"owner": [_("There is no active user with this address.")]})
        return owner
