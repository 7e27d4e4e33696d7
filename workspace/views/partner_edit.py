"""Writing about one partner: adding it, its facts, tier and owner, archiving, and its people."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.policies import editors_only
from core import clock
from core.errors import DomainError, StaleError
from partners import services
from partners.models import Contact, Partner
from workspace.forms import ContactForm, LeftForm, NewPartnerForm, OwnerForm, PartnerForm, TierForm, add_refusal
from workspace.services.partners import add_partner
from workspace.views.answers import wants_fragment


def partner_or_404(request: HttpRequest, slug: str) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(request.user).select_related("owner"), slug=slug)


@editors_only
@require_http_methods(["GET", "POST"])
def partner_create(request: HttpRequest) -> HttpResponse:
    form = NewPartnerForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            partner = add_partner(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("{} added.").format(partner))
            return go_on(request, reverse("workspace:partner_detail", args=[partner.slug]))
    context = {
        "form": form,
        "title": _("Add a partner"),
        "save": _("Add partner"),
        "back": reverse("workspace:partner_list"),
    }
    return shown(request, context)


@editors_only
@require_http_methods(["GET", "POST"])
def partner_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the facts. When somebody else changed them meanwhile: 409, both values, and the choice between them."""
    partner = partner_or_404(request, slug)
    form = PartnerForm.of(partner, request.POST or None)
    theirs: list[tuple[str, Any]] = []
    status = 0
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            services.update_partner(partner_id=partner.pk, actor=request.user, version=version, **form.facts)
        except StaleError as error:
            partner = partner_or_404(request, slug)
            theirs = form.differences(partner)
            form = PartnerForm.of(partner, {**request.POST.dict(), "version": partner.version})
            form.is_valid()
            form.add_error(None, error.message)
            status = 409
        except DomainError as error:
            add_refusal(form, error)
        else:
            return _saved(request, partner, _("{} saved.").format(partner))
    context = {
        "form": form,
        "theirs": theirs,
        "title": _("Edit {}").format(partner),
        "save": _("Keep mine") if theirs else _("Save"),
        "back": _detail(partner),
    }
    return shown(request, context, status=status)


@editors_only
@require_http_methods(["GET", "POST"])
def partner_tier(request: HttpRequest, slug: str) -> HttpResponse:
    partner = partner_or_404(request, slug)
    form = TierForm(request.POST or None, initial={"tier": partner.tier})
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_tier(partner_id=partner.pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            add_refusal(form, error)
        else:
            return _saved(request, partner, _("{} is {} now.").format(partner, changed.get_tier_display()))
    hint = _("Targets and the rhythm of reviews depend on the tier; the reason is kept in the history.")
    context = {
        "form": form,
        "title": _("Change the tier of {}").format(partner),
        "save": _("Change tier"),
        "hint": hint,
    }
    return shown(request, {**context, "back": _detail(partner)})


@editors_only
@require_http_methods(["GET", "POST"])
def partner_owner(request: HttpRequest, slug: str) -> HttpResponse:
    partner = partner_or_404(request, slug)
    form = OwnerForm(request.POST or None, initial={"owner": partner.owner and partner.owner.uid})
    if request.method == "POST" and form.is_valid():
        owner = form.cleaned_data["owner"]
        try:
            services.assign_owner(partner_ids=[partner.pk], owner=owner, actor=request.user)
        except DomainError as error:
            add_refusal(form, error)
        else:
            text = (
                _("{} looks after {} now.").format(owner, partner)
                if owner
                else _("Nobody owns {} now.").format(partner)
            )
            return _saved(request, partner, text)
    context = {
        "form": form,
        "title": _("Owner of {}").format(partner),
        "save": _("Set owner"),
        "back": _detail(partner),
    }
    return shown(request, context)


@editors_only
@require_POST
def partner_archive(request: HttpRequest, slug: str) -> HttpResponse:
    partner = partner_or_404(request, slug)
    services.archive_partner(partner_id=partner.pk, actor=request.user)
    messages.success(request, _("{} archived. Nothing is deleted; it can be restored here.").format(partner))
    return redirect(_detail(partner))


@editors_only
@require_POST
def partner_restore(request: HttpRequest, slug: str) -> HttpResponse:
    partner = partner_or_404(request, slug)
    services.restore_partner(partner_id=partner.pk, actor=request.user)
    messages.success(request, _("{} is back in the lists.").format(partner))
    return redirect(_detail(partner))


@editors_only
@require_http_methods(["GET", "POST"])
def contact_create(request: HttpRequest, slug: str) -> HttpResponse:
    partner = partner_or_404(request, slug)
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contact = services.add_contact(partner_id=partner.pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            add_refusal(form, error)
        else:
            return _saved(request, partner, _("{} added.").format(contact), to=_people(partner))
    context = {"form": form, "title": _("Add a person at {}").format(partner), "save": _("Add person")}
    return shown(request, {**context, "back": _people(partner)})


@editors_only
@require_http_methods(["GET", "POST"])
def contact_edit(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner, contact = _contact(request, slug, uid)
    form = ContactForm.of(contact, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contact = services.update_contact(contact_id=contact.pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            add_refusal(form, error)
        else:
            return _saved(request, partner, _("{} saved.").format(contact), to=_people(partner))
    context = {"form": form, "title": _("Edit {}").format(contact), "save": _("Save person")}
    return shown(request, {**context, "back": _people(partner)})


@editors_only
@require_http_methods(["GET", "POST"])
def contact_left(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    """Note that a person left, with the day; their history stays."""
    partner, contact = _contact(request, slug, uid)
    form = LeftForm(request.POST or None, initial={"left_on": clock.today()})
    if request.method == "POST" and form.is_valid():
        left_on: date = form.cleaned_data["left_on"]
        try:
            services.set_contact_left(contact_id=contact.pk, left_on=left_on, actor=request.user)
        except DomainError as error:
            add_refusal(form, error)
        else:
            return _saved(request, partner, _("{} is marked as having left.").format(contact), to=_people(partner))
    context = {"form": form, "title": _("{} left {}").format(contact, partner), "save": _("Mark as left")}
    return shown(request, {**context, "back": _people(partner)})


@editors_only
@require_POST
def contact_back(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner, contact = _contact(request, slug, uid)
    services.set_contact_left(contact_id=contact.pk, left_on=None, actor=request.user)
    return _saved(request, partner, _("{} is back.").format(contact), to=_people(partner))


def _contact(request: HttpRequest, slug: str, uid: UUID) -> tuple[Partner, Contact]:
    partner = partner_or_404(request, slug)
    return partner, get_object_or_404(Contact.objects.visible_to(request.user).filter(partner=partner), uid=uid)


def _detail(partner: Partner) -> str:
    return reverse("workspace:partner_detail", args=[partner.slug])


def _people(partner: Partner) -> str:
    return reverse("workspace:partner_people", args=[partner.slug])


def _saved(request: HttpRequest, partner: Partner, text: str, *, to: str = "") -> HttpResponse:
    messages.success(request, text)
    return go_on(request, to or _detail(partner))


def go_on(request: HttpRequest, to: str) -> HttpResponse:
    return HttpResponseClientRedirect(to) if wants_fragment(request) else redirect(to)


def shown(request: HttpRequest, context: dict[str, Any], *, status: int = 0) -> HttpResponse:
    """The form as a dialog for htmx, as a page otherwise; 422 when it was refused."""
    form: Form = context["form"]
    template = "workspace/_partner_form.html" if wants_fragment(request) else "workspace/partner_form.html"
    return render(request, template, context, status=status or (422 if form.is_bound else 200))
