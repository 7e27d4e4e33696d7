"""The list of meetings, one meeting, and the dialogs that schedule, move, cancel and staff it."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policies import editors_only, staff_only
from core import clock
from core.errors import DomainError, StaleError
from engagement import ics, services
from engagement.forms import CancelForm, MeetingForm, MoveForm, PeopleForm
from engagement.models import Meeting
from engagement.queries.entries import calendar_meeting
from engagement.queries.lists import list_state
from engagement.queries.meetings import (
    WHENS,
    last_held_on,
    meeting_counts,
    meeting_rows,
    open_commitments,
    partner_meetings,
    readiness,
    reasons,
)
from engagement.queries.suggestions import colleague_choices, people_choices, suggest_meeting, zones_for
from engagement.queries.times import zoned_times
from engagement.views.answers import refuse, sent_on, shown, status_of, told
from engagement.views.choose import partner_choose
from engagement.views.fetch import meeting_or_404, partner_or_404, partner_path
from engagement.views.workspace import workspace
from partners.models import Partner

PER_PAGE = 50


@staff_only
def meeting_list(request: HttpRequest) -> HttpResponse:
    """Filters live in the address: `when`, `kind`, `owner`; what is not known is named and left out."""
    state = list_state(request.GET)
    now = clock.now()
    page = Paginator(meeting_rows(request.user, state.chosen, at=now), PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "meeting": one,
            "times": zoned_times(one, request.user.time_zone),
            "readiness": readiness(one) if one.is_open else None,
            "why": reasons(one)[:1],
        }
        for one in page
    ]
    context = {
        "state": state,
        "page": page,
        "rows": rows,
        "counts": meeting_counts(request.user, state.chosen, at=now),
        "tabs": _tabs(),
        "kinds": Meeting.Kind.choices,
        "today": clock.today(),
    }
    return shown(request, "engagement/meeting_list.html", "engagement/_meeting_rows.html", context)


@staff_only
def meeting_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Prepare, hold, follow up: three states of one page."""
    context = workspace(request, meeting_or_404(request.user, uid))
    return shown(request, "engagement/meeting_detail.html", "engagement/_meeting.html", context)


