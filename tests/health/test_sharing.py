"""What a partner sees of its health is decided measure by measure (ux.md 2.5)."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings

from engagement.models import Attendee
from health.definitions.methods_1 import MEASURES
from health.models import HealthState
from health.services import compute
from health.sharing import BAND_WORDS, KEPT, SHARED
from health.shipped import ADDED_MEASURES
from partners.models import SharingRule
from tests.factories import make_contact, make_meeting, make_member, make_partner
from tests.health.book import NOW, YESTERDAY, at_noon, make_book

KEYS = {measure["key"] for measure in [*MEASURES, *ADDED_MEASURES]}


@pytest.fixture
def scored(manager, client):
    """A scored partner, with the client of one of its people."""
    with at_noon():
        partner = make_book(manager)[0][0]
        client.force_login(make_member(partner=partner), backend=settings.AUTHENTICATION_BACKENDS[0])
        yield partner, client


def test_every_measure_is_either_shared_or_kept():
    assert set(SHARED) | set(KEPT) == KEYS
    assert set(SHARED) & set(KEPT) == set()


def test_no_opinion_and_no_survey_is_shared():
    private = {measure["key"] for measure in MEASURES if measure["source"] in {"surveys", "assessments"}}
    assert private <= set(KEPT)


def test_no_word_for_a_band_blames():
    assert not {"risk", "critical"} & {word for text in BAND_WORDS.values() for word in text.lower().split()}


@pytest.mark.django_db
@pytest.mark.parametrize("shared", [False, True])
def test_number_is_shown_only_when_the_team_shares_it(scored, shared):
    partner, client = scored
    SharingRule.objects.filter(topic="health_number").update(shared=shared)
    number = HealthState.objects.get(partner=partner).score.quantize(Decimal("0.1"))

    assert (f" {number}</span>" in client.get("/portal/health/").content.decode()) == shared


@pytest.mark.django_db
def test_shared_signals_stand_in_plain_words_and_kept_ones_nowhere(scored):
    page = scored[1].get("/portal/health/").content.decode()
    assert "Deal rhythm" in page
    assert "Depth of trade" not in page


@pytest.mark.parametrize(
    ("key", "value", "reached"),
    [
        ("engagement.attendance", "0.65", False),
        ("engagement.attendance", "0.8", True),
        ("touchpoint_frequency", "0.99", False),
        ("approval_cycle_time", "1.2", False),
        ("approval_cycle_time", "1", True),
        ("engagement.days", "1", True),
    ],
)
def test_what_falls_short_of_its_aim_does_not_go_well(key, value, reached):
    assert SHARED[key].is_reached(Decimal(value)) == reached


@pytest.mark.django_db
def test_attendance_below_its_aim_would_help_and_its_meetings_can_be_counted(manager, client):
    """13 of 20 lifts the score, and is still no praise: the reader finds 20 names, 13 of which came."""
    with at_noon():
        partner = make_partner(owner=manager)
        people = [make_contact(partner=partner, name=f"Guest {number}") for number in range(4)]
        for number in range(5):
            missed = number == 4
            at = NOW - timedelta(days=20 * number + 5)
            meeting = make_meeting(
                partner=partner, title=f"Review {number}", starts_at=at, invited_at=at - timedelta(days=9),
                status="missed" if missed else "held", **{"missed_at" if missed else "held_at": at},
                **({} if missed else {"known_held_at": at}),
            )  # fmt: skip
            for place, contact in enumerate(people):
                Attendee.objects.create(
                    meeting=meeting, contact=contact, attended=not missed and (place < 3 or number == 0)
                )
        compute(as_of=YESTERDAY)
        client.force_login(make_member(partner=partner), backend=settings.AUTHENTICATION_BACKENDS[0])

        page = client.get("/portal/health/").content.decode()
        home = client.get("/portal/").content.decode()

    improve, good = page.split('id="h-good"')
    words = "Of 20 invitations to meetings in the last 180 days, 13 were attended"
    assert (words in improve, words in good) == (True, False)
    listed = page[page.index('id="counted"') :]
    listed = listed[: listed.index("</ul>")]
    assert sum(int(came) for came in re.findall(r">(\d+) of 4<", listed)) == 13
    assert listed.count(" of 4<") == 5
    assert listed.count("Did not take place") == 1
    assert f'<a href="/portal/health/#counted">{words}</a>' in home


@pytest.mark.django_db
def test_page_is_missing_when_health_is_not_shared(scored):
    SharingRule.objects.filter(topic="health").update(shared=False)
    assert scored[1].get("/portal/health/").status_code == 404
    assert "/portal/health/" not in scored[1].get("/portal/").content.decode()
