"""Users, roles, API tokens and the audit trail."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken


class Role(models.TextChoices):
    ADMIN = "admin", _("Administrator")
    LEAD = "lead", _("Lead")
    MANAGER = "partner_manager", _("Partner manager")
    VIEWER = "viewer", _("Viewer")
    PARTNER_ADMIN = "partner_admin", _("Partner administrator")
    PARTNER_MEMBER = "partner_member", _("Partner member")


STAFF_ROLES = frozenset({Role.ADMIN, Role.LEAD, Role.MANAGER, Role.VIEWER})
EDITOR_ROLES = frozenset({Role.ADMIN, Role.LEAD, Role.MANAGER})
PARTNER_ROLES = frozenset({Role.PARTNER_ADMIN, Role.PARTNER_MEMBER})


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, role=Role.ADMIN, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in by e-mail. The role says what they may do; a partner role needs a Membership (partners)."""

    class Appearance(models.TextChoices):
        SYSTEM = "system", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.VIEWER)
    is_active = models.BooleanField(_("active"), default=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    language = models.CharField(_("language"), max_length=10, default="en")
    appearance = models.CharField(_("appearance"), max_length=10, choices=Appearance, default=Appearance.SYSTEM)
    shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    daily_digest = models.BooleanField(_("one reminder mail a day instead of single mails"), default=True)
    is_demo = models.BooleanField(default=False, editable=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_vendor(self) -> bool:
        """Works for the vendor (any staff role)."""
        return self.role in STAFF_ROLES

    @property
    def may_edit(self) -> bool:
        return self.role in EDITOR_ROLES

    @property
    def may_lead(self) -> bool:
        """May change rules that touch everybody: models, overrides, publishing."""
        return self.role in {Role.ADMIN, Role.LEAD}

    @property
    def is_staff(self) -> bool:
        """May open the Django admin."""
        return self.is_active and self.role == Role.ADMIN

    @property
    def is_superuser(self) -> bool:  # type: ignore[override]  # the role is the only source of the right
        return self.is_staff

    @property
    def initials(self) -> str:
        parts = (self.name or self.email).split()
        return "".join(part[0] for part in parts[:2]).upper()


class ApiToken(AbstractAuthToken):
    """A hashed, scoped, expiring API token. Only its digest is stored; it is shown once."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.READ)
    last_used_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Who did what: one row per act of the business, append-only (a trigger refuses update and delete)."""

    at = models.DateTimeField()
    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=60, blank=True)
    object_uid = models.CharField(max_length=60, blank=True)
    partner_uid = models.UUIDField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["partner_uid", "-at"], name="audit_partner"),
            models.Index(fields=["-at"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
