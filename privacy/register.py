"""The register of processing: every field of every model, what it is, what it is for and what an erasure does to it.

A field that is missing here fails `tests/privacy/test_register.py`. A new model is one `table(...)`, a new field one
word or one line in it; models are named by their labels, so that the register imports no room. `about(...)` says whose
row it is: the lookup that leads to a user, a contact or an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    PERSONAL = "personal"
    BUSINESS = "business"
    SECRET = "secret"  # noqa: S105  the name of a class of data
    TECHNICAL = "technical"


class Erase(StrEnum):
    DELETE = "the row is deleted"
    BLANK = "emptied"
    PSEUDONYM = "replaced by a pseudonym"
    SCRUB = "the person's name, addresses and number are cut out of the text"
    KEEP = "kept"
    NOTHING = "not about a person"


@dataclass(frozen=True)
class Entry:
    """One field. `why` says why it stays when it is kept."""

    kind: Kind
    purpose: str = ""
    erase: Erase = Erase.NOTHING
    why: str = ""


@dataclass(frozen=True)
class About:
    """Lookups that lead from a row to the person it is about; `gone`: an erasure deletes the whole row."""

    user: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True)
class Table:
    about: About
    fields: Mapping[str, Entry] = field(default_factory=dict)

    def named(self, *erase: Erase) -> list[str]:
        return [name for name, entry in self.fields.items() if entry.erase in erase]

    def personal(self) -> list[str]:
        return [name for name, entry in self.fields.items() if entry.kind == Kind.PERSONAL]


def about(*, user: str = "", contact: str = "", email: str = "", gone: bool = False) -> About:
    return About(tuple(user.split()), tuple(contact.split()), tuple(email.split()), gone)


def table(whose: About | None = None, *groups: Mapping[str, Entry]) -> Table:
    fields: dict[str, Entry] = {}
    for group in groups:
        if twice := set(fields) & set(group):
            raise ValueError(f"classified twice: {sorted(twice)}")
        fields |= group
    return Table(whose or About(), fields)


def _each(names: str, entry: Entry) -> dict[str, Entry]:
    return dict.fromkeys(names.split(), entry)


def technical(names: str) -> dict[str, Entry]:
    """Keys, times, versions, states: nothing that says anything about a person."""
    return _each(names, Entry(Kind.TECHNICAL))


def business(names: str) -> dict[str, Entry]:
    """About companies, money and work."""
    return _each(names, Entry(Kind.BUSINESS))


def secret(names: str) -> dict[str, Entry]:
    """Opens something: never exported, never logged. Goes with its row or stops working with the account."""
    return _each(names, Entry(Kind.SECRET, "opens or proves something", Erase.DELETE))


def personal(names: str, purpose: str, erase: Erase) -> dict[str, Entry]:
    return _each(names, Entry(Kind.PERSONAL, purpose, erase))


def kept(names: str, purpose: str, *, why: str) -> dict[str, Entry]:
    return _each(names, Entry(Kind.PERSONAL, purpose, Erase.KEEP, why))


def link(names: str) -> dict[str, Entry]:
    """Points at a person. It stays: the person it points at has become a pseudonym."""
    why = "the record stays true; the person it points at is a pseudonym"
    return _each(names, Entry(Kind.PERSONAL, "who did it or whose it is", Erase.KEEP, why))


def prose(names: str) -> dict[str, Entry]:
    """Text that people write about work and that may name somebody."""
    return _each(names, Entry(Kind.PERSONAL, "notes about work, which may name people", Erase.SCRUB))


REACH = "to reach the people at a partner"
LOGIN = "to let the person in and address them"
MAIL = "to send a mail and to show that it was sent"
ENTITY = "id uid created_at updated_at"
FACT = "id occurred_at known_at known_asserted superseded_at"

REGISTER: dict[str, Table] = {
    # --- Django and its libraries
    "admin.LogEntry": table(
        None, technical("id action_time content_type object_id action_flag"), link("user"),
        prose("object_repr change_message"),
    ),
    "auth.Permission": table(None, technical("id name content_type codename")),
    "auth.Group": table(None, technical("id name")),
    "auth.Group_permissions": table(None, technical("id group permission")),
    "contenttypes.ContentType": table(None, technical("id app_label model")),
    "sessions.Session": table(None, secret("session_key session_data"), technical("expire_date")),
    "account.EmailAddress": table(
        about(user="user", email="email", gone=True), technical("id verified primary"), link("user"),
        personal("email", LOGIN, Erase.DELETE),
    ),
    "account.EmailConfirmation": table(
        about(user="email_address__user", gone=True), technical("id email_address created sent"), secret("key")
    ),
    "mfa.Authenticator": table(
        about(user="user", gone=True), technical("id"), link("user"), secret("data"),
        personal("type created_at last_used_at", "to ask for the second factor", Erase.DELETE),
    ),
    # --- core
    "core.Outbox": table(
        about(email="to"),
        technical(
            "id uid key kind digest_group partner_uid is_demo status due_at locked_until attempts created_at sent_at"
        ),
        personal("to", MAIL, Erase.PSEUDONYM),
        personal("subject body attachments headers error", MAIL, Erase.BLANK),
    ),
    "core.Heartbeat": table(None, technical("id name beat_at")),
    "core.SubmissionKey": table(None, technical("id key result created_at")),
    "core.PeriodRun": table(None, technical("id job period started_at finished_at")),
    # --- accounts
    "accounts.User": table(
        about(user="pk"), technical("id uid is_demo"), secret("password"),
        business("role is_active sees_all_partners"),
        personal("email name", LOGIN, Erase.PSEUDONYM),
        personal("last_login", "to notice accounts that nobody uses", Erase.BLANK),
        personal("time_zone language appearance shortcuts daily_digest digest_rhythm",
                 "to show pages as they like them", Erase.BLANK),
        kept("date_joined", "how long the account exists", why="says nothing once the name is gone"),
    ),
    "accounts.User_groups": table(about(user="user", gone=True), technical("id group"), link("user")),
    "accounts.User_user_permissions": table(
        about(user="user", gone=True), technical("id permission"), link("user")
    ),
    "accounts.ApiToken": table(
        about(user="user", gone=True), technical("uid created expiry scope"), secret("digest token_key"), link("user"),
        personal("name last_used_on", "to let the person's programs in", Erase.DELETE),
    ),
    "accounts.UserSession": table(
        about(user="user", gone=True), technical("id uid"), link("user"), secret("session_key"),
        personal("device started_at seen_at", "to show people where they are logged in", Erase.DELETE),
    ),
    "accounts.AttemptSlot": table(None, technical("id key number taken_at")),
    "accounts.Notification": table(
        about(user="user", gone=True), technical("id uid partner_uid kind url thread key digest_owed created_at"),
        link("user"), personal("read_at", "to show what is new", Erase.DELETE), prose("title reason"),
    ),
    "accounts.NotificationPreference": table(
        about(user="user", gone=True), technical("id"), link("user"),
        personal("kind channel", "to tell the person things the way they like", Erase.DELETE),
    ),
    "accounts.Mute": table(
        about(user="user", gone=True), technical("id uid partner_uid until created_at"), link("user"),
        personal("scope value", "to leave the person in peace", Erase.DELETE), prose("title"),
    ),
    "accounts.AuditEntry": table(
        None, technical("id at action object_type object_uid partner_uid acting_as data request_id"), link("actor")
    ),
    "accounts.AuditSeal": table(None, technical("entry_id seal")),
    "accounts.AuditCheck": table(None, technical("id at rows head_id head_seal broken_id fault milliseconds")),
    "accounts.SuppressedPerson": table(
        None, technical("id created_at"),
        kept("digest", "to know an erased person again", why="a keyed hash, so that no import brings them back"),
    ),
    # --- partners
    "partners.Partner": table(
        None, technical(f"{ENTITY} slug search_name is_demo version"), link("owner"),
        business(
            "name key kind tier country country_code time_zone website joined_on contract_ends_on channel notice_days"
            " archived_at"
        ),
    ),
    "partners.Partner_tags": table(None, technical("id partner tag")),
    "partners.Tag": table(None, technical("id"), business("name")),
    "partners.TierChange": table(
        None, technical(FACT), business("partner tier"), link("actor"), prose("reason")
    ),
    "partners.Contact": table(
        about(contact="pk"), technical(ENTITY), business("partner role"),
        personal("name", REACH, Erase.PSEUDONYM),
        personal("email phone title time_zone channel left_on", REACH, Erase.BLANK),
    ),
    "partners.Membership": table(
        about(user="user", contact="contact"), technical(ENTITY), business("partner ended_at"), link("user contact")
    ),
    "partners.PortalDay": table(
        about(user="user", gone=True), technical("id known_at"), business("partner"), link("user"),
        personal("day", "to see whether the partner uses the portal", Erase.DELETE),
    ),
    "partners.Invitation": table(
        about(user="accepted_by", contact="contact", email="email", gone=True),
        technical(f"{ENTITY} expires_at sent_at times_sent accepted_at revoked_at"), business("partner role"),
        secret("digest"), link("contact invited_by accepted_by"),
        personal("email name", "to invite the person", Erase.DELETE),
    ),
    "partners.IdentityProvider": table(
        None, technical(ENTITY), business("partner kind name issuer client_id metadata enabled sso_only"),
        secret("sealed_secret"),
    ),
    "partners.VerifiedDomain": table(
        None, technical(ENTITY), business("partner domain verified_at"), link("verified_by")
    ),
    "partners.ExternalIdentity": table(
        about(user="user", gone=True), technical(ENTITY), business("provider"), link("user"),
        personal("subject last_used_at", "to know the person when their company says who they are", Erase.DELETE),
    ),
    "partners.SpentAssertion": table(None, technical("id provider digest expires_at")),
    "partners.SharingRule": table(None, technical("id"), business("topic shared")),
    # --- deals
    "deals.ImportRun": table(
        None, technical(f"{ENTITY} status lines counts dates_moved shift_days finished_at"),
        business("map_name source"), link("actor"), prose("file_name"),
    ),
    "deals.RevenueEntry": table(
        None, technical(FACT), business("partner source external_id kind amount_minor currency country lines")
    ),
    "deals.Deal": table(
        None, technical(ENTITY),
        business("partner value_minor currency joint status opened_on expected_on closed_at known_closed_at"),
        prose("name customer"),
    ),
    "deals.ExchangeRate": table(None, technical("id"), business("currency valid_on rate source known_at")),
    # --- lifecycle
    "lifecycle.Journey": table(None, technical("id version"), business("partner stage entered_at")),
    "lifecycle.StageChange": table(
        None, technical(FACT), business("partner from_stage to_stage days_in_former"), link("actor"), prose("reason")
    ),
    # --- engagement
    "engagement.Touchpoint": table(
        None, technical(f"{FACT} uid created_at"), business("partner kind two_way shared meeting"), link("actor"),
        prose("text"),
    ),
    "engagement.Touchpoint_contacts": table(None, technical("id touchpoint"), link("contact")),
    "engagement.Meeting": table(
        None,
        technical(f"{ENTITY} sequence plan_digest notes_version version automatic"),
        business(
            "partner kind status target_on why local_start time_zone starts_at minutes postponed held_at known_held_at"
            " missed_at missed_why invited_at summary_sent_at"
        ),
        link("organizer"), prose("title place notes closing_reason"),
    ),
    "engagement.Attendee": table(
        None, technical("id meeting"), link("user contact"),
        kept("attended", "who took part", why="part of the record of the meeting"),
    ),
    "engagement.AgendaItem": table(
        None, technical(f"{ENTITY} version"), business("meeting order shared"),
        prose("title notes proposed_by"),
    ),
    "engagement.Commitment": table(
        None, technical(ENTITY), business("partner meeting kind side due_on done_at confirmed_at"), link("owner"),
        prose("text owner_name done_by confirmed_by"),
    ),
    "engagement.MeetingReply": table(
        None, technical(ENTITY), business("partner meeting kind state local_start time_zone starts_at answered_at"),
        link("user contact answered_by"), prose("text said_by answer"),
    ),
    "engagement.ActionLink": table(
        about(contact="contact", gone=True), technical("id meeting commitment kind created_at expires_at used_at"),
        business("partner"), secret("digest"), link("contact"),
    ),
    "engagement.CadenceRule": table(None, technical("id"), business("tier kind every unit")),
    "engagement.CadenceInput": table(
        None, technical("id planned_for noted_at"), business("partner stage stage_entered_on bands")
    ),
    "engagement.HolidayOverride": table(None, technical("id"), business("calendar day name works")),
    "engagement.Reminder": table(
        None, technical("id meeting kind offset meeting_on due_on due_at status note queued_at")
    ),
    "engagement.ReminderDelivery": table(
        None, technical("id reminder key status send_after outbox_key note"), link("user contact")
    ),
    "engagement.CalendarFeed": table(
        about(user="user", gone=True), technical("id created_at"), secret("digest"), link("user"),
        personal("last_read_on", "to show that the calendar is read", Erase.DELETE),
    ),
    # --- enablement
    "enablement.SharedFile": table(
        None,
        technical(f"{ENTITY} extension size sha256 received_sha256 storage_name status reason attempts locked_until"),
        business("partner side purpose withdrawn_at"), link("uploaded_by withdrawn_by"), prose("name"),
    ),
    "enablement.Notice": table(
        None, technical(f"{ENTITY} is_demo version"),
        business("kind decided_on needs_acknowledgement audience tiers corrects published_at withdrawn_at"),
        link("author published_by"),
        kept("title body impact what_follows", "to tell partners what touches them",
             why="what was published stays as it was read; a correction is a notice of its own"),
    ),
    "enablement.NoticeAddress": table(None, technical("id"), business("notice partner")),
    "enablement.NoticeReceipt": table(
        None, technical("id"), business("notice partner"), link("user"),
        kept("seen_at acknowledged_at", "to know that a partner has read it",
             why="the firm's acknowledgement; the person it points at is a pseudonym"),
    ),
    # --- health
    "health.HealthModelVersion": table(
        None, technical("id digest status created_at published_at"), business("name definition"), link("published_by"),
        prose("note"),
    ),
    "health.RhythmFit": table(
        None, technical("id model as_of known_cutoff created_at"), business("parameters partners fitted")
    ),
    "health.HealthRun": table(
        None, technical("id model as_of known_cutoff reason whole connected fit started_at finished_at summary")
    ),
    "health.HealthChunk": table(None, technical("id run number partner_ids claimed_until done_at found")),
    "health.HealthSnapshot": table(
        None, technical("id model as_of known_cutoff run_reason created_at"),
        business("partner stage score model_score coverage breadth confidence raw_band published_band detail"),
    ),
    "health.HealthState": table(
        None, technical("id snapshot as_of known_cutoff updated_at"),
        business(
            "partner score band band_since confidence coverage breadth change_30 change_90 spark why counters"
        ),
    ),
    "health.Alert": table(
        None, technical(f"{ENTITY} seen_on off_runs"),
        business("partner kind opened_on notified_on closed_on severity data"),
    ),
    "health.ExceptionFlag": table(
        None, technical(ENTITY), business("partner key raised_at known_at cleared_at known_cleared_at"),
        link("raised_by cleared_by"), prose("reason"),
    ),
    "health.Override": table(
        None, technical(ENTITY), business("partner target starts_at ends_on ended_at"), link("actor"), prose("reason")
    ),
    "health.Applicability": table(
        None, technical(ENTITY), business("partner signal starts_at known_at ended_at known_ended_at"), link("actor"),
        prose("reason"),
    ),
    "health.HealthRequest": table(None, technical("id partner due_at requested_at")),
    "health.BacktestRun": table(None, technical("id model parameters results created_at")),
    # --- workspace
    "workspace.SavedView": table(
        None, technical(f"{ENTITY} audience pinned"), link("owner"), prose("name query")
    ),
    "workspace.QueueMark": table(
        about(user="user", gone=True), technical("id key created_at"), link("user"),
        personal("snoozed_until done_at reason", "what the person set aside on Today", Erase.DELETE),
    ),
    # --- privacy
    "privacy.ErasureRequest": table(
        about(user="user"), technical(ENTITY), business("partner status account_closed decided_at"),
        link("user decided_by"), personal("reason answer", "to decide about the request", Erase.BLANK),
    ),
    "privacy.ErasureLog": table(
        None, technical("id at counts"), link("actor"),
        kept("pseudonym digests users contacts", "to erase the same person again after a restore",
             why="keyed hashes and random ids; nobody is named"),
    ),
    "privacy.RetentionRun": table(None, technical("id at dry_run counts milliseconds")),
}  # fmt: skip
