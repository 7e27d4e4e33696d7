"""Health scores as they were computed, the models that computed them, and what people did about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.fields import TextInLanguages
from core.models import Entity
from partners.models import Partner, PartnerOwnedQuerySet


class Band(models.TextChoices):
    A = "A", _("Thriving")
    B = "B", _("Healthy")
    C = "C", _("Watch")
    D = "D", _("At risk")
    E = "E", _("Critical")
    NONE = "", _("Not enough data")


class Confidence(models.TextChoices):
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")
    INSUFFICIENT = "insufficient", _("Not enough data")


class HealthModelQuerySet(models.QuerySet["HealthModelVersion"]):
    def active(self) -> Self:
        return self.filter(status=HealthModelVersion.Status.ACTIVE)


class HealthModelVersion(models.Model):
    """Immutable once published: weights, knots, targets, decay, edges, caps as JSON, with a hash. One is active."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    name = models.CharField(_("name"), max_length=60, unique=True)
    definition = models.JSONField(_("definition"))
    digest = models.CharField(max_length=64, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    note = models.CharField(_("what changed and why"), max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = HealthModelQuerySet.as_manager()

    portal_rows = "true"  # the same for every partner

    class Meta:
        verbose_name = _("health model version")
        verbose_name_plural = _("health model versions")
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="health_model_one_active")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class RhythmFit(models.Model):
    """What is fitted to the installation's own partners as of one day, and stored so that a score can be replayed.

    `parameters`: the four BG/NBD parameters `r, alpha, a, b`, and `typical`, the median net revenue of 365 days in
    minor units of the reporting currency (absent while too few partners trade). `fitted`: false when the shipped
    parameters stand in.
    """

    model = models.ForeignKey(HealthModelVersion, on_delete=models.PROTECT, related_name="rhythm_fits")
    as_of = models.DateField()
    known_cutoff = models.DateTimeField()
    parameters = models.JSONField()
    partners = models.PositiveIntegerField()
    fitted = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "as_of", "known_cutoff"], name="rhythm_fit_once")]

    def __str__(self) -> str:
        return f"{self.as_of}"


