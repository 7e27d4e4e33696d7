"""Reminders: their days, hours and keys, what is done with late ones, and moves that never send twice (property 17)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.rules.business_days import business_calendar
from engagement.rules.reminders import (
    DEFAULT_REMINDERS,
    Audience,
    Recipient,
    ReminderChanges,
    ReminderKind,
    ReminderPlan,
    ReminderState,
    Review,
    StoredReminder,
    Verdict,
    digests,
    plan_reminders,
    reconcile,
    reminder_key,
    verdict_on,
)
from engagement.rules.wall_time import utc_instant

CALENDAR = business_calendar(["FR", "DE"])
EVERYTHING = frozenset(Audience)
PARIS = Recipient("contact:1", "Europe/Paris", EVERYTHING)
RULES = {rule.kind: rule for rule in DEFAULT_REMINDERS}


def review_on(day: date, at: time = time(10), zone: str = "Europe/Paris") -> Review:
    return Review("r1", day, utc_instant(day, at, zone))


REVIEW = review_on(date(2026, 4, 30))
EARLY = datetime(2026, 3, 1, tzinfo=UTC)


def plan(review: Review = REVIEW, *people: Recipient, now: datetime = EARLY, sent: frozenset[str] = frozenset()):
    return plan_reminders(review, recipients=people or [PARIS], calendar=CALENDAR, now=now, already_sent=sent)


def test_reminders_fall_on_the_days_of_the_document() -> None:
    assert [(one.kind, one.offset, one.day) for one in plan().reminders] == [
        ("data_freeze", -15, date(2026, 4, 9)),
        ("agenda_draft", -10, date(2026, 4, 16)),
        ("scorecard", -5, date(2026, 4, 23)),
        ("last_actions", -2, date(2026, 4, 28)),
        ("personal", -1, date(2026, 4, 29)),
        ("minutes_due", 2, date(2026, 5, 5)),
        ("action_check", 10, date(2026, 5, 19)),
    ]


def test_key_names_review_date_kind_and_offset() -> None:
    assert reminder_key("r1", ReminderKind.PERSONAL, -1, REVIEW.day) == "review:r1:2026-04-30:personal:-1"
    (first, *_rest) = plan().reminders
    assert first.deliveries[0].key == "review:r1:2026-04-30:data_freeze:-15:contact:1"


def test_reminder_comes_at_nine_on_each_wall() -> None:
    people = [
        PARIS,
        Recipient("user:2", "America/New_York", EVERYTHING),
        Recipient("user:3", "Asia/Kolkata", EVERYTHING),
    ]
    (first, *_rest) = plan(REVIEW, *people).reminders
    assert [one.send_at.isoformat() for one in first.deliveries] == [
        "2026-04-09T07:00:00+00:00",
        "2026-04-09T13:00:00+00:00",
        "2026-04-09T03:30:00+00:00",
    ]
    assert first.due_at == datetime(2026, 4, 9, 3, 30, tzinfo=UTC)


def test_reminder_follows_the_change_of_the_clocks() -> None:
    review = review_on(date(2026, 3, 31))
    hours = {one.offset: one.due_at.hour for one in plan(review, now=EARLY - timedelta(days=30)).reminders}
    assert hours == {-15: 8, -10: 8, -5: 8, -2: 8, -1: 7, 2: 7, 10: 7}


def test_audience_decides_who_gets_what() -> None:
    owner = Recipient("user:1", "Europe/Berlin", frozenset({Audience.OWNER, Audience.ATTENDEES}))
    guest = Recipient("contact:1", "Europe/Paris", frozenset({Audience.ATTENDEES}))
    found = {one.kind: [to.recipient_id for to in one.deliveries] for one in plan(REVIEW, owner, guest).reminders}
    assert found == {
        "data_freeze": ["user:1", "contact:1"],
        "agenda_draft": ["user:1"],
        "scorecard": ["user:1", "contact:1"],
        "personal": ["user:1", "contact:1"],
        "minutes_due": ["user:1"],
    }


def test_reminder_far_to_the_west_still_comes_before_the_review() -> None:
    """09:00 on Kiritimati (UTC+14) on 30 April is 07:00 on 29 April at UTC-12, before that day's nine o'clock."""
    review = review_on(date(2026, 4, 30), time(9), "Pacific/Kiritimati")
    west = Recipient("contact:9", "Etc/GMT+12", EVERYTHING)
    before = [one for one in plan(review, west).reminders if one.offset < 0]
    assert all(to.send_at < review.starts_at for one in before for to in one.deliveries)
    assert before[-1].deliveries[0].day == date(2026, 4, 28)


def test_late_planning_sends_what_is_useful_and_logs_the_rest() -> None:
    now = datetime(2026, 4, 28, 12, tzinfo=UTC)
    found = plan(now=now)
    assert [(one.kind, one.due_at, one.late) for one in found.reminders[:3]] == [
        ("scorecard", now, True),
        ("last_actions", now, True),
        ("personal", datetime(2026, 4, 29, 7, tzinfo=UTC), False),
    ]
    assert [(one.kind, str(one.reason)) for one in found.skipped] == [
        ("data_freeze", "Its time had passed and it was no longer useful."),
        ("agenda_draft", "Its time had passed and it was no longer useful."),
    ]


def test_nothing_before_a_review_is_sent_once_it_has_begun() -> None:
    found = plan(now=REVIEW.starts_at)
    assert [one.kind for one in found.reminders] == ["minutes_due", "action_check"]
    assert {one.reason.code for one in found.skipped} == {"begun"}
    assert len(found.skipped) == 5


def test_late_for_one_recipient_is_still_in_time_for_another() -> None:
    new_york = Recipient("user:2", "America/New_York", EVERYTHING)
    found = plan(REVIEW, PARIS, new_york, now=datetime(2026, 4, 9, 10, tzinfo=UTC))
    assert [to.recipient_id for to in found.reminders[0].deliveries] == ["user:2"]
    assert found.skipped == ()


def test_what_was_sent_is_not_planned_again() -> None:
    whole = reminder_key("r1", ReminderKind.DATA_FREEZE, -15, REVIEW.day)
    to_one = reminder_key("r1", ReminderKind.SCORECARD, -5, REVIEW.day) + ":contact:1"
    kinds = [one.kind for one in plan(sent=frozenset({whole, to_one})).reminders]
    assert kinds == ["agenda_draft", "last_actions", "personal", "minutes_due", "action_check"]


def test_planning_twice_gives_the_same_plan() -> None:
    first = plan()
    stored = [StoredReminder(one.key, ReminderState.PLANNED, one.due_at) for one in first.reminders]
    assert reconcile(stored, plan(now=EARLY + timedelta(days=1))) == ReminderChanges((), (), (), (), ())


@pytest.mark.parametrize(
    ("kind", "minutes", "verdict", "code"),
    [
        (ReminderKind.DATA_FREEZE, -1, Verdict.WAIT, None),
        (ReminderKind.DATA_FREEZE, 5, Verdict.SEND, None),
        (ReminderKind.DATA_FREEZE, 24 * 60, Verdict.SKIP, "too_late"),
        (ReminderKind.SCORECARD, 24 * 60, Verdict.SEND, None),
        (ReminderKind.PERSONAL, 26 * 60, Verdict.SKIP, "begun"),
        (ReminderKind.MINUTES_DUE, 24 * 60, Verdict.SKIP, "too_late"),
    ],
)
def test_sender_waits_sends_or_skips(kind: ReminderKind, minutes: int, verdict: Verdict, code: str | None) -> None:
    (reminder,) = [one for one in plan().reminders if one.kind is kind]
    now = reminder.due_at + timedelta(minutes=minutes)
    found, reason = verdict_on(RULES[kind], due_at=reminder.due_at, review=REVIEW, now=now)
    assert (found, reason.code if reason else None) == (verdict, code)


def test_move_cancels_what_was_not_sent_and_plans_anew() -> None:
    old = plan()
    states = [ReminderState.QUEUED, *[ReminderState.PLANNED] * 6]
    stored = [StoredReminder(one.key, state, one.due_at) for one, state in zip(old.reminders, states, strict=True)]
    new = plan(review_on(date(2026, 6, 3)), now=datetime(2026, 4, 10, tzinfo=UTC))
    changes = reconcile(stored, new)
    assert changes.cancel == tuple(one.key for one in old.reminders[1:])
    assert changes.create == new.reminders
    assert (changes.revive, changes.move, changes.skip) == ((), (), ())


def test_move_back_revives_cancelled_but_never_what_was_sent() -> None:
    old = plan()
    states = [ReminderState.QUEUED, *[ReminderState.CANCELLED] * 6]
    stored = [StoredReminder(one.key, state, one.due_at) for one, state in zip(old.reminders, states, strict=True)]
    changes = reconcile(stored, plan(now=datetime(2026, 4, 10, tzinfo=UTC)))
    assert changes.revive == old.reminders[1:]
    assert (changes.create, changes.cancel) == ((), ())


def test_cancelled_review_cancels_every_reminder_not_sent() -> None:
    stored = [StoredReminder(one.key, ReminderState.PLANNED, one.due_at) for one in plan().reminders]
    assert reconcile(stored, ReminderPlan()).cancel == tuple(one.key for one in stored)


def test_changed_zone_moves_the_reminder() -> None:
    stored = [StoredReminder(one.key, ReminderState.PLANNED, one.due_at) for one in plan().reminders]
    tokyo = Recipient("contact:1", "Asia/Tokyo", EVERYTHING)
    changes = reconcile(stored, plan(REVIEW, tokyo))
    assert [one.due_at.hour for one in changes.move] == [0] * 7
    assert changes.create == ()


def test_late_reminder_of_the_same_date_is_left_to_the_sender() -> None:
    stored = [StoredReminder(one.key, ReminderState.PLANNED, one.due_at) for one in plan().reminders]
    changes = reconcile(stored, plan(now=datetime(2026, 4, 9, 7, 1, tzinfo=UTC)))
    assert (changes.cancel, changes.skip, changes.move) == ((), (), ())


def test_digest_is_one_mail_per_recipient_and_day() -> None:
    other = Recipient("user:2", "America/New_York", frozenset({Audience.ATTENDEES}))
    now = datetime(2026, 4, 29, 22, tzinfo=UTC)
    found = plan(REVIEW, PARIS, other, now=now)
    deliveries = [to for one in found.reminders if one.offset < 0 for to in one.deliveries]
    assert [(one.recipient_id, one.day, len(one.deliveries)) for one in digests(deliveries)] == [
        ("contact:1", date(2026, 4, 30), 3),
        ("user:2", date(2026, 4, 29), 2),
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["move", "cancel", "zone", "people", "replan"]),
            st.integers(0, 45),
            st.integers(-120, 20_000),
        ),
        min_size=1,
        max_size=14,
    )
)
def test_rescheduling_never_sends_a_kind_twice_for_a_date(steps: list[tuple[str, int, int]]) -> None:
    """Moves away and back, cancellations, other zones and people, stops of the sender, a clock that goes back."""
    zones = ["Europe/Paris", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"]
    now = datetime(2026, 3, 20, tzinfo=UTC)
    rows: dict[str, StoredReminder] = {}
    deliveries: dict[str, tuple[str, ...]] = {}
    sent: list[tuple[str, ReminderKind, date]] = []
    review, zone, count, alive = REVIEW, 0, 2, True
    for action, number, minutes in steps:
        if action == "move":
            review, alive = review_on(date(2026, 4, 20) + timedelta(days=number)), True
        alive = alive and action != "cancel"
        zone, count = (number if action == "zone" else zone), (number % 3 + 1 if action == "people" else count)
        people = [Recipient(f"user:{n}", zones[(zone + n) % 4], EVERYTHING) for n in range(count)]
        wanted = plan(review, *people, now=now) if alive else ReminderPlan()
        changes = reconcile(rows.values(), wanted)
        for reminder in (*changes.create, *changes.revive, *changes.move):
            rows[reminder.key] = StoredReminder(reminder.key, ReminderState.PLANNED, reminder.due_at)
            deliveries[reminder.key] = tuple(to.recipient_id for to in reminder.deliveries)
        for key in changes.cancel:
            rows[key] = StoredReminder(key, ReminderState.CANCELLED, rows[key].due_at)
        for one in changes.skip:
            rows[one.key] = StoredReminder(one.key, ReminderState.SKIPPED, one.due_at)
        now += timedelta(minutes=minutes)
        for key, row in list(rows.items()):
            if row.state is not ReminderState.PLANNED:
                continue
            kind = ReminderKind(key.split(":")[3])
            assert key.split(":")[2] == review.day.isoformat(), "a planned reminder of another date was left over"
            verdict, _reason = verdict_on(RULES[kind], due_at=row.due_at, review=review, now=now)
            if verdict is Verdict.SEND:
                rows[key] = StoredReminder(key, ReminderState.QUEUED, row.due_at)
                sent += [(to, kind, review.day) for to in deliveries[key]]
                assert RULES[kind].offset > 0 or now < review.starts_at
            elif verdict is Verdict.SKIP:
                rows[key] = StoredReminder(key, ReminderState.SKIPPED, row.due_at)
    assert len(sent) == len(set(sent))
