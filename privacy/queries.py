"""Who a person is across all tables, and which rows are about them, by the register."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.apps import apps
from django.db.models import FileField, ForeignKey, JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.models import User
from partners.models import Contact, Membership, Partner
from partners.row_security import walls
from privacy.register import REGISTER, Erase, Kind, Table

MIN_WORDS = 2
MIN_DIGITS = 6
FOLD = r"(?:\r?\n[ \t])?"  # calendar files break long lines anywhere
MAX_DEPTH = 3
CONTEXT = ("at", "occurred_at", "created_at", "action")  # what makes a row that only points at a person readable


@dataclass(frozen=True)
class Person:
    """One human being: accounts, entries as a contact, and what they are called. Empty when nobody was found."""

    users: tuple[User, ...] = ()
    contacts: tuple[Contact, ...] = ()
    emails: tuple[str, ...] = ()
    partner_ids: tuple[int, ...] = ()

    @property
    def exists(self) -> bool:
        return bool(self.users or self.contacts or self.emails)

    @property
    def user_ids(self) -> list[int]:
        return [user.pk for user in self.users]

    @property
    def contact_ids(self) -> list[int]:
        return [contact.pk for contact in self.contacts]

    @property
    def called(self) -> list[str]:
        return [user.name for user in self.users] + [contact.name for contact in self.contacts]

    @property
    def names(self) -> list[str]:
        """Full names. A single word is left alone: it may be a word of the language or somebody else."""
        found = {" ".join(name.split()) for name in self.called}
        return sorted(name for name in found if len(name.split()) >= MIN_WORDS)

    @property
    def numbers(self) -> list[str]:
        found = {contact.phone.strip() for contact in self.contacts}
        return sorted(phone for phone in found if sum(char.isdigit() for char in phone) >= MIN_DIGITS)


def find_person(who: str) -> Person:
    """By e-mail address, or by the uid of an account or of a contact. Accounts and contacts lead to each other."""
    who = who.strip().lower()
    if "@" in who:
        users = list(User.objects.filter(email__iexact=who))
        users += User.objects.filter(pk__in=EmailAddress.objects.filter(email__iexact=who).values("user"))
        return whole_person(users, Contact.objects.filter(email__iexact=who), [who])
    try:
        uid = UUID(who)
    except ValueError:
        return Person()
    return whole_person(User.objects.filter(uid=uid), Contact.objects.filter(uid=uid))


def whole_person(
    users: Iterable[User], contacts: Iterable[Contact], emails: Iterable[str] = (), *, partner: Partner | None = None
) -> Person:
    """These, and whom they are through their seats in the portal. With `partner`, only what belongs to that partner."""
    user_ids, contact_ids = {user.pk for user in users}, {contact.pk for contact in contacts}
    seats = Membership.objects.filter(Q(user__in=user_ids) | Q(contact__in=contact_ids))
    if partner is not None:
        seats = seats.filter(partner=partner)
    for seat in seats:
        user_ids.add(seat.user_id)
        if seat.contact_id:
            contact_ids.add(seat.contact_id)
    all_users = list(User.objects.filter(pk__in=user_ids).order_by("pk"))
    all_contacts = list(Contact.objects.filter(pk__in=contact_ids).order_by("pk"))
    known = {user.email for user in all_users} | {contact.email for contact in all_contacts} | set(emails)
    known |= set(EmailAddress.objects.filter(user__in=user_ids).values_list("email", flat=True))
    return Person(
        users=tuple(all_users),
        contacts=tuple(all_contacts),
        emails=tuple(sorted({email.strip().lower() for email in known} - {""})),
        partner_ids=tuple(
            sorted({contact.partner_id for contact in all_contacts} | {seat.partner_id for seat in seats})
        ),
    )


def model_of(label: str) -> type[Model]:
    return apps.get_model(label)


def every(label: str) -> QuerySet[Model]:
    """All rows of a table, whatever its manager leaves out."""
    return QuerySet(model_of(label))


def rows_about(person: Person, label: str) -> QuerySet[Model]:
    """The rows of a table that are about the person; an erasure changes or deletes these."""
    whose = REGISTER[label].about
    return _matching(person, label, user=whose.user, contact=whose.contact, email=whose.email)


def rows_linked(person: Person, label: str) -> QuerySet[Model]:
    """The rows about the person and those that point at them; an export holds these."""
    whose, model = REGISTER[label].about, model_of(label)
    users, contacts = [*whose.user], [*whose.contact]
    for name in REGISTER[label].personal():
        other = model._meta.get_field(name).related_model
        if other is User:
            users.append(name)
        elif other is Contact:
            contacts.append(name)
    return _matching(person, label, user=users, contact=contacts, email=whose.email)


def _matching(
    person: Person, label: str, *, user: Iterable[str], contact: Iterable[str], email: Iterable[str]
) -> QuerySet[Model]:
    wanted = Q(pk__in=[])
    for lookup in user:
        wanted |= Q(**{f"{lookup}__in": person.user_ids})
    for lookup in contact:
        wanted |= Q(**{f"{lookup}__in": person.contact_ids})
    for lookup in email:
        for address in person.emails:
            wanted |= Q(**{f"{lookup}__iexact": address})
    return every(label).filter(wanted).order_by("pk")


# --- texts that name the person ---------------------------------------------------------


def pattern_of(terms: Iterable[str]) -> re.Pattern[str] | None:
    """Matches any of the terms as a whole, blind to case and to the line breaks of calendar files."""
    words = sorted({term for term in terms if term}, key=len, reverse=True)
    if not words:
        return None
    folded = (FOLD.join(r"\s+" if char.isspace() else re.escape(char) for char in word) for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(folded)})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Mention:
    pk: Any
    texts: dict[str, Any]


def mentions(person: Person, label: str) -> Iterator[Mention]:
    """Rows of a table whose free text names the person. Names count at the person's own partners only; addresses and
    numbers everywhere."""
    texts = free_texts(label)
    if not texts:
        return
    named: dict[Any, dict[str, Any]] = {}
    for terms, rows in ((_sure(person), every(label)), (person.names, _at(person, label))):
        pattern = pattern_of(terms)
        if pattern is None:
            continue
        for pk, *values in _maybe(rows, label, texts, terms).values_list("pk", *texts):
            found = {name: value for name, value in zip(texts, values, strict=True) if pattern.search(flat(value))}
            if found:
                named.setdefault(pk, {}).update(found)
    yield from (Mention(pk, found) for pk, found in named.items())


def free_texts(label: str) -> list[str]:
    """Fields that may name anybody: notes, and the mails that were sent to others."""
    table = REGISTER[label]
    if label == "core.Outbox":
        return ["subject", "body", "attachments"]
    return table.named(Erase.SCRUB)


def flat(value: Any) -> str:
    """A value as the text in which names are looked for; JSON with its real characters."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False).replace("\\r\\n ", "")


