"""One-time ids of forms: the first call stores what it made, a repeat finds it (reliability R46, P14)."""

from __future__ import annotations

import hashlib

from accounts.models import User
from core.models import SubmissionKey


def scoped_key(purpose: str, actor: User, key: str) -> str:
    """The key within one kind of form and one person, so that nobody meets another's result; empty stays empty."""
    return f"{purpose}:{hashlib.sha256(f'{actor.pk}:{key}'.encode()).hexdigest()}" if key else ""


def former_result(key: str) -> str | None:
    """What an earlier call with this key made, or None if this is the first.

    To be called inside the service's transaction, which reserves the key: a second call at the same moment waits for
    the first to commit and then gets its result; a refused call frees the key again.
    """
    if not key:
        return None
    row, created = SubmissionKey.objects.get_or_create(key=key)
    return None if created else row.result or None


def finish_submission(key: str, result: str) -> None:
    """Keep what the call made, in the same transaction."""
    if key:
        SubmissionKey.objects.filter(key=key).update(result=result)
