from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import PeriodRun
from engagement import tasks
from engagement.models import CadenceInput, CadenceRule, HolidayOverride, Meeting
from engagement.rules.reason import Reason
from engagement.services import (
    Situation,
    cancel_meeting,
    note_situations,
    plan_reviews,
    recompute_instants,
    schedule_meeting,
)
from partners.services import archive_partner, assign_owner, change_tier
from tests.engagement.conftest import actions, wall
from tests.factories import make_meeting, make_partner, make_user

pytestmark = pytest.mark.django_db
SINCE = datetime(2026, 9, 14, tzinfo=UTC)
GROWTH = Situation(stage="growth", stage_entered_on=SINCE.date())


@pytest.fixture
def partner(manager):
    return make_partner(name="Northwind Partners", owner=manager, tier="gold", since=SINCE)


def planned(partner, kind="qbr"):
    return Meeting.objects.get(partner=partner, kind=kind, status="planned")


def held(partner, day, kind="qbr"):
    at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    return make_meeting(partner=partner, kind=kind, status="held", starts_at=at, held_at=at, known_held_at=at)


def why(meeting):
    return [Reason.from_json(one).text() for one in meeting.why]


def test_default_rules_are_those_of_the_methods():
    assert list(CadenceRule.objects.order_by("tier", "kind").values_list("tier", "kind", "every", "unit")) == [
        ("gold", "check_in", 1, "months"),
        ("gold", "executive", 12, "months"),
        ("gold", "qbr", 3, "months"),
        ("registered", "qbr", 12, "months"),
        ("silver", "check_in", 3, "months"),
        ("silver", "qbr", 6, "months"),
        ("strategic", "check_in", 2, "weeks"),
        ("strategic", "executive", 6, "months"),
        ("strategic", "qbr", 3, "months"),
    ]


def test_every_kind_of_the_tier_is_planned_with_its_reason(partner):
    plan_reviews(situations={partner.pk: GROWTH})

    qbr = planned(partner)
    assert (qbr.target_on, qbr.wall, qbr.automatic) == (date(2026, 12, 14), wall("2026-12-14T10:00"), True)
    assert qbr.title == "QBR with Northwind Partners"
    assert why(qbr) == [
        "Gold: quarterly; in this stage since 14 Sep 2026; due 14 Dec 2026",
        "Inside the working hours of both sides.",
    ]
    kinds = Meeting.objects.filter(partner=partner).order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == ["check_in", "executive", "qbr"]


def test_next_review_counts_from_the_last_one_held(partner):
    held(partner, date(2026, 10, 20))
    plan_reviews(situations={partner.pk: GROWTH})

    assert planned(partner).target_on == date(2027, 1, 20)


def test_planning_twice_changes_nothing(partner):
    plan_reviews(situations={partner.pk: GROWTH})
    before = list(Meeting.objects.order_by("pk").values())
    first = plan_reviews([partner.pk])
    second = plan_reviews()

    assert (first.planned, first.moved, second.planned, second.moved) == (0, 0, 0, 0)
    assert list(Meeting.objects.order_by("pk").values()) == before


def test_plan_does_not_wander_as_days_pass(partner, still_clock):
    plan_reviews(situations={partner.pk: Situation("growth", date(2025, 1, 1))})
    first = planned(partner).wall
    still_clock.shift(timedelta(days=3))
    plan_reviews()

    assert planned(partner).wall == first


def test_overdue_review_is_planned_ahead_but_keeps_its_due_date(partner):
    plan_reviews(situations={partner.pk: Situation("growth", date(2025, 1, 1))})

    qbr = planned(partner)
    assert (qbr.target_on, qbr.wall) == (date(2025, 4, 1), wall("2026-11-16T10:00"))


