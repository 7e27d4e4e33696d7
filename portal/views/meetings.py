"""Meetings and decisions: what is planned, what was agreed, and what the partner says to it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.policies import partner_editors_only, partner_only
from core import clock
from core.errors import DomainError, StaleError
from engagement import ics, services
from engagement.forms import ObjectionForm, ProposalForm, TopicForm
from engagement.models import Commitment, Meeting, MeetingReply
from engagement.queries.entries import calendar_meeting
from engagement.queries.people import PartnerVoice
from engagement.queries.shared import (
    meetings_at_hand,
    meetings_behind,
    open_agreed,
    promises,
    shared_meeting,
)
from engagement.queries.times import wall_words
from engagement.views.answers import refuse, status_of
from partners.models import SharingRule
from portal.context import require_topic, topics_of
from portal.queries.meetings import (
    agreed_groups,
    agreed_line,
    meeting_lines,
    meeting_times,
    reply_lines,
    state_words,
    told,
)

Topic = SharingRule.Topic
PER_PAGE = 20


@partner_only
def meeting_list(request: Any) -> HttpResponse:
    """What waits for us, what comes next, what is open on both sides, and what was."""
    require_topic(request, Topic.MEETINGS)
    now, today, partner = clock.now(), clock.today(), request.seat.partner
    offset = _offset(request)
    at_hand = meetings_at_hand(request.user, at=now)
    behind = meetings_behind(request.user, at=now, offset=offset, limit=PER_PAGE)
    just_over = [] if offset else at_hand.just_over
    context = {
        "to_confirm": meeting_lines(at_hand.to_confirm, partner, request.user, at=now),
        "ahead": meeting_lines(at_hand.ahead, partner, request.user, at=now),
        "groups": agreed_groups(told(open_agreed(request.user), topics_of(request)), partner, today),
        "behind": meeting_lines([*just_over, *behind[:PER_PAGE]], partner, request.user, at=now),
        "older": offset + PER_PAGE if len(behind) > PER_PAGE else None,
        "newer": max(offset - PER_PAGE, 0) if offset else None,
        "promises": promises([partner.pk], at=now).get(partner.pk) if Topic.PROMISES in topics_of(request) else None,
    }
    return render(request, "portal/meeting_list.html", context)


@partner_only
def meeting_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    return _shown(request, _meeting_or_404(request, uid))


@partner_only
def meeting_ics(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The meeting as a file for a calendar."""
    meeting = _meeting_or_404(request, uid)
    response = HttpResponse(
        ics.feed(meeting.title, [calendar_meeting(meeting, with_link=False)]), content_type=ics.CONTENT_TYPE
    )
    response["Content-Disposition"] = 'attachment; filename="meeting.ics"'
    return response


