"""Agenda, notes and commitments of a meeting: each change answers with the part of the page it changed."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts.policies import editors_only
from core.errors import DomainError, StaleError
from engagement import services
from engagement.forms import AgendaForm, CommitmentForm, ItemNotesForm, NotesForm
from engagement.models import AgendaItem, Meeting
from engagement.views.answers import complained, refuse, shown, told, wants_fragment
from engagement.views.fetch import commitment_or_404, item_or_404, meeting_or_404, partner_path
from engagement.views.workspace import item_context, workspace


@editors_only
@require_POST
def agenda_add(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = meeting_or_404(request.user, uid)
    form = AgendaForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            services.add_agenda_item(
                meeting_id=meeting.pk,
                title=form.cleaned_data["title"],
                shared=form.cleaned_data["shared"],
                actor=request.user,
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            return _agenda(request, meeting, announce=_("Added a topic."), focus="#id_title")
    return _part(request, meeting, "_agenda", status=status, agenda_form=form)


@editors_only
@require_POST
def agenda_fill(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = meeting_or_404(request.user, uid)
    try:
        services.use_agenda_template(meeting_id=meeting.pk, actor=request.user)
    except DomainError as error:
        return complained(request, error, to=_detail(meeting))
    return _agenda(request, meeting, announce=_("Filled the agenda from the template."), focus="#agenda-title")


@editors_only
@require_POST
def agenda_move(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    item = item_or_404(request.user, uid)
    try:
        services.move_agenda_item(item_uid=item.uid, up=request.POST.get("to") == "up", actor=request.user)
    except DomainError as error:
        return complained(request, error, to=_detail(item.meeting))
    return _agenda(request, item.meeting, announce=_("Moved “{}”.").format(item.title), focus=f"#item-{item.uid}")


@editors_only
@require_POST
def agenda_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    item = item_or_404(request.user, uid)
    try:
        services.remove_agenda_item(item_uid=item.uid, actor=request.user)
    except DomainError as error:
        return complained(request, error, to=_detail(item.meeting))
    return _agenda(request, item.meeting, announce=_("Removed “{}”.").format(item.title), focus="#agenda-title")


@editors_only
@require_POST
def item_notes_save(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Autosave of the notes on one topic. A stale save shows both texts and loses neither."""
    item = item_or_404(request.user, uid)
    form = ItemNotesForm(request.POST, auto_id=f"id_{item.uid}_%s")
    if not form.is_valid():
        return _item(request, item, form, status=422)
    try:
        item = services.edit_agenda_item(
            item_uid=item.uid,
            actor=request.user,
            notes=form.cleaned_data["notes"],
            version=form.cleaned_data["version"],
        )
    except StaleError as error:
        refuse(form, error)
        return _item(request, item, _with_version(form, item.version), status=409, theirs=item.notes)
    except DomainError as error:
        return _item(request, item, form, status=refuse(form, error))
    if not wants_fragment(request):
        return redirect(f"{_detail(item.meeting)}#item-{item.uid}")
    context = {"id": f"{item.uid}", "version": item.version, "saved_at": item.updated_at}
    return render(request, "engagement/_saved.html", context)


