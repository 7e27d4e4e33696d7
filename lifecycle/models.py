"""Where a partner stands on the way from recruiting to exit, and how it got there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Fact
from lifecycle.rules import ALLOWED_MOVES
from partners.models import Partner, PartnerFactQuerySet, PartnerOwnedQuerySet


class Stage(models.TextChoices):
    RECRUIT = "recruit", _("Recruiting")
    ONBOARDING = "onboarding", _("Onboarding")
    GROWTH = "growth", _("Growth")
    EVALUATION = "evaluation", _("Evaluation")
    EXPANSION = "expansion", _("Expansion")
    EXIT = "exit", _("Exit")


class Journey(models.Model):
    """One partner's stage now. The only door to change it is `services.move_to_stage`."""

    partner = models.OneToOneField(Partner, on_delete=models.CASCADE, related_name="journey")  # part of the partner
    stage = models.CharField(_("stage"), max_length=20, choices=Stage, default=Stage.RECRUIT)
    entered_at = models.DateTimeField(_("in this stage since"))
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")
        indexes = [models.Index(fields=["stage", "entered_at"], name="journey_stage")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.stage}"

    def may_move_to(self, stage: str) -> bool:
        return stage in ALLOWED_MOVES[self.stage]


class StageChange(Fact):
    """One move, kept for ever: from where, to where, by whom, why, and how long the former stage lasted."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="stage_changes")  # part of the partner
    from_stage = models.CharField(max_length=20, choices=Stage, blank=True)
    to_stage = models.CharField(max_length=20, choices=Stage)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000, blank=True)
    days_in_former = models.PositiveIntegerField(null=True)

    objects = PartnerFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("stage change")
        verbose_name_plural = _("stage changes")
        indexes = [models.Index(fields=["partner", "occurred_at"], name="stage_change_partner")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.from_stage} -> {self.to_stage}"
