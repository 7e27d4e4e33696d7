"""Files on both sides: who may, what is answered, and that nothing of another partner is to be had."""

import re
import tracemalloc

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock, uploads
from enablement.models import SharedFile
from partners.middleware import SEE_AS
from partners.models import SharingRule
from partners.row_security import as_partner
from tests.enablement import specimens
from tests.enablement.conftest import actions, make_file, stop_sharing, stored

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
MISSING = "00000000-0000-4000-8000-000000000000"
NEW, LIST = "/portal/files/new/", "/portal/files/"


def text_of(response):
    return response.content.decode()


def plain(response):
    """A page without what differs from request to request."""
    return re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', "", text_of(response))


def bytes_of(response):
    return b"".join(response.streaming_content)


@pytest.fixture
def ours(partner, manager):
    return make_file(partner=partner, actor=manager, name="Agreement.pdf", data=specimens.PDF)


@pytest.fixture
def theirs(partner, member):
    return make_file(partner=partner, actor=member, side="theirs", name="Proof.csv", data=specimens.CSV)


# --- sending -----------------------------------------------------------------------


def test_partner_sends_a_file_and_the_manager_reads_it(member_client, manager_client, partner, send):
    response = send(member_client, NEW, "Proof.pdf", specimens.PDF, purpose="proof")
    file = SharedFile.objects.get()

    assert (response.status_code, response["Location"]) == (302, LIST)
    assert (file.side, file.status, file.purpose, file.partner_id) == ("theirs", "ready", "proof", partner.pk)
    got = manager_client.get(reverse("enablement:file_download", args=[file.uid]))
    assert (got.status_code, bytes_of(got)) == (200, specimens.PDF)
    assert actions() == ["enablement.file_received", "enablement.file_ready"]


def test_manager_shares_a_file_and_the_partner_reads_it(manager_client, member_client, partner, send):
    url, pack = reverse("enablement:file_create", args=[partner.slug]), specimens.office("pptx")
    response = send(manager_client, url, "Pack.pptx", pack, purpose="pack")
    file = SharedFile.objects.get()

    assert (response.status_code, file.side, file.status) == (302, "ours", "ready")
    assert f"{LIST}{file.uid}/" in text_of(member_client.get(LIST))
    assert bytes_of(member_client.get(f"{LIST}{file.uid}/")) == pack


def test_form_is_a_page_for_who_may_send(member_client, manager_client, partner, log_in, portal_viewer):
    assert 'enctype="multipart/form-data"' in text_of(member_client.get(NEW))
    assert 'type="file"' in text_of(manager_client.get(reverse("enablement:file_create", args=[partner.slug])))
    assert log_in(portal_viewer).get(NEW).status_code == 403


def test_looker_and_vendor_viewer_send_nothing(log_in, portal_viewer, viewer_client, partner, send):
    url = reverse("enablement:file_create", args=[partner.slug])
    assert send(log_in(portal_viewer), NEW, "a.pdf", specimens.PDF).status_code == 403
    assert send(viewer_client, url, "a.pdf", specimens.PDF).status_code == 403
    assert SharedFile.objects.count() == 0


@pytest.mark.parametrize(("code", "name", "data"), [
    (code, name, data) for code, files in specimens.WORD_LIST.items() for name, data in files
])  # fmt: skip
def test_no_dishonest_file_becomes_readable(member_client, send, var, code, name, data):
    response = send(member_client, NEW, name, data)
    file = SharedFile.objects.first()

    if file is None:
        assert (response.status_code, stored(var)) == (422, [])
        assert 'aria-invalid="true"' in text_of(response)
    else:
        assert (file.status, file.reason, stored(var)) == ("refused", code, [])
        assert member_client.get(f"{LIST}{file.uid}/").status_code == 404
        assert file.reason_text[:20] in text_of(member_client.get(LIST)).replace("&#x27;", "'")


