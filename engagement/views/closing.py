"""What became of a meeting: held, missed, and its summary."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.policies import editors_only
from core.errors import DomainError
from engagement import services
from engagement.forms import HoldForm
from engagement.models import Meeting
from engagement.views.answers import complained, refuse, sent_on, shown
from engagement.views.fetch import meeting_or_404
from engagement.views.workspace import workspace


@editors_only
@require_POST
def meeting_hold(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Close as held with who came. Refused with the reason when nobody came or nothing was agreed."""
    meeting = meeting_or_404(request.user, uid)
    form = HoldForm(request.POST, attendees=list(meeting.attendees.all()))
    status = 422
    if form.is_valid():
        try:
            services.hold_meeting(
                meeting_id=meeting.pk,
                actor=request.user,
                attended=form.cleaned_data["attended"],
                version=form.cleaned_data["version"],
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            return sent_on(request, _("Closed as held. You can send the summary now."), to=_detail(meeting))
    context = workspace(request, meeting_or_404(request.user, uid), hold_form=form)
    return shown(request, "engagement/meeting_detail.html", "engagement/_hold.html", context, status=status)


@editors_only
@require_POST
def meeting_missed(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = meeting_or_404(request.user, uid)
    try:
        services.mark_missed(meeting_id=meeting.pk, actor=request.user)
    except DomainError as error:
        return complained(request, error, to=_detail(meeting))
    return sent_on(request, _("Marked as missed. The owner was told and a new date is planned."), to=_detail(meeting))


@editors_only
@require_POST
def summary_send(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = meeting_or_404(request.user, uid)
    try:
        sent = services.send_summary(meeting_id=meeting.pk, actor=request.user)
    except DomainError as error:
        return complained(request, error, to=_detail(meeting))
    if not sent:
        return sent_on(request, _("Everybody has the summary already."), to=_detail(meeting), level=messages.INFO)
    text = ngettext("Sent the summary to %d person.", "Sent the summary to %d people.", sent) % sent
    return sent_on(request, text, to=_detail(meeting))


def _detail(meeting: Meeting) -> str:
    return reverse("engagement:meeting_detail", args=[meeting.uid])
