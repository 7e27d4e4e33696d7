"""Requests for erasure, what was erased, and what the retention schedule removed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Entity
from partners.models import Partner, PartnerOwnedQuerySet


class ErasureRequest(Entity):
    """A person asks to be forgotten; an administrator does it or says why not. At most one is open per person."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    partner = models.ForeignKey(
        Partner, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )  # where the person sat when they asked; None for the vendor's people
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    reason = models.CharField(_("what should we know?"), max_length=500, blank=True)
    account_closed = models.BooleanField(_("the account was deleted at once"), default=False)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for erasure")
        verbose_name_plural = _("requests for erasure")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(status="open"), name="erasure_request_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.status}"


class ErasureLog(models.Model):
    """What it takes to erase the same person again after a restore: ids and keyed hashes, no name and no address."""

    at = models.DateTimeField()
    pseudonym = models.CharField(max_length=20, unique=True)
    digests = models.JSONField(default=list)
    users = models.JSONField(default=list)
    contacts = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasure log")
        indexes = [models.Index(fields=["-at"], name="erasure_log_at")]

    def __str__(self) -> str:
        return self.pseudonym


class RetentionRun(models.Model):
    """One run of the retention schedule: how many rows each rule removed, or would remove."""

    at = models.DateTimeField()
    dry_run = models.BooleanField(default=False)
    counts = models.JSONField(default=dict)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("retention run")
        verbose_name_plural = _("retention runs")
        indexes = [models.Index(fields=["-at"], name="retention_run_at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
