"""Touches and meetings over the API."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import (
    IDEMPOTENCY,
    RoomViewSet,
    StrictSerializer,
    choice,
    moment_filter,
    submission_key,
    text_parameters,
    valid,
)
from engagement.models import Meeting, Touchpoint
from engagement.services import log_touch, schedule_meeting
from partners.api import of_partner, partner_or_400
from partners.models import Contact


class TouchOut(serializers.Serializer):
    uid = serializers.UUIDField()
    partner = serializers.UUIDField(source="partner.uid")
    kind = serializers.ChoiceField(choices=Touchpoint.Kind.values)
    two_way = serializers.BooleanField()
    shared = serializers.BooleanField()
    text = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    known_at = serializers.DateTimeField()


class TouchIn(StrictSerializer):
    partner = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Touchpoint.Kind.values, default=Touchpoint.Kind.CALL)
    two_way = serializers.BooleanField(default=True)
    shared = serializers.BooleanField(default=False)
    text = serializers.CharField(max_length=4000)
    occurred_at = serializers.DateTimeField(required=False)


class TouchViewSet(mixins.ListModelMixin, RoomViewSet):
    """Contacts with partners; only two-way ones feed health."""

    serializer_class = TouchOut
    filters = {
        "partner": of_partner,
        "kind": choice("kind", Touchpoint.Kind.values),
        "since": moment_filter("since", "occurred_at__gte"),
        "until": moment_filter("until", "occurred_at__lt"),
    }

    def get_queryset(self) -> QuerySet[Touchpoint]:
        return Touchpoint.objects.visible_to(self.request.user).current().select_related("partner")

    @extend_schema(parameters=text_parameters("partner", "kind", "since", "until"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, uid: str) -> Response:
        return Response(TouchOut(self.get_object_or_404()).data)

    @extend_schema(request=TouchIn, responses={201: TouchOut}, parameters=[IDEMPOTENCY])
    def create(self, request: Request) -> Response:
        data = valid(TouchIn, request)
        partner = partner_or_400(request, data.pop("partner"))
        key = submission_key(request)
        touch = log_touch(partner_id=partner.pk, actor=request.user, submission_key=key, **data)
        return Response(TouchOut(touch).data, status=status.HTTP_201_CREATED)


class MeetingOut(serializers.Serializer):
    uid = serializers.UUIDField()
    partner = serializers.UUIDField(source="partner.uid")
    kind = serializers.ChoiceField(choices=Meeting.Kind.values)
    status = serializers.ChoiceField(choices=Meeting.Status.values)
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    time_zone = serializers.CharField()
    minutes = serializers.IntegerField()
    place = serializers.CharField()
    target_on = serializers.DateField(allow_null=True)
    automatic = serializers.BooleanField()
    version = serializers.IntegerField()


class MeetingIn(StrictSerializer):
    partner = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Meeting.Kind.values, default=Meeting.Kind.QBR)
    local_start = serializers.RegexField(
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$", help_text="Wall time in `time_zone`, such as 2026-12-04T10:00"
    )
    time_zone = serializers.CharField(max_length=60)
    minutes = serializers.IntegerField(min_value=5, max_value=600, default=60)
    title = serializers.CharField(max_length=160, required=False, allow_blank=True)
    place = serializers.CharField(max_length=300, required=False, allow_blank=True)
    contacts = serializers.ListField(child=serializers.UUIDField(), max_length=50, default=list)
    invite = serializers.BooleanField(default=False)


class MeetingViewSet(mixins.ListModelMixin, RoomViewSet):
    """Reviews and check-ins, planned by the cadence or by people."""

    serializer_class = MeetingOut
    filters = {
        "partner": of_partner,
        "kind": choice("kind", Meeting.Kind.values),
        "status": choice("status", Meeting.Status.values),
        "since": moment_filter("since", "starts_at__gte"),
        "until": moment_filter("until", "starts_at__lt"),
    }

    def get_queryset(self) -> QuerySet[Meeting]:
        return Meeting.objects.visible_to(self.request.user).select_related("partner")

    @extend_schema(parameters=text_parameters("partner", "kind", "status", "since", "until"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, uid: str) -> Response:
        return Response(MeetingOut(self.get_object_or_404()).data)

    @extend_schema(request=MeetingIn, responses={201: MeetingOut}, parameters=[IDEMPOTENCY])
    def create(self, request: Request) -> Response:
        data = valid(MeetingIn, request)
        partner = partner_or_400(request, data.pop("partner"))
        people = Contact.objects.visible_to(request.user).filter(partner=partner, uid__in=data.pop("contacts"))
        meeting = schedule_meeting(
            partner_id=partner.pk,
            actor=request.user,
            local_start=wall_time(data.pop("local_start")),
            contact_ids=[contact.pk for contact in people],
            submission_key=submission_key(request),
            **data,
        )
        return Response(MeetingOut(meeting).data, status=status.HTTP_201_CREATED)


def wall_time(text: str) -> datetime:
    """The naive wall time of a checked text; a day or hour that does not exist is a 400."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValidationError({"local_start": ["There is no such day or hour."]}) from error
