"""Partners, their people, and the one definition of who may see which partner."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import EDITOR_ROLES, PARTNER_ROLES, Role
from core.models import Entity, Fact, FactQuerySet

if TYPE_CHECKING:
    from accounts.models import User


class Tier(models.TextChoices):
    STRATEGIC = "strategic", _("Strategic")
    GOLD = "gold", _("Gold")
    SILVER = "silver", _("Silver")
    REGISTERED = "registered", _("Registered")


class Channel(models.TextChoices):
    """How somebody likes to be reached (S1-4)."""

    MAIL = "mail", _("E-mail")
    PHONE = "phone", _("Phone")
    MEETING = "meeting", _("Meeting")
    TOOL = "tool", _("Chat or collaboration tool")


def partner_id_of(user: User | AnonymousUser) -> int | None:
    """The partner a partner user works for now; None for vendor staff, for who left, and when the partner is archived.

    Read once per request and kept on the user object.
    """
    if "portal_partner_id" not in user.__dict__:
        seat = Membership.objects.current().filter(user_id=user.pk).values_list("partner_id", flat=True)
        user.__dict__["portal_partner_id"] = None if user.is_vendor else seat.first()
    found: int | None = user.__dict__["portal_partner_id"]
    return found


class PartnerQuerySet(models.QuerySet["Partner"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The one definition of tenancy: vendor staff see every partner or those they own, partner users their firm."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_vendor:
            return self.filter(owner_id=user.pk) if user.sees_own_partners_only else self
        return self.filter(pk=partner_id_of(user))

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
    channel = models.CharField(
        _("preferred channel"),
        max_length=10,
        choices=Channel,
        blank=True,
        help_text=_("How the partner likes contact"),
    )
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
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_vendor:
            return self.filter(partner__owner_id=user.pk) if user.sees_own_partners_only else self
        return self.filter(partner_id=partner_id_of(user))


class PartnerFactQuerySet(PartnerOwnedQuerySet, FactQuerySet):
    """Facts about one partner."""


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=40, unique=True)

    portal_rows = "true"  # the same for every partner

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
    channel = models.CharField(_("preferred channel"), max_length=10, choices=Channel, blank=True)
    left_on = models.DateField(_("left the company on"), null=True, blank=True)

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name"]
        indexes = [models.Index(fields=["partner", "name"], name="contact_partner")]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(PartnerOwnedQuerySet):
    def current(self) -> Self:
        """Those that open the portal now: neither ended, nor of a disabled person, nor of an archived partner.

        Somebody who came to work for the vendor has no seat any more, whatever is left of it.
        """
        theirs = self.filter(ended_at__isnull=True, user__role__in=PARTNER_ROLES)
        return theirs.filter(user__is_active=True, partner__archived_at__isnull=True)


class Membership(Entity):
    """A person's seat in the portal: one user, one partner at a time. A person who moves keeps the account."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="membership")
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="memberships")  # part of the partner
    contact = models.OneToOneField(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="membership"
    )  # what the vendor knows of this person
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("portal user")
        verbose_name_plural = _("portal users")

    def __str__(self) -> str:
        return f"{self.user} @ {self.partner}"


class PortalDay(models.Model):
    """A day on which one of a partner's people used the portal: what the measures of portal use count, and no more."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="portal_days")  # part of the partner
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")  # so are its days
    day = models.DateField(_("day"))
    known_at = models.DateTimeField(editable=False)

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("day in the portal")
        verbose_name_plural = _("days in the portal")
        constraints = [models.UniqueConstraint(fields=["partner", "day", "user"], name="portal_day_once")]

    def __str__(self) -> str:
        return f"{self.user}, {self.day}"


class InvitationQuerySet(PartnerOwnedQuerySet):
    def open(self, at: datetime) -> Self:
        """Those neither accepted nor revoked, whose time is not over."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=at)

    def working(self, at: datetime) -> Self:
        """Open ones that let somebody in now: the partner is not archived, and who sent it may still invite."""
        colleague = Q(invited_by__role__in=EDITOR_ROLES)
        administrator = Q(
            invited_by__role=Role.PARTNER_ADMIN,
            invited_by__membership__partner=F("partner"),
            invited_by__membership__ended_at__isnull=True,
        )
        return self.open(at).filter(
            colleague | administrator, invited_by__is_active=True, partner__archived_at__isnull=True
        )


