"""Model pages: what a version says, drafts with their errors, the dry run, and publishing what was tried."""

import copy
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry
from health import queries, services
from health.definitions import METHODS_1, derive
from health.models import HealthModelVersion
from health.pages.definition import NotJsonError, as_text, differences, read_json, thresholds, weights
from tests.health.book import at_noon, make_book

pytestmark = pytest.mark.django_db
LIST = "/app/health/models/"


@pytest.fixture(autouse=True)
def noon(db):
    with at_noon():
        yield


def stricter(name="stricter"):
    """The active definition with every band ten points higher."""
    definition = copy.deepcopy(queries.active_version().definition)
    for band, edge in zip(definition["bands"], ("90", "77", "60", "45", "0"), strict=True):
        band["from"] = edge
    return {**definition, "key": name}


@pytest.fixture
def draft(lead):
    return services.save_draft(name="stricter", definition=stricter(), note="Bands were too kind.", actor=lead)


def send(client, url, definition, **fields):
    text = definition if isinstance(definition, str) else json.dumps(definition)
    return client.post(url, {"name": "mine", "note": "", "definition": text, **fields})


def test_list_shows_the_active_version_first(viewer_client, draft):
    response = viewer_client.get(LIST)

    assert [(version.name, version.status) for version in response.context["versions"]] == [
        ("methods-1+rhythm", "active"),
        ("stricter", "draft"),
        ("methods-1", "retired"),
    ]
    assert "New draft" not in response.content.decode()


def test_detail_says_weights_knots_thresholds_and_differences(viewer_client, draft):
    text = " ".join(viewer_client.get(f"{LIST}stricter/").content.decode().split())

    assert "Different from methods-1+rhythm, the active one" in text
    assert "bands › A › from" in text
    assert "A Thriving from 90" in text
    assert "0.5 → 50" in text
    assert "Compliance breach: at most 34" in text
    assert viewer_client.get(f"{LIST}nothing/").status_code == 404


def test_detail_of_the_active_version_has_no_differences(viewer_client):
    response = viewer_client.get(f"{LIST}methods-1+rhythm/")

    assert response.status_code == 200
    assert response.context["differences"] == []


def test_weights_read_like_the_table_of_the_method():
    groups = weights(METHODS_1)

    assert groups[0].label == "Process"
    assert groups[0].totals == ["45", "28", "17", "18", "16", "32"]
    assert groups[0].rows[0].weights == ["10", "6", "4", "4", "4", "6"]
    assert dict(thresholds(METHODS_1))["Exceptions"][0] == "Notice received: at most 20"


def test_differences_name_signal_and_stage():
    changed = derive(METHODS_1, key="x", weights={"trust": {"growth": 7}, "sentiment": {"growth": 4}})
    changed["decay"]["survey"]["grace"] = 90

    assert [(one.what, one.before, one.after) for one in differences(METHODS_1, changed)] == [
        ("Weight of Sentiment in Growth, %", "6", "4"),
        ("Weight of Trust in Growth, %", "5", "7"),
        ("decay › survey › grace", "120", "90"),
    ]
    assert differences(METHODS_1, {**METHODS_1, "key": "other"}) == []


def test_text_reads_back_to_the_same_definition():
    assert read_json(as_text(METHODS_1)) == METHODS_1
    assert '["0.5", "100"]' in as_text(METHODS_1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "Line 1, column 2"),
        ('{"a": 1, "a": 2}', "given twice"),
        ('{"a": NaN}', "NaN is not a number"),
        ('"\\u0000"', "NUL"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 400_001, "longer than"),
        ("1" * 5_000, "digits"),
    ],
)
def test_text_that_is_no_definition_is_refused_in_words(text, complaint):
    with pytest.raises(NotJsonError, match=complaint):
        read_json(text)


def test_fractions_are_kept_as_text():
    assert read_json('{"a": 0.10}') == {"a": "0.10"}


def test_lead_begins_a_draft_from_a_version(lead_client, lead):
    form = lead_client.get(f"{LIST}new/?from=methods-1")
    assert form.context["base"].name == "methods-1"

    response = send(lead_client, f"{LIST}new/", stricter(), note="Bands were too kind.")

    assert response["Location"] == f"{LIST}mine/"
    saved = HealthModelVersion.objects.get(name="mine")
    assert (saved.status, saved.note, saved.definition["key"]) == ("draft", "Bands were too kind.", "mine")
    assert AuditEntry.objects.filter(action="health.model_saved", actor=lead).count() == 1


