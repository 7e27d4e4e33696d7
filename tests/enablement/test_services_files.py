"""A file on its way: pending, checked, ready or refused; and the sweep."""

import errno
import os
import stat
import sys
from datetime import timedelta

import pytest
import time_machine

from core import clock, uploads
from core.errors import DomainError
from core.uploads import arrived
from enablement import storage
from enablement.models import SharedFile
from enablement.queries import newest_files
from enablement.queries.files import room_of
from enablement.services import check_file, receive_file, sweep_files, withdraw_file
from tests.enablement import specimens
from tests.enablement.conftest import actions, make_file, stored

pytestmark = pytest.mark.django_db


def receive(partner, actor, name="a.pdf", data=specimens.PDF, **fields):
    return make_file(partner=partner, actor=actor, name=name, data=data, **fields)


def script(folder, text):
    """A virus scanner of our own."""
    path = folder / "scan"
    path.write_text(f"#!{sys.executable}\nimport sys\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return [str(path)]


def test_file_waits_until_it_is_checked(partner, manager, var):
    file = receive(partner, manager, checked=False)

    assert (file.status, stored(var)) == ("pending", ["waiting"])
    assert check_file(file_uid=file.uid) == "ready"
    file.refresh_from_db()
    assert (file.status, file.size, stored(var)) == ("ready", len(specimens.PDF), ["kept"])
    assert storage.open_kept(file.storage_name).read() == specimens.PDF
    assert actions() == ["enablement.file_received", "enablement.file_ready"]


def test_checking_twice_changes_nothing(partner, manager):
    file = receive(partner, manager)
    assert check_file(file_uid=file.uid) == ""
    assert actions().count("enablement.file_ready") == 1


def test_stored_name_says_nothing_about_the_file(partner, manager, var):
    file = receive(partner, manager, name="Secret contract.pdf")
    (path,) = [path for path in (var / "files").rglob("*") if path.is_file()]
    assert (path.name, len(file.storage_name)) == (file.storage_name, 32)


def test_what_only_a_worker_finds_is_refused_and_deleted(partner, manager, var, django_capture_on_commit_callbacks):
    macros = specimens.office(main="application/vnd.ms-word.macroEnabled")
    with django_capture_on_commit_callbacks(execute=True):
        file = receive(partner, manager, "a.docx", macros)

    assert (file.status, file.reason, stored(var)) == ("refused", "active_content", [])
    assert "macros" in file.reason_text
    assert actions() == ["enablement.file_received", "enablement.file_refused"]


def test_picture_is_written_anew(partner, manager):
    file = receive(partner, manager, "photo.jpg", specimens.picture_with_place())
    kept = storage.open_kept(file.storage_name).read()

    assert file.status == "ready"
    assert b"Camera of Mia" not in kept
    assert (file.size, file.sha256 == file.received_sha256) == (len(kept), False)


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("a.exe", specimens.EXE, "file"),
        ("a.pdf", specimens.EXE, "file"),
        ("a.pdf", b"", "file"),
        ("a.svg", specimens.SVG, "file"),
        ("a.xlsx", specimens.bomb(), "file"),
    ],
)
def test_obvious_ones_are_refused_at_once(partner, manager, var, name, data, field):
    with pytest.raises(DomainError) as refusal:
        receive(partner, manager, name, data)

    assert refusal.value.field == field
    assert (SharedFile.objects.count(), stored(var), actions()) == (0, [], [])


def test_purpose_decides_the_kinds(partner, manager):
    with pytest.raises(DomainError, match="For this purpose"):
        receive(partner, manager, "a.csv", specimens.CSV, purpose="agreement")
    with pytest.raises(DomainError) as refusal:
        receive(partner, manager, purpose="secret")
    assert refusal.value.field == "purpose"
    assert receive(partner, manager, "a.csv", specimens.CSV, purpose="proof").purpose == "proof"


def test_same_content_twice_is_one_file(partner, other_partner, manager):
    receive(partner, manager, "one.pdf")
    with pytest.raises(DomainError, match="already here, as “one"):
        receive(partner, manager, "two.pdf")
    receive(other_partner, manager, "two.pdf")
    assert SharedFile.objects.count() == 2


def test_quota_is_the_partners_own(partner, other_partner, manager, settings):
    settings.FILE_QUOTA_BYTES = len(specimens.PDF) + 10
    first = receive(partner, manager)
    with pytest.raises(DomainError, match="used up"):
        receive(partner, manager, data=specimens.PDF + b"\n", checked=False)
    assert receive(other_partner, manager).status == "ready"
    withdraw_file(file_uid=first.uid, actor=manager)
    assert receive(partner, manager, data=specimens.PDF + b"\n").status == "ready"
    assert room_of(partner.pk).used == len(specimens.PDF) + 1


def test_withdrawn_file_is_deleted_after_the_commit(partner, manager, var, django_capture_on_commit_callbacks):
    file = receive(partner, manager)
    with django_capture_on_commit_callbacks(execute=True):
        withdraw_file(file_uid=file.uid, actor=manager)
    withdraw_file(file_uid=file.uid, actor=manager)

    assert stored(var) == []
    assert actions()[-1:] == ["enablement.file_withdrawn"]
    assert SharedFile.objects.present().count() == 0