class HealthRun(models.Model):
    """One computation as of one day: what was connected, which fit it used, what it found.

    `whole`: for all partners, once per (model, as_of, known_cutoff). The others are for some partners, after an event.
    """

    class Reason(models.TextChoices):
        DAILY = "daily", _("Daily run")
        EVENT = "event", _("After an event")
        LATE_DATA = "late_data", _("Late data")
        HISTORY = "history", _("History")
        MANUAL = "manual", _("By hand")

    model = models.ForeignKey(HealthModelVersion, on_delete=models.PROTECT, related_name="runs")
    as_of = models.DateField()
    known_cutoff = models.DateTimeField()
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.DAILY)
    whole = models.BooleanField(default=True)
    connected = models.JSONField(default=list)
    fit = models.ForeignKey(RhythmFit, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    summary = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("health run")
        verbose_name_plural = _("health runs")
        constraints = [
            models.UniqueConstraint(
                fields=["model", "as_of", "known_cutoff"], condition=Q(whole=True), name="health_run_once"
            )
        ]
        indexes = [
            models.Index(fields=["as_of"], condition=Q(finished_at__isnull=True), name="health_run_open"),
            models.Index(fields=["model", "as_of"], condition=Q(whole=True), name="health_run_day"),
        ]

    def __str__(self) -> str:
        return f"{self.as_of} {self.model_id}"


class HealthChunk(models.Model):
    """A part of a run that any worker may take: some partners, and what was found among them once it is done."""

    run = models.ForeignKey(HealthRun, on_delete=models.CASCADE, related_name="chunks")  # part of the run
    number = models.PositiveIntegerField()
    partner_ids = models.JSONField()
    claimed_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    found = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="health_chunk_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class HealthSnapshot(models.Model):
    """One score of one partner as of the end of one day, with every input: replays bit for bit."""

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="health_snapshots", db_index=False
    )  # part of it
    model = models.ForeignKey(HealthModelVersion, on_delete=models.PROTECT, related_name="snapshots", db_index=False)
    as_of = models.DateField()
    known_cutoff = models.DateTimeField()
    run_reason = models.CharField(max_length=12, choices=HealthRun.Reason, default=HealthRun.Reason.DAILY)
    stage = models.CharField(max_length=20)
    score = models.DecimalField(max_digits=7, decimal_places=4)
    model_score = models.DecimalField(max_digits=7, decimal_places=4)
    coverage = models.DecimalField(max_digits=5, decimal_places=4)
    breadth = models.DecimalField(max_digits=5, decimal_places=4)
    confidence = models.CharField(max_length=12, choices=Confidence)
    raw_band = models.CharField(max_length=1, choices=Band, blank=True)
    published_band = models.CharField(max_length=1, choices=Band, blank=True)
    detail = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("health snapshot")
        verbose_name_plural = _("health snapshots")
        constraints = [
            models.UniqueConstraint(fields=["partner", "as_of", "known_cutoff", "model"], name="health_snapshot_once"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="health_score_range"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.as_of} {self.score}"


class HealthState(models.Model):
    """A partner's published health now: what lists sort by. It only moves forward in (as_of, known_cutoff).

    `spark`: weekly points of the last twelve weeks, oldest first, as [ISO date, score]. `counters`: what hysteresis and
    the alerts remember of the last run.
    """

    partner = models.OneToOneField(Partner, on_delete=models.CASCADE, related_name="health")  # part of the partner
    snapshot = models.ForeignKey(HealthSnapshot, on_delete=models.CASCADE, related_name="+")
    as_of = models.DateField()
    known_cutoff = models.DateTimeField()
    score = models.DecimalField(max_digits=7, decimal_places=4)
    band = models.CharField(max_length=1, choices=Band, blank=True)
    band_since = models.DateField()
    confidence = models.CharField(max_length=12, choices=Confidence)
    coverage = models.DecimalField(max_digits=5, decimal_places=4)
    breadth = models.DecimalField(max_digits=5, decimal_places=4)
    change_30 = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    change_90 = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    spark = models.JSONField(default=list)
    why = TextInLanguages(blank=True, default=dict)
    counters = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    objects = PartnerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("published health")
        verbose_name_plural = _("published health")
        indexes = [
            models.Index(fields=["score", "partner"], name="health_state_score"),
            models.Index(fields=["band", "score"], name="health_state_band"),
            models.Index(fields=["change_30", "partner"], name="health_state_change"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.band} {self.score}"


class AlertQuerySet(PartnerOwnedQuerySet):
    def open(self) -> Self:
        return self.filter(closed_on__isnull=True)


class Alert(Entity):
    """One open question about one partner: at most one open per kind (methods.md 1.7)."""

    class Kind(models.TextChoices):
        BAND = "band", _("Fell to at risk")
        DROP = "drop", _("Score fell")
        EXCEPTION = "exception", _("Exception raised")
        COVERAGE = "coverage", _("Too little data")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="health_alerts")  # part of the partner
    kind = models.CharField(max_length=10, choices=Kind)
    opened_on = models.DateField()
    notified_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)
    seen_on = models.DateField()
    off_runs = models.PositiveSmallIntegerField(default=0)
    severity = models.PositiveSmallIntegerField(default=1)
    data = models.JSONField(default=dict)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("health alert")
        verbose_name_plural = _("health alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "kind"], condition=Q(closed_on__isnull=True), name="alert_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.kind}"


class ExceptionQuerySet(PartnerOwnedQuerySet):
    def open(self) -> Self:
        return self.filter(cleared_at__isnull=True)

    def in_force(self, *, at: datetime, known: datetime) -> Self:
        """Raised before `at` and not cleared by then, as known before `known`."""
        return self.filter(raised_at__lt=at, known_at__lt=known).filter(
            Q(cleared_at__isnull=True) | Q(cleared_at__gte=at) | Q(known_cleared_at__gte=known)
        )