def _sure(person: Person) -> list[str]:
    return [*person.emails, *person.numbers]


def _at(person: Person, label: str) -> QuerySet[Model]:
    path = partner_path(model_of(label))
    if not person.partner_ids or path is None:
        return every(label)
    if path.endswith("partner_uid"):
        uids = Partner.objects.filter(pk__in=person.partner_ids).values("uid")
        return every(label).filter(Q(**{f"{path}__in": uids}) | Q(**{f"{path}__isnull": True}))
    return every(label).filter(**{f"{path}__in": person.partner_ids})


def _maybe(rows: QuerySet[Model], label: str, texts: list[str], terms: Iterable[str]) -> QuerySet[Model]:
    """Leave to the database what it can sort out: texts by their letters, JSON by being there at all."""
    model, wanted = model_of(label), Q(pk__in=[])
    for name in texts:
        if isinstance(model._meta.get_field(name), JSONField):
            rows = rows.alias(**{f"{name}_text": Cast(name, TextField())})
            wanted |= ~Q(**{f"{name}_text__in": ["[]", "{}", "null"]})
            continue
        for term in terms:
            for word in (term, term.split()[-1]):
                wanted |= Q(**{f"{name}__icontains": word})
    return rows.filter(wanted)


@cache
def partner_path(model: type[Model], depth: int = MAX_DEPTH) -> str | None:
    """The lookup from a row to its partner, or to the partner's uid; None when there is none."""
    names = {one.name for one in model._meta.concrete_fields}
    if "partner_uid" in names:
        return "partner_uid"
    links = [
        (one.name, one.related_model)
        for one in model._meta.concrete_fields
        if isinstance(one, ForeignKey) and isinstance(one.related_model, type) and one.related_model is not User
    ]
    for name, other in links:
        if other is Partner:
            return name
    for name, other in links:
        if depth and other is not model and (further := partner_path(other, depth - 1)):
            return f"{name}__{further}"
    return None


