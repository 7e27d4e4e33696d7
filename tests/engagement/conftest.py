"""A still clock (Monday 2 November 2026, 08:30 UTC), ears for announcements, and a QBR to work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.dispatch import Signal

from accounts.models import AuditEntry, User
from engagement.models import Meeting
from engagement.services import schedule_meeting
from partners.models import Contact, Partner
from tests.factories import make_contact

NOW = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def still_clock(request: pytest.FixtureRequest) -> Iterator[time_machine.Coordinates | None]:
    """The pure tests of rules bring their own dates."""
    if request.node.path.name.startswith(("test_rules", "test_ics")):
        yield None
        return
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def heard(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """`with heard(signal) as calls:` runs what was to happen after the commit and lists the partner ids announced."""

    @contextmanager
    def listening(*signals: Signal) -> Iterator[list[list[int]]]:
        calls: list[list[int]] = []

        def listen(partner_ids: list[int], **_payload: Any) -> None:
            calls.append(partner_ids)

        for signal in signals:
            signal.connect(listen)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                yield calls
        finally:
            for signal in signals:
                signal.disconnect(listen)

    return listening


@pytest.fixture
def contact(partner: Partner) -> Contact:
    return make_contact(partner=partner, name="Mia Berg", email="mia@northwind.test", role=Contact.Role.CHAMPION)


@pytest.fixture
def qbr(partner: Partner, contact: Contact, manager: User) -> Meeting:
    """Invited, Tuesday 1 December 2026 at ten in Paris."""
    return schedule_meeting(
        partner_id=partner.pk,
        kind="qbr",
        local_start=wall("2026-12-01T10:00"),
        time_zone="Europe/Paris",
        actor=manager,
        place="https://meet.test/qbr",
        user_ids=[manager.pk],
        contact_ids=[contact.pk],
    )


def wall(text: str) -> datetime:
    """A naive time on the wall of some zone: `2026-12-01T10:00`."""
    return datetime.fromisoformat(text)


def actions() -> list[str]:
    """The audit trail, oldest first."""
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
