"""The database cache that holds throttling counters."""

from django.core.management import call_command
from django.db import migrations


def create(apps, editor):
    call_command("createcachetable", database=editor.connection.alias, verbosity=0)


def drop(apps, editor):
    editor.execute("DROP TABLE django_cache")


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
