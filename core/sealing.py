"""Secrets that must be read again (client secrets, one-time-code seeds), sealed with keys derived from SECRET_KEY.

What need not be read again is stored as a digest instead. Former keys in SECRET_KEY_FALLBACKS still open old seals.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class BrokenSealError(Exception):
    """Sealed with a key that is no longer known, for another purpose, too old, or changed since."""


def seal(text: str, *, purpose: str) -> str:
    return _fernet(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str, seconds: int | None = None) -> str:
    """The text again; with `seconds`, only if it was sealed no longer ago than that."""
    try:
        return _fernet(purpose).decrypt(sealed.encode(), ttl=seconds).decode()
    except (InvalidToken, UnicodeError):
        raise BrokenSealError from None


def reseal(sealed: str, *, purpose: str) -> str:
    """The same text under the present key."""
    try:
        return _fernet(purpose).rotate(sealed.encode()).decode()
    except InvalidToken:
        raise BrokenSealError from None


def _fernet(purpose: str) -> MultiFernet:
    return MultiFernet([_key(secret, purpose) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str, purpose: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=f"prm {purpose}".encode()).derive(secret.encode())
    return Fernet(urlsafe_b64encode(derived))
