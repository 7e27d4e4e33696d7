from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        last = [config for config in apps.get_app_configs() if config.models_module][-1]  # then every table is there
        post_migrate.connect(_build_walls, sender=last, dispatch_uid="portal.walls")


def _build_walls(**_about: object) -> None:
    from partners.row_security import build

    build()
