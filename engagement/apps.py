from django.apps import AppConfig


class EngagementConfig(AppConfig):
    name = "engagement"

    def ready(self) -> None:
        from accounts.naming import named_by
        from engagement import receivers  # noqa: F401  connects them
        from engagement.queries import names

        named_by("engagement.Meeting", names.meeting_names, topic="meetings")
        named_by("engagement.Commitment", names.commitment_names, topic="meetings")