def test_change_of_tier_plans_anew(partner, manager, django_capture_on_commit_callbacks):
    plan_reviews(situations={partner.pk: GROWTH})
    with django_capture_on_commit_callbacks(execute=True):
        change_tier(partner_id=partner.pk, tier="silver", actor=manager, reason="Smaller than planned")

    assert planned(partner).target_on == date(2027, 3, 14)
    assert Meeting.objects.get(partner=partner, kind="executive").status == "cancelled"


def test_change_of_stage_plans_anew(partner):
    plan_reviews(situations={partner.pk: GROWTH})
    plan_reviews(situations={partner.pk: Situation("exit", date(2026, 11, 1))})

    statuses = dict(Meeting.objects.values_list("kind", "status"))
    assert statuses == {"qbr": "cancelled", "executive": "cancelled", "check_in": "cancelled", "transition": "planned"}
    assert planned(partner, "transition").target_on == date(2026, 11, 15)
    assert Meeting.objects.get(kind="qbr").closing_reason == "The cadence no longer asks for it."


def test_fall_to_band_d_pulls_the_review_forward(partner):
    plan_reviews(situations={partner.pk: GROWTH})
    low = Situation("growth", GROWTH.stage_entered_on, band="D", band_since=date(2026, 11, 1))
    plan_reviews(situations={partner.pk: low})

    qbr = planned(partner)
    assert (qbr.target_on, qbr.wall.date()) == (date(2026, 12, 1), date(2026, 12, 1))
    assert why(qbr)[0] == "Health D since 1 Nov 2026: within 30 days; due 1 Dec 2026"
    assert why(planned(partner, "check_in"))[1] == "Health D: weekly until C; due 8 Nov 2026"


def test_change_of_owner_moves_to_the_new_owners_morning(partner, manager, lead, django_capture_on_commit_callbacks):
    plan_reviews(situations={partner.pk: GROWTH})
    type(lead).objects.filter(pk=lead.pk).update(time_zone="Europe/Berlin")
    lead.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        assign_owner(partner_ids=[partner.pk], owner=lead, actor=manager)

    qbr = planned(partner)
    assert (qbr.time_zone, qbr.wall, qbr.starts_at) == (
        "Europe/Berlin",
        wall("2026-12-14T10:00"),
        datetime(2026, 12, 14, 9, tzinfo=UTC),
    )


def test_scheduled_meeting_is_left_alone(partner, manager, contact):
    plan_reviews(situations={partner.pk: GROWTH})
    meeting = schedule_meeting(
        partner_id=partner.pk,
        kind="qbr",
        local_start=wall("2026-12-17T14:00"),
        time_zone="UTC",
        actor=manager,
        contact_ids=[contact.pk],
    )
    plan_reviews(situations={partner.pk: Situation("growth", GROWTH.stage_entered_on, "D", date(2026, 11, 1))})

    assert Meeting.objects.get(kind="qbr").pk == meeting.pk
    assert Meeting.objects.get(kind="qbr").wall == wall("2026-12-17T14:00")


def test_cancelled_meeting_is_planned_again(partner, manager, qbr, django_capture_on_commit_callbacks):
    note_situations({partner.pk: GROWTH})
    with django_capture_on_commit_callbacks(execute=True):
        cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="Budget round")

    assert planned(partner).target_on == date(2026, 12, 14)


@pytest.mark.parametrize("stage", ["recruit"])
def test_stage_without_reviews_plans_nothing(partner, stage):
    plan_reviews(situations={partner.pk: Situation(stage, date(2026, 1, 1))})

    assert Meeting.objects.count() == 0


def test_registered_partner_in_good_health_gets_a_digest_instead_of_a_meeting():
    partner = make_partner(tier="registered")
    plan_reviews(situations={partner.pk: Situation("growth", date(2026, 1, 1), "B", date(2026, 6, 1))})

    assert Meeting.objects.count() == 0


def test_archived_and_unknown_partners_are_not_planned(partner, other_partner, manager):
    archive_partner(partner_id=partner.pk, actor=manager)
    plan_reviews(situations={partner.pk: GROWTH})
    plan_reviews([other_partner.pk])

    assert Meeting.objects.count() == 0


