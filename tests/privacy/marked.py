"""One person whose data stands in every personal field of every model, and a look into every column of the database."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, date, datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import (
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    EmailField,
    FileField,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    QuerySet,
    UUIDField,
)

from accounts.models import Role, User
from partners.models import Contact, Membership, Partner
from privacy.queries import model_of
from privacy.register import REGISTER, Erase, Kind
from tests.factories import make_contact, make_partner, make_user

MARK = "zyxmark"
NAME = "Zyxmark Quorlington-Ünger"
EMAIL = "zyxmark.q@partner.test"
PHONE = "+49 30 5550107"
SIGNS = (MARK, "quorlington", "5550107")
WORDS = f"We met {NAME} ({EMAIL}, {PHONE}) there."
FOLDED = f"ATTENDEE;CN={NAME}:mailto:zyxmark.q@part\r\n ner.test"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

# What the constraints of a model ask for beyond its fields: values by model. A new model may need a line here.
ASKED: dict[str, dict[str, Any]] = {
    "accounts.Notification": {"url": "/"},
    "engagement.ActionLink": {"kind": "confirm", "commitment": None},
    "engagement.MeetingReply": {"kind": "agreed", "local_start": None, "starts_at": None},
    "deals.Deal": {"currency": "EUR"},
    "deals.ExchangeRate": {"currency": "USD", "rate": 1},
    "deals.RevenueEntry": {"currency": "EUR", "kind": "sale"},
    "engagement.Attendee": {"contact": None},
    "engagement.ReminderDelivery": {"contact": None},
    "engagement.Meeting": {"status": "planned"},
    "partners.Membership": {"ended_at": None},
    "privacy.ErasureRequest": {"status": "open"},
}
STANDING = ("accounts.User", "partners.Partner", "partners.Contact", "partners.Membership", "sessions.Session")
SET_APART = ("accounts.AuditEntry", "accounts.AuditSeal", "health.HealthModelVersion", "privacy.ErasureLog")


class Marked:
    """`signs`: the mark put into each text field that is about the person, by "model.field"."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.signs: dict[str, str] = {}
        self.prose: list[str] = []
        self.rows: dict[str, Model] = {}
        self.partner = make_partner(name="Northwind", stage=None)
        self.partner.tier_changes.all().delete()
        self.user = make_user(role=Role.PARTNER_SELLER, email=EMAIL, name=NAME, last_login=NOW)
        self.contact = make_contact(partner=self.partner, name=NAME, email=EMAIL, phone=PHONE, title=self.sign("x.t"))
        Membership.objects.create(user=self.user, partner=self.partner, contact=self.contact)
        self.rows = {"accounts.User": self.user, "partners.Partner": self.partner, "partners.Contact": self.contact}
        session = SessionStore()
        session["_auth_user_id"] = str(self.user.pk)
        session.create()

    def sign(self, place: str) -> str:
        self.signs[place] = f"{MARK}{next(self.numbers)}"
        return self.signs[place]

    def fill(self) -> None:
        """A row in every table of the register that may hold something personal, these fields marked."""
        for label, table in REGISTER.items():
            if label not in (*STANDING, *SET_APART) and table.personal():
                self.row(label)

    def row(self, label: str) -> Model:
        if label not in self.rows:
            model = model_of(label)
            values = {one.attname: self.value(label, one) for one in model._meta.concrete_fields if self.needs(one)}
            for name, value in ASKED.get(label, {}).items():
                values[model._meta.get_field(name).attname] = value
            QuerySet(model).bulk_create([model(**values)])
            self.rows[label] = QuerySet(model).order_by("-pk").first()
        return self.rows[label]

    def needs(self, one: Any) -> bool:
        return not (
            one.primary_key and not isinstance(one, ForeignKey) and one.get_internal_type().endswith("AutoField")
        )

    def value(self, label: str, one: Any) -> Any:
        entry = REGISTER[label].fields[one.name]
        if isinstance(one, ForeignKey):
            other = one.related_model
            if other is ContentType:
                return ContentType.objects.get_for_model(Contact).pk
            if other is model_of(label):
                return None
            return self.row(other._meta.label).pk
        if isinstance(one, UUIDField):
            return uuid.uuid4()
        if isinstance(one, FileField):
            return ""
        if entry.kind == Kind.PERSONAL:
            return self.personal(label, one, entry.erase)
        return self.plain(one)

    def personal(self, label: str, one: Any, erase: Erase) -> Any:
        place = f"{label}.{one.name}"
        if isinstance(one, EmailField):
            return EMAIL
        if isinstance(one, JSONField):
            self.signs[place] = MARK
            return [{"name": "meeting.ics", "text": FOLDED, "type": "text/calendar"}]
        if isinstance(one, BooleanField | DateField | DateTimeField | IntegerField | DecimalField):
            return self.plain(one)
        if erase == Erase.KEEP:
            return self.plain(one)
        if erase == Erase.SCRUB:
            self.prose.append(place)
            return (WORDS if (one.max_length or 999) > len(WORDS) else NAME)[: one.max_length]
        return self.sign(place)

    def plain(self, one: Any) -> Any:
        if one.null:
            return None
        if one.has_default():
            return one.get_default()
        if one.choices:
            return one.choices[0][0]
        if isinstance(one, DateTimeField):
            return NOW
        if isinstance(one, DateField):
            return date(2026, 3, 1)
        if isinstance(one, BooleanField):
            return False
        if isinstance(one, DecimalField):
            return 0
        if isinstance(one, IntegerField):
            return next(self.numbers)
        if isinstance(one, JSONField):
            return []
        return f"v{next(self.numbers)}"[: one.max_length]


def signs_in_database() -> list[tuple[str, str]]:
    """(table.column, value) of every value anywhere that still shows a sign of the person."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    if any(sign in spelled(text) for sign in SIGNS):
                        found.append((f"{table}.{name}", text[:200]))
    return found


def spelled(text: str) -> str:
    """Lower case, and without the line breaks of calendar files, which may cut a word in two."""
    return text.lower().replace("\\r\\n ", "").replace("\r\n ", "")


__all__ = ["EMAIL", "MARK", "NAME", "PHONE", "WORDS", "Contact", "Marked", "Partner", "User", "signs_in_database"]
