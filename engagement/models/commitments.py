"""What both sides decided and promised."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Entity
from engagement.models.meetings import Meeting
from partners.models import Partner, PartnerOwnedQuerySet

AGREED = Q(meeting__isnull=True) | Q(meeting__status=Meeting.Status.HELD)


class CommitmentQuerySet(PartnerOwnedQuerySet):
    def unfinished(self) -> Self:
        return self.filter(done_at__isnull=True)

    def actions(self) -> Self:
        return self.filter(kind=Commitment.Kind.ACTION)

    def shared(self) -> Self:
        """What both sides agreed: in a meeting that was held, or outside of meetings. Drafts of a meeting are ours."""
        return self.filter(AGREED)


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
    done_by = models.CharField(_("done according to"), max_length=120, blank=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed by the partner"), null=True, blank=True, editable=False)
    confirmed_by = models.CharField(_("confirmed by"), max_length=120, blank=True, editable=False)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        indexes = [models.Index(fields=["due_on"], condition=Q(done_at__isnull=True), name="commitment_open_due")]

    def __str__(self) -> str:
        return self.text

    def is_overdue(self, today: date) -> bool:
        return self.done_at is None and self.due_on is not None and self.due_on < today

    @property
    def is_partners_action(self) -> bool:
        """An action of the partner's side, which its people tick themselves."""
        return self.kind == self.Kind.ACTION and self.side == self.Side.THEIRS