@pytest.mark.parametrize("name", ["../../x.pdf", "con.pdf", "gnp\u202efdp.pdf", "a.php%00.pdf", "a%22b;c=%22.pdf"])
def test_hostile_name_is_shown_clean_and_sent_as_an_attachment(member_client, send, name):
    send(member_client, NEW, name, specimens.PDF)
    file = SharedFile.objects.get()
    header = member_client.get(f"{LIST}{file.uid}/")["Content-Disposition"]

    assert not set('\\/"%;\u202e') & set(file.name)
    assert header.startswith("attachment; filename")
    assert header.count('"') in (0, 2)
    assert "\r" not in header + file.name


def test_name_of_five_thousand_characters_is_cut(member_client, send):
    assert send(member_client, NEW, "x" * 5000 + ".pdf", specimens.PDF).status_code == 302
    assert SharedFile.objects.get().name == "x" * 120 + ".pdf"


def test_nothing_sent_is_said_at_the_field(member_client, manager_client, partner):
    for client, url in ((member_client, NEW), (manager_client, reverse("enablement:file_create", args=[partner.slug]))):
        for extra in ({}, HTMX):
            response = client.post(url, {"purpose": "other"}, **extra)
            assert (response.status_code, "This field is required." in text_of(response)) == (422, True)
    assert "<!doctype" not in text_of(response)


def test_too_large_stream_is_refused_without_being_kept(member_client, send, var, settings):
    settings.FILE_MAX_BYTES = 300_000
    tracemalloc.start()
    response = send(member_client, NEW, "a.pdf", specimens.PDF + bytes(1_000_000))
    tracemalloc.stop()

    assert response.status_code == 413
    assert "too large: at most 0 MB" in text_of(response)
    assert "This field is required." not in text_of(response)
    assert (SharedFile.objects.count(), stored(var)) == (0, [])


def test_announced_length_alone_is_enough_to_refuse(member_client, var, settings):
    settings.FILE_MAX_BYTES = 10_000
    body = SimpleUploadedFile("a.pdf", specimens.PDF + bytes(2_000_000))
    assert member_client.post(NEW, {"purpose": "other", "file": body}).status_code == 413
    assert stored(var) == []


def test_cut_off_body_is_no_file(member_client, var):
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + specimens.PDF
    response = member_client.post(NEW, start, content_type="multipart/form-data; boundary=x")

    assert (response.status_code, SharedFile.objects.count(), stored(var)) == (422, 0, [])


@pytest.mark.django_db(transaction=True)
def test_full_disk_is_said_and_leaves_nothing(member_client, send, var, monkeypatch):
    """/dev/full is a disk without room: every write to it fails with ENOSPC."""

    def part_on_a_full_disk():
        path = uploads.incoming_folder() / "full.part"
        path.symlink_to("/dev/full")
        return path

    SharingRule.objects.get_or_create(topic="files")  # an earlier test may have emptied the tables
    monkeypatch.setattr("core.uploads.new_part", part_on_a_full_disk)
    response = send(member_client, NEW, "a.pdf", specimens.PDF)

    assert response.status_code == 507
    assert "There is no room to store files at the moment." in text_of(response)
    assert (SharedFile.objects.count(), list((var / "files" / "incoming").iterdir())) == (0, [])


def test_other_pages_take_no_file(member_client, client, partner, var):
    body = {"email": "a@b.test", "file": SimpleUploadedFile("a.pdf", specimens.PDF)}
    assert client.post("/accounts/login/", body).status_code == 200
    assert client.post(NEW, body).status_code == 302
    assert member_client.post("/portal/news/seen/", body).status_code == 302
    assert stored(var) == []


def test_same_file_twice_is_refused_in_words(member_client, send):
    send(member_client, NEW, "a.pdf", specimens.PDF)
    again = send(member_client, NEW, "b.pdf", specimens.PDF)
    assert (again.status_code, "already here, as “a.pdf”" in text_of(again)) == (422, True)


# --- reading ----------------------------------------------------------------------------


def test_download_runs_in_no_browser(member_client, ours):
    response = member_client.get(f"{LIST}{ours.uid}/")
    wanted = {
        "Content-Disposition": 'attachment; filename="Agreement.pdf"',
        "Content-Type": "application/pdf",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
        "Content-Length": str(len(specimens.PDF)),
    }
    assert {name: response[name] for name in wanted} == wanted


