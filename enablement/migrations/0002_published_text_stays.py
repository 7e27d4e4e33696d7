"""What partners were told stays as they were told it: the database refuses to change a published notice."""

from django.db import migrations

TEXT = "title, body, kind, impact, what_follows, decided_on, audience, tiers, needs_acknowledgement, corrects_id, published_at"
POSTGRES = [
    """CREATE FUNCTION enablement_notice_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'a published notice stays as it is'; END $$""",
    f"""CREATE TRIGGER enablement_notice_text BEFORE UPDATE OF {TEXT} ON enablement_notice
       FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION enablement_notice_refuse()""",
]
POSTGRES_BACK = [
    "DROP TRIGGER enablement_notice_text ON enablement_notice",
    "DROP FUNCTION enablement_notice_refuse()",
]
SQLITE = [
    f"""CREATE TRIGGER enablement_notice_text BEFORE UPDATE OF {TEXT} ON enablement_notice
       WHEN OLD.published_at IS NOT NULL
       BEGIN SELECT RAISE(ABORT, 'a published notice stays as it is'); END""",
]
SQLITE_BACK = ["DROP TRIGGER enablement_notice_text"]


def run(editor, *, postgres, sqlite):
    for statement in postgres if editor.connection.vendor == "postgresql" else sqlite:
        editor.execute(statement)


def forwards(apps, editor):
    run(editor, postgres=POSTGRES, sqlite=SQLITE)


def backwards(apps, editor):
    run(editor, postgres=POSTGRES_BACK, sqlite=SQLITE_BACK)


class Migration(migrations.Migration):
    dependencies = [("enablement", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
