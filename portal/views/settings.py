"""A partner's person about themselves."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.policies import partner_only
from partners.models import Contact
from partners.services import update_contact
from portal.forms import ChannelForm


@partner_only
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Where one changes what; the preferred channel is asked here, because the vendor's people see it."""
    me = Contact.objects.visible_to(request.user).filter(pk=request.seat.contact_id).first()
    form = ChannelForm(request.POST or None, initial={"channel": me.channel}) if me else None
    if request.method == "POST" and form is not None and form.is_valid():
        update_contact(contact_id=me.pk, actor=request.user, channel=form.cleaned_data["channel"])
        messages.success(request, _("Saved. Your contact sees how you like to be reached."))
        return redirect("portal:settings")
    status = 422 if form is not None and form.errors else 200
    return render(request, "portal/settings.html", {"form": form}, status=status)
