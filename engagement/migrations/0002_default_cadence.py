"""Install the default cadence of methods.md 6.1; an administrator may change it afterwards."""

from typing import Any

from django.db import migrations

DEFAULTS = (
    ("strategic", "executive", 6, "months"),
    ("strategic", "qbr", 3, "months"),
    ("strategic", "check_in", 2, "weeks"),
    ("gold", "executive", 12, "months"),
    ("gold", "qbr", 3, "months"),
    ("gold", "check_in", 1, "months"),
    ("silver", "qbr", 6, "months"),
    ("silver", "check_in", 3, "months"),
    ("registered", "qbr", 12, "months"),
)


def install(apps: Any, _schema_editor: Any) -> None:
    rule = apps.get_model("engagement", "CadenceRule")
    for tier, kind, every, unit in DEFAULTS:
        rule.objects.get_or_create(tier=tier, kind=kind, defaults={"every": every, "unit": unit})


class Migration(migrations.Migration):
    dependencies = [("engagement", "0001_initial")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
