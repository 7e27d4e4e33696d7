"""Partners over the API: the company with its stage and published health in one row."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import STAFF_ROLES, User
from core.api import RoomViewSet, StrictSerializer, choice, text_parameters, valid
from health.models import Band
from lifecycle.models import Stage
from partners.models import Partner, Tier
from partners.rules import normalise
from partners.services import update_partner
from workspace.services.partners import add_partner


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
    stage = serializers.CharField()
    owner = serializers.CharField()
    country = serializers.CharField()
    time_zone = serializers.CharField()
    website = serializers.CharField()
    joined_on = serializers.DateField(allow_null=True)
    contract_ends_on = serializers.DateField(allow_null=True)
    archived = serializers.BooleanField()
    version = serializers.IntegerField()
    health = PartnerHealthOut(allow_null=True)


# Read as plain rows: fifty model instances with their relations cost more than everything else in the answer.
COLUMNS = (
    "id", "uid", "name", "slug", "key", "kind", "tier", "country", "time_zone", "website", "joined_on",
    "contract_ends_on", "archived_at", "version", "journey__stage", "owner__email", "health__score", "health__band",
    "health__confidence", "health__coverage", "health__breadth", "health__change_30", "health__as_of", "health__why",
)  # fmt: skip


HEALTH = {name: name.removeprefix("health__") for name in COLUMNS if name.startswith("health__")}
PLAIN = [name for name in COLUMNS if "__" not in name and name not in {"id", "archived_at"}]


def partner_out(row: dict[str, Any]) -> dict[str, Any]:
    """One row of `COLUMNS` as `PartnerOut` describes it."""
    return {
        **{name: row[name] for name in PLAIN},
        "stage": row["journey__stage"] or "",
        "owner": row["owner__email"] or "",
        "archived": row["archived_at"] is not None,
        "health": {short: row[name] for name, short in HEALTH.items()} if row["health__as_of"] else None,
    }


class PartnerIn(StrictSerializer):
    name = serializers.CharField(max_length=160)
    key = serializers.CharField(max_length=120, required=False, allow_blank=True)
    kind = serializers.CharField(max_length=40, required=False, allow_blank=True)
    tier = serializers.ChoiceField(choices=Tier.values, required=False)
    stage = serializers.ChoiceField(choices=Stage.values, required=False)
    owner = serializers.EmailField(required=False, allow_blank=True)
    country = serializers.CharField(max_length=60, required=False, allow_blank=True)
    website = serializers.URLField(max_length=200, required=False, allow_blank=True)
    joined_on = serializers.DateField(required=False)


class PartnerPatchIn(StrictSerializer):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    name = serializers.CharField(max_length=160, required=False)
    kind = serializers.CharField(max_length=40, required=False, allow_blank=True)
    country = serializers.CharField(max_length=60, required=False, allow_blank=True)
    website = serializers.URLField(max_length=200, required=False, allow_blank=True)
    contract_ends_on = serializers.DateField(required=False, allow_null=True)


def _owner(queryset: QuerySet[Partner], text: str) -> QuerySet[Partner]:
    return queryset.filter(owner__email__iexact=text)


def _name(queryset: QuerySet[Partner], text: str) -> QuerySet[Partner]:
    return queryset.filter(search_name__contains=normalise(text))


class PartnerViewSet(RoomViewSet):
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

    def get_queryset(self) -> QuerySet[Partner, dict[str, Any]]:
        return Partner.objects.visible_to(self.request.user).values(*COLUMNS)

    @extend_schema(
        responses=PartnerOut(many=True), parameters=text_parameters("key", "name", "owner", "tier", "stage", "band")
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([partner_out(row) for row in page])

    def retrieve(self, request: Request, uid: str) -> Response:
        return Response(partner_out(self.get_object_or_404()))

    @extend_schema(request=PartnerIn, responses={201: PartnerOut})
    def create(self, request: Request) -> Response:
        data = valid(PartnerIn, request)
        owner = self._owner(data.pop("owner", ""))
        facts = {"stage": Stage.RECRUIT, "joined_on": None, **data, "owner": owner}
        partner = add_partner(actor=request.user, **facts)
        return Response(partner_out(self.get_queryset().get(pk=partner.pk)), status=status.HTTP_201_CREATED)

    @extend_schema(request=PartnerPatchIn, responses=PartnerOut)
    def partial_update(self, request: Request, uid: str) -> Response:
        partner_id = self.get_object_or_404()["id"]
        update_partner(partner_id=partner_id, actor=request.user, **valid(PartnerPatchIn, request))
        return Response(partner_out(self.get_queryset().get(pk=partner_id)))

    def _owner(self, email: str) -> User | None:
        """The colleague of this address. Who sees a portfolio only adds to it: nothing they could not open again."""
        if self.request.user.sees_own_partners_only:
            email = email or self.request.user.email
            if email.lower() != self.request.user.email:
                raise ValidationError({"owner": [_("You see your own partners only, so you add them as yours.")]})
        if not email:
            return None
        owner = User.objects.filter(
            email__iexact=email, is_active=True, role__in=STAFF_ROLES
        ).first()  # visible: staff choose among colleagues
        if owner is None:
            raise ValidationError({"owner": [_("There is no active user with this address.")]})
        return owner
