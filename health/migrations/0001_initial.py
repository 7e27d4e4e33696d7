import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("partners", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HealthModelVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("definition", models.JSONField(verbose_name="definition")),
                ("digest", models.CharField(editable=False, max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="what changed and why")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "health model version",
                "verbose_name_plural": "health model versions",
            },
        ),
        migrations.CreateModel(
            name="BacktestRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("parameters", models.JSONField()),
                ("results", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="health.healthmodelversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "backtest",
                "verbose_name_plural": "backtests",
            },
        ),
        migrations.CreateModel(
            name="HealthRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_at", models.DateTimeField(db_index=True)),
                ("requested_at", models.DateTimeField()),
                (
                    "partner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="health_request",
                        to="partners.partner",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HealthRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("known_cutoff", models.DateTimeField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("daily", "Daily run"),
                            ("event", "After an event"),
                            ("late_data", "Late data"),
                            ("history", "History"),
                            ("manual", "By hand"),
                        ],
                        default="daily",
                        max_length=12,
                    ),
                ),
                ("whole", models.BooleanField(default=True)),
                ("connected", models.JSONField(default=list)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("summary", models.JSONField(blank=True, default=dict)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="health.healthmodelversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "health run",
                "verbose_name_plural": "health runs",
            },
        ),
        migrations.CreateModel(
            name="HealthChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("partner_ids", models.JSONField()),
                ("claimed_until", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("found", models.JSONField(default=dict)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="health.healthrun"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HealthSnapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("known_cutoff", models.DateTimeField()),
                (
                    "run_reason",
                    models.CharField(
                        choices=[
                            ("daily", "Daily run"),
                            ("event", "After an event"),
                            ("late_data", "Late data"),
                            ("history", "History"),
                            ("manual", "By hand"),
                        ],
                        default="daily",
                        max_length=12,
                    ),
                ),
                ("stage", models.CharField(max_length=20)),
                ("score", models.DecimalField(decimal_places=4, max_digits=7)),
                ("model_score", models.DecimalField(decimal_places=4, max_digits=7)),
                ("coverage", models.DecimalField(decimal_places=4, max_digits=5)),
                ("breadth", models.DecimalField(decimal_places=4, max_digits=5)),
                (
                    "confidence",
                    models.CharField(
                        choices=[
                            ("high", "High"),
                            ("medium", "Medium"),
                            ("low", "Low"),
                            ("insufficient", "Not enough data"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "raw_band",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "Thriving"),
                            ("B", "Healthy"),
                            ("C", "Watch"),
                            ("D", "At risk"),
                            ("E", "Critical"),
                            ("", "Not enough data"),
                        ],
                        max_length=1,
                    ),
                ),
                (
                    "published_band",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "Thriving"),
                            ("B", "Healthy"),
                            ("C", "Watch"),
                            ("D", "At risk"),
                            ("E", "Critical"),
                            ("", "Not enough data"),
                        ],
                        max_length=1,
                    ),
                ),
                ("detail", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="snapshots",
                        to="health.healthmodelversion",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="health_snapshots",
                        to="partners.partner",
                    ),
                ),
            ],
            options={
                "verbose_name": "health snapshot",
                "verbose_name_plural": "health snapshots",
            },
        ),
        migrations.CreateModel(
            name="HealthState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("known_cutoff", models.DateTimeField()),
                ("score", models.DecimalField(decimal_places=4, max_digits=7)),
                (
                    "band",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "Thriving"),
                            ("B", "Healthy"),
                            ("C", "Watch"),
                            ("D", "At risk"),
                            ("E", "Critical"),
                            ("", "Not enough data"),
                        ],
                        max_length=1,
                    ),
                ),
                ("band_since", models.DateField()),
                (
                    "confidence",
                    models.CharField(
                        choices=[
                            ("high", "High"),
                            ("medium", "Medium"),
                            ("low", "Low"),
                            ("insufficient", "Not enough data"),
                        ],
                        max_length=12,
                    ),
                ),
                ("coverage", models.DecimalField(decimal_places=4, max_digits=5)),
                ("breadth", models.DecimalField(decimal_places=4, max_digits=5)),
                ("change_30", models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                ("change_90", models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                ("spark", models.JSONField(default=list)),
                ("why", models.CharField(blank=True, max_length=300)),
                ("counters", models.JSONField(default=dict)),
                ("updated_at", models.DateTimeField()),
                (
                    "partner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="health", to="partners.partner"
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="health.healthsnapshot",
                    ),
                ),
            ],
            options={
                "verbose_name": "published health",
                "verbose_name_plural": "published health",
            },
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "target",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="score",
                    ),
                ),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("starts_at", models.DateTimeField()),
                ("ends_on", models.DateField(verbose_name="until")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="health_overrides",
                        to="partners.partner",
                    ),
                ),
            ],
            options={
                "verbose_name": "health override",
                "verbose_name_plural": "health overrides",
            },
        ),
        migrations.CreateModel(
            name="RhythmFit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("known_cutoff", models.DateTimeField()),
                ("parameters", models.JSONField()),
                ("partners", models.PositiveIntegerField()),
                ("fitted", models.BooleanField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rhythm_fits",
                        to="health.healthmodelversion",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="healthrun",
            name="fit",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="health.rhythmfit"
            ),
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("band", "Fell to at risk"),
                            ("drop", "Score fell"),
                            ("exception", "Exception raised"),
                            ("coverage", "Too little data"),
                        ],
                        max_length=10,
                    ),
                ),
                ("opened_on", models.DateField()),
                ("notified_on", models.DateField()),
                ("closed_on", models.DateField(blank=True, null=True)),
                ("seen_on", models.DateField()),
                ("off_runs", models.PositiveSmallIntegerField(default=0)),
                ("severity", models.PositiveSmallIntegerField(default=1)),
                ("data", models.JSONField(default=dict)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="health_alerts", to="partners.partner"
                    ),
                ),
            ],
            options={
                "verbose_name": "health alert",
                "verbose_name_plural": "health alerts",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_on__isnull", True)),
                        fields=("partner", "kind"),
                        name="alert_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Applicability",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("signal", models.CharField(max_length=60, verbose_name="signal")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("starts_at", models.DateTimeField()),
                ("known_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("known_ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="not_applicable",
                        to="partners.partner",
                    ),
                ),
            ],
            options={
                "verbose_name": "signal that does not apply",
                "verbose_name_plural": "signals that do not apply",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("partner", "signal"),
                        name="not_applicable_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ExceptionFlag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "key",
                    models.CharField(
                        choices=[
                            ("notice_received", "Notice received"),
                            ("compliance_breach", "Compliance breach"),
                            ("escalation_overdue", "Escalation overdue"),
                            ("payment_dispute", "Payment dispute"),
                            ("sponsor_departed", "Sponsor departed"),
                            ("renewal_unprepared", "Renewal unprepared"),
                            ("strategy_conflict", "Strategy conflict"),
                        ],
                        max_length=30,
                        verbose_name="exception",
                    ),
                ),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("raised_at", models.DateTimeField()),
                ("known_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("known_cleared_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cleared_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="health_exceptions",
                        to="partners.partner",
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "health exception",
                "verbose_name_plural": "health exceptions",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cleared_at__isnull", True)),
                        fields=("partner", "key"),
                        name="exception_one_open",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="healthmodelversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "active")), fields=("status",), name="health_model_one_active"
            ),
        ),
        migrations.AddConstraint(
            model_name="healthchunk",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="health_chunk_once"),
        ),
        migrations.AddConstraint(
            model_name="healthsnapshot",
            constraint=models.UniqueConstraint(
                fields=("partner", "as_of", "known_cutoff", "model"), name="health_snapshot_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="healthsnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__gte", 0), ("score__lte", 100)), name="health_score_range"
            ),
        ),
        migrations.AddIndex(
            model_name="healthstate",
            index=models.Index(fields=["score", "partner"], name="health_state_score"),
        ),
        migrations.AddIndex(
            model_name="healthstate",
            index=models.Index(fields=["band", "score"], name="health_state_band"),
        ),
        migrations.AddIndex(
            model_name="healthstate",
            index=models.Index(fields=["change_30", "partner"], name="health_state_change"),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__gte", 0), ("target__lte", 100)), name="override_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("partner",), name="override_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="rhythmfit",
            constraint=models.UniqueConstraint(fields=("model", "as_of", "known_cutoff"), name="rhythm_fit_once"),
        ),
        migrations.AddIndex(
            model_name="healthrun",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)), fields=["as_of"], name="health_run_open"
            ),
        ),
        migrations.AddIndex(
            model_name="healthrun",
            index=models.Index(condition=models.Q(("whole", True)), fields=["model", "as_of"], name="health_run_day"),
        ),
        migrations.AddConstraint(
            model_name="healthrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("whole", True)), fields=("model", "as_of", "known_cutoff"), name="health_run_once"
            ),
        ),
    ]
