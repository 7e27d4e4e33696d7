"""Who was erased and must not come back by an import, an invitation or single sign-on."""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction

from accounts.models import SuppressedPerson
from accounts.services.audit import keyed


def address_digests(email: str) -> list[str]:
    """The keyed hashes an address may be listed under: the present key first, then those of `SECRET_KEY_FALLBACKS`."""
    return [keyed("suppressed", email.strip().lower(), key) for key in settings.PRIVACY_KEYS]


def is_suppressed(email: str) -> bool:
    """Whether this person was erased and must not be listed, invited, imported or signed in again."""
    return bool(email.strip()) and SuppressedPerson.objects.filter(digest__in=address_digests(email)).exists()


@transaction.atomic
def suppress(emails: Iterable[str]) -> None:
    """Remember that these addresses must not come back."""
    for email in {email.strip().lower() for email in emails} - {""}:
        SuppressedPerson.objects.get_or_create(digest=address_digests(email)[0])