def test_draft_comes_as_a_file(lead_client):
    file = SimpleUploadedFile("model.json", json.dumps(stricter()).encode(), content_type="application/json")

    lead_client.post(f"{LIST}new/", {"name": "filed", "definition": "", "file": file})

    assert HealthModelVersion.objects.get(name="filed").definition["bands"][0]["from"] == "90"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 400_001])
def test_odd_files_are_refused_next_to_the_file(lead_client, content):
    file = SimpleUploadedFile("model.json", content)

    response = lead_client.post(f"{LIST}new/", {"name": "filed", "definition": "{}", "file": file})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["file"]


def test_invalid_definition_is_refused_in_its_words_and_kept(lead_client):
    definition = stricter()
    definition["signals"][0]["weights"]["growth"] = 9
    definition["measures"][0]["knots"] = [["1", "0"], ["0", "100"]]

    response = send(lead_client, f"{LIST}new/", definition)

    assert response.status_code == 422
    errors = response.context["form"].errors["definition"]
    assert any("Weights of stage growth add up to" in error for error in errors)
    assert len(errors) >= 2
    assert response.context["form"]["definition"].value() == json.dumps(definition)
    assert not HealthModelVersion.objects.filter(name="mine").exists()


@pytest.mark.parametrize("name", ["", "new", "a/b", "methods-1", "über", "x" * 61])
def test_names_that_cannot_be_are_refused(lead_client, name):
    response = send(lead_client, f"{LIST}new/", stricter(), name=name)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["name"]


def test_draft_is_edited_and_a_published_version_is_not(lead_client, draft):
    assert send(lead_client, f"{LIST}stricter/edit/", stricter(), name="renamed").status_code == 302
    draft.refresh_from_db()
    assert draft.name == "renamed"
    assert lead_client.get(f"{LIST}methods-1/edit/").status_code == 404
    assert send(lead_client, f"{LIST}methods-1/edit/", stricter()).status_code == 404


def test_definition_is_downloaded_as_it_is(viewer_client):
    response = viewer_client.get(f"{LIST}methods-1/definition.json")

    assert json.loads(response.content) == METHODS_1
    assert response["Content-Disposition"].endswith('.json"')


def test_dry_run_lists_who_would_move_and_changes_nothing(lead_client, draft):
    quiet, steady = make_book()

    response = lead_client.get(f"{LIST}stricter/dry-run/")

    found = response.context["found"]
    assert {row.move.partner_id for row in found.rows} == {steady[0].pk, quiet[0].pk}
    assert (found.partners, found.worse, found.better) == (2, [("D", 1), ("C", 1)], [])
    text = " ".join(response.content.decode().split())
    assert "1 partner down to At risk" in text
    assert steady[0].name in text
    assert queries.active_version().name == "methods-1+rhythm"
    assert lead_client.get(f"{LIST}methods-1+rhythm/dry-run/").status_code == 302


def test_only_what_was_tried_is_published(lead_client, lead, draft):
    active = queries.active_version()
    url = f"{LIST}stricter/publish/"

    refused = lead_client.post(url, {"digest": "0" * 64, "instead_of": active.digest})
    assert refused["Location"] == f"{LIST}stricter/dry-run/"
    assert lead_client.post(url, {}).status_code == 302
    assert queries.active_version() == active

    done = lead_client.post(url, {"digest": draft.digest, "instead_of": active.digest}, follow=True)

    assert "stricter is published." in done.content.decode()
    assert queries.active_version() == draft
    draft.refresh_from_db()
    assert draft.published_by == lead
    assert AuditEntry.objects.filter(action="health.model_published", actor=lead).count() == 1
    assert lead_client.get(f"{LIST}stricter/edit/").status_code == 404


@pytest.mark.parametrize("path", ["new/", "stricter/edit/", "stricter/dry-run/"])
def test_only_leads_change_models(manager_client, viewer_client, member_client, draft, path):
    assert manager_client.get(LIST + path).status_code == 403
    assert viewer_client.get(LIST + path).status_code == 403
    assert member_client.get(LIST + path).status_code == 404
    assert manager_client.post(f"{LIST}stricter/publish/", {"digest": draft.digest}).status_code == 403
    assert member_client.get(LIST).status_code == 404
