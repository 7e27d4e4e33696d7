"""Contact with a partner, as it is written down."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Fact
from partners.models import Contact, Partner, PartnerFactQuerySet


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