def test_foreign_file_equals_a_missing_one(stranger_client, ours, theirs):
    for file in (ours, theirs):
        for path in (f"{LIST}{{}}/", f"{LIST}{{}}/withdraw/"):
            foreign, missing = (stranger_client.get(path.format(uid)) for uid in (file.uid, MISSING))
            assert (foreign.status_code, plain(foreign)) == (404, plain(missing))
        assert stranger_client.post(f"{LIST}{file.uid}/withdraw/").status_code == 404
        assert file.name not in text_of(stranger_client.get(LIST))
    assert SharedFile.objects.present().count() == 2


def test_manager_of_other_partners_sees_none(manager, other_partner, lead, log_in):
    manager.sees_all_partners = False
    manager.save()
    file = make_file(partner=other_partner, actor=lead, data=specimens.PDF)
    client = log_in(manager)
    urls = [
        reverse("enablement:file_download", args=[file.uid]),
        reverse("enablement:file_withdraw", args=[file.uid]),
        reverse("enablement:partner_panel", args=[other_partner.slug]),
        reverse("enablement:file_create", args=[other_partner.slug]),
    ]
    assert [client.get(url).status_code for url in urls] == [404] * 4


def test_waiting_file_is_nobodys_download(partner, manager, member, member_client, manager_client):
    ours = make_file(partner=partner, actor=manager, data=specimens.PDF, name="Ours.pdf", checked=False)
    theirs = make_file(
        partner=partner, actor=member, side="theirs", data=specimens.CSV, name="Theirs.csv", checked=False
    )
    page = text_of(member_client.get(LIST))

    assert ("Ours.pdf" in page, "Theirs.csv" in page, "Being checked" in page) == (False, True, True)
    assert 'hx-trigger="load delay:3s"' in page
    for file in (ours, theirs):
        assert member_client.get(f"{LIST}{file.uid}/").status_code == 404
        assert manager_client.get(reverse("enablement:file_download", args=[file.uid])).status_code == 404


def test_refused_file_is_shown_to_who_sent_it(member_client, manager_client, partner, send):
    send(member_client, NEW, "Plan.docx", specimens.office(main="application/vnd.ms-word.macroEnabled"))
    panel = reverse("enablement:partner_panel", args=[partner.slug])
    pages = (text_of(client.get(url)) for client, url in ((member_client, LIST), (manager_client, panel)))
    assert ["Plan.docx" in page for page in pages] == [True, False]


def test_access_that_ended_is_the_end_of_the_file(member, member_client, ours):
    assert member_client.get(f"{LIST}{ours.uid}/").status_code == 200
    member.membership.ended_at = clock.now()
    member.membership.save()
    assert member_client.get(f"{LIST}{ours.uid}/").status_code in (403, 404)
    assert "Agreement.pdf" not in text_of(member_client.get(LIST))


def test_withdrawn_file_is_not_there(member_client, manager_client, ours, django_capture_on_commit_callbacks):
    url = reverse("enablement:file_withdraw", args=[ours.uid])
    asked = manager_client.get(url, **HTMX)
    assert (asked.status_code, text_of(asked).lstrip()[:7]) == (200, "<dialog")
    with django_capture_on_commit_callbacks(execute=True):
        assert manager_client.post(url).status_code == 302
    assert member_client.get(f"{LIST}{ours.uid}/").status_code == 404
    assert manager_client.get(reverse("enablement:file_download", args=[ours.uid])).status_code == 404
    assert manager_client.post(url).status_code == 404


def test_lost_content_is_a_404(member_client, ours, var):
    for path in (var / "files" / "kept").rglob("*"):
        if path.is_file():
            path.unlink()
    assert member_client.get(f"{LIST}{ours.uid}/").status_code == 404


# --- taking back, sharing, seeing as -----------------------------------------------------------


