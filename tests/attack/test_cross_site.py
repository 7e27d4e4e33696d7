"""P32: other sites can neither act as a person, nor send one away, nor bend the links in mails."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core.models import Outbox
from tests.factories import make_member, make_partner, make_user
from tests.isolation.expectations import policy_of
from tests.isolation.routes import every_route, words

pytestmark = pytest.mark.django_db
ELSEWHERE = (
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example",
    "http:///evil.example",
    "%2f%2fevil.example",
    "//%2fevil.example",
    "/%09/evil.example",
    "\t//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "///evil.example",
    "https://127.0.0.1@evil.example",
    "//evil.example/..",
    "/\x00//evil.example",
    "evil.example",
    "workspace:today",
    "http://testserver.evil.example/",
    "//evil.example%23.testserver",
    "/\r\nLocation: https://evil.example",
)
# No session, no cookie: nothing another site could ride on.
WITHOUT_SESSION = {
    "csp_report": "a browser's report; it writes one line of log",
    "engagement:act": "the secret of the mail's link is the authority, not the session",
    "portal:sso_acs": "the partner's provider posts a signed answer from its own site",
    "accounts:mails_stop": "a mail program's one click to stop, by the link's secret (RFC 8058)",
    "accounts:preferences_by_link": "by the link's secret, without a session",
}


@pytest.fixture
def person():
    return make_user(role="admin", email="ana@vendor.test", password="a long password 2026")


def signed_in(user: User, **options: bool) -> Client:
    client = Client(**options)
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def leaves(response) -> bool:
    """Whether an answer sends a browser to another site: read as browsers read addresses."""
    target = response.headers.get("Location", "") or response.headers.get("HX-Redirect", "")
    target = re.sub(r"[\t\r\n\x00]", "", target).strip().replace("\\", "/")
    target = re.sub(r"^(https?):/*(?=[^/])", r"\1://", re.sub(r"^/{2,}", "//", target))
    where = urlsplit(urljoin("http://testserver/accounts/x/", target))
    return where.scheme not in ("http", "https") or where.netloc != "testserver"


KINDS = {
    "form": {"data": {"a": "1"}},
    "text": {"data": '{"a":1}', "content_type": "text/plain"},
    "json": {"data": '{"a":1}', "content_type": "application/json"},
    "htmx": {"data": {"a": "1"}, "headers": {"HX-Request": "true", "Origin": "https://evil.example"}},
    "wrong token": {"data": {"csrfmiddlewaretoken": "x" * 64}},
}


@pytest.mark.slow
def test_every_write_needs_the_token(person):
    """Each address that a session may write to refuses a request without, or with another's, token."""
    staff, member = signed_in(person, enforce_csrf_checks=True), make_member(partner=make_partner())
    partner = signed_in(member, enforce_csrf_checks=True)
    let_in, tried = [], 0
    for route in every_route():
        if route.area == "api" or route.name in WITHOUT_SESSION:
            continue
        values = {**words(route, "1"), **dict.fromkeys(route.objects, "00000000-0000-4000-8000-000000000000")}
        client = partner if policy_of(route).startswith("partner") else staff
        for kind, options in KINDS.items():
            for method in ("post", "put", "patch", "delete")[: 4 if kind == "form" else 1]:
                sent = options if method == "post" else {}
                tried += 1
                status = getattr(client, method)(route.url(values), **sent).status_code
                if status != 403 and not (route.area == "admin" and status in (404, 405)):
                    let_in.append(f"{method} {route.path} {kind}: {status}")
    print(f"\nattack: {tried} requests without a token, {len(let_in)} let in")
    assert let_in == []


def test_session_at_the_api_needs_the_token_too(person):
    client = signed_in(person, enforce_csrf_checks=True)
    for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        response = client.post("/api/v1/partners/", '{"name":"Forged"}', content_type=content_type)
        assert response.status_code == 403


def test_no_answer_lets_another_origin_read(person):
    response = signed_in(person).get("/api/v1/partners/", headers={"Origin": "https://evil.example"})
    assert [name for name in response.headers if name.lower().startswith("access-control")] == []


