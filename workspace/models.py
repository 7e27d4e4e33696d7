"""What a person keeps for themselves on the manager's side: saved views and marks on the Today queue."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Entity


class SavedView(Entity):
    """A named query string of the partners list."""

    class Audience(models.TextChoices):
        ME = "me", _("Only me")
        ALL = "all", _("Everyone")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=60)
    audience = models.CharField(_("for"), max_length=5, choices=Audience, default=Audience.ME)
    query = models.CharField(max_length=1000, blank=True)
    pinned = models.BooleanField(_("in the sidebar"), default=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_once")]

    def __str__(self) -> str:
        return self.name


class QueueMark(models.Model):
    """A user put one item of Today aside: until a day (snooze) or for good (done)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="queue_marks")
    key = models.CharField(max_length=160)
    snoozed_until = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("item of Today put aside")
        verbose_name_plural = _("items of Today put aside")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="queue_mark_once")]

    def __str__(self) -> str:
        return self.key
