"""A partner's people and the portal: invite them, change what they may, move them, end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.policies import editors_only
from core.api import as_uuid
from core.errors import DomainError
from partners import services
from partners.models import Contact, Invitation, Membership, Partner
from workspace.forms import MoveSeatForm, PortalRoleForm, add_refusal
from workspace.views.answers import wants_fragment


@editors_only
@require_http_methods(["GET", "POST"])
def contact_invite(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner = _partner(request, slug)
    contact = get_object_or_404(Contact.objects.visible_to(request.user).filter(partner=partner), uid=uid)

    def invite(form: Form) -> str:
        services.invite(
            partner_id=partner.pk,
            email=contact.email,
            name=contact.name,
            role=form.cleaned_data["role"],
            actor=request.user,
            contact_id=contact.pk,
        )
        return _("{} gets a mail with a link that works for 14 days.").format(contact)

    hint = _("The link goes to {} and works once, for 14 days.").format(
        contact.email or _("nobody: an address is missing")
    )
    about = {"title": _("Invite {} to the portal").format(contact), "save": _("Send invitation"), "hint": hint}
    return _asked(request, partner, PortalRoleForm(request.POST or None), invite, about)


@editors_only
@require_http_methods(["GET", "POST"])
def people_invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite the ticked people: first the question with their names and the role, then the mails.

    Whoever comes back to the address of the question is led to the list in which people are ticked.
    """
    partner = _partner(request, slug)
    if request.method == "GET":
        return _back(request, partner)
    ids = [as_uuid(text) for text in request.POST.getlist("contact")[:200]]
    people = list(Contact.objects.visible_to(request.user).filter(partner=partner, uid__in=ids).order_by("name", "pk"))
    if not people:
        messages.error(request, _("Tick the people you want to invite first."))
        return _back(request, partner)
    confirmed = request.POST.get("confirmed") == "1"
    form = PortalRoleForm(request.POST if confirmed else None)
    if confirmed and form.is_valid():
        sent = services.invite_contacts(
            contact_ids=[one.pk for one in people], role=form.cleaned_data["role"], actor=request.user
        )
        if count := len(sent.invited):
            messages.success(request, ngettext("{} person invited.", "{} people invited.", count).format(count))
        for _contact, why in sent.refused:
            messages.error(request, why)
        return _back(request, partner)
    context = {"partner": partner, "people": people, "form": form}
    return render(request, "workspace/people_invite.html", context, status=422 if form.errors else 200)


@editors_only
@require_POST
def invitation_resend(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner, invitation = _invitation(request, slug, uid)
    return _done(
        request,
        partner,
        lambda: services.resend_invitation(invitation_id=invitation.pk, actor=request.user),
        _("Sent again to {}. The former link no longer works.").format(invitation.email),
    )


@editors_only
@require_POST
def invitation_revoke(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner, invitation = _invitation(request, slug, uid)
    return _done(
        request,
        partner,
        lambda: services.revoke_invitation(invitation_id=invitation.pk, actor=request.user),
        _("The invitation of {} is revoked; its link is dead.").format(invitation.name),
    )


@editors_only
@require_http_methods(["GET", "POST"])
def access_role(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner, seat = _seat(request, slug, uid)

    def change(form: Form) -> str:
        services.change_role(membership_id=seat.pk, role=form.cleaned_data["role"], actor=request.user)
        return _("The role of {} is changed.").format(seat.user)

    form = PortalRoleForm(request.POST or None, initial={"role": seat.user.role})
    about = {"title": _("Role of {} in the portal").format(seat.user), "save": _("Change role")}
    return _asked(request, partner, form, change, about)


@editors_only
@require_http_methods(["GET", "POST"])
def access_move(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    """The person works for another partner now: their account goes along, nothing of this partner does."""
    partner, seat = _seat(request, slug, uid)
    others = Partner.objects.visible_to(request.user).active().exclude(pk=partner.pk).order_by("name", "pk")

    def move(form: Form) -> str:
        to = form.cleaned_data["partner"]
        services.move_seat(membership_id=seat.pk, partner_id=to.pk, role=form.cleaned_data["role"], actor=request.user)
        return _("{} works for {} now, and sees nothing of {} any more.").format(seat.user, to, partner)

    form = MoveSeatForm(request.POST or None, partners=others, initial={"role": seat.user.role})
    hint = _("They lose everything of {} at once: pages, API tokens, calendar address.").format(partner)
    about = {"title": _("Move {} to another partner").format(seat.user), "save": _("Move"), "hint": hint}
    return _asked(request, partner, form, move, about)


@editors_only
@require_http_methods(["GET", "POST"])
def access_end(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner, seat = _seat(request, slug, uid)

    def end(_form: Form) -> str:
        services.end_access(membership_id=seat.pk, actor=request.user, left=False)
        return _("{} has no access any more.").format(seat.user)

    hint = _("Every page, API token and calendar address stops working at once. A new invitation brings them back.")
    about = {"title": _("End the access of {}?").format(seat.user), "save": _("End access"), "hint": hint}
    return _asked(request, partner, Form(request.POST if request.method == "POST" else None), end, about)


@editors_only
@require_POST
def access_disable(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner, seat = _seat(request, slug, uid)
    return _done(
        request,
        partner,
        lambda: services.set_person_active(membership_id=seat.pk, active=False, actor=request.user),
        _("The account of {} is disabled.").format(seat.user),
    )


@editors_only
@require_POST
def access_enable(request: HttpRequest, slug: str, uid: UUID) -> HttpResponse:
    partner, seat = _seat(request, slug, uid)
    return _done(
        request,
        partner,
        lambda: services.set_person_active(membership_id=seat.pk, active=True, actor=request.user),
        _("The account of {} is enabled.").format(seat.user),
    )


def _partner(request: HttpRequest, slug: str) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(request.user), slug=slug)


def _invitation(request: HttpRequest, slug: str, uid: UUID) -> tuple[Partner, Invitation]:
    partner = _partner(request, slug)
    return partner, get_object_or_404(Invitation.objects.visible_to(request.user).filter(partner=partner), uid=uid)


def _seat(request: HttpRequest, slug: str, uid: UUID) -> tuple[Partner, Membership]:
    partner = _partner(request, slug)
    seats = Membership.objects.visible_to(request.user).filter(partner=partner, ended_at__isnull=True)
    return partner, get_object_or_404(seats.select_related("user"), uid=uid)


def _asked(
    request: HttpRequest, partner: Partner, form: Form, act: Callable[[Form], str], about: dict[str, Any]
) -> HttpResponse:
    """The question as a dialog or a page; once answered, `act` does it and says what was done."""
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, act(form))
        except DomainError as error:
            add_refusal(form, error)
        else:
            return _back(request, partner)
    template = "workspace/_partner_form.html" if wants_fragment(request) else "workspace/partner_form.html"
    context = {"form": form, "back": _people(partner), **about}
    return render(request, template, context, status=422 if form.is_bound else 200)


def _done(request: HttpRequest, partner: Partner, act: Callable[[], Any], text: str) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, text)
    return _back(request, partner)


def _people(partner: Partner) -> str:
    return reverse("workspace:partner_people", args=[partner.slug])


def _back(request: HttpRequest, partner: Partner) -> HttpResponse:
    to = _people(partner)
    return HttpResponseClientRedirect(to) if wants_fragment(request) else redirect(to)
