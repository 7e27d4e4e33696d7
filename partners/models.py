"""Partners, their people, and the one definition of who may see which partner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Entity, Fact, FactQuerySet

if TYPE_CHECKING:
    from accounts.models import User


class Tier(models.TextChoices):
    STRATEGIC = "strategic", _("Strategic")
    GOLD = "gold", _("Gold")
    SILVER = "silver", _("Silver")
    REGISTERED = "registered", _("Registered")


class PartnerQuerySet(models.QuerySet["Partner"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The one definition of tenancy: vendor staff see every partner, partner users their own firm, others none."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_vendor:
            return self
        return self.filter(memberships__user=user)

    def active(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def owned_by(self, user: User) -> Self:
        return self.filter(owner=user)


class Partner(Entity):
    """A company the vendor sells through. `key` is the id in the system it was imported from."""

    name = models.CharField(_("name"), max_length=160)
    slug = models.SlugField(max_length=80, unique=True)
    key = models.CharField(_("external key"), max_length=120, blank=True)
    search_name = models.CharField(max_length=320, editable=False, db_index=True)
    kind = models.CharField(_("type"), max_length=40, blank=True)
    tier = models.CharField(_("tier"), max_length=20, choices=Tier, default=Tier.REGISTERED)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="owned_partners",
        verbose_name=_("owner"),
    )  # a partner outlives the person who looked after it
    country = models.CharField(_("country"), max_length=60, blank=True)
    country_code = models.CharField(
        _("holiday calendar"), max_length=10, blank=True, help_text=_("ISO code, e.g. DE or US-CA")
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    website = models.CharField(_("website"), max_length=200, blank=True)
    tags = models.ManyToManyField("partners.Tag", blank=True, related_name="partners", verbose_name=_("tags"))
    joined_on = models.DateField(_("partner since"), null=True, blank=True)
    contract_ends_on = models.DateField(_("contract ends"), null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(_("notice period, days"), default=60)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        constraints = [models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="partner_key_once")]
        indexes = [
            models.Index(fields=["name", "id"], name="partner_name"),
            models.Index(fields=["owner", "name"], name="partner_owner_name"),
            models.Index(fields=["tier", "name"], name="partner_tier_name"),
        ]

    def __str__(self) -> str:
        return self.name


class PartnerOwnedQuerySet(models.QuerySet):
    """Base of every model with a `partner`: its visibility is the partner's."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        if user.is_authenticated and user.is_active and user.is_vendor:
            return self
        return self.filter(partner__in=Partner.objects.visible_to(user))


class PartnerFactQuerySet(PartnerOwnedQuerySet, FactQuerySet):
    """Facts about one partner."""


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=40, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name


class TierChange(Fact):
    """The tier a partner had since some day: targets and cadence as of a past day read this."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="tier_changes")  # part of the partner
    tier = models.CharField(max_length=20, choices=Tier)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    objects = PartnerFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier change")
        verbose_name_plural = _("tier changes")
        indexes = [models.Index(fields=["partner", "occurred_at"], name="tier_change_partner")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.tier}"


class Contact(Entity):
    """A person at the partner, whether or not they log in."""

    class Role(models.TextChoices):
        CHAMPION = "champion", _("Champion")
        SPONSOR = "sponsor", _("Executive sponsor")
        SELLER = "seller", _("Seller")
        TECHNICAL = "technical", _("Technical")
        OTHER = "other", _("Other")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="contacts")  # part of the partner
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.OTHER)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    left_on = models.DateField(_("left the company on"), null=True, blank=True)

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name"]
        indexes = [models.Index(fields=["partner", "name"], name="contact_partner")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Binds a user with a partner role to exactly one partner."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="membership")
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="memberships")  # part of the partner
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("portal user")
        verbose_name_plural = _("portal users")

    def __str__(self) -> str:
        return f"{self.user} @ {self.partner}"
