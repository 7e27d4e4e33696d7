"""The rules that bring the next meeting, and the reminders of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models.meetings import Meeting
from partners.models import Contact, Partner, Tier


class CadenceRule(models.Model):
    """How often a tier meets: `every` months or weeks (methods.md 6.1). No row: never planned."""

    class Unit(models.TextChoices):
        MONTHS = "months", _("months")
        WEEKS = "weeks", _("weeks")

    tier = models.CharField(_("tier"), max_length=20, choices=Tier)
    kind = models.CharField(_("kind"), max_length=12, choices=Meeting.Kind)
    every = models.PositiveSmallIntegerField(_("every"))
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.MONTHS)

    portal_rows = "true"  # the same for every partner

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

    portal_rows = "true"  # the same for every partner

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
