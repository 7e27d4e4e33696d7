"""Team and access: who works in the portal for this partner. Administrators invite, change roles and end access."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.policies import partner_admins_only, partner_only
from core import clock
from core.errors import DomainError
from partners import services
from partners.models import Invitation, Membership
from portal.forms import InviteForm, RoleForm
from portal.queries import team as queries
from portal.queries.shell import shared_topics


@partner_only
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    context = {
        "team": queries.team(request.seat, at=clock.now()),
        "openings": queries.openings(shared_topics()),
        "roles": queries.ROLE_NAMES.values(),
    }
    return render(request, "portal/team.html", context)


@partner_admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def team_invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invited = services.invite(partner_id=request.seat.partner.pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("{} gets a mail with a link that works for 14 days.").format(invited.name))
            return redirect("portal:team")
    return render(request, "portal/team_invite.html", {"form": form}, status=422 if form.errors else 200)


@partner_admins_only
@require_POST
def invitation_resend(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), uid=uid)
    try:
        services.resend_invitation(invitation_id=invitation.pk, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Sent again to {}. The former link no longer works.").format(invitation.email))
    return redirect("portal:team")


@partner_admins_only
@require_POST
def invitation_revoke(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), uid=uid)
    try:
        services.revoke_invitation(invitation_id=invitation.pk, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The invitation of {} is revoked; its link is dead.").format(invitation.name))
    return redirect("portal:team")


@partner_admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def team_member(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One colleague's role."""
    seat = _colleague(request, uid)
    form = RoleForm(request.POST or None, initial={"role": seat.user.role})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_role(membership_id=seat.pk, role=form.cleaned_data["role"], actor=request.user)
        except DomainError as error:
            form.add_error("role", error.message)
        else:
            messages.success(request, _("The role of {} is changed.").format(seat.user))
            return redirect("portal:team")
    context = {"form": form, "colleague": seat}
    return render(request, "portal/team_member.html", context, status=422 if form.errors else 200)


@partner_admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def team_end(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """End somebody's access: asked once, because only an invitation brings them back."""
    seat = _colleague(request, uid)
    problem = ""
    if request.method == "POST":
        try:
            services.end_access(membership_id=seat.pk, actor=request.user)
        except DomainError as error:
            problem = error.message
        else:
            messages.success(request, _("{} has no access any more.").format(seat.user))
            return redirect("portal:team")
    context = {"colleague": seat, "problem": problem}
    return render(request, "portal/team_end.html", context, status=409 if problem else 200)


def _colleague(request: HttpRequest, uid: uuid.UUID) -> Membership:
    rows = Membership.objects.visible_to(request.user).select_related("user").filter(ended_at__isnull=True)
    return get_object_or_404(rows, uid=uid)
