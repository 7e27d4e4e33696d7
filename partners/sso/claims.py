"""What a provider says about a person, and the one error of both protocols."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.errors import DomainError

SKEW_SECONDS = 60  # clocks of two firms differ


@dataclass(frozen=True)
class Claims:
    """`email` is empty when the provider does not vouch for one."""

    subject: str
    email: str = ""
    name: str = ""


class SsoRefusedError(DomainError):
    """The log-in did not succeed. `reason` is for the log and for tests; people read one and the same sentence."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(
            message or _("Your company's log-in gave no answer we can accept. Try again; if it persists, tell your IT.")
        )
        self.reason = reason


class ProviderDownError(SsoRefusedError):
    """The provider did not answer, or not in time."""

    def __init__(self) -> None:
        super().__init__(
            "provider_down",
            _("Your company's log-in does not answer at the moment. Try again in a few minutes."),
        )
