"""Who did what at our firm, for its administrators."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.act_words import ACTS, Kind
from accounts.log_page import log_context
from accounts.policies import partner_admins_only
from portal.context import topics_of

KINDS = [(kind.value, kind.label) for kind in Kind if any(act.shared and act.kind == kind for act in ACTS.values())]


@partner_admins_only
def log(request: HttpRequest) -> HttpResponse:
    context = log_context(request, partner_uid=request.seat.partner.uid, kinds=KINDS, topics=topics_of(request))
    return render(request, "portal/log.html", context)
