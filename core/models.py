"""Base models and the tables that belong to no room of the business: outbox, heartbeat, form keys."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Entity(models.Model):
    """A thing people open: a public random id, times of writing. Integers stay inside (reliability R6)."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class FactQuerySet(models.QuerySet):
    """Rows that say what happened, read as they were known at some instant."""

    def as_of(self, at: datetime, *, known: datetime | None = None) -> Self:
        """Facts that happened before `at` and were known before `known` (default `at`): methods.md 2.1."""
        known = known or at
        return self.filter(occurred_at__lt=at, known_at__lt=known).filter(
            Q(superseded_at__isnull=True) | Q(superseded_at__gte=known)
        )

    def current(self) -> Self:
        return self.filter(superseded_at__isnull=True)


class Fact(models.Model):
    """A correction is a new row and `superseded_at` on the old one; a removal is `superseded_at` alone.

    `occurred_at`: when it happened. `known_at`: when this database could first have used it. `known_asserted`: an
    import claimed an earlier `known_at` than the moment of import.
    """

    occurred_at = models.DateTimeField()
    known_at = models.DateTimeField()
    known_asserted = models.BooleanField(default=False)
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class Outbox(models.Model):
    """One mail that is owed to someone: written with the business row, sent by the sweep (reliability R20, R21)."""

    class Status(models.TextChoices):
        DUE = "due", _("Due")
        SENT = "sent", _("Sent")
        KEPT = "kept", _("Kept, no mail server")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60)
    to = models.EmailField()
    digest_group = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=250)
    body = models.TextField(max_length=50_000)
    attachments = models.JSONField(default=list, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    partner_uid = models.UUIDField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.DUE)
    due_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, max_length=2_000)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("outbox")
        indexes = [models.Index(fields=["due_at"], condition=Q(status="due"), name="outbox_due")]

    def __str__(self) -> str:
        return self.subject


class Heartbeat(models.Model):
    """When a background process last did something: `/readyz` and the staff banner read its age (P21)."""

    name = models.CharField(max_length=60, unique=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class SubmissionKey(models.Model):
    """One-time id carried by a form or an API call; stored with the thing it made, so a repeat finds it (R46, P14)."""

    key = models.CharField(max_length=120, unique=True)
    result = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class PeriodRun(models.Model):
    """A job that must run once per period (local day, month): the unique key decides who runs it (R29, R30)."""

    job = models.CharField(max_length=80)
    period = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(F("job"), F("period"), name="period_run_once")]

    def __str__(self) -> str:
        return f"{self.job} {self.period}"
