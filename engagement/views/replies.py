"""Our answers to what the partner said about a meeting."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.policies import editors_only
from core.errors import DomainError
from engagement import services
from engagement.forms import AnswerForm
from engagement.models import Meeting, MeetingReply
from engagement.queries.times import zoned_times
from engagement.views.answers import complained, refuse, sent_on, shown
from engagement.views.fetch import meeting_or_404, reply_or_404
from engagement.views.workspace import reply_context, workspace


@editors_only
@require_POST
def reply_accept(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Move the meeting to the proposed date."""
    reply = reply_or_404(request.user, uid)
    try:
        reply = services.accept_date(reply_uid=reply.uid, actor=request.user)
    except DomainError as error:
        return complained(request, error, to=_detail(reply.meeting))
    text = _("Moved to {}.").format(zoned_times(reply.meeting)[0].text)
    return sent_on(request, text, to=_detail(reply.meeting))


@editors_only
@require_POST
def reply_decline(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Keep the date, with the reason."""
    reply = reply_or_404(request.user, uid)
    form = _form(request, reply)
    status = 422
    if form.is_valid():
        try:
            services.decline_date(reply_uid=reply.uid, actor=request.user, reason=form.cleaned_data["answer"])
        except DomainError as error:
            status = refuse(form, error)
        else:
            text = _("The date stays; {} reads why.").format(reply.said_by)
            return sent_on(request, text, to=_detail(reply.meeting))
    return _refused(request, reply, form, status)


@editors_only
@require_POST
def reply_answer(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Answer an objection to the summary."""
    reply = reply_or_404(request.user, uid)
    form = _form(request, reply)
    status = 422
    if form.is_valid():
        try:
            services.answer_objection(reply_uid=reply.uid, actor=request.user, answer=form.cleaned_data["answer"])
        except DomainError as error:
            status = refuse(form, error)
        else:
            return sent_on(request, _("Answered {}.").format(reply.said_by), to=_detail(reply.meeting))
    return _refused(request, reply, form, status)


def _form(request: HttpRequest, reply: MeetingReply) -> AnswerForm:
    return AnswerForm(request.POST, auto_id=f"id_{reply.uid}_%s")


def _refused(request: HttpRequest, reply: MeetingReply, form: AnswerForm, status: int) -> HttpResponse:
    """The card read anew, with what was typed. Once somebody else answered there is no field to type into."""
    context = workspace(request, meeting_or_404(request.user, reply.meeting.uid))
    for entry in context["replies"]:
        if entry["reply"].pk == reply.pk:
            entry.update(reply_context(entry["reply"], request.user, form))
    context["reply_errors"] = form
    return shown(request, "engagement/meeting_detail.html", "engagement/_replies.html", context, status=status)


def _detail(meeting: Meeting) -> str:
    return reverse("engagement:meeting_detail", args=[meeting.uid])
