"""Erase a person by the register: rows that are theirs go, names become a pseudonym, texts lose the name."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import EmailField, FileField, JSONField, Model, QuerySet
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

from accounts.models import SuppressedPerson, User
from accounts.services import address_digests, record, suppress
from core import clock
from core.errors import DomainError
from core.models import Outbox
from partners.models import Contact, Membership, Partner
from privacy.models import ErasureLog, ErasureRequest
from privacy.queries import Person, every, mentions, model_of, pattern_of, rows_about, whole_person
from privacy.register import REGISTER, Erase

log = structlog.get_logger(__name__)


@transaction.atomic
def erase(*, person: Person, actor: User | None, pseudonym: str = "", at: datetime | None = None) -> ErasureLog:
    """Erase a person everywhere, remember how to do it again, and let nobody bring them back. Cannot be undone."""
    if not person.exists:
        raise DomainError(_("Nobody is known by this address."))
    if actor is not None and actor.pk in person.user_ids:
        raise DomainError(_("You cannot erase yourself; ask another administrator."))
    pseudonym = pseudonym or secrets.token_hex(4)
    counts = _cut_names(person, pseudonym)
    _stop_mails(person)
    _end_log_ins(person)
    for label, table in REGISTER.items():
        rows = rows_about(person, label)
        if table.about.gone:
            number = _delete(rows)
        else:
            number = _overwrite(rows, label, pseudonym)
        if number:
            counts[label] = counts.get(label, 0) + number
    suppress(person.emails)
    entry, _created = ErasureLog.objects.update_or_create(
        pseudonym=pseudonym,
        defaults={
            "at": at or clock.now(),
            "digests": [address_digests(email)[0] for email in person.emails],
            "users": [str(user.uid) for user in person.users],
            "contacts": [str(contact.uid) for contact in person.contacts],
            "counts": counts,
            "actor": actor,
        },
    )
    requests = ErasureRequest.objects.filter(user__in=person.user_ids, status=ErasureRequest.Status.OPEN)
    requests.update(status=ErasureRequest.Status.DONE, decided_at=clock.now(), decided_by=actor)
    subject = next(iter((*person.contacts, *person.users)), None)
    record("privacy.person_erased", subject, actor=actor, partner_uid=_firm(person), rows=sum(counts.values()))
    transaction.on_commit(partial(_write_down, entry))
    return entry


def replay() -> int:
    """Erase again whoever a restore brought back; returns how many. By the database's log and the file beside it."""
    again = 0
    people = _people_by_digest()
    for entry in _entries():
        wanted = set(entry["digests"])
        emails = [email for digest, email in people if digest in wanted]
        at = datetime.fromisoformat(entry["at"])  # who was let back in later, on purpose, is left alone
        users = list(User.objects.filter(uid__in=entry["users"]))
        users += [user for user in _by_address(User, emails) if user.date_joined <= at]
        contacts = list(Contact.objects.filter(uid__in=entry["contacts"]))
        contacts += [contact for contact in _by_address(Contact, emails) if contact.created_at <= at]
        person = whole_person(users, contacts)
        if _is_back(person, entry["pseudonym"]):
            erase(person=person, actor=None, pseudonym=entry["pseudonym"], at=at)
            again += 1
        _remember(entry)
    return again


def _cut_names(person: Person, pseudonym: str) -> dict[str, int]:
    """Take the person's names, addresses and numbers out of the texts others wrote; returns rows per table."""
    pattern = pattern_of([*person.names, *person.emails, *person.numbers])
    counts: dict[str, int] = {}
    if pattern is None:
        return counts
    instead = f"[erased {pseudonym}]"
    for label in REGISTER:
        model = model_of(label)
        for mention in list(mentions(person, label)):
            cut = {
                name: _fit(_without(value, pattern, instead), model._meta.get_field(name))
                for name, value in mention.texts.items()
            }
            every(label).filter(pk=mention.pk).update(**cut)
            counts[label] = counts.get(label, 0) + 1
    return counts


def _without(value: Any, pattern: Any, instead: str) -> Any:
    if isinstance(value, str):
        return pattern.sub(instead, value)
    if isinstance(value, list):
        return [_without(one, pattern, instead) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, pattern, instead) for key, one in value.items()}
    return value


def _stop_mails(person: Person) -> None:
    """What is still owed to the person is not sent."""
    rows = rows_about(person, "core.Outbox").filter(status__in=[Outbox.Status.DUE, Outbox.Status.FAILED])
    rows.update(status=Outbox.Status.CANCELLED)


def _end_log_ins(person: Person) -> None:
    for user in person.users:
        close_doors(user)
    Partner.objects.filter(owner__in=person.user_ids).update(owner=None)  # nobody turns to a pseudonym


