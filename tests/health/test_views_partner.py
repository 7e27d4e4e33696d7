"""One partner's score: the same numbers as the API and the command, what may be said about it, and by whom."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from accounts.services import create_token
from core import clock
from health import queries, services
from health.models import ExceptionFlag, HealthState, Override
from lifecycle.services import move_to_stage
from tests.factories import make_partner, make_touch
from tests.health.book import MONTH_AGO, NOW, YESTERDAY, at_noon, make_book, sell

pytestmark = pytest.mark.django_db
HOSTILE = "<img src=x onerror=alert(1)> they said so twice"


@pytest.fixture(autouse=True)
def noon(db):
    with at_noon():
        yield


@pytest.fixture
def quiet(manager):
    return make_book(manager)[0][0]


def url(partner, rest=""):
    return f"/app/partners/{partner.slug}/health/{rest}"


def test_page_explains_the_score_to_the_last_digit(manager_client, quiet):
    response = manager_client.get(url(quiet))

    page = response.context["page"]
    state = HealthState.objects.get(partner=quiet)
    text = response.content.decode()
    assert page.score == state.score
    assert page.agrees
    assert f"= {state.score}" in text
    assert page.baseline_shown + sum(line.points for group in page.groups for line in group.signals) == page.shown
    assert page.change.before + page.change.total == page.score
    assert sum(row.total for row in page.change.rows) == page.change.total
    assert sum(page.change.sums) == page.change.total
    assert page.sentence.startswith(f"{page.shown}, was ")
    assert "30 May 2026: mostly because of " in page.sentence


def test_page_api_and_command_agree(manager_client, manager, quiet):
    _token, secret = create_token(user=manager, name="t", scope="read", days=1)
    api = Client(headers={"Authorization": f"Bearer {secret}"}).get(f"/api/v1/partners/{quiet.uid}/health/").json()
    out = StringIO()
    call_command("explain_health", quiet.slug, "--json", stdout=out)
    command = json.loads(out.getvalue())
    page = dict(manager_client.get(url(quiet)).context["page"].given)

    assert api == command
    assert json.loads(json.dumps(page)) == api
    assert Decimal(api["score"]) == HealthState.objects.get(partner=quiet).score
    listed = Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/health/", {"partner": str(quiet.uid)})
    assert listed.json()["results"][0]["score"] == api["score"]


def test_page_of_a_past_day(manager_client, quiet):
    response = manager_client.get(url(quiet, f"?as_of={MONTH_AGO + timedelta(days=2)}"))

    assert response.context["page"].as_of == MONTH_AGO
    assert "Nothing was computed on that day" in response.content.decode()
    assert response.context["page"].given == queries.explanation(quiet, as_of=MONTH_AGO)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-13-01", "is not a date"),
        ("yesterday", "is not a date"),
        ("20260601", "is not a date"),
        ("2030-01-01", "future"),
    ],
)
def test_odd_days_are_said_and_ignored(manager_client, quiet, day, words):
    response = manager_client.get(url(quiet, f"?as_of={day}"))

    assert response.context["page"].as_of == YESTERDAY
    assert words in response.context["note"]


def test_no_score_by_a_day_before_the_first(manager_client, quiet):
    response = manager_client.get(url(quiet, "?as_of=2020-01-01"))

    assert response.status_code == 200
    assert "No score by that day" in response.content.decode()


def test_partner_without_score_says_when_there_is_one(manager_client):
    partner = make_partner(name="New one")

    assert "No score yet" in manager_client.get(url(partner)).content.decode()


def test_little_data_shows_no_band(manager_client):
    make_book()
    late = make_partner(name="Just begun", stage="recruit")
    services.compute(as_of=clock.today(), partner_ids=[late.pk])

    response = manager_client.get(url(late))

    assert response.context["snapshot"].confidence == "insufficient"
    assert "Too little data for a band" in response.content.decode()


def test_unknown_measures_are_listed_with_a_fix(manager_client, quiet, manager):
    make_touch(partner=quiet, occurred_at=NOW - timedelta(days=3))
    newcomer = make_partner(name="Newcomer")
    services.compute(as_of=clock.today(), partner_ids=[newcomer.pk])

    page = manager_client.get(url(newcomer)).context["page"]

    assert [gap.label for gap in page.gaps] == ["Deal rhythm", "Depth of trade", "Revenue growth"]
    assert "Sentiment" in page.not_connected
    assert {gap.fix for gap in page.gaps} == {"Comes with more sales"}


def test_htmx_gets_the_panel_alone(manager_client, quiet):
    response = manager_client.get(url(quiet), HTTP_HX_REQUEST="true")

    assert response.content.decode().lstrip().startswith('<div id="partner-health"')
    restored = manager_client.get(url(quiet), HTTP_HX_REQUEST="true", HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert "<!doctype html>" in restored.content.decode()[:200].lower()


def test_line_marks_stage_moves_and_bands(manager_client, quiet, manager):
    move_to_stage(partner_id=quiet.pk, stage="evaluation", actor=manager)

    events = [text for _day, text in manager_client.get(url(quiet)).context["picture"].events]

    assert events == ["Now Watch", "Moved to Evaluation"]


def test_queries_do_not_grow_with_history(manager_client, quiet):
    def count():
        with CaptureQueriesContext(connection) as found:
            manager_client.get(url(quiet))
        return len(found)

    count()
    before = count()
    for days in range(3, 10):
        services.compute(as_of=YESTERDAY - timedelta(days=days))
    assert count() == before
    assert before <= 20


# --- overrides -------------------------------------------------------------------------


def override(**changes):
    return {
        "target": "71.5",
        "reason": "The sponsor confirmed the next order by phone.",
        "ends_on": "2026-08-15",
        **changes,
    }


def test_lead_sets_a_score_by_hand(lead_client, lead, quiet):
    computed = HealthState.objects.get(partner=quiet).score

    response = lead_client.post(url(quiet, "override/"), override(), follow=True)

    page = response.context["page"]
    assert (page.score, page.shown) == (Decimal("71.5000"), Decimal("71.5"))
    assert page.agrees
    assert abs(page.without_override - computed) < 1
    text = " ".join(response.content.decode().split())
    assert "Set by Tom Weber until" in text
    assert f"model says {page.without_override:.1f}" in text
    assert Override.objects.get().actor == lead
    assert AuditEntry.objects.filter(action="health.override_set").count() == 1


def test_override_as_a_dialog_answers_with_the_panel(lead_client, quiet):
    asked = lead_client.get(url(quiet, "override/"), HTTP_HX_REQUEST="true")
    assert asked.content.decode().startswith('<dialog class="dialog" data-autoshow')

    done = lead_client.post(url(quiet, "override/"), override(), HTTP_HX_REQUEST="true")

    assert done.status_code == 200
    assert '<div id="partner-health" class="stack" hx-swap-oob="true">' in done.content.decode()
    assert json.loads(done["HX-Trigger-After-Settle"]) == {"prm:focus": {"value": "#partner-health-title"}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", "101"),
        ("target", "-1"),
        ("target", "NaN"),
        ("target", ""),
        ("reason", "too short"),
        ("reason", " " * 30),
        ("ends_on", "2026-06-29"),
        ("ends_on", "2026-09-29"),
        ("ends_on", "soon"),
    ],
)
def test_override_is_refused_next_to_its_field(lead_client, quiet, field, value):
    response = lead_client.post(url(quiet, "override/"), override(**{field: value}))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert Override.objects.count() == 0


def test_override_ends_at_90_days(lead_client, quiet):
    assert lead_client.post(url(quiet, "override/"), override(ends_on="2026-09-28")).status_code == 302


def test_override_ends_by_hand(lead_client, quiet):
    lead_client.post(url(quiet, "override/"), override())

    response = lead_client.post(url(quiet, "override/end/"), follow=True)

    assert response.context["page"].without_override is None
    assert Override.objects.get().ended_at is not None
    again = lead_client.post(url(quiet, "override/end/"), follow=True)
    assert "No override is in force." in again.content.decode()


def test_only_leads_set_scores_by_hand(manager_client, viewer_client, member_client, quiet):
    for client, status in ((manager_client, 403), (viewer_client, 403), (member_client, 404)):
        assert client.get(url(quiet, "override/")).status_code == status
        assert client.post(url(quiet, "override/"), override()).status_code == status
        assert client.post(url(quiet, "override/end/")).status_code == status
    assert Override.objects.count() == 0
    assert "Set by hand…" not in manager_client.get(url(quiet)).content.decode()


# --- exceptions ------------------------------------------------------------------------


def test_exception_caps_the_score_until_cleared(manager_client, quiet):
    response = manager_client.post(
        url(quiet, "exceptions/new/"), {"key": "compliance_breach", "reason": HOSTILE}, follow=True
    )
    page = response.context["page"]
    assert page.score == Decimal("34.0000")
    assert page.agrees
    assert [label for label, _shown, _exact in page.adjustments] == ["Capped: compliance breach"]
    text = response.content.decode()
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    flag = ExceptionFlag.objects.get()

    again = manager_client.post(url(quiet, "exceptions/new/"), {"key": "compliance_breach", "reason": "Once more"})
    assert again.status_code == 422
    assert again.context["form"].errors == {"key": ["This exception is raised already."]}

    cleared = manager_client.post(url(quiet, f"exceptions/{flag.uid}/clear/"), follow=True)
    assert cleared.context["page"].adjustments == []
    twice = manager_client.post(url(quiet, f"exceptions/{flag.uid}/clear/"), HTTP_HX_REQUEST="true")
    assert "This exception was cleared already." in twice.content.decode()


@pytest.mark.parametrize(("field", "value"), [("key", "bad_weather"), ("reason", "  "), ("reason", "x" * 501)])
def test_exception_is_refused_next_to_its_field(manager_client, quiet, field, value):
    data = {"key": "notice_received", "reason": "Notice came today.", field: value}

    response = manager_client.post(url(quiet, "exceptions/new/"), data, HTTP_HX_REQUEST="true")

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert re.match(r'<dialog class="dialog"', response.content.decode())


def test_exception_of_another_partner_is_missing(manager_client, manager, quiet):
    other = make_partner(name="Other")
    sell(other, until=3)
    flag = services.raise_exception(partner_id=other.pk, key="notice_received", reason="They left.", actor=manager)

    assert manager_client.post(url(quiet, f"exceptions/{flag.uid}/clear/")).status_code == 404
    flag.refresh_from_db()
    assert flag.cleared_at is None


def test_viewers_look_and_strangers_find_nothing(viewer_client, member_client, quiet):
    text = viewer_client.get(url(quiet)).content.decode()
    assert "Raise an exception" not in text
    assert viewer_client.get(url(quiet, "exceptions/new/")).status_code == 403
    assert member_client.get(url(quiet)).status_code == 404
    assert member_client.get(url(quiet, "exceptions/new/")).status_code == 404
    assert viewer_client.get("/app/partners/nobody/health/").status_code == 404