def test_log_in_leads_to_own_pages_only(person):
    gone = []
    for target in ELSEWHERE:
        given = {"login": person.email, "password": "a long password 2026", "next": target}
        gone += [f"login {target!r}"] * leaves(Client().post(reverse("account_login"), given))
        gone += [f"login? {target!r}"] * leaves(
            Client().post(reverse("account_login"), {**given, "next": ""}, QUERY_STRING=f"next={target}")
        )
        gone += [f"open login {target!r}"] * leaves(signed_in(person).get(reverse("account_login"), {"next": target}))
    assert gone == []


@pytest.mark.parametrize(
    "name", ["account_logout", "accounts:appearance_set", "account_reauthenticate", "accounts:profile_edit"]
)
def test_leaving_a_page_leads_to_own_pages_only(person, name):
    gone, failed = [], []
    for target in ELSEWHERE:
        for sent in ({"next": target}, {"next": target, "appearance": "dark", "password": "a long password 2026"}):
            client = signed_in(person)
            response = client.post(reverse(name), sent)
            gone += [target] * leaves(response)
            failed += [target] * (response.status_code >= 500)
    assert (gone, failed) == ([], [])


@pytest.mark.slow
def test_every_page_with_a_way_back_stays_at_home(person):
    """`next` and `back` as parameters of every address: nothing follows them to another site."""
    client, gone = signed_in(person), []
    for route in every_route():
        if route.area != "own" or route.objects:
            continue
        for target in ELSEWHERE[:12]:
            for method in ("get", "post"):
                response = getattr(client, method)(
                    route.url(words(route, "1")), {"next": target, "back": target, "to": target}
                )
                gone += [f"{method} {route.path} {target!r}"] * leaves(response)
    assert gone == []


@pytest.mark.parametrize(
    "bad",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": "testserver@evil.example"},
        {"HTTP_HOST": "evil.example:80"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_SERVER": "evil.example"},
        {"HTTP_FORWARDED": "host=evil.example"},
        {"HTTP_X_HOST": "evil.example"},
        {"HTTP_X_ORIGINAL_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_PORT": "4444"},
    ],
)
def test_mails_link_to_the_configured_address_only(person, bad):
    """A reset mail asked for with a forged host: refused, or written with our own address."""
    response = Client().post(reverse("account_reset_password"), {"email": person.email}, **bad)

    texts = [f"{one.subject} {one.body}" for one in Outbox.objects.all()] + [str(one.message()) for one in mail.outbox]
    if "HTTP_HOST" in bad:
        assert (response.status_code, texts) == (400, [])
    else:
        assert len(texts) == 1
        links = re.findall(r"https?://[^\s/]+", " ".join(texts))
        assert links
        assert {link for link in links if not link.startswith(settings.BASE_URL)} == set()
    assert "evil" not in "".join(texts)
    assert ":4444" not in "".join(texts)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_method_override_does_nothing(person, header):
    partner = make_partner(name="Northwind", slug="northwind")
    client = signed_in(person)
    archive = reverse("workspace:partner_archive", args=[partner.slug])

    assert client.get(archive, headers={header: "POST"}).status_code in (200, 405)
    assert client.get(archive, {"_method": "POST"}).status_code in (200, 405)
    assert client.post(f"/api/v1/partners/{partner.uid}/", headers={header: "DELETE"}).status_code == 405
    partner.refresh_from_db()
    assert partner.archived_at is None


def test_trace_and_unknown_methods_are_refused(person):
    client = signed_in(person)
    for method in ("TRACE", "CONNECT", "FOO", "PROPFIND"):
        assert client.generic(method, "/app/partners/export/").status_code in (403, 405)


def test_header_values_cannot_be_broken(person):
    """A line break in what becomes a header: refused or harmless, in no case a header of its own."""
    client = signed_in(person)
    for text in ("a\r\nX-Forged: 1", "a\nX-Forged: 1", "a%0d%0aX-Forged: 1", "a\u560d\u560aX-Forged: 1"):
        for response in (
            client.get("/app/partners/export/", {"q": text, "view": text}),
            client.post(reverse("accounts:appearance_set"), {"next": f"/{text}"}),
            client.get("/app/partners/", headers={"X-Request-ID": text, "HX-Request": "true", "HX-Current-URL": text}),
            client.get(f"/app/{text}/"),
        ):
            assert response.status_code < 500
            assert "X-Forged" not in response.headers
            assert all("\n" not in f"{name}{value}" for name, value in response.headers.items())
