"""Contact with the partner: touches, meetings, what was decided in them, and the rules that bring the next one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Entity, Fact
from partners.models import Contact, Partner, PartnerFactQuerySet, PartnerOwnedQuerySet, Tier


class Touchpoint(Fact):
    """One contact with a partner. Only two-way ones (both sides took part) feed health."""

    class Kind(models.TextChoices):
        CALL = "call", _("Call")
        MAIL = "mail", _("Mail")
        MEETING = "meeting", _("Meeting")
        PORTAL = "portal", _("Portal thread")
        NOTE = "note", _("Note")

    uid = models.UUIDField(unique=True, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="touchpoints")  # part of the partner
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CALL)
    two_way = models.BooleanField(_("both sides took part"), default=True)
    shared = models.BooleanField(_("shared with the partner"), default=False)
    text = models.TextField(_("what happened"), max_length=4000, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    contacts = models.ManyToManyField(Contact, blank=True, related_name="touchpoints", verbose_name=_("with"))
    meeting = models.ForeignKey(
        "engagement.Meeting", null=True, blank=True, on_delete=models.CASCADE, related_name="touchpoints"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PartnerFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("touch")
        verbose_name_plural = _("touches")
        indexes = [models.Index(fields=["partner", "occurred_at"], name="touch_partner_when")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.occurred_at:%Y-%m-%d}"


class MeetingQuerySet(PartnerOwnedQuerySet):
    def still_open(self) -> Self:
        """Planned or invited, and neither held, missed nor cancelled."""
        return self.filter(status__in=OPEN_STATUSES)

    def held(self) -> Self:
        return self.filter(status=Meeting.Status.HELD)

    def worth_showing(self) -> Self:
        """Without automatic plans that were withdrawn before anybody was invited."""
        return self.exclude(status=Meeting.Status.CANCELLED, invited_at__isnull=True)


class Meeting(Entity):
    """A review or check-in. Wall time and zone are the truth; `starts_at` is derived from them (methods.md 6.2)."""

    class Kind(models.TextChoices):
        QBR = "qbr", _("QBR")
        CHECK_IN = "check_in", _("Check-in")
        EXECUTIVE = "executive", _("Executive review")
        TRANSITION = "transition", _("Transition review")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        CONFIRMED = "confirmed", _("Invited")
        HELD = "held", _("Held")
        MISSED = "missed", _("Missed")
        CANCELLED = "cancelled", _("Cancelled")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="meetings")  # part of the partner
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.QBR)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PLANNED)
    title = models.CharField(_("title"), max_length=160)
    target_on = models.DateField(_("due"), null=True, blank=True)
    why = models.JSONField(default=list, blank=True)
    local_start = models.DateTimeField(_("starts"))  # stored naive wall time as if UTC; read with `time_zone`
    time_zone = models.CharField(_("time zone"), max_length=60)
    starts_at = models.DateTimeField(db_index=True)
    minutes = models.PositiveSmallIntegerField(_("length, minutes"), default=60)
    place = models.CharField(_("place or link"), max_length=300, blank=True)
    notes = models.TextField(_("notes"), max_length=20_000, blank=True)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    postponed = models.PositiveSmallIntegerField(default=0, editable=False)
    held_at = models.DateTimeField(null=True, blank=True, editable=False)
    known_held_at = models.DateTimeField(null=True, blank=True, editable=False)
    missed_at = models.DateTimeField(null=True, blank=True, editable=False)
    missed_why = models.JSONField(
        null=True, blank=True, editable=False
    )  # a rule's reason; set by two postponements too
    closing_reason = models.CharField(_("why it was cancelled"), max_length=300, blank=True, editable=False)
    invited_at = models.DateTimeField(null=True, blank=True, editable=False)
    summary_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    organizer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("organiser"),
    )  # the meeting outlives the person
    plan_digest = models.CharField(max_length=64, blank=True, editable=False)  # inputs of the automatic plan
    notes_version = models.PositiveIntegerField(default=1, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    automatic = models.BooleanField(_("planned by the cadence"), default=False, editable=False)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        indexes = [
            models.Index(fields=["partner", "starts_at"], name="meeting_partner_when"),
            models.Index(fields=["status", "starts_at"], name="meeting_status_when"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "kind"],
                condition=Q(automatic=True, status="planned"),
                name="meeting_one_automatic_plan",
            ),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(held_at__isnull=False), name="meeting_held_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="missed") | Q(missed_at__isnull=False), name="meeting_missed_has_time"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def wall(self) -> datetime:
        """The naive start as the clock on the wall of `time_zone` shows it."""
        return self.local_start.replace(tzinfo=None)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def is_invited(self) -> bool:
        return self.status == self.Status.CONFIRMED

    @property
    def needs_commitment(self) -> bool:
        """QBRs and executive reviews cannot be closed as held without a dated commitment (methods.md 6.2)."""
        return self.kind in {self.Kind.QBR, self.Kind.EXECUTIVE}

    def has_begun(self, at: datetime) -> bool:
        return self.starts_at <= at


OPEN_STATUSES = frozenset({Meeting.Status.PLANNED, Meeting.Status.CONFIRMED})


class Attendee(models.Model):
    """Someone invited: a colleague (user) or a person at the partner (contact)."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attendees")  # part of the meeting
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="attendances")
    attended = models.BooleanField(_("attended"), null=True, blank=True)

    class Meta:
        verbose_name = _("attendee")
        verbose_name_plural = _("attendees")
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, contact__isnull=True) | Q(user__isnull=True, contact__isnull=False),
                name="attendee_is_one_person",
            ),
            models.UniqueConstraint(fields=["meeting", "user"], name="attendee_user_once"),
            models.UniqueConstraint(fields=["meeting", "contact"], name="attendee_contact_once"),
        ]

    def __str__(self) -> str:
        return str(self.user or self.contact)


