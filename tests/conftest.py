"""The standing cast of the tests: a manager, a contact's log-in at the partner, and a stranger from another partner."""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management.commands.flush import Command as Flush
from django.db import connections
from django.test import Client

from accounts.models import Role, User
from partners.models import Partner
from tests.factories import make_member, make_partner, make_user

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


settings.VAR_DIR = Path(tempfile.mkdtemp(prefix="prm-tests-"))  # what the tests upload
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed of the tests only
settings.ERASURE_LOG = Path(tempfile.mkdtemp(prefix="prm-tests-")) / "erasures.jsonl"

GUARDED = (
    "accounts.migrations.0002_audit_append_only",
    "accounts.migrations.0005_audit_chain",
    "health.migrations.0002_models_and_guard",
)


def _flush_past_the_guards(command: Flush, **options: Any) -> None:
    """Emptying the tables between transactional tests, for which the append-only triggers must step aside."""
    connection = connections[options["database"]]
    guards = [import_module(name) for name in GUARDED]
    with connection.schema_editor() as editor:
        for guard in guards:
            guard.run(editor, postgres=guard.POSTGRES_BACK, sqlite=guard.SQLITE_BACK)
    try:
        real_flush(command, **{**options, "allow_cascade": True})  # the token library's own table points at our users
    finally:
        with connection.schema_editor() as editor:
            for guard in guards:
                guard.run(editor, postgres=guard.POSTGRES, sqlite=guard.SQLITE)


real_flush = Flush.handle
Flush.handle = _flush_past_the_guards


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: at the end no process waits for another that began one late."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def db(db: None) -> None:
    """The database, with the throttling counters of the test before forgotten."""
    cache.clear()


@pytest.fixture
def manager(db: None) -> User:
    return make_user(role=Role.MANAGER, name="Ana Ruiz")


@pytest.fixture
def lead(db: None) -> User:
    return make_user(role=Role.LEAD, name="Tom Weber")


@pytest.fixture
def admin_user(db: None) -> User:
    return make_user(role=Role.ADMIN, name="Root Admin")


@pytest.fixture
def viewer(db: None) -> User:
    return make_user(role=Role.VIEWER, name="Vera View")


@pytest.fixture
def partner(manager: User) -> Partner:
    return make_partner(name="Northwind Partners", owner=manager, tier="gold")


@pytest.fixture
def other_partner(db: None) -> Partner:
    return make_partner(name="Helix Resellers")


@pytest.fixture
def member(partner: Partner) -> User:
    """Logs in for `partner`."""
    return make_member(partner=partner)


@pytest.fixture
def stranger(other_partner: Partner) -> User:
    """Logs in for another partner."""
    return make_member(partner=other_partner)


@pytest.fixture
def manager_client(manager: User) -> Client:
    return _client(manager)


@pytest.fixture
def lead_client(lead: User) -> Client:
    return _client(lead)


@pytest.fixture
def viewer_client(viewer: User) -> Client:
    return _client(viewer)


@pytest.fixture
def member_client(member: User) -> Client:
    return _client(member)


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client
