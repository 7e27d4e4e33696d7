"""A partner's person about their own data, and the administrators about requests, retention and the audit trail."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.exports import counted_export
from accounts.models import User
from accounts.policies import admins_only, partner_only
from accounts.seals import last_check
from accounts.services import record
from core.errors import DomainError
from privacy import services
from privacy.download import download
from privacy.forms import AskForm, CloseForm, RefuseForm
from privacy.models import ErasureLog, ErasureRequest, RetentionRun
from privacy.queries import Person, counts, export, find_person, in_words, whole_person
from privacy.schedule import SCHEDULE

Status = ErasureRequest.Status


@partner_only
@require_GET
def my_data(request: HttpRequest) -> HttpResponse:
    """What one may do with one's own data: take it along, ask for erasure, delete the account."""
    _not_an_observer(request)
    return _page(request)


@partner_only
@require_GET
@counted_export
def my_data_download(request: HttpRequest) -> HttpResponse:
    _not_an_observer(request)
    partner = request.seat.partner
    data = export(_own_person(request), partner=partner)
    record("privacy.person_exported", request.user, actor=request.user, partner_uid=partner.uid)
    return download(data)


@partner_only
@require_POST
def my_data_ask(request: HttpRequest) -> HttpResponse:
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, ask=form)
    services.ask_for_erasure(user=request.user, partner=request.seat.partner, reason=form.cleaned_data["reason"])
    messages.success(request, _("Your request is with the administrators. You read their answer here."))
    return redirect("privacy:my_data")


@partner_only
@require_POST
def my_data_close(request: HttpRequest) -> HttpResponse:
    """Log out first: the session ends with the account."""
    form, user = CloseForm(request.POST), request.user
    if form.is_valid():
        try:
            services.close_account(
                user=user, partner=request.seat.partner, confirmation=form.cleaned_data["confirmation"]
            )
        except DomainError as error:
            form.add_error(error.field, error.message)
        else:
            logout(request)
            messages.success(request, _("Your account is deleted. Nobody can log in with it any more."))
            return redirect("account_login")
    return _page(request, close=form)


@admins_only
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    return _overview(request, RefuseForm())


@admins_only
def request_erase(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """First what would be erased, table by table; then, after a second press, the erasure."""
    asked = _open_request(uid)
    person = find_person(asked.user.email)
    if request.method == "POST":
        try:
            entry = services.erase(person=person, actor=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The person is erased; what stays is called “{}”.").format(entry.pseudonym))
        return redirect("privacy:overview")
    context = {"asked": asked, "person": person, "counts": in_words(counts(person))}
    return render(request, "privacy/request_erase.html", context)


@admins_only
@require_POST
def request_refuse(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    asked, form = _open_request(uid), RefuseForm(request.POST)
    if form.is_valid():
        try:
            services.refuse(request_uid=asked.uid, actor=request.user, answer=form.cleaned_data["answer"])
        except DomainError as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, _("The answer stands on the person's page."))
            return redirect("privacy:overview")
    return _overview(request, form)


def _overview(request: HttpRequest, form: RefuseForm) -> HttpResponse:
    last_run = RetentionRun.objects.filter(dry_run=False).order_by("-at").first()  # visible: counts, for administrators
    requests = ErasureRequest.objects.visible_to(request.user).select_related("user", "partner")
    context = {
        "requests": requests.filter(status=Status.OPEN).order_by("created_at"),
        "erasures": ErasureLog.objects.order_by("-at")[:20],  # visible: pseudonyms only, for administrators
        "rules": [
            (rule, services.rows_due(rule).count(), last_run.counts.get(rule.key, 0) if last_run else None)
            for rule in SCHEDULE
        ],
        "last_run": last_run,
        "audit_check": last_check(),
        "form": form,
    }
    return render(request, "privacy/overview.html", context, status=422 if form.errors else 200)


def _open_request(uid: uuid.UUID) -> ErasureRequest:
    asked = ErasureRequest.objects.filter(uid=uid, status=Status.OPEN).first()  # visible: administrators see all
    if asked is None:
        raise Http404
    return asked


def _page(request: HttpRequest, *, ask: AskForm | None = None, close: CloseForm | None = None) -> HttpResponse:
    asked = ErasureRequest.objects.visible_to(request.user).filter(user_id=request.user.pk)
    context = {"asked": asked.order_by("-created_at").first(), "ask": ask or AskForm(), "close": close or CloseForm()}
    failed = any(form is not None and form.errors for form in (ask, close))
    return render(request, "privacy/my_data.html", context, status=422 if failed else 200)


def _own_person(request: HttpRequest) -> Person:
    user = User.objects.filter(pk=request.user.pk)  # visible: oneself
    return whole_person(user, [], partner=request.seat.partner)


def _not_an_observer(request: HttpRequest) -> None:
    if request.seat.observer is not None:
        raise PermissionDenied(_("What is kept about a person is for that person alone."))
