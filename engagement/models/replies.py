"""What the partner answers to a meeting, and the links in mails by which it does."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Entity
from engagement.models.commitments import Commitment
from engagement.models.meetings import Meeting
from partners.models import Contact, Partner, PartnerOwnedQuerySet


class MeetingReplyQuerySet(PartnerOwnedQuerySet):
    def waiting(self) -> Self:
        """Those the vendor has not answered."""
        return self.filter(state=MeetingReply.State.OPEN)


class MeetingReply(Entity):
    """What a person of the partner says about a meeting: another date, a confirmed summary, an objection to it.

    A date and an objection wait for our answer. A confirmation needs none: its state is accepted from the start.
    """

    class Kind(models.TextChoices):
        DATE = "date", _("Another date")
        AGREED = "agreed", _("Summary confirmed")
        OBJECTION = "objection", _("Not what was agreed")

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        ANSWERED = "answered", _("Answered")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")  # part of the partner
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="replies")  # part of the meeting
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    text = models.CharField(_("words"), max_length=1000, blank=True)
    local_start = models.DateTimeField(_("proposed start"), null=True, blank=True)  # naive wall time, as in Meeting
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    said_by = models.CharField(_("said by"), max_length=120)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # what was said outlives the person's log-in
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # and the entry of the person
    answer = models.CharField(_("our answer"), max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # and the colleague who answered
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = MeetingReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("reply to a meeting")
        verbose_name_plural = _("replies to meetings")
        indexes = [
            models.Index(fields=["kind", "created_at"], condition=Q(state="open"), name="meeting_reply_open"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting"], condition=Q(kind="date", state="open"), name="meeting_reply_one_open_date"
            ),
            models.CheckConstraint(
                condition=Q(kind="date", local_start__isnull=False, starts_at__isnull=False)
                | Q(~Q(kind="date"), local_start__isnull=True, starts_at__isnull=True),
                name="meeting_reply_date_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.said_by}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def wall(self) -> datetime:
        """The naive proposed start as the clock on the wall of `time_zone` shows it."""
        assert self.local_start is not None
        return self.local_start.replace(tzinfo=None)


class ActionLink(models.Model):
    """A link in a mail that lets a person of the partner do one thing once, without logging in.

    Only the digest of its secret is stored. Whether it still works is asked when it is opened: see `open_link`.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm", _("Confirm the summary")
        OBJECT = "object", _("Object to the summary")
        DONE = "done", _("Mark an action as done")
        DATE = "date", _("Propose another date")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")  # part of the partner
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")  # nobody else may use it
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="+")  # part of the meeting
    commitment = models.ForeignKey(
        Commitment, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )  # nothing to tick without it
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("works until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("action link")
        verbose_name_plural = _("action links")
        indexes = [models.Index(fields=["expires_at"], name="action_link_expires")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="done", commitment__isnull=False) | Q(~Q(kind="done"), commitment__isnull=True),
                name="action_link_done_has_action",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.contact})"
