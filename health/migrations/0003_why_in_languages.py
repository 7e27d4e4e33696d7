"""The reason beside a score in every language; what was written so far was English.

PostgreSQL changes the column and its texts in one statement; SQLite changes the texts while the column takes any.
"""

from django.db import migrations

import core.fields

TO_JSON = {
    "postgresql": "ALTER TABLE health_healthstate ALTER why TYPE jsonb USING jsonb_build_object('en', why)",
    "sqlite": "UPDATE health_healthstate SET why = json_object('en', why)",
}
TO_TEXT = {
    "postgresql": "ALTER TABLE health_healthstate ALTER why TYPE varchar(300) USING left(coalesce(why ->> 'en', ''), 300)",
    "sqlite": "UPDATE health_healthstate SET why = substr(coalesce(json_extract(why, '$.en'), ''), 1, 300)",
}


def to_json(apps, schema_editor):
    schema_editor.execute(TO_JSON[schema_editor.connection.vendor])


def to_text_on(vendor):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == vendor:
            schema_editor.execute(TO_TEXT[vendor])

    return run


class Migration(migrations.Migration):
    dependencies = [("health", "0002_models_and_guard")]

    operations = [
        migrations.RunPython(to_json, to_text_on("sqlite")),
        migrations.AlterField("healthstate", "why", core.fields.TextInLanguages(blank=True, default=dict)),
        migrations.RunPython(migrations.RunPython.noop, to_text_on("postgresql")),
    ]