class AgendaItem(Entity):
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="agenda")  # part of the meeting
    order = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(_("topic"), max_length=200)
    notes = models.TextField(_("notes"), max_length=8000, blank=True)
    shared = models.BooleanField(_("shared with the partner"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.title


class CommitmentQuerySet(PartnerOwnedQuerySet):
    def unfinished(self) -> Self:
        return self.filter(done_at__isnull=True)

    def actions(self) -> Self:
        return self.filter(kind=Commitment.Kind.ACTION)


class Commitment(Entity):
    """A decision or an action agreed in a meeting, with an owner on one side and a due date."""

    class Kind(models.TextChoices):
        DECISION = "decision", _("Decision")
        ACTION = "action", _("Action")

    class Side(models.TextChoices):
        OURS = "ours", _("Ours")
        THEIRS = "theirs", _("Theirs")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="commitments")  # part of the partner
    meeting = models.ForeignKey(
        Meeting, null=True, blank=True, on_delete=models.SET_NULL, related_name="commitments"
    )  # outlives it
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.ACTION)
    side = models.CharField(_("side"), max_length=8, choices=Side, default=Side.OURS)
    text = models.CharField(_("what"), max_length=500)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="commitments",
        verbose_name=_("our person"),
    )  # a promise outlives the person who gave it
    owner_name = models.CharField(_("who"), max_length=120, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        indexes = [models.Index(fields=["due_on"], condition=Q(done_at__isnull=True), name="commitment_open_due")]

    def __str__(self) -> str:
        return self.text

    def is_overdue(self, today: date) -> bool:
        return self.done_at is None and self.due_on is not None and self.due_on < today


class CadenceRule(models.Model):
    """How often a tier meets: `every` months or weeks (methods.md 6.1). No row: never planned."""

    class Unit(models.TextChoices):
        MONTHS = "months", _("months")
        WEEKS = "weeks", _("weeks")

    tier = models.CharField(_("tier"), max_length=20, choices=Tier)
    kind = models.CharField(_("kind"), max_length=12, choices=Meeting.Kind)
    every = models.PositiveSmallIntegerField(_("every"))
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.MONTHS)

    class Meta:
        verbose_name = _("cadence rule")
        verbose_name_plural = _("cadence rules")
        constraints = [
            models.UniqueConstraint(fields=["tier", "kind"], name="cadence_once"),
            models.CheckConstraint(condition=Q(every__gte=1), name="cadence_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.kind}"


class CadenceInput(models.Model):
    """What rooms above and beside know of a partner and the cadence needs: its stage, and its published bands.

    `bands` is a list of [ISO date, band], oldest first. `planned_for` names the period and rule set for which the
    partner's reviews were last planned; empty when something changed since.
    """

    partner = models.OneToOneField(Partner, on_delete=models.CASCADE, related_name="cadence_input")  # part of it
    stage = models.CharField(_("stage"), max_length=20)
    stage_entered_on = models.DateField(_("in this stage since"))
    bands = models.JSONField(_("health bands"), default=list, blank=True)
    planned_for = models.CharField(max_length=40, blank=True, db_index=True, editable=False)
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("cadence input")
        verbose_name_plural = _("cadence inputs")

    def __str__(self) -> str:
        return f"{self.partner_id} {self.stage}"


class HolidayOverride(models.Model):
    """A day the packaged calendar gets wrong, or a blackout of the vendor. Empty calendar: holds for everybody."""

    calendar = models.CharField(_("holiday calendar"), max_length=10, blank=True)
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=120)
    works = models.BooleanField(_("is a working day after all"), default=False)

    class Meta:
        verbose_name = _("holiday correction")
        verbose_name_plural = _("holiday corrections")
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Reminder(models.Model):
    """One reminder owed for one meeting on one date: planned, queued to the outbox once, skipped or cancelled."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        QUEUED = "queued", _("Sent to the outbox")
        SKIPPED = "skipped", _("Skipped")
        CANCELLED = "cancelled", _("Cancelled")

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="reminders")  # part of the meeting
    kind = models.CharField(max_length=30)
    offset = models.SmallIntegerField()
    meeting_on = models.DateField()
    due_on = models.DateField()
    due_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)
    note = models.CharField(max_length=200, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(fields=["meeting", "kind", "offset", "meeting_on"], name="reminder_once")
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="planned"), name="reminder_due")]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.kind} {self.due_on}"


class ReminderDelivery(models.Model):
    """One reminder to one person. The unique key is what keeps it from being sent twice, whoever asks (R24, R44)."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for its hour")
        QUEUED = "queued", _("In the outbox")
        SKIPPED = "skipped", _("Skipped")

    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="deliveries")  # part of the reminder
    key = models.CharField(max_length=160, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    send_after = models.DateTimeField()
    outbox_key = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("reminder to a person")
        verbose_name_plural = _("reminders to people")
        indexes = [models.Index(fields=["send_after"], condition=Q(status="pending"), name="reminder_delivery_pending")]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, contact__isnull=True) | Q(user__isnull=True, contact__isnull=False),
                name="reminder_delivery_one_person",
            )
        ]

    def __str__(self) -> str:
        return self.key


class CalendarFeed(models.Model):
    """The secret calendar address of one user; only the digest is stored."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feed")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_read_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.user)