class ExceptionFlag(Entity):
    """A circumstance that caps the score, raised by a person with a reason, until it is cleared (methods.md 1.8)."""

    class Key(models.TextChoices):
        NOTICE = "notice_received", _("Notice received")
        BREACH = "compliance_breach", _("Compliance breach")
        ESCALATION = "escalation_overdue", _("Escalation overdue")
        PAYMENT = "payment_dispute", _("Payment dispute")
        SPONSOR = "sponsor_departed", _("Sponsor departed")
        RENEWAL = "renewal_unprepared", _("Renewal unprepared")
        STRATEGY = "strategy_conflict", _("Strategy conflict")

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="health_exceptions"
    )  # part of the partner
    key = models.CharField(_("exception"), max_length=30, choices=Key)
    reason = models.CharField(_("reason"), max_length=500)
    raised_at = models.DateTimeField()
    known_at = models.DateTimeField()
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    cleared_at = models.DateTimeField(null=True, blank=True)
    known_cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ExceptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("health exception")
        verbose_name_plural = _("health exceptions")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "key"], condition=Q(cleared_at__isnull=True), name="exception_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.key}"


class OverrideQuerySet(PartnerOwnedQuerySet):
    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def in_force(self, *, at: datetime, known: datetime, day: date) -> Self:
        """Set before `at`, running through `day`, and not ended by then, as known before `known`."""
        moment = min(at, known)
        return self.filter(starts_at__lt=moment, ends_on__gte=day).filter(
            Q(ended_at__isnull=True) | Q(ended_at__gte=moment)
        )


class Override(Entity):
    """A score set by hand for a while, with its reason; the computed score is always kept beside it."""

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="health_overrides"
    )  # part of the partner
    target = models.DecimalField(
        _("score"), max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    reason = models.CharField(_("reason"), max_length=500)
    starts_at = models.DateTimeField()
    ends_on = models.DateField(_("until"))
    ended_at = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = OverrideQuerySet.as_manager()

    class Meta:
        verbose_name = _("health override")
        verbose_name_plural = _("health overrides")
        constraints = [
            models.CheckConstraint(condition=Q(target__gte=0, target__lte=100), name="override_range"),
            models.UniqueConstraint(fields=["partner"], condition=Q(ended_at__isnull=True), name="override_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.target}"


class ApplicabilityQuerySet(PartnerOwnedQuerySet):
    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def in_force(self, *, at: datetime, known: datetime) -> Self:
        return self.filter(starts_at__lt=at, known_at__lt=known).filter(
            Q(ended_at__isnull=True) | Q(ended_at__gte=at) | Q(known_ended_at__gte=known)
        )


class Applicability(Entity):
    """A signal that does not apply to a partner for a while (no savings plan, say): its weight is spread (1.5)."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="not_applicable")  # part of the partner
    signal = models.CharField(_("signal"), max_length=60)
    reason = models.CharField(_("reason"), max_length=500)
    starts_at = models.DateTimeField()
    known_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    known_ended_at = models.DateTimeField(null=True, blank=True)

    objects = ApplicabilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("signal that does not apply")
        verbose_name_plural = _("signals that do not apply")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "signal"], condition=Q(ended_at__isnull=True), name="not_applicable_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.signal}"


class HealthRequest(models.Model):
    """A partner whose score should be computed again soon: one row however many events ask (debounced).

    `due_at` stays where the first event put it, `requested_at` moves: an event that comes while the score is computed
    leaves the row behind.
    """

    partner = models.OneToOneField(
        Partner, on_delete=models.CASCADE, related_name="health_request"
    )  # part of the partner
    due_at = models.DateTimeField(db_index=True)
    requested_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.partner_id)


class BacktestRun(models.Model):
    """Parameters and results of one backtest, kept so that a claim can be checked later."""

    model = models.ForeignKey(HealthModelVersion, on_delete=models.PROTECT, related_name="+")
    parameters = models.JSONField()
    results = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("backtest")
        verbose_name_plural = _("backtests")

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"
