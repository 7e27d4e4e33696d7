from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from accounts import naming, reach
        from partners import checks, queries  # noqa: F401  registers them

        reach.answered_by(queries.PartnersReach())
        for label, rows in queries.NAMES.items():
            naming.named_by(label, rows)
