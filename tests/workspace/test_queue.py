"""What stands on Today and why: each kind, what leaves it out, one item per partner and kind, putting aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from core import clock
from core.errors import DomainError
from engagement.models import AgendaItem, CadenceRule, MeetingReply, Reminder
from tests.factories import (
    make_alert,
    make_commitment,
    make_meeting,
    make_partner,
    make_revenue,
    make_state,
    make_touch,
    make_user,
)
from workspace.queries.queue import collect
from workspace.queries.queue_sources import SOURCES
from workspace.queries.queue_words import Teller
from workspace.services.queue import bring_back, mark_done, next_week, snooze


def queue_of(user, *, mine=True, **options):
    return collect(user, mine=mine, now=clock.now(), today=clock.today(), typical_minor=None, **options)


def kinds(user, **options):
    return [(item.candidate.kind, item.candidate.form) for item in queue_of(user, **options).items]


def lines(user, **options):
    teller = Teller(may_edit=user.may_edit, today=clock.today())
    return [teller.tell(item) for item in queue_of(user, **options).items]


def days(number):
    return timedelta(days=number)


def test_a_fall_says_from_where_with_score_and_largest_losses(manager, partner):
    make_state(partner=partner, band="D", score=41.2, why="Silent for 74 days")
    make_alert(partner=partner)

    line = lines(manager)[0]

    assert line.text.title == "Northwind Partners fell from Watch to At risk"
    assert line.text.reason == "Silent for 74 days."
    assert [(label, str(points)) for label, points in line.text.falls] == [
        ("Deal rhythm", "-12.1"),
        ("Revenue growth", "-4.0"),
        ("Engagement", "-1.5"),
    ]
    assert (line.text.band, str(line.text.score)) == ("D", "41.2000")
    assert line.action.url == f"/app/partners/{partner.slug}/health/"


def test_alerts_of_one_partner_are_one_item_led_by_the_most_severe(manager, partner):
    make_state(partner=partner, band="D", score=40)
    make_alert(partner=partner, kind="drop", severity=3, points="16.3")
    make_alert(partner=partner, kind="band", severity=5)

    found = lines(manager)

    assert [line.candidate.form for line in found] == ["band"]
    assert found[0].text.reason == "Lost 16.3 points in 14 days."


def test_exception_and_coverage_alerts_have_their_words(manager):
    first, second = make_partner(name="Alder", owner=manager), make_partner(name="Birch", owner=manager)
    make_alert(partner=first, kind="exception", severity=5, exceptions=["notice_received"])
    make_alert(partner=second, kind="coverage", severity=1, coverage="0.2100")

    found = lines(manager)

    assert [line.text.title for line in found] == [
        "Alder: Capped: notice received",
        "Too little is known about Birch",
    ]
    assert found[1].text.reason == "Only 21 % of the signals that count have data."
    assert found[1].action.label == "Log a touch"


def test_a_closed_alert_and_an_archived_partner_leave_the_queue(manager, partner):
    make_alert(partner=partner).__class__.objects.update(closed_on=clock.today())
    gone = make_partner(owner=manager, archived_at=clock.now())
    make_alert(partner=gone)
    assert kinds(manager) == []


def test_mine_and_all_differ_by_owner(manager, other_partner):
    make_alert(partner=other_partner)
    assert (kinds(manager), kinds(manager, mine=False)) == ([], [("health", "band")])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"starts_at": days(-2), "status": "confirmed", "invited_at": days(-9)}, [("meeting", "not_closed")]),
        ({"starts_at": days(-2), "status": "planned"}, [("meeting", "not_closed")]),
        ({"starts_at": days(9), "status": "planned"}, [("meeting", "unprepared")]),
        ({"starts_at": days(9), "status": "confirmed", "invited_at": days(-9)}, [("meeting", "unprepared")]),
        ({"starts_at": days(18), "status": "planned"}, []),
        ({"starts_at": days(-2), "status": "held", "held_at": days(-2)}, []),
        ({"starts_at": days(-2), "status": "missed", "missed_at": days(-1)}, [("meeting", "missed")]),
        ({"starts_at": days(-40), "status": "missed", "missed_at": days(-39)}, []),
        ({"starts_at": days(-2), "status": "cancelled"}, []),
    ],
)
def test_meetings_ask_for_what_is_left_to_do(manager, partner, fields, expected):
    now = clock.now()
    make_meeting(partner=partner, **{k: now + v if isinstance(v, timedelta) else v for k, v in fields.items()})
    assert kinds(manager) == expected


def test_what_the_cadence_only_asks_for_does_not_start(manager, partner):
    make_meeting(partner=partner, starts_at=clock.now() + days(9), automatic=True)

    text = lines(manager)[0].text

    assert text.title == "QBR with Northwind Partners is to be scheduled"
    assert text.reason.startswith("The cadence asks for it and suggests ")


def test_a_prepared_meeting_asks_again_when_a_reminder_is_due(manager, partner):
    now = clock.now()
    meeting = make_meeting(partner=partner, starts_at=now + days(6), status="confirmed", invited_at=now)
    AgendaItem.objects.create(meeting=meeting, title="Figures")
    assert kinds(manager) == []

    Reminder.objects.create(
        meeting=meeting,
        kind="scorecard",
        offset=-5,
        meeting_on=meeting.starts_at.date(),
        due_on=clock.today(),
        due_at=now,
    )

    assert kinds(manager) == [("meeting", "reminder")]
    assert "Read scorecard and agenda" in lines(manager)[0].text.reason


def test_a_check_in_needs_no_agenda(manager, partner):
    now = clock.now()
    make_meeting(partner=partner, kind="check_in", starts_at=now + days(3), status="confirmed", invited_at=now)
    assert kinds(manager) == []


def test_a_missed_review_is_settled_by_a_new_invitation(manager, partner):
    now = clock.now()
    make_meeting(partner=partner, starts_at=now - days(3), status="missed", missed_at=now - days(2))
    make_meeting(partner=partner, starts_at=now + days(40), status="confirmed", invited_at=now)
    assert kinds(manager) == []


def test_late_commitments_of_both_sides_and_mine_elsewhere(manager, partner, other_partner):
    make_commitment(partner=partner, due_on=clock.today() - days(3), side="ours", text="Send prices")
    make_commitment(partner=partner, due_on=clock.today() - days(1), side="theirs", text="Name an engineer")
    make_commitment(partner=other_partner, due_on=clock.today() - days(1), owner=manager, text="Call back")
    make_commitment(partner=partner, due_on=clock.today(), text="Not yet late")
    make_commitment(partner=partner, due_on=clock.today() - days(9), done_at=clock.now())

    found = lines(manager)

    assert {line.text.title for line in found} == {
        "We owe Northwind Partners: Send prices",
        "Northwind Partners owes us: Name an engineer",
        "We owe Helix Resellers: Call back",
    }
    assert found[0].late is True


@pytest.mark.parametrize(
    ("stage", "age", "expected"),
    [
        ("recruit", 61, ["recruit"]),
        ("recruit", 59, []),
        ("onboarding", 91, ["onboarding"]),
        ("evaluation", 46, ["evaluation"]),
        ("growth", 900, []),
        ("exit", 900, []),
    ],
)
@pytest.mark.parametrize("mine", [True, False])
def test_a_stage_that_takes_longer_than_typical_is_shown(manager, stage, age, expected, mine):
    make_partner(owner=manager, stage=stage, since=clock.now() - days(age), tier="registered")
    assert [form for _kind, form in kinds(manager, mine=mine)] == expected


@pytest.mark.parametrize(("left", "expected"), [(91, []), (90, ["notice"]), (0, ["notice"]), (-1, [])])
def test_the_last_day_for_notice_is_announced_ninety_days_ahead(manager, left, expected):
    ends_on = clock.today() + days(60 + left)
    make_partner(owner=manager, contract_ends_on=ends_on, notice_days=60, tier="registered")
    assert [form for _kind, form in kinds(manager)] == expected


def test_silence_counts_only_for_tiers_with_check_ins_and_once_contacts_are_logged(manager):
    quiet = make_partner(name="Quiet", owner=manager, tier="gold")
    make_partner(name="Small", owner=manager, tier="registered")
    assert kinds(manager) == []

    make_touch(partner=make_partner(name="Other", tier="registered"))
    assert kinds(manager) == [("silent", "ever")]

    make_touch(partner=quiet, occurred_at=clock.now() - days(75))
    assert [line.text.title for line in lines(manager)] == ["No contact with Quiet for 75 days"]

    make_touch(partner=quiet, occurred_at=clock.now() - days(75), two_way=False)
    make_touch(partner=quiet)
    assert kinds(manager) == []


def test_silence_respects_a_slower_cadence(manager):
    CadenceRule.objects.filter(tier="silver", kind="check_in").update(every=6, unit="months")
    slow = make_partner(owner=manager, tier="silver")
    make_touch(partner=slow, occurred_at=clock.now() - days(150))
    assert kinds(manager) == []


def test_good_news_needs_a_rise_to_a_healthy_band(manager):
    for name, band, change in (("Up", "B", 12), ("Flat", "A", 1), ("Poor", "C", 20)):
        make_state(partner=make_partner(name=name, owner=manager, tier="registered"), band=band, change_30=change)
    assert [line.text.title for line in lines(manager)] == ["Up rose to Healthy"]


def test_value_at_stake_lifts_a_partner(manager):
    small, large = make_partner(name="Small", owner=manager), make_partner(name="Large", owner=manager)
    for partner, minor in ((small, 1_000), (large, 900_000)):
        make_alert(partner=partner)
        make_revenue(partner=partner, occurred_at=clock.now() - days(30), amount_minor=minor)

    queue = collect(manager, mine=True, now=clock.now(), today=clock.today(), typical_minor=10_000)

    assert [(item.candidate.name, item.sales_minor) for item in queue.items] == [("Large", 900_000), ("Small", 1_000)]


def test_done_hides_an_item_until_there_is_new_evidence(manager, partner):
    alert = make_alert(partner=partner, days_old=1)
    mark_done(user=manager, key=f"health:{partner.pk}")
    assert kinds(manager) == []

    alert.notified_on = clock.today() + days(1)
    alert.save(update_fields=["notified_on"])
    assert kinds(manager) == [("health", "band")]


def test_snooze_holds_until_its_day_whatever_happens(manager, partner, monkeypatch):
    alert = make_alert(partner=partner)
    snooze(user=manager, key=f"health:{partner.pk}", until=clock.today() + days(3))
    alert.notified_on = clock.today() + days(2)
    alert.save(update_fields=["notified_on"])
    assert kinds(manager) == []

    later = clock.now() + days(3)
    found = collect(manager, mine=True, now=later, today=later.date(), typical_minor=None)
    assert [item.key for item in found.items] == [f"health:{partner.pk}"]


def test_marks_are_personal_and_can_be_taken_back(manager, lead, partner):
    make_alert(partner=partner)
    mark_done(user=manager, key=f"health:{partner.pk}")
    assert (kinds(manager), kinds(lead, mine=False)) == ([], [("health", "band")])

    assert bring_back(user=manager, key=f"health:{partner.pk}") is True
    assert bring_back(user=manager, key=f"health:{partner.pk}") is False
    assert kinds(manager) == [("health", "band")]


def test_marks_do_not_hide_what_lies_behind_the_limit(manager):
    partners = [make_partner(name=f"P{n:02}", owner=manager) for n in range(60)]
    for partner in partners:
        make_alert(partner=partner)
    shown = queue_of(manager)
    assert (len(shown.items), shown.capped) == (30, {"health"})
    for item in shown.items:
        mark_done(user=manager, key=item.key)

    rest = queue_of(manager)

    assert len(rest.items) == 30
    assert not {item.key for item in rest.items} & {item.key for item in shown.items}


@pytest.mark.parametrize("key", ["", "health", "health:", "health:x", "unknown:1", "health:1 ", "health:" + "9" * 30])
def test_a_mark_on_nonsense_is_refused(manager, key):
    with pytest.raises(DomainError, match="There is no such item"):
        mark_done(user=manager, key=key)


@pytest.mark.parametrize("ahead", [0, -1, 367])
def test_a_snooze_needs_a_day_ahead_within_a_year(manager, ahead):
    with pytest.raises(DomainError):
        snooze(user=manager, key="health:1", until=clock.today() + days(ahead))


def test_next_week_is_the_coming_monday():
    monday = next_week(clock.today())
    assert (monday.weekday(), 1 <= (monday - clock.today()).days <= 7) == (0, True)


def test_a_failing_source_is_named_and_the_others_stand(manager, partner):
    make_alert(partner=partner)

    def broken(_book):
        raise OperationalError("gone")

    queue = queue_of(manager, sources={**SOURCES, "stage": broken})

    assert (queue.failed, [item.candidate.kind for item in queue.items]) == (["stage"], ["health"])


def test_a_viewer_gets_no_button_that_writes(viewer, partner):
    make_alert(partner=partner, kind="coverage", severity=1, coverage="0.2")
    line = lines(viewer, mine=False)[0]
    assert (line.action.label, line.action.writes) == ("Open partner", False)


def test_a_proposed_date_and_an_objection_wait_for_an_answer(manager, partner):
    meeting = make_meeting(partner=partner, title="Spring review", status="held", held_at=clock.now())
    objection = MeetingReply.objects.create(
        partner=partner, meeting=meeting, kind="objection", said_by="Luca Moretti", text="Friday, not Monday"
    )
    MeetingReply.objects.create(partner=partner, meeting=meeting, kind="agreed", state="accepted", said_by="Nora Vik")
    MeetingReply.objects.create(
        partner=partner, meeting=meeting, kind="date", said_by="Luca Moretti", time_zone="Europe/Paris",
        local_start=datetime(2026, 12, 3, 14, tzinfo=UTC), starts_at=datetime(2026, 12, 3, 13, tzinfo=UTC),
    )  # fmt: skip

    found = lines(manager)

    assert [line.text.title for line in found] == [
        "Northwind Partners says a summary is not what was agreed",
        "Northwind Partners proposes another date",
    ]
    assert found[0].text.reason == "Luca Moretti about “Spring review”: Friday, not Monday"
    assert found[1].text.reason == ("Luca Moretti proposes Thu 3 Dec 2026, 14:00 (Europe/Paris) for “Spring review”.")
    assert found[0].action.url == f"/app/meetings/{meeting.uid}/"
    objection.state = "answered"
    objection.save()
    assert kinds(manager) == [("reply", "date")]


@pytest.mark.parametrize("mine", [True, False])
def test_number_of_queries_does_not_grow(manager, mine):
    def fill(count):
        for _number in range(count):
            partner = make_partner(
                owner=manager, stage="recruit", tier="gold", contract_ends_on=clock.today() + days(80)
            )
            make_alert(partner=partner)
            make_state(partner=partner, band="D", score=40)
            make_meeting(partner=partner, starts_at=clock.now() + days(3))
            make_commitment(partner=partner, due_on=clock.today() - days(2))
            make_touch(partner=partner, occurred_at=clock.now() - days(100))
            make_revenue(partner=partner, occurred_at=clock.now() - days(10))

    def count():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            lines(manager, mine=mine)
        return len(captured)

    fill(1)
    one = count()
    fill(5)
    assert count() == one
    assert one <= (15 if mine else 21)


def test_a_stranger_cannot_be_asked_about(member, partner):
    """A partner's user has no queue; should one be asked for, it holds nothing of other partners."""
    make_alert(partner=partner)
    make_alert(partner=make_partner(owner=make_user()))
    assert {item.candidate.partner_id for item in queue_of(member, mine=False).items} == {partner.pk}
