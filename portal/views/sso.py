"""Logging in through a partner's own identity provider: two addresses out, three back, one page when it fails."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import structlog
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.attempts import address_of, take
from accounts.forms import CompanyForm
from accounts.policies import public
from accounts.services import record
from core import clock
from core.addresses import own_path
from core.guesses import guesses_too_often, note_wrong_guess
from core.sealing import BrokenSealError, seal, unseal
from partners.models import IdentityProvider
from partners.sso import oidc, saml
from partners.sso.claims import Claims, ProviderDownError, SsoRefusedError
from partners.sso.queries import open_provider
from partners.sso.services import mail_way_in, person_of, spend

log = structlog.get_logger(__name__)
PENDING = "sso"  # in the session: {state: {provider, next, at, …}} of log-ins under way in this browser
PENDING_SECONDS = 600
MOST_PENDING = 5
HANDED_OVER = "saml answer"
HANDED_OVER_SECONDS = 120
LED_HERE = ("cross-site", "same-site")
TRIES = 60  # of coming back per address and quarter of an hour
before_login = public(because="people come here to log in")


@before_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sso_find(request: HttpRequest) -> HttpResponse:
    """Ask for an address and mail it the company's link. The page says the same for every address (P8)."""
    form = CompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        take("sso-mail", address_of(request), limit=20)
        mail_way_in(email=form.cleaned_data["email"], address=lambda provider: _address("sso_start", provider))
        return render(request, "portal/sso_sent.html", {})
    return render(request, "portal/sso_find.html", {"form": form}, status=422 if form.errors else 200)


