"""Logs hold no personal data and no secret, and a line stays one line (reliability P39)."""

from __future__ import annotations

import io
import json
import logging
import logging.config

import pytest
import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client, RequestFactory

from accounts.models import AuditEntry, User
from accounts.services import create_token
from core.logs import cleaned, configure_logging
from engagement.services import log_touch
from partners.services import add_contact, update_contact
from privacy import services
from privacy.queries import find_person
from tests.factories import make_member, make_partner, make_user

NAME, EMAIL, PHONE, TEXT = "Zyxmark Quorlington", "zyxmark@partner.test", "+49 30 5550107", "zyxmark-secret-note"
SECRET = "zyxmark-link-secret"
PASSWORD = "zyxmark correct horse"
SIGNS = ("zyxmark", "quorlington", "5550107")


@pytest.fixture
def lines():
    """What the product writes to its log, at the most talkative level it is run with."""
    written = io.StringIO()
    config = configure_logging(level="INFO", human=False)
    formatter = config["formatters"]["line"]
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        formatter["()"](processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"])
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def sent_to_workers(monkeypatch):
    """Every argument given to a Celery task."""
    from celery.app.task import Task

    arguments = []
    real = Task.apply_async

    def spy(task, args=None, kwargs=None, **options):
        arguments.append(f"{args} {kwargs}")
        return real(task, args, kwargs, **options)

    monkeypatch.setattr(Task, "apply_async", spy)
    return arguments


@pytest.mark.django_db
def test_flows_of_both_sides_leave_no_trace_of_a_person(
    lines, sent_to_workers, admin_user, manager, django_capture_on_commit_callbacks
):
    partner = make_partner(name="Northwind", owner=manager)
    member = make_member(partner=partner, email=EMAIL, name=NAME, role="partner_admin", password=PASSWORD)
    ours, theirs, nobody = Client(raise_request_exception=False), Client(), Client()
    backend = settings.AUTHENTICATION_BACKENDS[0]
    with django_capture_on_commit_callbacks(execute=True):
        theirs.post("/accounts/login/", {"login": EMAIL, "password": "zyxmark wrong"})
        theirs.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
        nobody.post("/accounts/password/reset/", {"email": EMAIL})
        for path in ("/portal/", "/portal/log/", "/portal/my-data/", "/portal/my-data/download/"):
            assert theirs.get(path, {"q": TEXT}).status_code == 200
        theirs.post("/portal/my-data/ask/", {"reason": TEXT})
        for path in ("/join/", "/act/", "/cal/", "/sso/", "/accounts/password/reset/key/"):
            nobody.get(f"{path}{SECRET}/", {"token": SECRET})
        ours.force_login(manager, backend=backend)
        _token, secret = create_token(user=manager, name=TEXT, scope="write", days=1)
        contact = add_contact(
            partner_id=partner.pk, name=NAME, actor=manager, email="zyxmark2@partner.test", phone=PHONE
        )
        update_contact(contact_id=contact.pk, actor=manager, name=f"{NAME} Jr", phone=f"{PHONE}9")
        log_touch(partner_id=partner.pk, kind="note", text=f"{TEXT} {NAME}", actor=manager)
        for path in ("/app/", f"/app/search/?q={NAME}", f"/app/partners/?q={NAME}", f"/app/partners/export/?q={NAME}"):
            b"".join(ours.get(path))
        for path in (f"/app/partners/{partner.slug}/people/", f"/app/partners/{partner.slug}/log/"):
            assert ours.get(path).status_code == 200
        ours.post(f"/app/partners/{partner.slug}/people/new/", {"name": NAME, "email": "zyxmark2@partner.test"})
        api = {"Authorization": f"Bearer {secret}"}
        nobody.get("/api/v1/contacts/", {"email": EMAIL}, headers=api)
        nobody.post("/api/v1/contacts/", {"name": NAME, "email": "x"}, headers=api, content_type="application/json")
        nobody.get("/api/v1/contacts/", headers={"Authorization": f"Bearer prm_{SECRET}"})
        services.erase(person=find_person(EMAIL), actor=admin_user)

    written = lines.getvalue()
    assert written.count("\n") > 30
    assert [line for line in written.splitlines() if any(sign in line.lower() for sign in SIGNS)] == []
    assert secret not in written
    assert [words for words in sent_to_workers if any(sign in words.lower() for sign in SIGNS)] == []
    audit = [str(row) for row in AuditEntry.objects.values_list("action", "object_type", "object_uid", "data")]
    assert len(audit) >= 10
    assert [row for row in audit if any(sign in row.lower() for sign in SIGNS)] == []
    assert member.pk


@pytest.mark.django_db
def test_error_page_and_refused_row_keep_values_to_themselves(lines, monkeypatch, manager_client):
    make_user(email=EMAIL, name=NAME)

    def fail(*_: object) -> None:
        try:
            with transaction.atomic():
                User.objects.create(email=EMAIL, name="x")
        except IntegrityError as error:
            raise DatabaseError(f"{error} for {EMAIL} at /join/{SECRET}/") from error

    monkeypatch.setattr("workspace.views.settings.last_check", fail)
    manager_client.raise_request_exception = False

    assert manager_client.get("/app/settings/").status_code == 500
    written = lines.getvalue()
    assert "DatabaseError" in written
    assert [line for line in written.splitlines() if any(sign in line.lower() for sign in SIGNS)] == []


def test_line_stays_one_line(lines):
    structlog.get_logger("tests").warning("odd\r\nforged", path="/a\nb\x1b[31m")
    logging.getLogger("tests").warning("plain %s", "one\r\nfake 200 OK")

    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["event"] for line in found] == ["odd\\r\\nforged", "plain one\\r\\nfake 200 OK"]
    assert found[0]["path"] == "/a\\nb\\x1b[31m"


@pytest.mark.parametrize("path", ["/join/", "/act/", "/cal/", "/sso/", "/accounts/password/reset/key/"])
def test_secret_in_a_path_is_cut(path):
    event = {"event": f"Not Found: {path}{SECRET}/", "request": f"GET {path}{SECRET}/more/", "code": 404}

    assert cleaned(None, "", event) == {"event": f"Not Found: {path}…", "request": f"GET {path}…", "code": 404}


@pytest.mark.django_db
def test_ordinary_refusal_is_one_line_without_a_traceback(lines, client):
    member = make_member(partner=make_partner())
    client.force_login(member, backend=settings.AUTHENTICATION_BACKENDS[0])
    for path in ("/portal/log/", "/portal/nothing/"):
        client.get(path)

    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    refused = [line for line in found if line["level"] == "warning"]
    assert [(line["event"], line["code"]) for line in refused] == [("request_finished", 403), ("request_finished", 404)]
    assert "Traceback" not in lines.getvalue()


def test_harmless_text_is_left_alone():
    event = {"event": "request_finished", "request": "GET /app/partners/joint/", "code": 200, "ids": [1, 2]}
    assert cleaned(None, "", event) == event
    assert RequestFactory().get("/").path == "/"
