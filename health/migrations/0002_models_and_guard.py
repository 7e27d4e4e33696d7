"""Install the shipped model definitions, and let the database itself refuse to change a published one."""

from django.db import migrations

MESSAGE = "a published health model is immutable: make a new version"
POSTGRES = [
    f"""CREATE FUNCTION health_model_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$""",
    """CREATE TRIGGER health_model_frozen BEFORE UPDATE ON health_healthmodelversion FOR EACH ROW
       WHEN (OLD.published_at IS NOT NULL AND (NEW.definition IS DISTINCT FROM OLD.definition
             OR NEW.digest IS DISTINCT FROM OLD.digest OR NEW.name IS DISTINCT FROM OLD.name
             OR NEW.status = 'draft' OR NEW.published_at IS NULL))
       EXECUTE FUNCTION health_model_refuse()""",
    """CREATE TRIGGER health_model_kept BEFORE DELETE ON health_healthmodelversion FOR EACH ROW
       WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION health_model_refuse()""",
]
POSTGRES_BACK = [
    "DROP TRIGGER health_model_frozen ON health_healthmodelversion",
    "DROP TRIGGER health_model_kept ON health_healthmodelversion",
    "DROP FUNCTION health_model_refuse()",
]
SQLITE = [
    f"""CREATE TRIGGER health_model_frozen BEFORE UPDATE ON health_healthmodelversion
       WHEN OLD.published_at IS NOT NULL AND (NEW.definition IS NOT OLD.definition
            OR NEW.digest IS NOT OLD.digest OR NEW.name IS NOT OLD.name
            OR NEW.status = 'draft' OR NEW.published_at IS NULL)
       BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
    f"""CREATE TRIGGER health_model_kept BEFORE DELETE ON health_healthmodelversion
       WHEN OLD.published_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
]
SQLITE_BACK = ["DROP TRIGGER health_model_frozen", "DROP TRIGGER health_model_kept"]


def run(editor, *, postgres, sqlite):
    for statement in postgres if editor.connection.vendor == "postgresql" else sqlite:
        editor.execute(statement)


def install(apps, editor):
    from health.services.versions import install_shipped

    install_shipped(apps.get_model("health", "HealthModelVersion"))


def uninstall(apps, editor):
    apps.get_model("health", "HealthModelVersion").objects.all().delete()


def guard(apps, editor):
    run(editor, postgres=POSTGRES, sqlite=SQLITE)


def unguard(apps, editor):
    run(editor, postgres=POSTGRES_BACK, sqlite=SQLITE_BACK)


class Migration(migrations.Migration):
    dependencies = [("health", "0001_initial")]
    operations = [migrations.RunPython(install, uninstall), migrations.RunPython(guard, unguard)]
