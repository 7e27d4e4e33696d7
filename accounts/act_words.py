"""Every act of the audit trail in words, and whether the partner it concerns may read of it.

One line per act: an act that is recorded anywhere and not listed here fails `tests/accounts/test_act_words.py`. A
partner's administrators read what their own people did and what was done with them; what the vendor thinks or notes
about them (health, internal notes, touches, tags) stays on the vendor's side, and that somebody asked for their own
data or its erasure is no business of their employer.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry


class Kind(TextChoices):
    ACCESS = "access", _("Log-ins and access")
    PEOPLE = "people", _("People")
    PARTNER = "partner", _("The partner")
    MEETINGS = "meetings", _("Meetings and promises")
    SALES = "sales", _("Sales")
    HEALTH = "health", _("Health")
    DATA = "data", _("Exports and personal data")
    SYSTEM = "system", _("Settings and system")


@dataclass(frozen=True)
class Act:
    words: str | Promise
    kind: Kind
    shared: bool = True


def _internal(words: str | Promise, kind: Kind) -> Act:
    return Act(words, kind, shared=False)


ACTS: dict[str, Act] = {
    "accounts.access_denied": Act(_("Was refused a page"), Kind.ACCESS),
    "accounts.address_changed": Act(_("Changed their e-mail address"), Kind.ACCESS),
    "accounts.admin_added": _internal(_("Added something in the administration"), Kind.SYSTEM),
    "accounts.admin_changed": _internal(_("Changed something in the administration"), Kind.SYSTEM),
    "accounts.admin_removed": _internal(_("Removed something in the administration"), Kind.SYSTEM),
    "accounts.company_login_failed": Act(_("Somebody failed to log in through the company"), Kind.ACCESS),
    "accounts.first_admin_created": _internal(_("Created the first administrator"), Kind.SYSTEM),
    "accounts.logged_in": Act(_("Logged in"), Kind.ACCESS),
    "accounts.logged_out": Act(_("Logged out"), Kind.ACCESS),
    "accounts.login_failed": Act(_("Somebody failed to log in"), Kind.ACCESS),
    "accounts.notifications_chosen": Act(_("Chose how to be told of things"), Kind.ACCESS),
    "accounts.password_changed": Act(_("Changed their password"), Kind.ACCESS),
    "accounts.password_reset": Act(_("Chose a new password by mail"), Kind.ACCESS),
    "accounts.profile_changed": Act(_("Changed their profile"), Kind.PEOPLE),
    "accounts.second_factor_added": Act(_("Set up two-factor log-in"), Kind.ACCESS),
    "accounts.second_factor_failed": Act(_("Somebody gave a wrong second factor"), Kind.ACCESS),
    "accounts.second_factor_removed": Act(_("Removed a second factor"), Kind.ACCESS),
    "accounts.sessions_ended": Act(_("Ended log-ins on other devices"), Kind.ACCESS),
    "accounts.token_created": Act(_("Created an API token"), Kind.ACCESS),
    "accounts.token_revoked": Act(_("Revoked an API token"), Kind.ACCESS),
    "accounts.user_changed": Act(_("Changed an account"), Kind.PEOPLE),
    "accounts.user_created": Act(_("Created an account"), Kind.PEOPLE),
    "accounts.user_joined": Act(_("Opened an account"), Kind.ACCESS),
    "core.outbox_retried": _internal(_("Tried a mail again"), Kind.SYSTEM),
    "deals.deal_closed": _internal(_("Closed a deal"), Kind.SALES),
    "deals.deal_opened": _internal(_("Opened a deal"), Kind.SALES),
    "deals.revenue_corrected": Act(_("Corrected a sale"), Kind.SALES),
    "deals.revenue_created": Act(_("Entered a sale"), Kind.SALES),
    "deals.revenue_imported": _internal(_("Imported sales"), Kind.SALES),
    "deals.revenue_updated": Act(_("Corrected a sale"), Kind.SALES),
    "enablement.file_ready": Act(_("Checked a file: it is ready"), Kind.PARTNER),
    "enablement.file_received": Act(_("Sent a file"), Kind.PARTNER),
    "enablement.file_refused": Act(_("Checked a file: it was refused"), Kind.PARTNER),
    "enablement.file_withdrawn": Act(_("Withdrew a file"), Kind.PARTNER),
    "enablement.notice_acknowledged": Act(_("Acknowledged a piece of news"), Kind.PARTNER),
    "enablement.notice_discarded": _internal(_("Discarded a draft of news"), Kind.PARTNER),
    "enablement.notice_published": _internal(_("Published news"), Kind.PARTNER),
    "enablement.notice_saved": _internal(_("Saved a draft of news"), Kind.PARTNER),
    "enablement.notice_seen": Act(_("Marked news as read"), Kind.PARTNER),
    "enablement.notice_withdrawn": _internal(_("Withdrew news"), Kind.PARTNER),
    "engagement.agenda_filled": Act(_("Filled an agenda with suggestions"), Kind.MEETINGS),
    "engagement.agenda_item_added": Act(_("Added a topic to an agenda"), Kind.MEETINGS),
    "engagement.agenda_item_changed": Act(_("Changed a topic of an agenda"), Kind.MEETINGS),
    "engagement.agenda_item_removed": Act(_("Took a topic off an agenda"), Kind.MEETINGS),
    "engagement.agenda_reordered": Act(_("Put an agenda in another order"), Kind.MEETINGS),
    "engagement.attendees_changed": Act(_("Changed who takes part in a meeting"), Kind.MEETINGS),
    "engagement.calendar_feed_renewed": Act(_("Made a new address for their calendar"), Kind.ACCESS),
    "engagement.calendar_feed_revoked": Act(_("Switched their calendar address off"), Kind.ACCESS),
    "engagement.commitment_added": Act(_("Noted a decision or an action"), Kind.MEETINGS),
    "engagement.commitment_done": Act(_("Marked an action as done"), Kind.MEETINGS),
    "engagement.commitment_removed": Act(_("Removed a decision or an action"), Kind.MEETINGS),
    "engagement.commitment_reopened": Act(_("Marked an action as open again"), Kind.MEETINGS),
    "engagement.date_proposed": Act(_("Proposed another date for a meeting"), Kind.MEETINGS),
    "engagement.date_withdrawn": Act(_("Took back a proposed date"), Kind.MEETINGS),
    "engagement.decision_confirmed": Act(_("Confirmed a decision"), Kind.MEETINGS),
    "engagement.link_used": Act(_("Acted by a link in a mail"), Kind.MEETINGS),
    "engagement.meeting_cancelled": Act(_("Cancelled a meeting"), Kind.MEETINGS),
    "engagement.meeting_counted_missed": Act(_("Counted a meeting put off twice as missed"), Kind.MEETINGS),
    "engagement.meeting_held": Act(_("Closed a meeting as held"), Kind.MEETINGS),
    "engagement.meeting_missed": Act(_("Marked a meeting as missed"), Kind.MEETINGS),
    "engagement.meeting_moved": Act(_("Moved a meeting"), Kind.MEETINGS),
    "engagement.meeting_scheduled": Act(_("Scheduled a meeting"), Kind.MEETINGS),
    "engagement.notes_saved": _internal(_("Saved internal notes of a meeting"), Kind.MEETINGS),
    "engagement.reply_answered": Act(_("Answered what the partner said to a meeting"), Kind.MEETINGS),
    "engagement.reviews_planned": _internal(_("Planned reviews"), Kind.SYSTEM),
    "engagement.summary_confirmed": Act(_("Confirmed the summary of a meeting"), Kind.MEETINGS),
    "engagement.summary_objected": Act(_("Objected to the summary of a meeting"), Kind.MEETINGS),
    "engagement.summary_sent": Act(_("Sent the summary of a meeting"), Kind.MEETINGS),
    "engagement.topic_proposed": Act(_("Proposed a topic for a meeting"), Kind.MEETINGS),
    "engagement.touch_logged": _internal(_("Logged a touch"), Kind.PARTNER),
    "engagement.touch_restored": _internal(_("Put a touch back"), Kind.PARTNER),
    "engagement.touch_retracted": _internal(_("Removed a touch"), Kind.PARTNER),
    "health.exception_cleared": _internal(_("Cleared an exception"), Kind.HEALTH),
    "health.exception_raised": _internal(_("Raised an exception"), Kind.HEALTH),
    "health.model_published": _internal(_("Published a health model"), Kind.HEALTH),
    "health.model_saved": _internal(_("Saved a health model"), Kind.HEALTH),
    "health.override_ended": _internal(_("Ended the score set by hand"), Kind.HEALTH),
    "health.override_set": _internal(_("Set the score by hand"), Kind.HEALTH),
    "health.signal_left_out": _internal(_("Left a signal out of the score"), Kind.HEALTH),
    "health.signal_taken_in": _internal(_("Took a signal into the score again"), Kind.HEALTH),
    "lifecycle.move_undone": Act(_("Took back a move to another stage"), Kind.PARTNER),
    "lifecycle.stage_changed": Act(_("Moved the partnership to another stage"), Kind.PARTNER),
    "partners.access_ended": Act(_("Ended the access of a person"), Kind.ACCESS),
    "partners.archived": Act(_("Archived the partner"), Kind.PARTNER),
    "partners.contact_added": Act(_("Added a person"), Kind.PEOPLE),
    "partners.contact_back": Act(_("Marked a person as back"), Kind.PEOPLE),
    "partners.contact_changed": Act(_("Changed a person"), Kind.PEOPLE),
    "partners.contact_left": Act(_("Marked a person as having left"), Kind.PEOPLE),
    "partners.created": Act(_("Added the partner"), Kind.PARTNER),
    "partners.domain_saved": Act(_("Recorded a mail domain of the partner"), Kind.ACCESS),
    "partners.identity_linked": Act(_("Logged in through their company for the first time"), Kind.ACCESS),
    "partners.imported": _internal(_("Imported partners"), Kind.SALES),
    "partners.invitation_accepted": Act(_("Accepted an invitation"), Kind.ACCESS),
    "partners.invitation_resent": Act(_("Sent an invitation again"), Kind.ACCESS),
    "partners.invitation_revoked": Act(_("Revoked an invitation"), Kind.ACCESS),
    "partners.invited": Act(_("Invited a person to the portal"), Kind.ACCESS),
    "partners.joined": Act(_("Joined the portal"), Kind.ACCESS),
    "partners.owner_changed": Act(_("Changed the contact person at the vendor"), Kind.PARTNER),
    "partners.person_disabled": Act(_("Disabled an account"), Kind.ACCESS),
    "partners.person_enabled": Act(_("Enabled an account"), Kind.ACCESS),
    "partners.provider_saved": Act(_("Set up the log-in through the partner’s company"), Kind.ACCESS),
    "partners.restored": Act(_("Restored the partner"), Kind.PARTNER),
    "partners.role_changed": Act(_("Changed the role of a person"), Kind.ACCESS),
    "partners.see_as_ended": Act(_("Stopped seeing the portal as the partner does"), Kind.ACCESS),
    "partners.see_as_started": Act(_("Began to see the portal as the partner does"), Kind.ACCESS),
    "partners.sharing_changed": _internal(_("Changed what partners see"), Kind.SYSTEM),
    "partners.tagged": _internal(_("Added a tag"), Kind.PARTNER),
    "partners.tier_changed": Act(_("Changed the tier"), Kind.PARTNER),
    "partners.updated": Act(_("Changed facts of the partner"), Kind.PARTNER),
    "portal.sales_exported": Act(_("Took the sales as a file"), Kind.DATA),
    "privacy.account_closed": Act(_("Deleted their account"), Kind.DATA),
    "privacy.erasure_asked": _internal(_("Asked for the erasure of their data"), Kind.DATA),
    "privacy.erasure_refused": _internal(_("Refused a request for erasure"), Kind.DATA),
    "privacy.person_erased": Act(_("Erased the data of a person"), Kind.DATA),
    "privacy.person_exported": _internal(_("Exported the data of a person"), Kind.DATA),
    "privacy.retention_run": _internal(_("Removed what need not be kept any longer"), Kind.SYSTEM),
    "workspace.demo_cleared": _internal(_("Removed the demo data"), Kind.SYSTEM),
    "workspace.demo_loaded": _internal(_("Loaded the demo data"), Kind.SYSTEM),
    "workspace.partners_exported": _internal(_("Exported the list of partners"), Kind.DATA),
    "workspace.view_removed": _internal(_("Removed a view of the partners list"), Kind.SYSTEM),
    "workspace.view_saved": _internal(_("Saved a view of the partners list"), Kind.SYSTEM),
}
SHARED = frozenset(action for action, act in ACTS.items() if act.shared)


def act_words(entry: AuditEntry) -> str | Promise:
    """An audit row in words. An act that is no longer known, from an older version, is shown by its name."""
    act = ACTS.get(entry.action)
    return act.words if act else entry.action


def actions_of(kind: str, *, shared_only: bool) -> list[str]:
    """The acts of a kind; of every kind when it is empty or unknown."""
    wanted = kind in Kind.values
    return [
        action for action, act in ACTS.items() if (not wanted or act.kind == kind) and (act.shared or not shared_only)
    ]