def test_each_side_withdraws_only_its_own(partner, manager, viewer, member, portal_admin, portal_viewer):
    ours = receive(partner, manager)
    theirs = receive(partner, member, side="theirs", data=specimens.CSV, name="a.csv")

    may = [
        (one.side, who)
        for one in (ours, theirs)
        for who, user in {
            "manager": manager, "viewer": viewer, "seller": member, "admin": portal_admin, "looker": portal_viewer
        }.items()
        if one.may_be_withdrawn_by(user)
    ]  # fmt: skip
    assert may == [("ours", "manager"), ("theirs", "seller"), ("theirs", "admin")]
    with pytest.raises(DomainError, match="Only the side"):
        withdraw_file(file_uid=ours.uid, actor=portal_admin)


def test_scanner_decides_when_there_is_one(partner, manager, settings, tmp_path):
    settings.FILE_SCAN_COMMAND = script(tmp_path, "sys.exit(b'virus' in open(sys.argv[-1], 'rb').read())")
    assert receive(partner, manager).status == "ready"
    bad = receive(partner, manager, data=b"%PDF-1.7\nvirus\n%%EOF")
    assert (bad.status, bad.reason) == ("refused", "virus")


def test_absent_scanner_makes_files_wait_and_costs_no_attempt(partner, manager, settings, tmp_path):
    settings.FILE_SCAN_COMMAND = ["/nowhere/scan"]
    file = receive(partner, manager)
    settings.FILE_SCAN_COMMAND = script(tmp_path, "sys.exit(2)")
    for _time in range(5):
        assert check_file(file_uid=file.uid) == "pending"
    file.refresh_from_db()
    assert (file.status, file.attempts) == ("pending", 0)
    settings.FILE_SCAN_COMMAND = []
    assert sweep_files()["checked"] == 1
    file.refresh_from_db()
    assert file.status == "ready"


def test_file_that_kills_its_worker_is_refused_after_three_attempts(partner, manager):
    file = receive(partner, manager, checked=False)
    SharedFile.objects.filter(pk=file.pk).update(attempts=3)

    assert check_file(file_uid=file.uid) == "refused"
    file.refresh_from_db()
    assert file.reason == "unreadable"


def test_two_workers_do_not_check_the_same_file(partner, manager):
    file = receive(partner, manager, checked=False)
    SharedFile.objects.filter(pk=file.pk).update(locked_until=clock.now() + timedelta(minutes=1))

    assert check_file(file_uid=file.uid) == ""
    assert sweep_files()["checked"] == 0


def test_worker_that_died_after_the_move_is_taken_over(partner, manager):
    file = receive(partner, manager, checked=False)
    storage.move(storage.path_of("waiting", file.storage_name), "kept", file.storage_name)

    assert check_file(file_uid=file.uid) == "ready"
    assert storage.open_kept(file.storage_name).read() == specimens.PDF


def test_row_without_file_is_refused_after_an_hour(partner, manager):
    file = receive(partner, manager, checked=False)
    storage.remove(file.storage_name)

    assert check_file(file_uid=file.uid) == "pending"
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        sweep_files()
    file.refresh_from_db()
    assert (file.status, file.reason) == ("refused", "lost")


def test_sweep_deletes_what_no_row_wants_and_keeps_the_rest(partner, manager, var):
    kept = receive(partner, manager)
    young = var / "files" / "kept" / "aa" / "aayoung"
    old = var / "files" / "waiting" / "bb" / "bbold"
    part = uploads.incoming_folder() / "old.part"
    for path in (young, old, part):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    long_ago = clock.now().timestamp() - 2 * 24 * 3600
    for path in (old, part, storage.path_of("kept", kept.storage_name)):
        os.utime(path, (long_ago, long_ago))

    assert sweep_files() == {"checked": 0, "parts": 1, "orphans": 1, "missing": 0}
    assert [path.exists() for path in (young, old, part)] == [True, False, False]
    assert storage.open_kept(kept.storage_name) is not None


def test_lost_storage_changes_no_row(partner, manager, var):
    file = receive(partner, manager)
    storage.remove(file.storage_name)

    assert sweep_files()["missing"] == 1
    file.refresh_from_db()
    assert file.is_ready


def test_rolled_back_upload_leaves_no_file(partner, manager, var, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("enablement.services.files.record", fail)
    with pytest.raises(RuntimeError), arrived("a.pdf", [specimens.PDF]) as upload:
        receive_file(partner_id=partner.pk, actor=manager, side="ours", purpose="other", upload=upload)
    assert stored(var) == []


def test_full_disk_while_keeping_leaves_no_row(partner, manager, var, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("enablement.storage.move", full)
    with pytest.raises(storage.NoRoomError, match="no room"), arrived("a.pdf", [specimens.PDF]) as upload:
        receive_file(partner_id=partner.pk, actor=manager, side="ours", purpose="other", upload=upload)
    assert (SharedFile.objects.count(), stored(var)) == (0, [])


def test_full_disk_while_checking_makes_the_file_wait(partner, manager, monkeypatch):
    file = receive(partner, manager, "a.png", specimens.picture("PNG"), checked=False)
    with monkeypatch.context() as broken:
        broken.setattr("core.uploads.new_part", lambda: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        assert check_file(file_uid=file.uid) == "pending"
    assert check_file(file_uid=file.uid) == "ready"


def test_newest_files_are_read_for_many_at_once(partner, other_partner, manager, django_assert_num_queries):
    for number in range(4):
        receive(partner, manager, f"{number}.pdf", specimens.PDF + b" " * number)
    receive(partner, manager, "late.pdf", specimens.PDF + b"waits", checked=False)
    with django_assert_num_queries(1):
        found = newest_files([partner.pk, other_partner.pk])
    assert {key: [one.name for one in files] for key, files in found.items()} == {
        partner.pk: ["3.pdf", "2.pdf", "1.pdf"]
    }
