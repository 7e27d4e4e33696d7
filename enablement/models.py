"""Files both sides share, and news from the vendor with who read and acknowledged it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat, StrIndex
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from core.models import Entity
from enablement.labels import REASONS
from enablement.rules.kinds import IMAGE, KINDS, Kind
from partners.models import Partner, PartnerOwnedQuerySet, Tier, partner_id_of
from partners.row_security import PARTNER, PERSON

if TYPE_CHECKING:
    from accounts.models import User

MOST_ATTEMPTS = 3


def random_name() -> str:
    return uuid.uuid4().hex


class SharedFileQuerySet(PartnerOwnedQuerySet):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Of the vendor's files a partner sees the ready ones; of its own also what waits or was refused."""
        seen = super().visible_to(user)
        if not user.is_authenticated or user.is_vendor:
            return seen
        return seen.filter(Q(side=SharedFile.Side.THEIRS) | Q(status=SharedFile.Status.READY, withdrawn_at=None))

    def present(self) -> Self:
        """What a list shows: everything but what was withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def ready(self) -> Self:
        """What may be downloaded."""
        return self.present().filter(status=SharedFile.Status.READY)

    def stored(self) -> Self:
        """What takes up room."""
        return self.present().exclude(status=SharedFile.Status.REFUSED)


class SharedFile(Entity):
    """A file of one side that the other may read. It is stored under a random name, outside of what the web serves."""

    class Side(models.TextChoices):
        OURS = "ours", _("From us")
        THEIRS = "theirs", _("From the partner")

    class Purpose(models.TextChoices):
        AGREEMENT = "agreement", _("Agreement")
        PACK = "pack", _("Meeting or sales pack")
        PROOF = "proof", _("Proof of performance")
        OTHER = "other", _("Other")

    class Status(models.TextChoices):
        PENDING = "pending", _("Being checked")
        READY = "ready", _("Ready")
        REFUSED = "refused", _("Refused")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="shared_files")  # part of the partner
    side = models.CharField(_("from"), max_length=10, choices=Side)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose, default=Purpose.OTHER)
    name = models.CharField(_("name"), max_length=140)
    extension = models.CharField(_("type"), max_length=5, choices=[(one, one.upper()) for one in KINDS])
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, blank=True)
    received_sha256 = models.CharField(max_length=64)
    storage_name = models.CharField(max_length=32, unique=True, default=random_name, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    reason = models.CharField(max_length=30, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = SharedFileQuerySet.as_manager()

    portal_rows = f"partner_id = {PARTNER} AND (side = 'theirs' OR (status = 'ready' AND withdrawn_at IS NULL))"
    portal_writes = f"partner_id = {PARTNER} AND side = 'theirs'"

    class Meta:
        verbose_name = _("shared file")
        verbose_name_plural = _("shared files")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["partner", "-created_at"], name="file_partner"),
            models.Index(fields=["created_at"], condition=Q(status="pending"), name="file_pending"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> Kind:
        return KINDS[self.extension]

    @property
    def is_picture(self) -> bool:
        return self.kind.family == IMAGE

    @property
    def is_ready(self) -> bool:
        return self.status == self.Status.READY and self.withdrawn_at is None

    @property
    def reason_text(self) -> str:
        return str(REASONS.get(self.reason, ""))

    def may_be_withdrawn_by(self, user: User) -> bool:
        """Each side takes back its own: the vendor's editors, the partner's administrators, and who sent it."""
        if self.withdrawn_at is not None:
            return False
        if user.is_vendor:
            return self.side == self.Side.OURS and user.may_edit
        if self.side != self.Side.THEIRS:
            return False
        mine = user.role == Role.PARTNER_SELLER and self.uploaded_by_id == user.pk
        return user.role == Role.PARTNER_ADMIN or mine


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A partner sees what is published and addressed to it; staff everything, of named partners those they see."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if not user.is_vendor:
            partner_id = partner_id_of(user)
            return self.none() if partner_id is None else self.out().addressed_to(partner_id)
        if not user.sees_own_partners_only:
            return self
        theirs = NoticeAddress.objects.filter(notice=OuterRef("pk"), partner__owner_id=user.pk)
        return self.filter(~Q(audience=Notice.Audience.NAMED) | Q(author_id=user.pk) | Exists(theirs))

    def out(self) -> Self:
        """Published and not withdrawn."""
        return self.filter(published_at__isnull=False, withdrawn_at__isnull=True)

    def drafts(self) -> Self:
        return self.filter(published_at__isnull=True)

    def addressed_to(self, partner_id: int) -> Self:
        """By the tier it has now: who becomes gold is bound by what gold partners were told."""
        named = NoticeAddress.objects.filter(notice=OuterRef("pk"), partner_id=partner_id)
        place = StrIndex(OuterRef("tiers"), Concat(Value(","), F("tier"), Value(",")))
        of_tier = Partner.objects.filter(pk=partner_id).annotate(place=place).filter(place__gt=0)
        return self.filter(
            Q(audience=Notice.Audience.ALL)
            | (Q(audience=Notice.Audience.NAMED) & Exists(named))
            | (Q(audience=Notice.Audience.TIER) & Exists(of_tier))
        )


class Notice(Entity):
    """What the vendor tells its partners: a decision, a policy, good or bad news. Once published its text stays."""

    class Kind(models.TextChoices):
        NEWS = "news", _("News")
        GOOD = "good", _("Good news")
        BAD = "bad", _("Bad news")
        POLICY = "policy", _("Policy or practice")

    class Audience(models.TextChoices):
        ALL = "all", _("Every partner")
        TIER = "tier", _("Partners of certain tiers")
        NAMED = "named", _("Named partners")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.NEWS)
    title = models.CharField(_("title"), max_length=160)
    body = models.TextField(_("text"), max_length=10_000)
    impact = models.TextField(_("what it changes for the partner"), max_length=2_000, blank=True)
    what_follows = models.TextField(_("what follows"), max_length=2_000, blank=True)
    decided_on = models.DateField(_("decided on"))
    needs_acknowledgement = models.BooleanField(_("ask for an acknowledgement"), default=False)
    audience = models.CharField(_("for"), max_length=10, choices=Audience, default=Audience.ALL)
    tiers = models.CharField(max_length=80, blank=True)  # ",gold,silver,"
    partners = models.ManyToManyField(Partner, through="NoticeAddress", related_name="notices")
    corrects = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections", verbose_name=_("corrects")
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = NoticeQuerySet.as_manager()

    portal_rows = (  # what `visible_to` says, in the database's words
        f"{PARTNER} IS NOT NULL AND published_at IS NOT NULL AND withdrawn_at IS NULL AND (audience = 'all'"
        " OR (audience = 'named' AND EXISTS (SELECT 1 FROM enablement_noticeaddress a"
        f" WHERE a.notice_id = enablement_notice.id AND a.partner_id = {PARTNER}))"
        f" OR (audience = 'tier' AND EXISTS (SELECT 1 FROM partners_partner p WHERE p.id = {PARTNER}"
        " AND position(',' || p.tier || ',' in enablement_notice.tiers) > 0)))"
    )

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-published_at", "-id"]
        indexes = [models.Index(fields=["-published_at"], name="notice_published")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="bad") | Q(published_at__isnull=True) | (~Q(what_follows="") & ~Q(impact="")),
                name="bad_news_says_what_follows",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def is_out(self) -> bool:
        return self.published_at is not None and self.withdrawn_at is None

    @property
    def tier_list(self) -> list[str]:
        return [one for one in self.tiers.split(",") if one]

    @property
    def tier_labels(self) -> list[str]:
        return [str(Tier(one).label) for one in self.tier_list]

    @property
    def days_to_notice(self) -> int | None:
        """From the decision to the notice (S1-42); None before it is published."""
        if self.published_at is None:
            return None
        day = self.published_at.astimezone(ZoneInfo(settings.REPORTING_TIME_ZONE)).date()
        return max(0, (day - self.decided_on).days)


class NoticeAddress(models.Model):
    """A notice that names its partners is for this one. The portal may read its own and write none."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="addresses")  # part of the notice
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")  # part of the partner

    portal_rows = f"partner_id = {PARTNER}"

    class Meta:
        verbose_name = _("addressed partner")
        verbose_name_plural = _("addressed partners")
        constraints = [models.UniqueConstraint(fields=["notice", "partner"], name="notice_address_once")]

    def __str__(self) -> str:
        return f"{self.notice_id} → {self.partner_id}"


class NoticeReceipt(models.Model):
    """One person at a partner read a notice, and perhaps acknowledged it for the firm."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="receipts")  # part of the notice
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")  # part of the partner
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(_("read"))
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)

    objects = PartnerOwnedQuerySet.as_manager()

    portal_rows = f"partner_id = {PARTNER}"
    portal_writes = (
        f"partner_id = {PARTNER} AND user_id = {PERSON}"
        " AND EXISTS (SELECT 1 FROM enablement_notice n WHERE n.id = notice_id)"
    )

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [models.UniqueConstraint(fields=["notice", "partner", "user"], name="notice_receipt_once")]
        indexes = [models.Index(fields=["partner", "notice"], name="receipt_partner")]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.user_id}"