@before_login
@never_cache
@require_GET
def sso_start(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Send the person to their company's log-in. A link, so that no form needs to lead off this site.

    Who was led here by another site is asked first: nobody gets a session without having said so (ASVS 7.6.2).
    """
    provider = _provider(uid)
    if request.headers.get("Sec-Fetch-Site") in LED_HERE:
        return render(request, "portal/sso_ask.html", {"provider": provider, "link": request.get_full_path()})
    try:
        if provider.kind == IdentityProvider.Kind.OIDC:
            address, pending = oidc.begin(provider, redirect_uri=_address("sso_callback", provider))
        else:
            address, pending = saml.begin(
                provider,
                entity_id=_address("sso_metadata", provider),
                consumer_url=_address("sso_acs", provider),
            )
    except SsoRefusedError as error:
        return _refusal(request, provider, error)
    _remember(request, provider, pending)
    return HttpResponseRedirect(address)


@before_login
@never_cache
@require_GET
def sso_callback(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Where an OpenID Connect provider sends people back to."""
    provider = _provider(uid, kind=IdentityProvider.Kind.OIDC)
    try:
        take("sso", address_of(request), limit=TRIES)
        pending = _recall(request, provider, request.GET.get("state", ""))
        claims = oidc.finish(
            provider,
            answer=request.GET.dict(),
            pending=pending,
            redirect_uri=_address("sso_callback", provider),
        )
        return _let_in(request, provider, claims, pending["next"])
    except SsoRefusedError as error:
        return _refusal(request, provider, error)


@before_login
@csrf_exempt
@never_cache
@require_POST
def sso_acs(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Where a SAML provider's page posts its answer, from another site and so without this site's cookies.

    The answer is checked here and used up; whose browser it is shows at the next address, which the cookie reaches.
    """
    provider = _provider(uid, kind=IdentityProvider.Kind.SAML)
    try:
        take("sso", address_of(request), limit=TRIES)
        assertion = saml.check(
            provider,
            request.POST.get("SAMLResponse", ""),
            entity_id=_address("sso_metadata", provider),
            consumer_url=_address("sso_acs", provider),
        )
        spend(provider=provider, assertion=assertion)
    except SsoRefusedError as error:
        return _refusal(request, provider, error)
    claims = assertion.claims
    answer = seal(
        json.dumps([str(provider.uid), assertion.answers, claims.subject, claims.email, claims.name]),
        purpose=HANDED_OVER,
    )
    finish = redirect("portal:sso_finish", uid=provider.uid)
    return HttpResponseRedirect(f"{finish['Location']}?answer={answer}", status=303)


@before_login
@never_cache
@require_GET
def sso_finish(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Compare a checked SAML answer with what this browser asked for, and let the person in."""
    provider = _provider(uid, kind=IdentityProvider.Kind.SAML)
    try:
        try:
            sealed = unseal(request.GET.get("answer", ""), purpose=HANDED_OVER, seconds=HANDED_OVER_SECONDS)
        except BrokenSealError:
            raise SsoRefusedError("wrong_state") from None
        owner, answers, subject, email, name = json.loads(sealed)
        if owner != str(provider.uid):
            raise SsoRefusedError("mixed_up")
        pending = _recall(request, provider, answers)
        return _let_in(request, provider, Claims(subject, email, name), pending["next"])
    except SsoRefusedError as error:
        return _refusal(request, provider, error)


@public(because="the partner's IT feeds it to its provider; it holds addresses of this site only")
@require_GET
def sso_metadata(_request: HttpRequest, uid: UUID) -> HttpResponse:
    provider = _provider(uid, kind=IdentityProvider.Kind.SAML)
    text = saml.own_metadata(entity_id=_address("sso_metadata", provider), consumer_url=_address("sso_acs", provider))
    return HttpResponse(text, content_type="application/samlmetadata+xml; charset=utf-8")


def _provider(uid: UUID, *, kind: str = "") -> IdentityProvider:
    provider = open_provider(uid)
    if provider is None or (kind and provider.kind != kind):
        raise Http404
    return provider


def _address(route: str, provider: IdentityProvider) -> str:
    """By the configured address of this site, never by the Host header of the request."""
    return settings.BASE_URL + reverse(f"portal:{route}", kwargs={"uid": provider.uid})


def _remember(request: HttpRequest, provider: IdentityProvider, pending: dict[str, str]) -> None:
    wanted = request.GET.get("next", "")
    safe = own_path(wanted, otherwise="")
    now = int(clock.now().timestamp())
    under_way = {key: row for key, row in request.session.get(PENDING, {}).items() if row["at"] > now - PENDING_SECONDS}
    row = {**pending, "provider": str(provider.uid), "next": safe, "at": now}
    kept = list({**under_way, pending["state"]: row}.items())[-MOST_PENDING:]
    request.session[PENDING] = dict(kept)


def _recall(request: HttpRequest, provider: IdentityProvider, state: str) -> dict[str, Any]:
    """What this browser began with this provider under this state, once."""
    under_way = dict(request.session.get(PENDING, {}))
    row = under_way.pop(state, None)
    if row is None or row["at"] <= clock.now().timestamp() - PENDING_SECONDS:
        raise SsoRefusedError("wrong_state")
    request.session[PENDING] = under_way
    if row["provider"] != str(provider.uid):
        raise SsoRefusedError("mixed_up")
    return row


def _let_in(request: HttpRequest, provider: IdentityProvider, claims: Claims, wanted: str) -> HttpResponse:
    logged_in = request.user if request.user.is_authenticated else None
    user = person_of(provider=provider, claims=claims, logged_in=logged_in)
    again = logged_in is not None and logged_in.pk == user.pk
    request.came_through_provider = str(provider.uid)
    record_authentication(request, user, method="sso", provider=str(provider.uid), reauthenticated=again or None)
    return perform_login(request, Login(user=user, redirect_url=wanted or None))


def _refusal(request: HttpRequest, provider: IdentityProvider, error: SsoRefusedError) -> HttpResponse:
    """A made-up way back is counted with other wrong secrets: twenty in a minute, then the address waits (P10).

    An answer that was refused is a failed log-in; of who is logged in already the trail keeps the refused page.
    """
    log.warning("sso_refused", provider=str(provider.uid), reason=error.reason)
    status = 503 if isinstance(error, ProviderDownError) else 403
    if error.reason == "wrong_state":
        status = 429 if guesses_too_often(request) else status
        note_wrong_guess(request)
    elif status == 403 and not request.user.is_authenticated:
        record("accounts.company_login_failed", provider, actor=None, reason=error.reason)
    return render(request, "portal/sso_refused.html", {"provider": provider, "problem": error.message}, status=status)