def test_partner_withdraws_its_own_and_not_ours(member_client, ours, theirs):
    page = text_of(member_client.get(LIST))
    assert (f"{theirs.uid}/withdraw/" in page, f"{ours.uid}/withdraw/" in page) == (True, False)
    assert "<h1" in text_of(member_client.get(f"{LIST}{theirs.uid}/withdraw/"))
    refused = member_client.post(f"{LIST}{ours.uid}/withdraw/", **HTMX)
    assert (refused.status_code, refused["HX-Reswap"]) == (422, "none")
    done = member_client.post(f"{LIST}{theirs.uid}/withdraw/", **HTMX)
    assert (done.status_code, done["HX-Redirect"]) == (200, LIST)
    assert list(SharedFile.objects.present()) == [ours]


def test_topic_that_is_not_shared_is_not_there(member_client, manager_client, partner, ours):
    stop_sharing("files")
    urls = (LIST, NEW, f"{LIST}{ours.uid}/", f"{LIST}{ours.uid}/withdraw/")
    assert [member_client.get(url).status_code for url in urls] == [404] * 4
    assert member_client.post(NEW, {"purpose": "other"}).status_code == 404
    assert LIST not in text_of(member_client.get("/portal/"))
    panel = manager_client.get(reverse("enablement:partner_panel", args=[partner.slug]))
    assert "Files are not shared with partners at the moment" in text_of(panel)


def test_colleague_who_sees_as_the_partner_only_reads(manager_client, partner, ours):
    session = manager_client.session
    session[SEE_AS] = {"partner": partner.pk, "until": clock.now().timestamp() + 900}
    session.save()
    page = text_of(manager_client.get(LIST))
    assert ("Agreement.pdf" in page, NEW in page) == (True, False)
    assert bytes_of(manager_client.get(f"{LIST}{ours.uid}/")) == specimens.PDF
    assert manager_client.post(NEW, {"purpose": "other"}).status_code == 403


def test_list_is_a_page_and_a_fragment_and_empty_says_what_for(member_client, log_in, portal_viewer):
    page, part = member_client.get(LIST), member_client.get(LIST, **HTMX)
    assert ("<!doctype html>" in text_of(page), text_of(part).lstrip()[:14]) == (True, '<div id="rows"')
    assert "No files yet" in text_of(part)
    assert NEW in text_of(page)
    assert NEW not in text_of(log_in(portal_viewer).get(LIST))
    assert "HX-Request" in part["Vary"]


def test_log_does_not_say_that_a_file_is_gone_which_still_waits(log_in, portal_admin, partner, manager):
    make_file(partner=partner, actor=manager, name="Prices.pdf", data=specimens.PDF)
    make_file(partner=partner, actor=manager, name="Draft.pdf", data=specimens.PDF + b" ", checked=False)

    text = text_of(log_in(portal_admin).get("/portal/log/"))

    assert "Prices.pdf" in text
    assert "Draft.pdf" not in text
    assert "(no longer there)" not in text


def test_pages_cost_the_same_for_one_file_and_for_five(member_client, manager_client, partner, manager):
    counts = []
    for round_ in range(2):
        for number in range(1 + 3 * round_):
            make_file(partner=partner, actor=manager, name="x.pdf", data=specimens.PDF + b" " * (round_ * 9 + number))
        for client, url in ((member_client, LIST), (manager_client, f"/app/partners/{partner.slug}/files/")):
            client.get(url)
            with CaptureQueriesContext(connection) as seen:
                assert client.get(url).status_code == 200
            counts.append(len(seen))
    assert counts[:2] == counts[2:]
    assert counts[0] <= 12


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has row-level security")
def test_database_hides_and_refuses_what_the_pages_do(partner, other_partner, member, manager, ours, theirs):
    waiting = make_file(partner=partner, actor=manager, data=specimens.PDF + b" ", checked=False)
    foreign = make_file(partner=other_partner, actor=manager, data=specimens.PDF)
    with as_partner(partner_id=partner.pk, partner_uid=partner.uid, user_id=member.pk):
        assert set(SharedFile.objects.all()) == set(SharedFile.objects.visible_to(member)) == {ours, theirs}
        for file in (ours, waiting, foreign):
            assert SharedFile.objects.filter(pk=file.pk).update(name="changed") == 0
        assert SharedFile.objects.filter(pk=theirs.pk).update(name="changed") == 1
