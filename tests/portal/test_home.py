"""Home says who was to do what, leads to the very thing, and counts all that waits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from core import clock
from tests.factories import make_commitment, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(partner):
    client = Client()
    luca = make_member(partner=partner, name="Luca Moretti")
    client.force_login(luca, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def test_action_names_who_does_it_and_leads_to_it(client, partner):
    late = make_commitment(
        partner=partner, side="theirs", owner_name="Sofia Dubois", due_on=clock.today() - timedelta(days=9)
    )
    decided = make_commitment(partner=partner, kind="decision", text="We stay with gold")

    page = client.get("/portal/").content.decode()

    assert "Sofia Dubois · 9 days late" in page
    assert f'href="/portal/meetings/#agreed-{late.uid}"' in page
    assert f'href="/portal/meetings/#agreed-{decided.uid}"' in page
    there = client.get("/portal/meetings/").content.decode()
    assert f'id="agreed-{late.uid}"' in there
    assert f'id="agreed-{decided.uid}"' in there


def test_heading_counts_what_is_shown_and_what_is_left_out(client, partner):
    for _ in range(7):
        make_commitment(partner=partner, side="theirs")

    page = client.get("/portal/").content.decode()

    assert re.findall(r"\d+ things for you|\d+ more\b", page) == ["7 things for you", "2 more"]
    assert page.count("agreed-") == 7
