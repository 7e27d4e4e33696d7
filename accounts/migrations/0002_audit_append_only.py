"""The audit trail refuses UPDATE, DELETE and TRUNCATE in the database itself (reliability E17, E18, P46)."""

from django.db import migrations

POSTGRES = [
    """CREATE FUNCTION accounts_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$""",
    """CREATE TRIGGER accounts_audit_rows BEFORE UPDATE OR DELETE ON accounts_auditentry
       FOR EACH ROW EXECUTE FUNCTION accounts_audit_refuse()""",
    """CREATE TRIGGER accounts_audit_table BEFORE TRUNCATE ON accounts_auditentry
       FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_refuse()""",
]
POSTGRES_BACK = [
    "DROP TRIGGER accounts_audit_rows ON accounts_auditentry",
    "DROP TRIGGER accounts_audit_table ON accounts_auditentry",
    "DROP FUNCTION accounts_audit_refuse()",
]
SQLITE = [
    """CREATE TRIGGER accounts_audit_update BEFORE UPDATE ON accounts_auditentry
       BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER accounts_audit_delete BEFORE DELETE ON accounts_auditentry
       BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
]
SQLITE_BACK = ["DROP TRIGGER accounts_audit_update", "DROP TRIGGER accounts_audit_delete"]


def run(editor, *, postgres, sqlite):
    for statement in postgres if editor.connection.vendor == "postgresql" else sqlite:
        editor.execute(statement)


def forwards(apps, editor):
    run(editor, postgres=POSTGRES, sqlite=SQLITE)


def backwards(apps, editor):
    run(editor, postgres=POSTGRES_BACK, sqlite=SQLITE_BACK)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
