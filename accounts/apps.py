from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and access")

    def ready(self) -> None:
        from accounts import checks, receivers, second_step, sessions  # noqa: F401  connects them

        sessions.connect()
        second_step.connect()
        # The headings of the administration: the log-in's own rooms are called "Accounts" and "MFA" by their makers.
        apps.get_app_config("account").verbose_name = _("Log-in addresses")
        apps.get_app_config("mfa").verbose_name = _("Second factors")