@editors_only
@require_POST
def notes_save(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Autosave of the internal notes."""
    meeting = meeting_or_404(request.user, uid)
    form = NotesForm(request.POST)
    if not form.is_valid():
        return _notes(request, meeting, form, status=422)
    try:
        meeting = services.save_notes(
            meeting_id=meeting.pk,
            notes=form.cleaned_data["notes"],
            actor=request.user,
            version=form.cleaned_data["version"],
        )
    except StaleError as error:
        refuse(form, error)
        return _notes(request, meeting, _with_version(form, meeting.notes_version), status=409, theirs=meeting.notes)
    except DomainError as error:
        return _notes(request, meeting, form, status=refuse(form, error))
    if not wants_fragment(request):
        return redirect(f"{_detail(meeting)}#notes")
    context = {"id": "notes", "version": meeting.notes_version, "saved_at": meeting.updated_at}
    return render(request, "engagement/_saved.html", context)


@editors_only
@require_POST
def commitment_add(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    meeting = meeting_or_404(request.user, uid)
    form = CommitmentForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            services.add_commitment(
                partner_id=meeting.partner_id, meeting_id=meeting.pk, actor=request.user, **form.cleaned_data
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            return _commitments(request, meeting, announce=_("Written down."))
    return _part(request, meeting, "_commitments", status=status, commitment_form=form)


@editors_only
@require_POST
def commitment_done(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Tick or untick (`done=0`)."""
    commitment = commitment_or_404(request.user, uid)
    done = request.POST.get("done", "1") == "1"
    commitment = services.complete_commitment(commitment_uid=commitment.uid, actor=request.user, done=done)
    text = _("Marked “{}” as done.") if done else _("“{}” is open again.")
    if wants_fragment(request):
        context = {"one": commitment, "may_edit": True, "today": None, "text": text.format(commitment.text)}
        response = render(request, "engagement/_commitment.html", context)
        return trigger_client_event(response, "prm:announce", {"value": text.format(commitment.text)}, after="settle")
    back = _detail(commitment.meeting) if commitment.meeting else partner_path(commitment.partner)
    return told(request, text.format(commitment.text), to=back)


@editors_only
@require_POST
def commitment_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    commitment = commitment_or_404(request.user, uid)
    back = _detail(commitment.meeting) if commitment.meeting else partner_path(commitment.partner)
    try:
        services.remove_commitment(commitment_uid=commitment.uid, actor=request.user)
    except DomainError as error:
        return complained(request, error, to=back)
    if commitment.meeting is None:
        return told(request, _("Removed."), to=back)
    return _commitments(request, commitment.meeting, announce=_("Removed."))


def _agenda(request: HttpRequest, meeting: Meeting, *, announce: str, focus: str) -> HttpResponse:
    if not wants_fragment(request):
        return redirect(f"{_detail(meeting)}#agenda")
    response = _part(request, meeting, "_agenda")
    trigger_client_event(response, "prm:focus", {"value": focus}, after="settle")
    return trigger_client_event(response, "prm:announce", {"value": announce}, after="settle")


def _commitments(request: HttpRequest, meeting: Meeting, *, announce: str) -> HttpResponse:
    if not wants_fragment(request):
        return redirect(f"{_detail(meeting)}#commitments")
    response = _part(request, meeting, "_commitments")
    trigger_client_event(response, "prm:focus", {"value": "#id_text"}, after="settle")
    return trigger_client_event(response, "prm:announce", {"value": announce}, after="settle")


def _part(request: HttpRequest, meeting: Meeting, part: str, *, status: int = 200, **changes: Any) -> HttpResponse:
    """One card of the meeting's page, read anew; without htmx the whole page."""
    context = workspace(request, meeting_or_404(request.user, meeting.uid), **changes)
    return shown(request, "engagement/meeting_detail.html", f"engagement/{part}.html", context, status=status)


def _item(
    request: HttpRequest, item: AgendaItem, form: ItemNotesForm, *, status: int, theirs: str | None = None
) -> HttpResponse:
    if not wants_fragment(request):
        meeting = meeting_or_404(request.user, item.meeting.uid)
        items = [
            item_context(one, form, theirs=theirs) if one.pk == item.pk else item_context(one)
            for one in meeting.agenda.all()
        ]
        return _part(request, meeting, "_agenda", status=status, items=items)
    context = {"entry": item_context(item, form, theirs=theirs), "meeting": item.meeting, "may_edit": True}
    response = render(request, "engagement/_agenda_item.html", context, status=status)
    return reswap(retarget(response, f"#item-{item.uid}"), "outerHTML")


def _notes(
    request: HttpRequest, meeting: Meeting, form: NotesForm, *, status: int, theirs: str | None = None
) -> HttpResponse:
    response = _part(request, meeting, "_notes", status=status, notes_form=form, theirs=theirs)
    return reswap(retarget(response, "#notes"), "outerHTML")


def _with_version(form: Any, version: int) -> Any:
    form.data = form.data.copy()
    form.data["version"] = str(version)
    return form


def _detail(meeting: Meeting) -> str:
    return reverse("engagement:meeting_detail", args=[meeting.uid])
