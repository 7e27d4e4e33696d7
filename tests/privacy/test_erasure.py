"""One person in every field of every model: exported whole, erased whole, erased again after a restore (P40)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry, SuppressedPerson
from accounts.services import is_suppressed, record
from core import clock
from core.errors import DomainError
from core.models import Outbox
from core.outbox import put_mail
from engagement.models import Attendee, Commitment
from partners.models import Contact, Membership
from partners.services import add_contact
from privacy import services
from privacy.download import as_json
from privacy.models import ErasureLog, ErasureRequest
from privacy.queries import counts, export, find_person
from tests.factories import make_commitment, make_contact, make_meeting, make_partner, make_touch, make_user
from tests.privacy.marked import EMAIL, MARK, NAME, WORDS, Marked, signs_in_database

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def erasure_log(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
    return settings.ERASURE_LOG


@pytest.fixture
def marked(db):
    person = Marked()
    person.fill()
    return person


def test_export_holds_every_personal_field(marked):
    data = export(find_person(EMAIL))
    text = as_json(data)

    missing = [place for place, sign in marked.signs.items() if sign not in text]
    assert len(marked.signs) > 10
    assert missing == []
    named = {f"{label}.{name}" for label, rows in data["named_in"].items() for row in rows for name in row}
    assert [place for place in marked.prose if place not in named] == []


def test_erased_person_is_nowhere(marked, admin_user, django_capture_on_commit_callbacks, erasure_log):
    assert len({place for place, _value in signs_in_database()}) >= 40
    number = Commitment.objects.count()

    with django_capture_on_commit_callbacks(execute=True):
        entry = services.erase(person=find_person(EMAIL), actor=admin_user)

    assert signs_in_database() == []
    assert MARK not in erasure_log.read_text().lower()
    marked.user.refresh_from_db()
    marked.contact.refresh_from_db()
    assert (marked.user.name, marked.contact.name) == (f"Erased {entry.pseudonym}", f"Erased {entry.pseudonym}")
    assert (marked.user.is_active, marked.user.has_usable_password()) == (False, False)
    assert Membership.objects.get(user=marked.user).ended_at is not None
    assert (Session.objects.count(), Commitment.objects.count(), Attendee.objects.count()) == (0, number, 1)
    assert counts(find_person(EMAIL)) == {}


def test_erasure_is_one_audit_row_without_the_name(marked, admin_user):
    before = AuditEntry.objects.count()
    services.erase(person=find_person(EMAIL), actor=admin_user)

    entry = AuditEntry.objects.latest("pk")
    assert AuditEntry.objects.count() == before + 1
    assert (entry.action, entry.actor, entry.partner_uid) == ("privacy.person_erased", admin_user, marked.partner.uid)


def test_texts_keep_the_rest_and_namesakes_elsewhere_keep_theirs(admin_user):
    ours, theirs = make_partner(), make_partner()
    make_contact(partner=ours, name=NAME, email=EMAIL)
    namesake = make_contact(partner=theirs, name=NAME, email="other@partner.test")
    note, elsewhere = make_touch(partner=ours, text=WORDS), make_touch(partner=theirs, text=f"Call {NAME}.")
    by_mail = make_touch(partner=theirs, text=f"Also wrote from {EMAIL}")

    entry = services.erase(person=find_person(EMAIL), actor=admin_user)

    for row in (note, elsewhere, by_mail, namesake):
        row.refresh_from_db()
    cut = f"[erased {entry.pseudonym}]"
    assert note.text.startswith(f"We met {cut} ({cut}, ")
    assert note.text.endswith(" there.")
    assert (elsewhere.text, namesake.name) == (f"Call {NAME}.", NAME)
    assert by_mail.text == f"Also wrote from {cut}"


def test_single_word_name_is_left_in_texts(admin_user):
    partner = make_partner()
    make_contact(partner=partner, name="Winter", email="w@partner.test")
    note = make_touch(partner=partner, text="Winter campaign")

    services.erase(person=find_person("w@partner.test"), actor=admin_user)

    note.refresh_from_db()
    assert note.text == "Winter campaign"


def test_mail_that_waits_is_not_sent(admin_user):
    make_contact(partner=make_partner(), name=NAME, email=EMAIL)
    put_mail(key="k", to=EMAIL, subject="Hello", body=f"Dear {NAME}", kind="meeting_invitation")

    services.erase(person=find_person(EMAIL), actor=admin_user)

    mail = Outbox.objects.get()
    assert (mail.status, mail.subject, mail.body) == ("cancelled", "", "")
    assert mail.to.endswith("@erased.invalid")


def test_colleague_with_the_same_duties_stays(admin_user):
    partner = make_partner()
    make_contact(partner=partner, name=NAME, email=EMAIL)
    other = make_contact(partner=partner, name="Otto Other", email="otto@partner.test", phone="+49 30 123456")
    action = make_commitment(partner=partner, text=f"Otto Other calls {NAME}", owner_name="Otto Other")

    services.erase(person=find_person(EMAIL), actor=admin_user)

    other.refresh_from_db()
    action.refresh_from_db()
    assert (other.name, other.email, other.phone) == ("Otto Other", "otto@partner.test", "+49 30 123456")
    assert action.text.startswith("Otto Other calls [erased ")
    assert action.owner_name == "Otto Other"


def test_erased_person_cannot_be_listed_again(admin_user, manager):
    partner = make_partner()
    contact = make_contact(partner=partner, name=NAME, email=EMAIL)
    services.erase(person=find_person(EMAIL), actor=admin_user)

    assert is_suppressed(EMAIL.upper())
    assert EMAIL not in str(list(SuppressedPerson.objects.values()))
    with pytest.raises(DomainError) as refused:
        add_contact(partner_id=partner.pk, name=NAME, actor=manager, email=EMAIL)
    assert (refused.value.field, Contact.objects.get()) == ("email", contact)

    SuppressedPerson.objects.all().delete()
    assert add_contact(partner_id=partner.pk, name=NAME, actor=manager, email=EMAIL).name == NAME


def test_erased_person_cannot_be_added_in_the_admin(admin_user, admin_client):
    partner = make_partner()
    make_contact(partner=partner, name=NAME, email=EMAIL)
    services.erase(person=find_person(EMAIL), actor=admin_user)
    form = {"partner": partner.pk, "name": NAME, "email": EMAIL, "role": "other"}

    refused = admin_client.post("/admin/partners/contact/add/", form)
    also = admin_client.post(
        "/admin/accounts/user/add/",
        {"email": EMAIL, "name": NAME, "role": "viewer", "time_zone": "UTC", "language": "en"},
    )

    words = "asked to be forgotten"
    assert (words in refused.content.decode(), words in also.content.decode()) == (True, True)
    assert not Contact.objects.filter(email=EMAIL).exists()


def test_partners_of_an_erased_colleague_have_no_owner(admin_user, manager):
    partner = make_partner(owner=manager)

    services.erase(person=find_person(manager.email), actor=admin_user)

    partner.refresh_from_db()
    assert partner.owner is None


def test_suppression_survives_a_new_secret_key(settings):
    from accounts.services import suppress

    settings.PRIVACY_KEYS = ["old"]
    suppress([EMAIL])
    settings.PRIVACY_KEYS = ["new", "old"]
    assert is_suppressed(EMAIL)
    settings.PRIVACY_KEYS = ["new"]
    assert not is_suppressed(EMAIL)


@pytest.mark.parametrize("log", ["file", "database"])
def test_replay_after_a_restore_erases_again(marked, admin_user, erasure_log, log, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first = services.erase(person=find_person(EMAIL), actor=admin_user)
    restored = make_contact(partner=marked.partner, name=NAME, email=EMAIL, phone="+49 30 5550107")
    Contact.objects.filter(pk=restored.pk).update(created_at=first.at - timedelta(days=90))
    Contact.objects.filter(pk=marked.contact.pk).update(name=NAME, email=EMAIL)
    make_touch(partner=marked.partner, text=WORDS)
    if log == "file":
        ErasureLog.objects.all().delete()
        SuppressedPerson.objects.all().delete()
    else:
        erasure_log.unlink()

    assert services.replay() == 1

    assert signs_in_database() == []
    assert is_suppressed(EMAIL)
    assert ErasureLog.objects.get().pseudonym == first.pseudonym
    assert services.replay() == 0


def test_replay_leaves_who_was_let_back_in_later(admin_user, manager):
    partner = make_partner()
    make_contact(partner=partner, name=NAME, email=EMAIL)
    services.erase(person=find_person(EMAIL), actor=admin_user)
    SuppressedPerson.objects.all().delete()
    back = add_contact(partner_id=partner.pk, name=NAME, actor=manager, email=EMAIL)

    assert services.replay() == 0
    back.refresh_from_db()
    assert back.name == NAME


def test_nobody_erases_themselves(admin_user):
    with pytest.raises(DomainError):
        services.erase(person=find_person(admin_user.email), actor=admin_user)


def test_command_shows_counts_first_and_erases_with_yes(capsys):
    make_contact(partner=make_partner(), name=NAME, email=EMAIL)

    call_command("privacy", "erase", EMAIL)
    assert "Nothing was erased" in capsys.readouterr().out
    assert Contact.objects.get().name == NAME

    call_command("privacy", "erase", EMAIL, "--yes")
    assert Contact.objects.get().name.startswith("Erased ")
    with pytest.raises(CommandError):
        call_command("privacy", "erase", EMAIL, "--yes")


def test_command_exports_to_a_file(tmp_path):
    contact = make_contact(partner=make_partner(), name=NAME, email=EMAIL)
    record("partners.contact_added", contact, actor=None)

    call_command("privacy", "export", str(contact.uid), "--to", str(tmp_path / "a.json"))

    data = json.loads((tmp_path / "a.json").read_text())
    assert data["tables"]["partners.Contact"]["rows"][0]["name"] == NAME
    assert data["tables"]["partners.Contact"]["purposes"]["name"] == "to reach the people at a partner"


def test_account_and_contact_lead_to_each_other():
    partner = make_partner()
    user = make_user(role="partner_seller", email="login@partner.test")
    contact = make_contact(partner=partner, email="card@partner.test")
    Membership.objects.create(user=user, partner=partner, contact=contact)

    for who in ("login@partner.test", "CARD@partner.test", str(user.uid), str(contact.uid)):
        person = find_person(who)
        assert (person.user_ids, person.contact_ids) == ([user.pk], [contact.pk])
        assert person.emails == ("card@partner.test", "login@partner.test")


def test_files_of_a_person_are_packed_and_deleted(settings, tmp_path, monkeypatch):
    """No model of today names a file; the packing and the deletion are tried on their own."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from privacy import download

    name = default_storage.save("privacy-test.txt", ContentFile(b"hello"))
    monkeypatch.setattr(download, "files_in", lambda data: [name, "missing.txt"])
    content, ending = download.packed({"tables": {}})
    default_storage.delete(name)

    import io
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO(content))
    assert (ending, archive.namelist(), archive.read(f"files/{name}")) == (
        "zip",
        ["data.json", f"files/{name}"],
        b"hello",
    )


def test_open_request_is_done_by_the_erasure(marked, admin_user):
    ErasureRequest.objects.all().delete()
    request = services.ask_for_erasure(user=marked.user, partner=marked.partner, reason="please")

    services.erase(person=find_person(EMAIL), actor=admin_user)

    request.refresh_from_db()
    assert (request.status, request.decided_by, request.reason) == ("done", admin_user, "")
    assert clock.now() >= request.decided_at


def test_meeting_is_kept_with_its_people(admin_user):
    partner = make_partner()
    contact = make_contact(partner=partner, name=NAME, email=EMAIL)
    meeting = make_meeting(partner=partner, notes=WORDS)
    Attendee.objects.create(meeting=meeting, contact=contact, attended=True)

    services.erase(person=find_person(EMAIL), actor=admin_user)

    meeting.refresh_from_db()
    assert "[erased " in meeting.notes
    assert meeting.attendees.get().attended is True
