"""Meetings with a partner: who comes, what is on the agenda."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Entity
from partners.models import Contact, Partner, PartnerOwnedQuerySet


class MeetingQuerySet(PartnerOwnedQuerySet):
    def still_open(self) -> Self:
        """Planned or invited, and neither held, missed nor cancelled."""
        return self.filter(status__in=OPEN_STATUSES)

    def held(self) -> Self:
        return self.filter(status=Meeting.Status.HELD)

    def shared(self) -> Self:
        """What the partner knows of: invited at some time, or held. Plans nobody was invited to are ours alone."""
        return self.filter(KNOWN_TO_PARTNER)

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
    def is_only_due(self) -> bool:
        """Asked for by the cadence; nobody was invited and nobody chose a time, so its day is no appointment."""
        return self.automatic and self.status == self.Status.PLANNED

    @property
    def due_day(self) -> date:
        """The day by which the cadence asks for it."""
        return self.target_on or self.wall.date()

    @property
    def needs_commitment(self) -> bool:
        """QBRs and executive reviews cannot be closed as held without a dated commitment (methods.md 6.2)."""
        return self.kind in {self.Kind.QBR, self.Kind.EXECUTIVE}

    @property
    def summary_is_shared(self) -> bool:
        """Notes on shared topics reach the partner with the summary, not while they are being written."""
        return self.status == self.Status.HELD and self.summary_sent_at is not None

    def has_begun(self, at: datetime) -> bool:
        return self.starts_at <= at

    def takes_topics(self, at: datetime) -> bool:
        """Whether the partner may still add to the agenda."""
        return self.is_invited and at <= self.starts_at - TOPICS_CLOSE

    def takes_dates(self, at: datetime) -> bool:
        """Whether the partner may still propose another date."""
        return self.is_invited and not self.has_begun(at)


TOPICS_CLOSE = timedelta(days=1)
OPEN_STATUSES = frozenset({Meeting.Status.PLANNED, Meeting.Status.CONFIRMED})
KNOWN_TO_PARTNER = Q(invited_at__isnull=False) | Q(status=Meeting.Status.HELD)


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
    proposed_by = models.CharField(_("proposed by"), max_length=120, blank=True, editable=False)  # of the partner
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.title
