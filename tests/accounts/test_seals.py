"""The chain over the audit trail notices what the triggers would not let happen (reliability P46)."""

from __future__ import annotations

import threading
from datetime import timedelta
from importlib import import_module

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db import connections as all_connections

from accounts import seals
from accounts.models import AuditCheck, AuditEntry, AuditSeal
from accounts.services import record
from core import clock

pytestmark = pytest.mark.django_db
TRAIL = import_module("accounts.migrations.0002_audit_append_only")
CHAIN = import_module("accounts.migrations.0005_audit_chain")


@pytest.fixture
def trail(manager):
    """Nine sealed entries."""
    entries = [record("partners.looked_at", manager, actor=manager, number=number, text="Ünï") for number in range(9)]
    assert seals.seal_new() == 9
    return entries


@pytest.fixture
def bypass(db):
    """Without the triggers, as somebody who owns the database could have it."""

    def run(sql, *values):
        with connection.cursor() as cursor:
            for guard in (TRAIL, CHAIN):
                for statement in guard.POSTGRES_BACK if connection.vendor == "postgresql" else guard.SQLITE_BACK:
                    cursor.execute(statement)
            cursor.execute(sql, values)
            for guard in (TRAIL, CHAIN):
                for statement in guard.POSTGRES if connection.vendor == "postgresql" else guard.SQLITE:
                    cursor.execute(statement)

    return run


def verdict():
    found = seals.verify()
    return found.fault, found.broken_id


def test_intact_trail_verifies_to_its_head(trail):
    found = seals.verify()

    assert (found.rows, found.head_id, found.fault) == (9, trail[-1].pk, "")
    assert seals.seal_new() == 0


def test_new_entries_continue_the_chain(trail, manager):
    record("partners.looked_at", manager, actor=manager)

    assert (seals.seal_new(), seals.verify().rows) == (1, 10)


@pytest.mark.parametrize(
    "change",
    ["action = 'nothing'", "actor_id = NULL", "data = '{}'", "at = '2020-01-01 00:00:00+00:00'", "request_id = 'x'"],
)
def test_changed_entry_is_found(trail, bypass, change):
    bypass(f"UPDATE accounts_auditentry SET {change} WHERE id = %s", trail[4].pk)

    assert verdict() == ("changed", trail[4].pk)


def test_removed_entry_is_found(trail, bypass):
    bypass("DELETE FROM accounts_auditentry WHERE id = %s", trail[4].pk)

    assert verdict() == ("removed", trail[4].pk)


def test_removed_last_entry_is_found(trail, bypass):
    bypass("DELETE FROM accounts_auditentry WHERE id = %s", trail[-1].pk)

    assert verdict() == ("removed", trail[-1].pk)


def test_entry_inserted_between_older_ones_is_found(manager, bypass):
    first = record("partners.looked_at", manager, actor=manager)
    AuditEntry.objects.create(pk=first.pk + 5, at=clock.now(), actor=manager, action="partners.looked_at")
    seals.seal_new()

    AuditEntry.objects.create(pk=first.pk + 2, at=first.at, actor=manager, action="partners.planted")

    assert seals.seal_new() == 0
    assert verdict() == ("inserted", first.pk + 2)


def test_entry_removed_with_its_seal_is_found(trail, bypass):
    bypass("DELETE FROM accounts_auditentry WHERE id = %s", trail[4].pk)
    bypass("DELETE FROM accounts_auditseal WHERE entry_id = %s", trail[4].pk)

    assert verdict() == ("changed", trail[5].pk)


def test_chain_sealed_anew_differs_from_what_an_earlier_check_kept(trail, bypass):
    seals.check()
    bypass("UPDATE accounts_auditentry SET action = 'nothing' WHERE id = %s", trail[4].pk)
    bypass("DELETE FROM accounts_auditseal")
    seals.seal_new()

    assert verdict() == ("rewritten", trail[-1].pk)


def test_end_cut_off_with_its_seals_is_found_by_an_earlier_check(trail, bypass):
    seals.check()
    bypass("DELETE FROM accounts_auditentry WHERE id > %s", trail[4].pk)
    bypass("DELETE FROM accounts_auditseal WHERE entry_id > %s", trail[4].pk)

    assert verdict() == ("removed", trail[-1].pk)


def test_seal_cannot_be_changed_or_deleted(trail):
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditSeal.objects.update(seal="0" * 64)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditSeal.objects.all().delete()


def test_daily_check_runs_once_a_day_and_keeps_what_it_found(trail, time_machine):
    assert (seals.check_daily().rows, seals.check_daily()) == (9, None)
    time_machine.move_to(clock.now() + timedelta(days=1))
    assert seals.check_daily().rows == 9
    assert list(AuditCheck.objects.values_list("rows", "fault")) == [(9, ""), (9, "")]


def test_broken_chain_is_red_for_the_command_and_the_system_check(trail, bypass, capsys):
    call_command("audit", "verify")
    assert "9 entries intact" in capsys.readouterr().out
    assert run_checks(databases=["default"]) == []

    bypass("UPDATE accounts_auditentry SET action = 'nothing' WHERE id = %s", trail[4].pk)

    with pytest.raises(CommandError, match=f"broken at entry {trail[4].pk}"):
        call_command("audit", "verify")
    assert [one.id for one in run_checks(databases=["default"])] == ["accounts.E001"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="numbers commit in order on SQLite")
def test_nothing_is_sealed_past_a_number_that_may_still_appear(monkeypatch):
    """A slow writer holds a lower number; a quick one commits a higher number; the chain waits and then holds both."""
    monkeypatch.setattr(seals, "PATIENCE_SECONDS", 0.3)
    inserted, go_on = threading.Event(), threading.Event()

    def slow_writer():
        try:
            with transaction.atomic():
                record("partners.slow", None, actor=None)
                inserted.set()
                go_on.wait(10)
        finally:
            all_connections.close_all()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    assert inserted.wait(10)
    record("partners.quick", None, actor=None)

    assert seals.seal_new() == 0

    go_on.set()
    thread.join(10)
    assert seals.seal_new() == 2
    assert seals.verify().rows == 2
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "partners.slow",
        "partners.quick",
    ]