# --- export ----------------------------------------------------------------------------


def export(person: Person, *, partner: Partner | None = None) -> dict[str, Any]:
    """Everything personal that is kept about a person, by table, with what it is for.

    With `partner` it is what the person may take along themselves: rows behind the portal's wall, at this partner, and
    no notes that others wrote. The texts that name them are for an administrator, who sees whose they are.
    """
    open_tables = {wall.table for wall in walls()} if partner is not None else set()
    tables, named = {}, {}
    for label, table in REGISTER.items():
        if partner is not None and model_of(label)._meta.db_table not in open_tables:
            continue
        if rows := _exported(person, label, table, partner):
            tables[label] = {"purposes": _purposes(table, rows), "rows": rows}
        if partner is None:
            found = [
                {"id": str(one.pk), **{name: one.texts[name] for name in one.texts}} for one in mentions(person, label)
            ]
            if found:
                named[label] = found
    return {"tables": tables, "named_in": named}


def _exported(person: Person, label: str, table: Table, partner: Partner | None) -> list[dict[str, Any]]:
    names = [name for name in table.personal() if table.fields[name].erase != Erase.SCRUB or partner is None]
    rows = rows_linked(person, label)
    if partner is not None and (path := partner_path(model_of(label))):
        rows = rows.filter(**{path: partner.uid if path.endswith("partner_uid") else partner.pk})
    if not names:
        return []
    context = [name for name in CONTEXT if name in table.fields and name not in names]
    number = ["uid"] if "uid" in table.fields else ["pk"]
    if partner is not None:  # the database's own numbers say nothing to the person, and how much others do to a rival
        names = [named for name in names if (named := _by_uid(model_of(label), name))]
        number = [name for name in number if name != "pk"]
    return list(rows.values(*number, *context, *names)) if names else []


def _by_uid(model: type[Model], name: str) -> str:
    """The field itself, or the uid of what it points at; empty when that has none."""
    other = model._meta.get_field(name).related_model
    if not isinstance(other, type):
        return name
    return f"{name}__uid" if "uid" in {one.name for one in other._meta.concrete_fields} else ""


def _purposes(table: Table, rows: list[dict[str, Any]]) -> dict[str, str]:
    return {
        name: entry.purpose
        for name, entry in table.fields.items()
        if entry.purpose and {name, f"{name}__uid"} & set(rows[0])
    }


def files_in(data: dict[str, Any]) -> list[str]:
    """The names of the files that the rows of an export speak of."""
    found = []
    for label, part in data["tables"].items():
        fields = [one.name for one in model_of(label)._meta.concrete_fields if isinstance(one, FileField)]
        found += [row[name] for row in part["rows"] for name in fields if row.get(name)]
    return sorted(set(found))


def counts(person: Person) -> dict[str, int]:
    """How many rows of each table an erasure touches: those about the person, and the texts that name them."""
    found = {}
    for label in REGISTER:
        number = rows_about(person, label).count() + sum(1 for _one in mentions(person, label))
        if number:
            found[label] = number
    return found


def in_words(found: dict[str, int]) -> list[tuple[str, int]]:
    """Counts by label with the names that people know the tables by."""
    named = ((str(model_of(label)._meta.verbose_name_plural), number) for label, number in found.items())
    return [(f"{name[:1].upper()}{name[1:]}", number) for name, number in named]


def unclassified() -> list[str]:
    """Fields of models that are not in the register, and entries of the register that no model has."""
    there = {
        f"{model._meta.label}.{one.name}"
        for model in apps.get_models(include_auto_created=True)
        for one in model._meta.concrete_fields
    }
    listed = {f"{label}.{name}" for label, table in REGISTER.items() for name in table.fields}
    return sorted(there ^ listed)


def kinds() -> dict[str, int]:
    """How many fields there are of each kind."""
    found = [entry.kind for table in REGISTER.values() for entry in table.fields.values()]
    return {kind.value: found.count(kind) for kind in Kind}
