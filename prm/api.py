"""The API's router and the one place where errors of the business become answers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from drf_standardized_errors.handler import exception_handler as standard_handler
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.policies import signed_in
from core.errors import DomainError
from deals.api import RevenueViewSet
from engagement.api import MeetingViewSet, TouchViewSet
from health.api import HealthViewSet, PartnerHealthViewSet
from partners.api import ContactViewSet
from portal.api import CommitmentViewSet, MeView, SaleViewSet, SharedMeetingViewSet
from workspace.api import PartnerViewSet

router = SimpleRouter(trailing_slash=True)
router.register("partners", PartnerViewSet, basename="partner")
router.register("contacts", ContactViewSet, basename="contact")
router.register("revenue", RevenueViewSet, basename="revenue")
router.register("touchpoints", TouchViewSet, basename="touchpoint")
router.register("meetings", MeetingViewSet, basename="meeting")
router.register("health", HealthViewSet, basename="health")
router.register("partners", PartnerHealthViewSet, basename="partner-health")
router.register("portal/sales", SaleViewSet, basename="portal-sale")
router.register("portal/meetings", SharedMeetingViewSet, basename="portal-meeting")
router.register("portal/commitments", CommitmentViewSet, basename="portal-commitment")

me = MeView.as_view()
schema = SpectacularAPIView.as_view()
docs = signed_in(SpectacularSwaggerView.as_view(url_name="schema"))


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"
    default_detail = _("The change was refused by a rule.")


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, DomainError):
        error = Conflict(error.message)
    return standard_handler(error, context)