def close_doors(user: User) -> None:
    """No session, password or seat opens anything any more. Tokens, second factors and feeds are deleted apart."""
    ids = {str(user.pk)}
    for session in Session.objects.filter(expire_date__gt=clock.now()).iterator(chunk_size=500):
        if session.get_decoded().get("_auth_user_id") in ids:
            session.delete()
    user.set_unusable_password()
    user.is_active = False
    user.save(update_fields=["password", "is_active"])
    Membership.objects.filter(user_id=user.pk, ended_at__isnull=True).update(ended_at=clock.now())


def _delete(rows: QuerySet[Model]) -> int:
    """Delete rows with the files they name, once it is certain that they go."""
    number = 0
    for row in rows:
        for one in row._meta.concrete_fields:
            if isinstance(one, FileField) and (file := getattr(row, one.attname)):
                transaction.on_commit(partial(_remove, file))
        row.delete()
        number += 1
    return number


def _remove(file: FieldFile) -> None:
    file.storage.delete(str(file.name))


def _overwrite(rows: QuerySet[Model], label: str, pseudonym: str) -> int:
    table, model = REGISTER[label], model_of(label)
    named = [model._meta.get_field(name) for name in table.named(Erase.PSEUDONYM)]
    blank = {name: empty_value(model._meta.get_field(name)) for name in table.named(Erase.BLANK)}
    if not named and not blank:
        return 0
    keys = list(rows.values_list("pk", flat=True))
    for place, key in enumerate(keys):
        suffix = pseudonym if place == 0 else f"{pseudonym}-{place}"
        values = {one.name: _pseudonym(one, suffix) for one in named}
        every(label).filter(pk=key).update(**values, **blank)
    return len(keys)


def _pseudonym(one: Any, suffix: str) -> str:
    return f"erased-{suffix}@erased.invalid" if isinstance(one, EmailField) else f"Erased {suffix}"


def empty_value(one: Any) -> Any:
    """What an emptied field holds: nothing if it may, else what a new row would have."""
    if one.null:
        return None
    if one.has_default():
        return one.get_default()
    return [] if isinstance(one, JSONField) else ""


def _fit(value: Any, one: Any) -> Any:
    limit = getattr(one, "max_length", None)
    return value[:limit] if isinstance(value, str) and limit else value


def _firm(person: Person) -> Any:
    return next((contact.partner.uid for contact in person.contacts), None) or next(
        (seat.partner.uid for seat in Membership.objects.filter(user__in=person.user_ids).select_related("partner")),
        None,
    )


# --- the log that outlives a restore ------------------------------------------------------


def _write_down(entry: ErasureLog) -> None:
    """One line in a file outside the database, readable by nobody else: a restored database has an old log."""
    line = json.dumps(
        {
            "at": entry.at.isoformat(),
            "pseudonym": entry.pseudonym,
            "digests": entry.digests,
            "users": entry.users,
            "contacts": entry.contacts,
        }
    )
    try:
        number = os.open(settings.ERASURE_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(number, "a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError as error:
        log.warning("erasure_not_written_down", pseudonym=entry.pseudonym, problem=type(error).__name__)


def _entries() -> Iterator[dict[str, Any]]:
    """All erasures, each once, from the file and from the database."""
    found: dict[str, dict[str, Any]] = {}
    if settings.ERASURE_LOG.exists():
        for line in settings.ERASURE_LOG.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found[entry["pseudonym"]] = entry
    for row in ErasureLog.objects.order_by("at", "id"):
        found[row.pseudonym] = {
            "at": row.at.isoformat(),
            "pseudonym": row.pseudonym,
            "digests": row.digests,
            "users": row.users,
            "contacts": row.contacts,
        }
    yield from found.values()


def _people_by_digest() -> list[tuple[str, str]]:
    emails = set(User.objects.values_list("email", flat=True)) | set(
        Contact.objects.exclude(email="").values_list("email", flat=True)
    )
    return [(digest, email.strip().lower()) for email in emails for digest in address_digests(email)]


def _by_address(model: type[Any], emails: list[str]) -> list[Any]:
    return [row for email in emails for row in model.objects.filter(email__iexact=email)]


def _is_back(person: Person, pseudonym: str) -> bool:
    """Whether any name is not the pseudonym: nothing is done twice."""
    mark = f"Erased {pseudonym}"
    return any(not name.startswith(mark) for name in person.called)


def _remember(entry: dict[str, Any]) -> None:
    """The database knows again whom it must not let back, even when no row of the person came back."""
    for digest in entry["digests"]:
        SuppressedPerson.objects.get_or_create(digest=digest)
    fields = {name: entry[name] for name in ("digests", "users", "contacts")}
    ErasureLog.objects.get_or_create(
        pseudonym=entry["pseudonym"], defaults={"at": datetime.fromisoformat(entry["at"]), **fields}
    )
