from django.apps import AppConfig


class EnablementConfig(AppConfig):
    name = "enablement"

    def ready(self) -> None:
        from accounts.naming import named_by
        from enablement import receivers  # noqa: F401  connects them
        from enablement.queries import names

        named_by("enablement.SharedFile", names.file_names, topic="files", may_wait=True)
        named_by("enablement.Notice", names.notice_names, topic="news")