def test_holidays_of_both_sides_are_kept_free(settings, manager):
    settings.HOME_COUNTRY = "DE"
    partner = make_partner(tier="silver", country_code="FR", owner=manager)
    plan_reviews(situations={partner.pk: Situation("growth", date(2026, 11, 14))})

    qbr = planned(partner)
    assert (qbr.target_on, qbr.wall.date()) == (date(2027, 5, 14), date(2027, 5, 14))
    HolidayOverride.objects.create(calendar="FR", day=date(2027, 5, 14), name="Bridge")
    plan_reviews()

    qbr.refresh_from_db()
    assert qbr.wall.date() == date(2027, 5, 18)


def test_unknown_calendar_and_zone_do_not_stop_the_planning(manager):
    partner = make_partner(tier="gold", country_code="XX", time_zone="Moon/Base", owner=manager)
    plan_reviews(situations={partner.pk: GROWTH})

    assert planned(partner).wall == wall("2026-12-14T10:00")


def test_sides_without_common_hours_take_turns(settings):
    owner = make_user(time_zone="Europe/Paris")
    partner = make_partner(tier="gold", owner=owner, time_zone="Pacific/Auckland")
    plan_reviews(situations={partner.pk: GROWTH})
    first = planned(partner)
    assert "stretched_ours" in [one["code"] for one in first.why]

    first.status = "cancelled"
    first.save()
    held(partner, date(2026, 10, 1))
    plan_reviews([partner.pk])

    assert "stretched_theirs" in [one["code"] for one in planned(partner).why]


def test_change_of_a_rule_plans_everybody_anew(partner):
    plan_reviews(situations={partner.pk: GROWTH})
    CadenceRule.objects.filter(tier="gold", kind="qbr").update(every=4)
    plan_reviews()

    assert planned(partner).target_on == date(2027, 1, 14)


def test_tasks_are_safe_to_run_twice(partner):
    note_situations({partner.pk: GROWTH})
    for _time in range(2):
        tasks.plan_reviews()

    assert Meeting.objects.filter(kind="qbr").count() == 1
    assert actions().count("engagement.reviews_planned") == 1


def test_note_situations_says_for_how_many_it_is_news(partner, other_partner):
    both = {partner.pk: GROWTH, other_partner.pk: GROWTH}
    low = Situation("growth", GROWTH.stage_entered_on, "D", date(2026, 11, 1))

    assert note_situations(both) == 2
    assert note_situations({**both, partner.pk: low}) == 1
    assert note_situations({**both, partner.pk: low}) == 0
    assert CadenceInput.objects.get(partner=partner).bands == [["2026-11-01", "D"]]


def test_bands_are_kept_as_a_history(partner):
    for band, since in [("C", date(2026, 9, 1)), ("D", date(2026, 10, 1)), ("D", date(2026, 10, 1))]:
        note_situations({partner.pk: Situation("growth", GROWTH.stage_entered_on, band, since)})

    assert CadenceInput.objects.get().bands == [["2026-09-01", "C"], ["2026-10-01", "D"]]


def test_queries_do_not_grow_with_partners():
    def queries(count):
        owner = make_user()
        partners = [make_partner(tier="gold", owner=owner) for _one in range(count)]
        note_situations({one.pk: GROWTH for one in partners})
        with CaptureQueriesContext(connection) as counted:
            plan_reviews([one.pk for one in partners])
        assert Meeting.objects.filter(partner__in=partners, kind="qbr").count() == count
        return len(counted)

    assert queries(1) == queries(5)


def test_instants_follow_the_wall_time_when_the_zone_database_changes(qbr):
    Meeting.objects.filter(pk=qbr.pk).update(starts_at=qbr.starts_at + timedelta(hours=1))

    assert [recompute_instants() for _time in range(2)] == [1, 0]
    assert Meeting.objects.get().starts_at == qbr.starts_at
    assert PeriodRun.objects.filter(job="engagement.recompute_instants").count() == 1
