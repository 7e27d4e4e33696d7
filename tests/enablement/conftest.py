"""A folder of its own for files, clients of both sides, and sending a file with what follows its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEntry, Role, User
from core.uploads import arrived
from enablement.models import Notice, SharedFile
from enablement.services import Draft, check_file, publish_notice, receive_file, save_draft
from partners.models import Partner, SharingRule
from tests.factories import make_member


@pytest.fixture(autouse=True)
def var(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def portal_admin(partner: Partner) -> User:
    return make_member(partner=partner, role=Role.PARTNER_ADMIN, name="Ingrid Dahl")


@pytest.fixture
def portal_viewer(partner: Partner) -> User:
    return make_member(partner=partner, role=Role.PARTNER_VIEWER, name="Otto View")


@pytest.fixture
def log_in() -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[0])
        return client

    return client_of


@pytest.fixture
def stranger_client(stranger: User, log_in: Callable[[User], Client]) -> Client:
    return log_in(stranger)


@pytest.fixture
def send(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Post a file as a browser does; afterwards the worker has seen it."""

    def post(client: Client, url: str, name: str, data: bytes, **fields: Any) -> Any:
        headers = fields.pop("headers", {})
        form = {"purpose": "other", **fields, "file": SimpleUploadedFile(name, data)}
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(url, form, headers=headers)

    return post


def make_file(
    *, partner: Partner, actor: User, side: str = "ours", name: str = "Pack.pdf", data: bytes, **fields: Any
) -> SharedFile:
    """Received and, unless `checked` is false, checked."""
    checked = fields.pop("checked", True)
    with arrived(name, [data]) as upload:
        file = receive_file(
            partner_id=partner.pk, actor=actor, side=side, purpose=fields.pop("purpose", "other"), upload=upload
        )
    if checked:
        check_file(file_uid=file.uid)
        file.refresh_from_db()
    return file


def make_notice(*, actor: User, published: bool = True, corrects: Notice | None = None, **fields: Any) -> Notice:
    from core import clock

    draft = Draft(**{"title": "New price list", "body": "Valid from January.", "decided_on": clock.today(), **fields})
    notice = save_draft(actor=actor, draft=draft, corrects_uid=corrects.uid if corrects else None)
    return publish_notice(notice_uid=notice.uid, actor=actor, version=notice.version) if published else notice


def stop_sharing(topic: str) -> None:
    SharingRule.objects.filter(topic=topic).update(shared=False)


def actions() -> list[str]:
    """What this room wrote into the audit trail, oldest first."""
    rows = AuditEntry.objects.filter(action__startswith="enablement.").order_by("id")
    return list(rows.values_list("action", flat=True))


def stored(var: Path) -> list[str]:
    """Every file below `files`, as place."""
    return sorted(path.relative_to(var / "files").parts[0] for path in (var / "files").rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def no_part_stays(var: Path) -> Iterator[None]:
    """Whatever a test sends, nothing half stays behind."""
    yield
    incoming = var / "files" / "incoming"
    assert [path.name for path in incoming.rglob("*") if "old" not in path.name] == []
