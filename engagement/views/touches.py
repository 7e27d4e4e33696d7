"""Logging a touch: N, the text, Ctrl-Enter."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.policies import editors_only
from core.errors import DomainError
from engagement import services
from engagement.forms import TouchForm
from engagement.views.answers import complained, refuse, shown, status_of, told
from engagement.views.choose import partner_choose
from engagement.views.fetch import partner_or_404, partner_path, people_of, touch_or_404

REFRESHED = ("timeline", "touches")


@editors_only
def touch_create(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The form for one partner; without a partner, first the choice of one."""
    if not slug:
        return partner_choose(request, "engagement:touch_create", _("Log a touch"))
    partner = partner_or_404(request.user, slug)
    form = TouchForm(request.POST or None, contacts=people_of(partner))
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data
        try:
            touch = services.log_touch(
                partner_id=partner.pk,
                actor=request.user,
                text=wish["text"],
                kind=wish["kind"],
                two_way=wish["two_way"],
                shared=wish["shared"],
                occurred_at=wish["occurred_at"],
                contact_ids=wish.get("contacts", []),
                submission_key=wish["submission_key"],
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            return told(
                request,
                _("Logged a touch with {}.").format(partner),
                to=partner_path(partner),
                undo_url=reverse("engagement:touch_retract", args=[touch.uid]),
                refresh=REFRESHED,
            )
    context = {"form": form, "partner": partner, "partner_path": partner_path(partner)}
    return shown(request, "engagement/touch_create.html", "engagement/_touch_dialog.html", context, status=status)


@editors_only
@require_POST
def touch_retract(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    touch = touch_or_404(request.user, uid)
    try:
        services.retract_touch(touch_uid=touch.uid, actor=request.user)
    except DomainError as error:
        return complained(request, error, to=partner_path(touch.partner))
    return told(
        request,
        _("Removed the touch with {}.").format(touch.partner),
        to=partner_path(touch.partner),
        undo_url=reverse("engagement:touch_restore", args=[touch.uid]),
        refresh=REFRESHED,
    )


@editors_only
@require_POST
def touch_restore(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    touch = touch_or_404(request.user, uid)
    services.restore_touch(touch_uid=touch.uid, actor=request.user)
    return told(
        request,
        _("The touch with {} is back.").format(touch.partner),
        to=partner_path(touch.partner),
        refresh=REFRESHED,
    )