class Invitation(Entity):
    """A one-time link that lets a person at a partner open an account. Only the digest of its secret is stored."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="invitations")  # part of the partner
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitations"
    )  # an invitation may go to somebody not listed yet
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(
        _("role"),
        max_length=20,
        choices=[(role.value, role.label) for role in Role if role in PARTNER_ROLES],
        default=Role.PARTNER_SELLER,
    )
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(_("works until"))
    sent_at = models.DateTimeField(_("sent"))
    times_sent = models.PositiveSmallIntegerField(default=1)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                F("partner"),
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.partner}"

    def is_open(self, at: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > at


class SharingRule(models.Model):
    """What the vendor shares with all partners, topic by topic; an administrator decides (ux.md 2.5)."""

    class Topic(models.TextChoices):
        HEALTH = "health", _("Health: the band in words and the shared signals")
        HEALTH_NUMBER = "health_number", _("Health: the number too")
        SALES = "sales", _("Sales as we see them")
        MEETINGS = "meetings", _("Meetings and decisions")
        PROMISES = "promises", _("Our promises, kept and missed")
        FILES = "files", _("Files")
        NEWS = "news", _("News")

    topic = models.CharField(_("topic"), max_length=20, choices=Topic, unique=True)
    shared = models.BooleanField(_("shared with partners"), default=True)

    portal_rows = "true"  # the same for every partner

    class Meta:
        verbose_name = _("sharing rule")
        verbose_name_plural = _("sharing rules")

    def __str__(self) -> str:
        return self.get_topic_display()


class IdentityProviderQuerySet(PartnerOwnedQuerySet):
    def open(self) -> Self:
        """Those that people can log in through now."""
        return self.filter(enabled=True, partner__archived_at__isnull=True)


class IdentityProvider(Entity):
    """One partner's own log-in (OpenID Connect or SAML). It speaks for that partner and its verified domains only."""

    class Kind(models.TextChoices):
        OIDC = "oidc", _("OpenID Connect")
        SAML = "saml", _("SAML 2.0")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="providers")  # part of the partner
    kind = models.CharField(_("protocol"), max_length=4, choices=Kind)
    name = models.CharField(_("name"), max_length=80, help_text=_("As people at the partner call it"))
    issuer = models.CharField(
        _("issuer"),
        max_length=500,
        help_text=_("OpenID Connect: the issuer's address. SAML: the entity id, read from the metadata."),
    )
    client_id = models.CharField(_("client id"), max_length=200, blank=True)
    sealed_secret = models.TextField(blank=True, editable=False)
    metadata = models.TextField(_("SAML metadata"), max_length=65_536, blank=True)
    enabled = models.BooleanField(_("enabled"), default=False)
    sso_only = models.BooleanField(
        _("the only way in"),
        default=False,
        help_text=_("This partner's people cannot log in with a password or passkey, nor reset a password."),
    )

    objects = IdentityProviderQuerySet.as_manager()
    portal_rows = "partner_id = NULLIF(current_setting('prm.partner_id', true), '')::bigint"  # and never written there

    class Meta:
        verbose_name = _("log-in provider")
        verbose_name_plural = _("log-in providers")
        constraints = [models.UniqueConstraint(fields=["issuer", "client_id"], name="provider_once")]

    def __str__(self) -> str:
        return self.name


class VerifiedDomainQuerySet(PartnerOwnedQuerySet):
    def verified(self) -> Self:
        return self.filter(verified_at__isnull=False)


class VerifiedDomain(Entity):
    """A mail domain of which an administrator has checked that it belongs to the partner."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="domains")  # part of the partner
    domain = models.CharField(_("domain"), max_length=253, unique=True, help_text=_("As after the @: example.com"))
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    objects = VerifiedDomainQuerySet.as_manager()
    portal_rows = "partner_id = NULLIF(current_setting('prm.partner_id', true), '')::bigint"  # and never written there

    class Meta:
        verbose_name = _("mail domain")
        verbose_name_plural = _("mail domains")

    def __str__(self) -> str:
        return self.domain


class ExternalIdentity(Entity):
    """Who a person is at a provider: the account's key there is (provider, subject), never an address (R34)."""

    provider = models.ForeignKey(
        IdentityProvider, on_delete=models.CASCADE, related_name="identities"
    )  # without the provider it opens nothing
    subject = models.CharField(_("subject"), max_length=255)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities"
    )  # part of the person
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("external identity")
        verbose_name_plural = _("external identities")
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="identity_subject_once"),
            models.UniqueConstraint(fields=["provider", "user"], name="identity_user_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} @ {self.provider}"


class SpentAssertion(models.Model):
    """A SAML assertion that has been used; its digest is kept until it would have expired by itself."""

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="+")  # part of the provider
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("spent assertion")
        verbose_name_plural = _("spent assertions")
        constraints = [models.UniqueConstraint(fields=["provider", "digest"], name="assertion_once")]

    def __str__(self) -> str:
        return self.digest
