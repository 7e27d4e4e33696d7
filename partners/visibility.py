"""The one table of what a partner sees of what is stored about it (ux.md 2.5): every field of every model, decided.

Pure data: model label -> words. `shared`: the partner sees it. `by_row`: it sees it where the row is marked as shared.
`internal`: it never does. A field that stands in none of them fails the build. Forms of the manager show the mark
beside each field (`shown_as`); a test fills the fields with marks and looks for them on the partner's pages.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Shown = Literal["shared", "by_row", "internal", "mark"]


class Fields(NamedTuple):
    shared: frozenset[str] = frozenset()
    by_row: frozenset[str] = frozenset()
    internal: frozenset[str] = frozenset()


def fields(*, shared: str = "", by_row: str = "", internal: str = "") -> Fields:
    return Fields(frozenset(shared.split()), frozenset(by_row.split()), frozenset(internal.split()))


VISIBILITY: dict[str, Fields] = {
    "partners.Partner": fields(
        shared="name tier owner country time_zone website joined_on contract_ends_on notice_days channel",
        internal="id uid created_at updated_at slug key search_name kind country_code archived_at is_demo version",
    ),
    "partners.Partner_tags": fields(internal="id partner tag"),
    "partners.TierChange": fields(
        shared="tier occurred_at",
        internal="id known_at known_asserted superseded_at partner actor reason",
    ),
    "partners.Contact": fields(
        shared="name email role channel",
        internal="id uid created_at updated_at partner phone title time_zone left_on",
    ),
    "partners.Membership": fields(
        shared="user contact ended_at created_at",
        internal="id uid updated_at partner",
    ),
    "partners.PortalDay": fields(internal="id partner user day known_at"),
    "partners.Invitation": fields(
        shared="email name role invited_by expires_at sent_at accepted_at revoked_at",
        internal="id uid created_at updated_at partner contact digest times_sent accepted_by",
    ),
    "partners.IdentityProvider": fields(
        internal="id uid created_at updated_at partner kind name issuer client_id sealed_secret metadata enabled "
        "sso_only",
    ),
    "partners.VerifiedDomain": fields(internal="id uid created_at updated_at partner domain verified_at verified_by"),
    "partners.ExternalIdentity": fields(internal="id uid created_at updated_at provider subject user last_used_at"),
    "partners.SpentAssertion": fields(internal="id provider digest expires_at"),
    "deals.RevenueEntry": fields(
        shared="external_id occurred_at kind amount_minor currency",
        internal="id known_at known_asserted superseded_at partner source country lines",
    ),
    "deals.Deal": fields(
        internal="id uid created_at updated_at partner name customer value_minor currency joint status opened_on "
        "expected_on closed_at known_closed_at",
    ),
    "lifecycle.Journey": fields(internal="id partner stage entered_at version"),
    "lifecycle.StageChange": fields(
        internal="id occurred_at known_at known_asserted superseded_at partner from_stage to_stage actor reason "
        "days_in_former",
    ),
    "engagement.Touchpoint": fields(
        by_row="occurred_at kind text actor",
        internal="id known_at known_asserted superseded_at uid partner two_way shared meeting created_at",
    ),
    "engagement.Touchpoint_contacts": fields(internal="id touchpoint contact"),
    "engagement.Meeting": fields(
        shared="kind status title local_start time_zone starts_at minutes place closing_reason organizer held_at",
        internal="id uid created_at updated_at partner target_on why notes sequence postponed known_held_at missed_at "
        "missed_why invited_at summary_sent_at plan_digest notes_version version automatic",
    ),
    "engagement.Attendee": fields(shared="user contact attended", internal="id meeting"),
    "engagement.AgendaItem": fields(
        by_row="title notes proposed_by",
        internal="id uid created_at updated_at meeting order shared version",
    ),
    "engagement.Commitment": fields(
        shared="kind side text owner owner_name due_on done_at meeting confirmed_at confirmed_by done_by",
        internal="id uid created_at updated_at partner",
    ),
    "engagement.MeetingReply": fields(
        shared="kind state text local_start time_zone starts_at said_by answer answered_by created_at",
        internal="id uid updated_at partner meeting user contact answered_at",
    ),
    "engagement.ActionLink": fields(
        internal="id partner contact meeting commitment kind digest created_at expires_at used_at",
    ),
    "engagement.CadenceInput": fields(internal="id partner stage stage_entered_on bands planned_for noted_at"),
    "engagement.Reminder": fields(internal="id meeting kind offset meeting_on due_on due_at status note queued_at"),
    "engagement.ReminderDelivery": fields(
        internal="id reminder key user contact status send_after outbox_key note",
    ),
    "engagement.CalendarFeed": fields(shared="created_at last_read_on", internal="id user digest"),
    "enablement.SharedFile": fields(
        shared="side purpose name extension size status reason uploaded_by created_at",
        internal="id uid updated_at partner sha256 received_sha256 storage_name attempts locked_until withdrawn_at "
        "withdrawn_by",
    ),
    "enablement.Notice": fields(
        shared="kind title body impact what_follows decided_on needs_acknowledgement corrects published_at author",
        internal="id uid created_at updated_at audience tiers published_by withdrawn_at is_demo version",
    ),
    "enablement.NoticeAddress": fields(internal="id notice partner"),
    "enablement.NoticeReceipt": fields(shared="notice user seen_at acknowledged_at", internal="id partner"),
    "health.HealthSnapshot": fields(
        shared="as_of published_band detail",
        internal="id partner model known_cutoff run_reason stage score model_score coverage breadth confidence "
        "raw_band created_at",
    ),
    "health.HealthState": fields(
        shared="as_of band score",
        internal="id partner snapshot known_cutoff band_since confidence coverage breadth change_30 change_90 spark "
        "why counters updated_at",
    ),
    "health.Alert": fields(
        internal="id uid created_at updated_at partner kind opened_on notified_on closed_on seen_on off_runs severity "
        "data",
    ),
    "health.ExceptionFlag": fields(
        internal="id uid created_at updated_at partner key reason raised_at known_at raised_by cleared_at "
        "known_cleared_at cleared_by",
    ),
    "health.Override": fields(
        internal="id uid created_at updated_at partner target reason starts_at ends_on ended_at actor",
    ),
    "health.Applicability": fields(
        internal="id uid created_at updated_at partner signal reason starts_at known_at actor ended_at known_ended_at",
    ),
    "health.HealthRequest": fields(internal="id partner due_at requested_at"),
    "workspace.QueueMark": fields(internal="id user key snoozed_until done_at reason created_at"),
    "core.Outbox": fields(
        internal="id uid key kind to digest_group subject body attachments headers partner_uid is_demo status due_at "
        "locked_until attempts error created_at sent_at",
    ),
    "accounts.UserSession": fields(shared="device started_at seen_at", internal="id uid user session_key"),
    "accounts.Notification": fields(
        shared="kind title reason url created_at read_at",
        internal="id uid user partner_uid thread key digest_owed",
    ),
    "accounts.NotificationPreference": fields(shared="kind channel", internal="id user"),
    "accounts.Mute": fields(shared="scope title until", internal="id uid user value partner_uid created_at"),
    "accounts.AuditEntry": fields(
        shared="at actor action", internal="id object_type object_uid partner_uid acting_as data request_id"
    ),
    "privacy.ErasureRequest": fields(
        shared="status reason answer created_at decided_at",
        internal="id uid updated_at user partner account_closed decided_by",
    ),
    "accounts.ApiToken": fields(
        shared="name scope created expiry last_used_on",
        internal="digest token_key user uid",
    ),
}


def shown_as(label: str) -> dict[str, Shown]:
    """How each field of a model is shown to the partner, by the field's name; empty for a model not in the table.

    `mark`: the box that decides about the row. It says so itself.
    """
    found = VISIBILITY.get(label, Fields())
    shown: dict[str, Shown] = {
        **dict.fromkeys(found.internal, "internal"),
        **dict.fromkeys(found.by_row, "by_row"),
        **dict.fromkeys(found.shared, "shared"),
    }
    return shown | {"shared": "mark"} if found.by_row else shown
