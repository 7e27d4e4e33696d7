"""Users, roles, API tokens, the audit trail, and what people are told."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from accounts import reach
from accounts.rules import APP, DAILY, DIGEST, MAIL, OFF, WEEKLY


class Role(models.TextChoices):
    ADMIN = "admin", _("Administrator")
    LEAD = "lead", _("Lead")
    MANAGER = "partner_manager", _("Partner manager")
    VIEWER = "viewer", _("Viewer")
    PARTNER_ADMIN = "partner_admin", _("Partner administrator")
    PARTNER_SELLER = "partner_seller", _("Partner seller")
    PARTNER_VIEWER = "partner_viewer", _("Partner viewer")


STAFF_ROLES = frozenset({Role.ADMIN, Role.LEAD, Role.MANAGER, Role.VIEWER})
EDITOR_ROLES = frozenset({Role.ADMIN, Role.LEAD, Role.MANAGER})
PARTNER_ROLES = frozenset({Role.PARTNER_ADMIN, Role.PARTNER_SELLER, Role.PARTNER_VIEWER})
PARTNER_EDITOR_ROLES = frozenset({Role.PARTNER_ADMIN, Role.PARTNER_SELLER})


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, role=Role.ADMIN, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in by e-mail. The role says what they may do; a partner role needs a Membership (partners)."""

    class Appearance(models.TextChoices):
        SYSTEM = "system", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.VIEWER)
    is_active = models.BooleanField(_("active"), default=True)
    sees_all_partners = models.BooleanField(
        _("sees every partner"),
        default=True,
        help_text=_("Switched off, a partner manager or viewer sees only the partners they own."),
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    language = models.CharField(_("language"), max_length=10, default="en")
    appearance = models.CharField(_("appearance"), max_length=10, choices=Appearance, default=Appearance.SYSTEM)
    shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    daily_digest = models.BooleanField(_("one reminder mail a day instead of single mails"), default=True)
    digest_rhythm = models.CharField(
        _("digest of notifications"),
        max_length=10,
        choices=[(DAILY, _("Every day, 07:30")), (WEEKLY, _("Mondays, 07:30"))],
        default=DAILY,
    )
    is_demo = models.BooleanField(default=False, editable=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_vendor(self) -> bool:
        """Works for the vendor (any staff role)."""
        return self.role in STAFF_ROLES

    @property
    def may_edit(self) -> bool:
        return self.role in EDITOR_ROLES

    @property
    def may_lead(self) -> bool:
        """May change rules that touch everybody: models, overrides, publishing."""
        return self.role in {Role.ADMIN, Role.LEAD}

    @property
    def sees_own_partners_only(self) -> bool:
        """Limited to a portfolio: the partners they own. Leads and administrators never are."""
        return not self.sees_all_partners and not self.may_lead

    @property
    def is_staff(self) -> bool:
        """May open the Django admin."""
        return self.is_active and self.role == Role.ADMIN

    @property
    def is_superuser(self) -> bool:  # type: ignore[override]  # the role is the only source of the right
        return self.is_staff

    @property
    def initials(self) -> str:
        parts = (self.name or self.email).split()
        return "".join(part[0] for part in parts[:2]).upper()


class ApiToken(AbstractAuthToken):
    """A hashed, scoped, expiring API token. Only its digest is stored; it is shown once."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.READ)
    last_used_on = models.DateField(null=True, blank=True, editable=False)

    # A partner's administrator looks after the tokens of the whole firm.
    portal_rows = portal_writes = (
        "EXISTS (SELECT 1 FROM partners_membership m JOIN accounts_user u ON u.id = m.user_id"
        " WHERE m.user_id = accounts_apitoken.user_id AND u.role LIKE 'partner!_%%' ESCAPE '!')"
    )

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name


class UserSession(models.Model):
    """One browser in which a person is logged in, for the list in which they end it. No address is kept."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="sessions")  # part of the person
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(_("device"), max_length=80, blank=True)
    started_at = models.DateTimeField(_("logged in"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return self.device


class AttemptSlot(models.Model):
    """One of the numbered tries that a key (digest of an account, address or device) has in a quarter of an hour."""

    key = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField(db_index=True)

    portal_rows = portal_writes = "true"  # digests and times: counted for whoever confirms a password inside the portal

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [models.UniqueConstraint(fields=["key", "number"], name="attempt_slot_once")]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.number}"


class AuditEntry(models.Model):
    """Who did what: one row per act of the business, append-only (a trigger refuses update and delete)."""

    at = models.DateTimeField()
    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=60, blank=True)
    object_uid = models.CharField(max_length=60, blank=True)
    partner_uid = models.UUIDField(null=True, blank=True)
    acting_as = models.UUIDField(null=True, blank=True)  # the partner through whose eyes the actor looked
    data = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["partner_uid", "-at"], name="audit_partner"),
            models.Index(fields=["-at"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


# Who a row is for, in the database's own words (partners.row_security): one's own, and of one's own partner only.
_PERSON = "user_id = NULLIF(current_setting('prm.user_id', true), '')::bigint"
_PARTNER = "partner_uid = NULLIF(current_setting('prm.partner_uid', true), '')::uuid"
_SEATED = "NULLIF(current_setting('prm.partner_uid', true), '') IS NOT NULL"
_KNOWN = "EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = user_id)"


class NotificationKind(models.TextChoices):
    """What people are told of; `accounts.rules.DEFAULTS` says which way each goes until somebody chooses."""

    MEETING_INVITED = "meeting_invited", _("Invited to a meeting")
    MEETING_MOVED = "meeting_moved", _("A meeting was moved")
    MEETING_CANCELLED = "meeting_cancelled", _("A meeting was cancelled")
    SUMMARY_SENT = "summary_sent", _("A summary was sent")
    COMMITMENT_DUE = "commitment_due", _("Something promised is due")
    OWNER_CHANGED = "owner_changed", _("Who looks after a partner changed")
    PERSON_JOINED = "person_joined", _("Somebody joined the portal")
    TOPIC_PROPOSED = "topic_proposed", _("A partner proposed a topic")
    DATE_PROPOSED = "date_proposed", _("A partner proposed another date")
    SUMMARY_CONFIRMED = "summary_confirmed", _("A partner confirmed a summary")
    SUMMARY_OBJECTED = "summary_objected", _("A partner objected to a summary")
    ACTION_DONE = "action_done", _("A partner did what it promised")
    NEWS_PUBLISHED = "news_published", _("News")
    NEWS_TO_ACKNOWLEDGE = "news_to_acknowledge", _("News to acknowledge")
    FILE_SHARED = "file_shared", _("A file was shared")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def readable_by(self, user: User) -> Self:
        """One's own, of partners one may see now: who left or lost a partner no longer reads of it."""
        own = self.filter(user_id=user.pk) if user.is_active else self.none()
        return own.filter(Q(partner_uid__isnull=True) | Q(partner_uid__in=reach.partners().open_partners(user)))

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """One thing told to one person, once (`key`), with the reason why they get it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")  # part of the account
    partner_uid = models.UUIDField(null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=30, choices=NotificationKind)
    title = models.CharField(_("title"), max_length=250)
    reason = models.CharField(_("why you get it"), max_length=200)
    url = models.CharField(max_length=300)
    thread = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=200)
    digest_owed = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()
    portal_rows = portal_writes = f"{_PERSON} AND {_SEATED} AND (partner_uid IS NULL OR {_PARTNER})"
    portal_inserts = f"{_PARTNER} AND {_KNOWN}"

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="notification_once"),
            models.CheckConstraint(
                condition=Q(url__startswith="/") & ~Q(url__startswith="//"), name="notification_own_site"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notification_newest"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread"),
            models.Index(fields=["created_at"], condition=Q(digest_owed=True), name="notification_owed"),
        ]

    def __str__(self) -> str:
        return self.title


class NotificationPreference(models.Model):
    """Which way one kind reaches one person, where they chose otherwise than the default."""

    class Channel(models.TextChoices):
        APP = APP, _("In the app")
        MAIL = MAIL, _("Mail now")
        DIGEST = DIGEST, _("Digest")
        OFF = OFF, _("Off")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_preferences")  # part of it
    kind = models.CharField(_("kind"), max_length=30, choices=NotificationKind)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)

    portal_rows = _KNOWN  # whoever tells somebody something must know which way
    portal_writes = _PERSON

    class Meta:
        verbose_name = _("notification preference")
        verbose_name_plural = _("notification preferences")
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notification_preference_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.channel}"


class MuteQuerySet(models.QuerySet["Mute"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(Q(until__isnull=True) | Q(until__gt=at))


class Mute(models.Model):
    """Silence asked for: what matches is filed as read and not mailed. `partner_uid` is that of the notification."""

    class Scope(models.TextChoices):
        THREAD = "thread", _("this thread")
        KIND = "kind", _("this kind")
        PARTNER = "partner", _("this partner")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mutes")  # part of the account
    scope = models.CharField(max_length=10, choices=Scope)
    value = models.CharField(max_length=120)
    title = models.CharField(max_length=250, blank=True)
    partner_uid = models.UUIDField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = MuteQuerySet.as_manager()
    portal_rows = f"{_KNOWN} AND (partner_uid IS NULL OR {_PARTNER})"
    portal_writes = f"{_PERSON} AND (partner_uid IS NULL OR {_PARTNER})"

    class Meta:
        verbose_name = _("mute")
        verbose_name_plural = _("mutes")
        constraints = [models.UniqueConstraint(fields=["user", "scope", "value"], name="mute_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.scope} {self.value}"

    @property
    def label(self) -> str:
        """What is muted, in words."""
        return str(NotificationKind(self.value).label) if self.scope == self.Scope.KIND else self.title


class AuditSeal(models.Model):
    """One link of the chain over the audit trail, append-only like the trail: SHA-256 of the seal before and the entry.

    It names its entry by number and not by a foreign key: it must outlive an entry that somebody removed.
    """

    entry_id = models.BigIntegerField(primary_key=True)
    seal = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")

    def __str__(self) -> str:
        return f"{self.entry_id} {self.seal[:12]}"


class AuditCheck(models.Model):
    """What one walk along the chain found. `broken_id` is the first entry that is not as it was sealed."""

    class Fault(models.TextChoices):
        NONE = "", _("Intact")
        CHANGED = "changed", _("Changed after it was sealed")
        REMOVED = "removed", _("Removed")
        INSERTED = "inserted", _("Inserted between older ones")
        REWRITTEN = "rewritten", _("Sealed anew since an earlier check")

    at = models.DateTimeField()
    rows = models.PositiveBigIntegerField()
    head_id = models.BigIntegerField(null=True)
    head_seal = models.CharField(max_length=64, blank=True)
    broken_id = models.BigIntegerField(null=True)
    fault = models.CharField(max_length=10, choices=Fault, blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("check of the audit trail")
        verbose_name_plural = _("checks of the audit trail")
        indexes = [models.Index(fields=["-at"], name="audit_check_at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_fault_display()}"


class SuppressedPerson(models.Model):
    """Somebody who was erased and must not come back by an import, an invitation or single sign-on: a keyed hash."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    portal_rows = "true"  # asked before a partner invites somebody; a hash tells nobody who it was

    class Meta:
        verbose_name = _("suppressed person")
        verbose_name_plural = _("suppressed people")

    def __str__(self) -> str:
        return self.digest[:12]
