"""API tokens of one partner: each acts as the person who made it, at this partner only."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import TokenForm
from accounts.models import ApiToken
from accounts.policies import partner_admins_only
from accounts.services import create_token, revoke_token
from accounts.sessions import recent_log_in
from core.errors import DomainError
from partners.models import Membership


@partner_admins_only
@recent_log_in
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """All tokens of the firm's people; a POST makes one of one's own and shows its secret this once."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            _token, secret = create_token(user=request.user, partner_uid=request.seat.partner.uid, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field, error.message)
        else:
            form = TokenForm()
    seats = Membership.objects.visible_to(request.user).current()
    tokens = ApiToken.objects.filter(user__membership__in=seats).select_related(
        "user"
    )  # visible: by their owner's seat
    context = {"form": form, "tokens": tokens.order_by("-created"), "secret": secret}
    return render(request, "portal/token_list.html", context, status=422 if form.errors else 200)


@partner_admins_only
@require_POST
def token_revoke(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    seats = Membership.objects.visible_to(request.user).current()
    token = get_object_or_404(ApiToken.objects.filter(user__membership__in=seats), uid=uid)  # visible: by their owner
    revoke_token(token=token, actor=request.user, partner_uid=request.seat.partner.uid)
    messages.success(request, _("The token “{}” is revoked and refused from now on.").format(token.name))
    return redirect("portal:token_list")
