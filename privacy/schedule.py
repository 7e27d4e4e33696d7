"""The retention schedule as data: what is removed how long after which time. Docs are printed from it.

`days` counts from the time in `after`. Without `blank` the rows are deleted; with it these fields are emptied and the
row stays. Rows under a rule are about nobody's contract, ledger or decision: those stay. A table without a rule says
in `STAYS` why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Rule:
    key: str
    label: str | Promise
    model: str
    after: str
    days: int
    where: Mapping[str, Any] = field(default_factory=dict)
    blank: tuple[str, ...] = ()
    why: str | Promise = ""


SCHEDULE: tuple[Rule, ...] = (
    Rule("sessions", _("Ended sessions"), "sessions.Session", "expire_date", 0, why=_("they open nothing any more")),
    Rule(
        "listed_sessions",
        _("The lists of ended sessions"),
        "accounts.UserSession",
        "started_at",
        1,
        why=_("no session lasts longer than twelve hours"),
    ),
    Rule(
        "attempts",
        _("Attempts to log in"),
        "accounts.AttemptSlot",
        "taken_at",
        1,
        why=_("they count for a quarter of an hour"),
    ),
    Rule(
        "spent_assertions",
        _("Answers of partners' own log-ins"),
        "partners.SpentAssertion",
        "expires_at",
        1,
        why=_("an expired answer is refused anyway"),
    ),
    Rule(
        "tokens",
        _("Expired API tokens"),
        "accounts.ApiToken",
        "expiry",
        30,
        why=_("expired; the month lets their owner see why a program stopped"),
    ),
    Rule(
        "address_confirmations",
        _("Links that confirm an address"),
        "account.EmailConfirmation",
        "created",
        30,
        why=_("their links have ended"),
    ),
    Rule(
        "invitations_revoked",
        _("Revoked invitations"),
        "partners.Invitation",
        "revoked_at",
        90,
        why=_("nobody joined by them"),
    ),
    Rule(
        "invitations_accepted",
        _("Accepted invitations"),
        "partners.Invitation",
        "accepted_at",
        90,
        why=_("the account is there now"),
    ),
    Rule(
        "invitations_expired",
        _("Expired invitations"),
        "partners.Invitation",
        "expires_at",
        90,
        {"accepted_at__isnull": True},
        why=_("nobody joined by them"),
    ),
    Rule(
        "action_links",
        _("Links in mails that do one thing"),
        "engagement.ActionLink",
        "expires_at",
        30,
        why=_("they open nothing any more"),
    ),
    Rule(
        "notifications_read",
        _("Notifications that were read"),
        "accounts.Notification",
        "read_at",
        180,
        why=_("what they tell of stands where it happened"),
    ),
    Rule(
        "notifications_unread",
        _("Notifications that nobody read"),
        "accounts.Notification",
        "created_at",
        400,
        {"read_at__isnull": True},
        why=_("whoever has not read it in a year does not miss it"),
    ),
    Rule("mutes", _("Mutes that ended"), "accounts.Mute", "until", 30, why=_("they silence nothing any more")),
    Rule(
        "reminders",
        _("Reminders of meetings"),
        "engagement.Reminder",
        "due_at",
        400,
        {"status__in": ["queued", "skipped", "cancelled"]},
        why=_("the meeting is over; to whom they went goes with them"),
    ),
    Rule(
        "account_mails",
        _("Texts of mails about accounts"),
        "core.Outbox",
        "created_at",
        14,
        {"kind": "account"},
        blank=("body",),
        why=_("they may hold a link to an account"),
    ),
    Rule(
        "mail_texts",
        _("Texts of mails"),
        "core.Outbox",
        "created_at",
        90,
        {"status__in": ["sent", "cancelled", "kept"]},
        blank=("body", "attachments"),
        why=_("the mail has been read or is too old to matter"),
    ),
    Rule(
        "mails",
        _("Mails"),
        "core.Outbox",
        "created_at",
        400,
        {"status__in": ["sent", "cancelled", "kept", "failed"]},
        why=_("long enough that no yearly mail is sent twice"),
    ),
    Rule(
        "submission_keys",
        _("One-time keys of forms"),
        "core.SubmissionKey",
        "created_at",
        30,
        why=_("nobody sends the same form after a month"),
    ),
    Rule("period_runs", _("Notes that a job ran"), "core.PeriodRun", "started_at", 400, why=_("the period is over")),
    Rule(
        "admin_log",
        _("The admin's own log"),
        "admin.LogEntry",
        "action_time",
        365,
        why=_("the audit trail holds the same without names"),
    ),
    Rule(
        "queue_marks",
        _("Marks on Today"),
        "workspace.QueueMark",
        "created_at",
        365,
        {"done_at__isnull": False},
        why=_("what was set aside a year ago does not come back"),
    ),
    Rule(
        "portal_days",
        _("Days on which somebody used the portal"),
        "partners.PortalDay",
        "known_at",
        400,
        why=_("a year can be compared with the one before; older use says nothing any more"),
    ),
    Rule(
        "queue_snoozes",
        _("Ended snoozes on Today"),
        "workspace.QueueMark",
        "snoozed_until",
        90,
        why=_("what they put off has come back"),
    ),
    Rule(
        "audit_checks",
        _("Checks of the audit trail"),
        "accounts.AuditCheck",
        "at",
        400,
        {"fault": ""},
        why=_("newer checks cover the same rows"),
    ),
    Rule("retention_runs", _("Runs of this schedule"), "privacy.RetentionRun", "at", 400, why=_("newer runs are kept")),
)


def _stay(why: str, *labels: str) -> dict[str, str]:
    return dict.fromkeys(" ".join(labels).split(), why)


STAYS: Mapping[str, str] = {
    **_stay(
        "with the account; its owner or an erasure ends it",
        "accounts.User accounts.User_groups accounts.User_user_permissions accounts.NotificationPreference",
        "account.EmailAddress mfa.Authenticator partners.ExternalIdentity engagement.CalendarFeed",
        "workspace.SavedView",
    ),
    **_stay(
        "with the partner; who left is erased on request",
        "partners.Partner partners.Partner_tags partners.Contact partners.Membership partners.IdentityProvider",
        "partners.VerifiedDomain",
    ),
    **_stay(
        "the record of the partnership, which points at a pseudonym after an erasure",
        "partners.TierChange lifecycle.Journey lifecycle.StageChange engagement.Touchpoint",
        "engagement.Touchpoint_contacts engagement.Meeting engagement.Attendee engagement.AgendaItem",
        "engagement.Commitment engagement.MeetingReply enablement.SharedFile enablement.Notice",
        "enablement.NoticeAddress enablement.NoticeReceipt",
    ),
    **_stay("the ledger: sales, and where they came from", "deals.ImportRun deals.RevenueEntry deals.Deal"),
    **_stay(
        "the score of a past day can be shown and computed again",
        "health.HealthModelVersion health.RhythmFit health.HealthRun health.HealthChunk health.HealthSnapshot",
        "health.Alert health.ExceptionFlag health.Override health.Applicability health.BacktestRun",
    ),
    **_stay("append-only, so that nobody can change what happened", "accounts.AuditEntry accounts.AuditSeal"),
    **_stay(
        "who was erased is not let back in, and the answer to a request can be proved",
        "accounts.SuppressedPerson privacy.ErasureRequest privacy.ErasureLog",
    ),
    **_stay("goes with its reminder", "engagement.ReminderDelivery"),
    **_stay(
        "one row per partner, job, day or choice of an administrator",
        "auth.Permission auth.Group auth.Group_permissions contenttypes.ContentType core.Heartbeat partners.Tag",
        "partners.SharingRule deals.ExchangeRate engagement.CadenceRule engagement.CadenceInput",
        "engagement.HolidayOverride health.HealthState health.HealthRequest",
    ),
}
