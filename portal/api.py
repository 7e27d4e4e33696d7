"""The portal over the API: what a partner's program may read of its own firm, and the one thing it may change."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PARTNER_ROLES
from accounts.permissions import PortalApiAccess
from core.api import RoomViewSet, choice, moment_filter, text_parameters
from deals.models import RevenueEntry
from engagement.models import Commitment, Meeting
from engagement.queries.people import PartnerVoice
from engagement.services import tick_action
from partners.models import SharingRule, Tier
from portal.queries.shared import shared_commitments, shared_meetings
from portal.queries.shell import shared_topics

Topic = SharingRule.Topic


class FirmOut(serializers.Serializer):
    uid = serializers.UUIDField()
    name = serializers.CharField()
    tier = serializers.ChoiceField(choices=Tier.values)


class MeOut(serializers.Serializer):
    uid = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=sorted(role.value for role in PARTNER_ROLES))
    time_zone = serializers.CharField()
    language = serializers.CharField()
    partner = FirmOut()
    topics = serializers.ListField(child=serializers.ChoiceField(choices=Topic.values), help_text="What is shared now")


class SaleOut(serializers.Serializer):
    external_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=RevenueEntry.Kind.values)
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    occurred_at = serializers.DateTimeField()


class AgreedOut(serializers.Serializer):
    """A decision or an action. `side` says who does it, `who` names the person."""

    uid = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Commitment.Kind.values)
    side = serializers.SerializerMethodField()
    text = serializers.CharField()
    who = serializers.SerializerMethodField()
    due_on = serializers.DateField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=["vendor", "partner"]))
    def get_side(self, one: Commitment) -> str:
        return "vendor" if one.side == Commitment.Side.OURS else "partner"

    def get_who(self, one: Commitment) -> str:
        return one.owner_name or (str(one.owner) if one.owner else "")


class CommitmentOut(AgreedOut):
    meeting = serializers.UUIDField(source="meeting.uid", default=None, allow_null=True)


class TopicOut(serializers.Serializer):
    uid = serializers.UUIDField()
    title = serializers.CharField()


class SharedMeetingOut(serializers.Serializer):
    uid = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Meeting.Kind.values)
    status = serializers.ChoiceField(choices=Meeting.Status.values)
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    time_zone = serializers.CharField()
    place = serializers.CharField()
    topics = TopicOut(source="shared_topics", many=True)
    agreed = AgreedOut(many=True)


class MeView(APIView):
    """Whose token this is, at which partner, and what is shared with that partner."""

    permission_classes = [PortalApiAccess]

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        if unknown := sorted(request.query_params):
            raise ValidationError({name: [_("This parameter is not known here.")] for name in unknown})
        person: Any = request.user
        about = {name: getattr(person, name) for name in ("uid", "name", "email", "role", "time_zone", "language")}
        return Response(MeOut({**about, "partner": request.seat.partner, "topics": sorted(shared_topics())}).data)


class PortalViewSet(mixins.ListModelMixin, RoomViewSet):
    """Base of the portal's lists: `topic` must be shared, else there is nothing here."""

    permission_classes = [PortalApiAccess]
    topic = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.topic not in shared_topics():
            raise Http404


class SaleViewSet(PortalViewSet):
    """Our invoices and reversals as the vendor has them."""

    serializer_class = SaleOut
    topic = Topic.SALES
    filters = {
        "kind": choice("kind", RevenueEntry.Kind.values),
        "since": moment_filter("since", "occurred_at__gte"),
        "until": moment_filter("until", "occurred_at__lt"),
    }

    def get_queryset(self) -> QuerySet[RevenueEntry]:
        return RevenueEntry.objects.visible_to(self.request.user).current()

    @extend_schema(parameters=text_parameters("kind", "since", "until"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)


class SharedMeetingViewSet(PortalViewSet):
    """Meetings we were invited to or held: shared topics, decisions and actions. Notes are not part of it."""

    serializer_class = SharedMeetingOut
    topic = Topic.MEETINGS
    filters = {
        "kind": choice("kind", Meeting.Kind.values),
        "status": choice("status", Meeting.Status.values),
        "since": moment_filter("since", "starts_at__gte"),
        "until": moment_filter("until", "starts_at__lt"),
    }

    def get_queryset(self) -> QuerySet[Meeting]:
        return shared_meetings(self.request.user, shared_topics())

    @extend_schema(parameters=text_parameters("kind", "status", "since", "until"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, uid: str) -> Response:
        return Response(SharedMeetingOut(self.get_object_or_404()).data)


class CommitmentViewSet(PortalViewSet):
    """Decisions and actions of both sides."""

    serializer_class = CommitmentOut
    topic = Topic.MEETINGS
    filters = {"kind": choice("kind", Commitment.Kind.values)}

    def get_queryset(self) -> QuerySet[Commitment]:
        return shared_commitments(self.request.user, shared_topics())

    @extend_schema(parameters=text_parameters("kind"))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=None, responses={200: CommitmentOut})
    @action(detail=True, methods=["post"])
    def done(self, request: Request, uid: str) -> Response:
        """Tick an action of our side. Ticking it again changes nothing."""
        one = self.get_object_or_404()
        person: Any = request.user
        voice = PartnerVoice(str(person), user=person, contact_id=request.seat.contact_id)
        tick_action(commitment_uid=one.uid, voice=voice)
        return Response(CommitmentOut(self.get_object_or_404()).data)
