"""What was sold through whom: deals, revenue entries, exchange rates, and the imports that brought them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Entity, Fact
from partners.models import Partner, PartnerFactQuerySet, PartnerOwnedQuerySet


class ImportRun(Entity):
    """One run of an import: what came in, what was refused, how far the dates were shifted."""

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped half-way")

    file_name = models.CharField(max_length=255)
    map_name = models.CharField(max_length=255)
    source = models.CharField(max_length=60)
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    lines = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    dates_moved = models.BooleanField(default=False)
    shift_days = models.IntegerField(default=0)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name


class RevenueEntry(Fact):
    """One invoice (sale) or its reversal, attributed to a partner. `amount_minor` is signed."""

    class Kind(models.TextChoices):
        SALE = "sale", _("Sale")
        REVERSAL = "reversal", _("Reversal")

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="revenue", db_index=False)
    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SALE)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=60, blank=True)
    lines = models.PositiveIntegerField(default=1)

    objects = PartnerFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("revenue entry")
        verbose_name_plural = _("revenue entries")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=Q(superseded_at__isnull=True),
                name="revenue_external_id_once",
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="revenue_currency_iso"),
            models.CheckConstraint(
                condition=Q(kind="sale", amount_minor__gte=0) | Q(kind="reversal", amount_minor__lte=0),
                name="revenue_sign_follows_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "occurred_at"], name="revenue_partner_when"),
            # When the data of a source begins: coverage of a window (queries.first_days).
            models.Index(fields=["source", "occurred_at"], name="revenue_source_when"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class Deal(Entity):
    """An opportunity with or through a partner. `known_closed_at` is when this database learned how it ended."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="deals")
    name = models.CharField(_("name"), max_length=160)
    customer = models.CharField(_("customer"), max_length=160)
    value_minor = models.BigIntegerField(_("value"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    joint = models.BooleanField(_("sold together"), default=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    opened_on = models.DateField(_("opened"))
    expected_on = models.DateField(_("expected close"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    known_closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("deal")
        verbose_name_plural = _("deals")
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | (~Q(status="open") & Q(closed_at__isnull=False, known_closed_at__isnull=False)),
                name="deal_closed_has_date",
            )
        ]
        indexes = [models.Index(fields=["partner", "closed_at"], name="deal_partner_closed")]

    def __str__(self) -> str:
        return self.name


class ExchangeRate(models.Model):
    """Units of the reporting currency for one unit of `currency`, valid from `valid_on` until the next row."""

    currency = models.CharField(_("currency"), max_length=3)
    valid_on = models.DateField(_("valid from"))
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8)
    source = models.CharField(_("source"), max_length=120, blank=True)
    known_at = models.DateTimeField()

    portal_rows = "true"  # the same for every partner

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        constraints = [
            models.UniqueConstraint(fields=["currency", "valid_on"], name="rate_once_a_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.valid_on}"