@partner_editors_only
@require_POST
def topic_add(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = _meeting_or_404(request, uid)
    form = TopicForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            services.propose_topic(meeting_id=meeting.pk, title=form.cleaned_data["title"], voice=_voice(request))
        except DomainError as error:
            status = refuse(form, error)
        else:
            return _done(request, _("Your topic is on the agenda."), meeting, part="agenda")
    return _shown(request, meeting, status=status, topic_form=form)


@partner_editors_only
def date_propose(request: Any, uid: uuid.UUID) -> HttpResponse:
    """A form of its own: a date is proposed rarely and with care."""
    meeting = _meeting_or_404(request, uid)
    partner = request.seat.partner
    zones = dict.fromkeys([request.user.time_zone, partner.time_zone, meeting.time_zone])
    form = ProposalForm(request.POST or None, zones=list(zones))
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        try:
            services.propose_date(
                meeting_id=meeting.pk,
                local_start=form.local_start,
                time_zone=form.cleaned_data["time_zone"],
                text=form.cleaned_data["text"],
                voice=_voice(request),
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            return _done(request, _("Your proposal is sent. Until it is answered, the old date stays."), meeting)
    waiting = meeting.replies.filter(kind=MeetingReply.Kind.DATE).waiting().first()
    context = {
        "form": form, "meeting": meeting, "waiting": waiting,
        "waiting_for": wall_words(waiting.wall, waiting.time_zone) if waiting else "",
        "times": meeting_times(meeting, partner, request.user),
    }  # fmt: skip
    return render(request, "portal/date_propose.html", context, status=status)


@partner_editors_only
@require_POST
def date_withdraw(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    require_topic(request, Topic.MEETINGS)
    rows = MeetingReply.objects.visible_to(request.user).filter(kind=MeetingReply.Kind.DATE).select_related("meeting")
    reply = get_object_or_404(rows, uid=uid)
    try:
        services.withdraw_date(reply_uid=reply.uid, voice=_voice(request))
    except DomainError as error:
        return _shown(request, _meeting_or_404(request, reply.meeting.uid), status=_code(error), refused=error.message)
    return _done(request, _("Your proposal is taken back."), reply.meeting)


@partner_editors_only
@require_POST
def summary_confirm(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = _meeting_or_404(request, uid)
    try:
        services.answer_summary(meeting_id=meeting.pk, agreed=True, voice=_voice(request))
    except DomainError as error:
        return _shown(request, meeting, status=_code(error), refused=error.message)
    return _done(request, _("The summary is confirmed."), meeting)


@partner_editors_only
@require_POST
def summary_object(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = _meeting_or_404(request, uid)
    form = ObjectionForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            services.answer_summary(
                meeting_id=meeting.pk, agreed=False, text=form.cleaned_data["text"], voice=_voice(request)
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            return _done(request, _("Sent. You get an answer."), meeting)
    return _shown(request, meeting, status=status, objection_form=form)


@partner_editors_only
@require_POST
def action_done(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Tick or untick (`done=0`) an action of our side."""
    commitment = _commitment_or_404(request, uid)
    done = request.POST.get("done", "1") == "1"
    try:
        services.tick_action(commitment_uid=commitment.uid, voice=_voice(request), done=done)
    except DomainError as error:
        return _refused_line(request, commitment, error)
    text = _("Marked “{}” as done.") if done else _("“{}” is open again.")
    return _done(request, text.format(commitment.text), commitment.meeting, part="agreed")


@partner_editors_only
@require_POST
def decision_confirm(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    commitment = _commitment_or_404(request, uid)
    try:
        services.confirm_decision(commitment_uid=commitment.uid, voice=_voice(request))
    except DomainError as error:
        return _refused_line(request, commitment, error)
    return _done(request, _("Confirmed “{}”.").format(commitment.text), commitment.meeting, part="agreed")


def _shown(request: Any, meeting: Meeting, *, status: int = 200, **changes: Any) -> HttpResponse:
    """The page of one meeting; `changes` replace forms that were refused."""
    now, partner = clock.now(), request.seat.partner
    replies = reply_lines(meeting, partner, request.user, _voice(request))
    said = [one for one in replies if one.reply.kind != MeetingReply.Kind.DATE]
    context = {
        "meeting": meeting,
        "state": state_words(meeting, at=now),
        "times": meeting_times(meeting, partner, request.user),
        "people": meeting.attendees.all(),
        "topics": meeting.agenda.all(),
        "agreed": [
            agreed_line(one, partner, clock.today()) for one in told(meeting.commitments.all(), topics_of(request))
        ],
        "proposals": [one for one in replies if one.reply.kind == MeetingReply.Kind.DATE],
        "said": said,
        "i_confirmed": any(one.mine and one.reply.kind == MeetingReply.Kind.AGREED for one in said[-1:]),
        "takes_topics": meeting.takes_topics(now),
        "takes_dates": meeting.takes_dates(now) and not any(one.reply.is_open for one in replies),
        "topic_form": TopicForm(),
        "objection_form": ObjectionForm(),
    }
    return render(request, "portal/meeting_detail.html", {**context, **changes}, status=status)


def _done(request: Any, text: str, meeting: Meeting | None, *, part: str = "") -> HttpResponse:
    """Said in a message, back on the page the button was on."""
    messages.success(request, text)
    if meeting is None or request.POST.get("back") == "list":
        return redirect("portal:meeting_list")
    response = redirect("portal:meeting_detail", uid=meeting.uid)
    response["Location"] += f"#{part}" if part else ""
    return response


def _refused_line(request: HttpRequest, commitment: Commitment, error: DomainError) -> HttpResponse:
    if commitment.meeting is not None:
        meeting = _meeting_or_404(request, commitment.meeting.uid)
        return _shown(request, meeting, status=_code(error), refused=error.message)
    messages.error(request, error.message)
    return redirect("portal:meeting_list")


def _code(error: DomainError) -> int:
    return 409 if isinstance(error, StaleError) else 422


def _meeting_or_404(request: HttpRequest, uid: uuid.UUID) -> Meeting:
    require_topic(request, Topic.MEETINGS)
    meeting = shared_meeting(request.user, uid)
    if meeting is None:
        raise Http404
    return meeting


def _commitment_or_404(request: HttpRequest, uid: uuid.UUID) -> Commitment:
    require_topic(request, Topic.MEETINGS)
    rows = Commitment.objects.visible_to(request.user).shared().select_related("meeting")
    return get_object_or_404(rows, uid=uid)


def _voice(request: Any) -> PartnerVoice:
    return PartnerVoice(str(request.user), user=request.user, contact_id=request.seat.contact_id)


def _offset(request: HttpRequest) -> int:
    text = request.GET.get("from", "")
    return min(int(text), 2000) if text.isascii() and text.isdigit() and len(text) < 6 else 0