@staff_only
def meeting_ics(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The meeting as a file for a calendar."""
    meeting = meeting_or_404(request.user, uid)
    data = ics.feed(meeting.title, [calendar_meeting(meeting, with_link=True)])
    response = HttpResponse(data, content_type=ics.CONTENT_TYPE)
    response["Content-Disposition"] = 'attachment; filename="meeting.ics"'
    return response


@staff_only
def partner_panel(request: HttpRequest, slug: str) -> HttpResponse:
    """A partner's meetings and open commitments: the section of its page, and a page by itself."""
    partner = partner_or_404(request.user, slug)
    context = {
        "partner": partner,
        "partner_path": partner_path(partner),
        "meetings": partner_meetings(partner.pk),
        "commitments": open_commitments(partner.pk),
        "today": clock.today(),
    }
    return shown(request, "engagement/partner_panel.html", "engagement/_partner_panel.html", context)


@editors_only
def meeting_create(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Everything is filled in from the cadence and the last meeting; sending it is one press."""
    if not slug:
        return partner_choose(request, "engagement:meeting_create", _("Schedule a meeting"))
    partner = partner_or_404(request.user, slug)
    kind = request.POST.get("kind") or request.GET.get("kind") or Meeting.Kind.QBR
    kind = kind if kind in Meeting.Kind.values else Meeting.Kind.QBR
    suggestion = suggest_meeting(partner, kind, request.user, at=clock.now(), today=clock.today())
    form = MeetingForm(
        request.POST or None,
        zones=zones_for(partner, request.user, suggestion.zone),
        contacts=people_choices(partner),
        users=colleague_choices(*suggestion.user_ids),
        initial={
            "kind": kind,
            "day": suggestion.wall.date(),
            "starts": suggestion.wall.time(),
            "time_zone": suggestion.zone,
            "minutes": suggestion.minutes,
            "place": suggestion.place,
            "contacts": suggestion.contact_ids,
            "users": suggestion.user_ids,
            "title": services.default_title(kind, partner),
            "meeting_uid": suggestion.planned.uid if suggestion.planned else None,
        },
    )
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        try:
            meeting = _schedule(request, partner, form)
        except DomainError as error:
            status = refuse(form, error)
        else:
            text = _("Invited to {}.") if meeting.is_invited else _("Saved {}.")
            return told(
                request,
                text.format(meeting.title),
                to=reverse("engagement:meeting_detail", args=[meeting.uid]),
                refresh=("meetings", "timeline"),
            )
    context = {
        "form": form,
        "partner": partner,
        "partner_path": partner_path(partner),
        "reasons": suggestion.reasons,
        "last_held_on": last_held_on(partner.pk, kind),
        "invite_possible": "contacts" in form.fields,
    }
    return shown(request, "engagement/meeting_create.html", "engagement/_meeting_dialog.html", context, status=status)


@editors_only
def meeting_move(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = meeting_or_404(request.user, uid)
    form = MoveForm(
        request.POST or None,
        zones=zones_for(meeting.partner, request.user, meeting.time_zone),
        initial={
            "day": meeting.wall.date(),
            "starts": meeting.wall.time(),
            "time_zone": meeting.time_zone,
            "minutes": meeting.minutes,
            "place": meeting.place,
            "version": meeting.version,
        },
    )
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        try:
            moved = services.reschedule_meeting(
                meeting_id=meeting.pk,
                local_start=form.local_start,
                actor=request.user,
                version=form.cleaned_data["version"],
                time_zone=form.cleaned_data["time_zone"],
                minutes=form.cleaned_data["minutes"],
                place=form.cleaned_data["place"],
            )
        except DomainError as error:
            status = _refused(request, form, meeting, error)
        else:
            text = _("Moved to {}.").format(zoned_times(moved)[0].text)
            if moved.missed_why:
                text += " " + _("It was put off twice, so it counts as missed; the owner was told.")
            return sent_on(request, text, to=_detail(meeting))
    context = {"form": form, "meeting": meeting, "times": zoned_times(meeting, request.user.time_zone)}
    return shown(request, "engagement/meeting_move.html", "engagement/_move_dialog.html", context, status=status)


@editors_only
def meeting_cancel(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = meeting_or_404(request.user, uid)
    form = CancelForm(request.POST or None, initial={"version": meeting.version})
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel_meeting(
                meeting_id=meeting.pk,
                actor=request.user,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["version"],
            )
        except DomainError as error:
            status = _refused(request, form, meeting, error)
        else:
            return sent_on(request, _("Cancelled. Everybody invited gets a mail."), to=_detail(meeting))
    context = {"form": form, "meeting": meeting}
    return shown(request, "engagement/meeting_cancel.html", "engagement/_cancel_dialog.html", context, status=status)


@editors_only
def meeting_people(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = meeting_or_404(request.user, uid)
    users = [one.user_id for one in meeting.attendees.all() if one.user_id]
    contacts = [one.contact_id for one in meeting.attendees.all() if one.contact_id]
    form = PeopleForm(
        request.POST or None,
        contacts=people_choices(meeting.partner),
        users=colleague_choices(request.user.pk, *users),
        initial={"users": users, "contacts": contacts, "version": meeting.version},
    )
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_attendees(
                meeting_id=meeting.pk,
                user_ids=form.cleaned_data["users"],
                contact_ids=form.cleaned_data["contacts"],
                actor=request.user,
                version=form.cleaned_data["version"],
            )
        except DomainError as error:
            status = _refused(request, form, meeting, error)
        else:
            return sent_on(request, _("Saved who takes part."), to=_detail(meeting))
    context = {"form": form, "meeting": meeting}
    return shown(request, "engagement/meeting_people.html", "engagement/_people_dialog.html", context, status=status)


def _schedule(request: HttpRequest, partner: Partner, form: MeetingForm) -> Meeting:
    wish = form.cleaned_data
    return services.schedule_meeting(
        partner_id=partner.pk,
        kind=wish["kind"],
        local_start=form.local_start,
        time_zone=wish["time_zone"],
        actor=request.user,
        minutes=wish["minutes"],
        title=wish["title"],
        place=wish["place"],
        user_ids=wish["users"],
        contact_ids=wish.get("contacts", []),
        invite="contacts" in form.fields and request.POST.get("invite") != "0",
        meeting_uid=wish["meeting_uid"],
        submission_key=wish["submission_key"],
    )


def _refused(request: HttpRequest, form: Any, meeting: Meeting, error: DomainError) -> int:
    """After a stale refusal the form carries the new version, so that pressing again keeps one's own values."""
    status = refuse(form, error)
    if isinstance(error, StaleError):
        form.data = form.data.copy()
        form.data["version"] = str(meeting_or_404(request.user, meeting.uid).version)
    return status


def _detail(meeting: Meeting) -> str:
    return reverse("engagement:meeting_detail", args=[meeting.uid])


def _tabs() -> list[tuple[str, str]]:
    words = {
        "upcoming": _("Upcoming"),
        "to_schedule": _("To schedule"),
        "to_close": _("To close"),
        "past": _("Past"),
    }
    return [(when, words[when]) for when in WHENS]
