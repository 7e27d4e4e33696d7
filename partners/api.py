"""People at the partners over the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import RoomViewSet, StrictSerializer, as_uuid, choice, text_parameters, valid
from partners.models import Contact, Partner
from partners.services import add_contact


def partner_or_400(request: Request, uid: Any) -> Partner:
    """The visible partner named in a body; a foreign one is as unknown as a missing one."""
    partner = Partner.objects.visible_to(request.user).filter(uid=uid).first()
    if partner is None:
        raise ValidationError({"partner": ["There is no partner with this id."]})
    return partner


def of_partner(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Filter `partner=<uid>`."""
    return queryset.filter(partner__uid=as_uuid(text))


class ContactOut(serializers.Serializer):
    uid = serializers.UUIDField()
    partner = serializers.UUIDField(source="partner.uid")
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    title = serializers.CharField()
    role = serializers.ChoiceField(choices=Contact.Role.values)
    left_on = serializers.DateField(allow_null=True)


class ContactIn(StrictSerializer):
    partner = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    title = serializers.CharField(max_length=120, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=Contact.Role.values, required=False)


class ContactViewSet(mixins.ListModelMixin, RoomViewSet):
    """People at the partners."""

    serializer_class = ContactOut
    filters = {
        "partner": of_partner,
        "email": lambda rows, text: rows.filter(email__iexact=text),
        "role": choice("role", Contact.Role.values),
    }

    def get_queryset(self) -> QuerySet[Contact]:
        return Contact.objects.visible_to(self.request.user).select_related("partner")

    @extend_schema(parameters=text_parameters("partner", "email", "role"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, uid: str) -> Response:
        return Response(ContactOut(self.get_object_or_404()).data)

    @extend_schema(request=ContactIn, responses={201: ContactOut})
    def create(self, request: Request) -> Response:
        data = valid(ContactIn, request)
        partner = partner_or_400(request, data.pop("partner"))
        contact = add_contact(partner_id=partner.pk, actor=request.user, **data)
        return Response(ContactOut(contact).data, status=status.HTTP_201_CREATED)
