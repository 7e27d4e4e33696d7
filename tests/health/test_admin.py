"""Health in the admin: everything findable, scores untouchable, drafts checked, published versions closed."""

import json

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from health import services
from health.definitions import METHODS_1
from health.models import Applicability, BacktestRun, HealthModelVersion, HealthRequest, HealthSnapshot, HealthState
from tests.health.book import at_noon, make_book

pytestmark = pytest.mark.django_db
VERSIONS = "/admin/health/healthmodelversion/"


@pytest.fixture(autouse=True)
def noon(db):
    with at_noon():
        yield


@pytest.fixture
def pages(admin_user):
    client = Client()
    client.force_login(admin_user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def book(manager):
    """One row of every table of the room."""
    quiet, _steady = make_book(manager)
    services.raise_exception(partner_id=quiet[0].pk, key="compliance_breach", reason="Audit failed.", actor=manager)
    services.set_not_applicable(partner_id=quiet[0].pk, signal="cost_savings", reason="No plan.", actor=manager)
    services.request_score([quiet[0].pk])
    version = HealthModelVersion.objects.active().get()
    BacktestRun.objects.create(model=version, parameters={}, results={})
    return quiet[0]


def test_every_model_is_listed_found_and_opened(pages, book):
    registered = [model for model in admin.site._registry if model._meta.app_label == "health"]
    assert len(registered) == 12

    for model in registered:
        url = f"/admin/health/{model._meta.model_name}/"
        assert pages.get(url).status_code == 200, url
        assert pages.get(url, {"q": "quiet"}).status_code == 200, url
        row = model.objects.first()
        if row is not None:
            assert pages.get(f"{url}{row.pk}/change/").status_code == 200, url


def test_partner_rows_are_found_by_name(pages, book):
    text = pages.get("/admin/health/healthstate/", {"q": "quiet"}).content.decode()

    assert "Quiet 0" in text
    assert "Steady 0" not in text
    assert 'href="/app/partners/quiet-0/health/"' in text


@pytest.mark.parametrize(
    "model", ["healthstate", "healthsnapshot", "healthrun", "healthchunk", "alert", "override", "exceptionflag"]
)
def test_scores_and_their_history_are_read_only(pages, book, model):
    url = f"/admin/health/{model}/"
    kept = (HealthState.objects.count(), HealthSnapshot.objects.count())

    assert pages.get(f"{url}add/").status_code == 403
    row = next(one for one in admin.site._registry if one._meta.model_name == model).objects.first()
    if row is not None:
        assert pages.post(f"{url}{row.pk}/change/", {"score": "99"}).status_code == 403
        assert pages.post(f"{url}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert kept == (HealthState.objects.count(), HealthSnapshot.objects.count())


def test_lists_take_the_same_queries_for_more_rows(pages, book):
    def count():
        with CaptureQueriesContext(connection) as found:
            assert pages.get("/admin/health/healthsnapshot/").status_code == 200
        return len(found)

    count()
    few = count()
    services.compute(as_of=HealthState.objects.first().as_of.replace(day=1))
    assert count() == few


def save(pages, url, definition, **fields):
    text = definition if isinstance(definition, str) else json.dumps(definition)
    return pages.post(url, {"name": "mine", "note": "Tried.", "definition": text, **fields})


def test_draft_is_made_and_edited_through_the_service(pages, admin_user):
    assert save(pages, f"{VERSIONS}add/", METHODS_1).status_code == 302
    draft = HealthModelVersion.objects.get(name="mine")
    assert (draft.status, draft.definition["key"], draft.is_published) == ("draft", "mine", False)

    changed = {**METHODS_1, "help_target": "85"}
    assert save(pages, f"{VERSIONS}{draft.pk}/change/", changed, status="active").status_code == 302
    draft.refresh_from_db()
    assert (draft.definition["help_target"], draft.status) == ("85", "draft")
    assert AuditEntry.objects.filter(action="health.model_saved", actor=admin_user).count() == 2
    assert f'href="/app/health/models/{draft.name}/dry-run/"' in pages.get(VERSIONS).content.decode()


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ("{", "this is not JSON"),
        ("[]", "not an object of named sections"),
        ({**METHODS_1, "baseline": "160"}, "baseline is not a number from 0 to 100."),
        ({**METHODS_1, "signals": METHODS_1["signals"][1:]}, "Weights of stage"),
    ],
)
def test_invalid_definition_is_refused_next_to_its_field(pages, definition, complaint):
    response = save(pages, f"{VERSIONS}add/", definition)

    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert list(errors) == ["definition"]
    assert complaint in " ".join(errors["definition"])
    assert HealthModelVersion.objects.filter(name="mine").count() == 0


def test_published_version_is_closed(pages):
    version = HealthModelVersion.objects.active().get()

    page = pages.get(f"{VERSIONS}{version.pk}/change/")

    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert b"<textarea" not in page.content
    assert save(pages, f"{VERSIONS}{version.pk}/change/", METHODS_1).status_code == 403
    assert pages.post(f"{VERSIONS}{version.pk}/delete/", {"post": "yes"}).status_code == 403


def test_requests_and_left_out_signals_are_shown(pages, book):
    assert HealthRequest.objects.count() == 1
    assert Applicability.objects.get().signal == "cost_savings"
    assert "cost_savings" in pages.get("/admin/health/applicability/").content.decode()
