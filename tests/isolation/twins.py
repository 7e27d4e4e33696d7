"""Two partners filled with the same shapes, generated from the models.

Every text of partner B starts with `ZZB-`, every text of A with `ZZA-`; no number of one occurs in the other. A new
model with a path to a partner is filled without anybody remembering it; one that cannot be guessed says its shape in
`SHAPES`.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection, models, transaction
from django.db.models import ForeignKey

from accounts.models import Role, User
from core import clock
from enablement.models import Notice, SharedFile
from enablement.storage import KEPT, path_of
from health.models import HealthSnapshot, HealthState
from health.services import compute
from partners.models import Membership, Partner
from partners.row_security import has_partner_path
from tests.factories import make_user
from workspace.models import SavedView

ROWS = 3  # of each model and twin, where uniqueness allows
ROW_NUMBERS = 884_400_000  # ids of rows begin here, each table a thousand further
NUMBERS = {"A": (648_000_000, 6_480_000, 17_000, 64), "B": (739_000_000, 7_390_000, 23_000, 73)}

# Fields that are the same word everywhere: their values are codes, not text of people.
CODES: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "language": "en",
    "currency": "EUR",
    "country_code": "DE",
    "stage": "growth",
    "is_demo": False,
    "is_active": True,
    "password": "",
}
# What the generator cannot guess: values by model and field, or a function of (twin, number of the row).
SHAPES: dict[str, dict[str, Any]] = {
    "account.EmailAddress": {"primary": False, "verified": False},
    "mfa.Authenticator": {"type": "totp", "data": {"secret": "JBSWY3DPEHPK3PXP"}},
    "engagement.Meeting": {"why": {}, "missed_why": None, "minutes": 45, "automatic": False},
    "engagement.CadenceInput": {"bands": []},
    "engagement.Reminder": {"kind": "personal", "offset": lambda twin, number: -number - 1},
    "health.Alert": {
        "kind": "band",
        "severity": 4,
        "data": {"band": "D", "before": "C", "rows": [{"key": "deal_rhythm", "points": "-12.1"}]},
        "closed_on": None,
    },
    "health.ExceptionFlag": {"cleared_at": None, "known_cleared_at": None},
    "health.Applicability": {"signal": "deal_rhythm"},
    "accounts.Notification": {"url": "/"},
    "accounts.Mute": {"scope": "thread"},
    "partners.IdentityProvider": {"kind": "oidc", "sso_only": False},  # which would end their sessions
    "engagement.ActionLink": {"kind": "confirm", "commitment": None},
    "engagement.MeetingReply": {
        "kind": lambda twin, number: "agreed" if number else "date",
        "state": lambda twin, number: "accepted" if number else "open",
        "local_start": lambda twin, number: None if number else clock.now() + timedelta(days=9),
        "starts_at": lambda twin, number: None if number else clock.now() + timedelta(days=9),
    },
    "enablement.Notice": {
        "audience": "named",
        "tiers": "",
        "kind": "news",
        "corrects": None,
        "withdrawn_at": None,
        "needs_acknowledgement": True,
        "published_at": lambda twin, number: None if number == 2 else clock.now() - timedelta(days=1),
    },
    "enablement.SharedFile": {"status": "ready", "withdrawn_at": None, "withdrawn_by": None, "extension": "pdf"},
    "partners.Invitation": {
        "accepted_at": None,
        "accepted_by": None,
        "revoked_at": None,
        "expires_at": lambda twin, number: clock.now() + timedelta(days=9),
    },
    "core.Outbox": {"attachments": [], "kind": "reminder"},
    "workspace.SavedView": {"audience": "me", "query": "health=risk"},
}
# Not filled row by row, each with its reason.
LEFT_OUT: dict[type[models.Model], str] = {
    Partner: "made first: the root of its twin",
    Membership: "made with the people",
    HealthSnapshot: "computed from the rows, so that the numbers are a score's",
    HealthState: "computed; its sentence is marked afterwards",
    User.groups.through: "roles are the only source of rights",
    User.user_permissions.through: "roles are the only source of rights",
}
OWNED = (SavedView, Notice)  # no path to a partner, but somebody's own, or addressed to one
PEOPLE = {
    "admin": Role.PARTNER_ADMIN,
    "seller": Role.PARTNER_SELLER,
    "viewer": Role.PARTNER_VIEWER,
    "disabled": Role.PARTNER_SELLER,
    "ended": Role.PARTNER_SELLER,
}


@dataclass
class Twin:
    """One of the two: its partner, who looks after it, its people by role, and its rows by model."""

    letter: str
    partner: Partner = field(init=False)
    owner: User = field(init=False)
    people: dict[str, User] = field(default_factory=dict)
    rows: dict[type[models.Model], list[Any]] = field(default_factory=dict)
    texts: int = 0
    numbers: set[str] = field(default_factory=set)
    wanted: int = ROWS
    count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def mark(self) -> str:
        return f"ZZ{self.letter}"

    def text(self, model: str, name: str, longest: int | None) -> str:
        self.texts += 1
        return f"{self.mark}-{next(self.count)}-{model}-{name}"[:longest]

    def slug(self, model: str, name: str, longest: int | None) -> str:
        return f"{self.mark}-{next(self.count)}-{model}-{name}"[:longest].lower()

    def number(self, size: int) -> int:
        """A number no other row holds; `size`: 0 of eight bytes, 1 of four, 2 of two."""
        value = NUMBERS[self.letter][size] + next(self.count) * (1001 if size == 0 else 1)
        self.numbers.add(str(value))
        return value

    def row(self, model: type[models.Model], number: int) -> Any:
        """The row of this number, the last one where there are fewer."""
        known = self.rows.get(model, [])
        return known[number % len(known)] if known else None


def filled() -> list[type[models.Model]]:
    """The models the generator fills, those that others point at first."""
    wanted = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model not in LEFT_OUT and (has_partner_path(model) or model in OWNED)
    ]
    done: list[type[models.Model]] = []

    def visit(model: type[models.Model], path: tuple[type[models.Model], ...] = ()) -> None:
        if model in done or model in path:
            return
        for name in model._meta.concrete_fields:
            if isinstance(name, ForeignKey) and name.related_model in wanted:
                visit(name.related_model, (*path, model))
        done.append(model)

    for model in wanted:
        visit(model)
    return done


def number_rows_apart() -> None:
    """From here on ids are large numbers that stand nowhere else: one that is shown to somebody can be found."""
    for position, model in enumerate(apps.get_models(include_auto_created=True)):
        if not isinstance(model._meta.pk, models.AutoField):
            continue
        start, table = ROW_NUMBERS + position * 1000, model._meta.db_table
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, model._meta.pk.column])
                cursor.execute(f"ALTER SEQUENCE {cursor.fetchone()[0]} RESTART WITH {start}")  # undone with the test
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, start])


def twins(*pair: Twin) -> tuple[Twin, ...]:
    """Fill the given ones, or A and B."""
    number_rows_apart()
    pair = pair or (Twin("A"), Twin("B"))
    for twin in pair:
        _root(twin)
        for model in filled():
            _fill(twin, model)
    compute(as_of=clock.today())
    for twin in pair:
        for file in twin.rows.get(SharedFile, []):
            path = path_of(KEPT, file.storage_name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(twin.text("sharedfile", "content", None))
        for model in (HealthState, HealthSnapshot):
            twin.rows[model] = list(model.objects.filter(partner=twin.partner))
        HealthState.objects.filter(partner=twin.partner).update(why=twin.text("healthstate", "why", 300))
    return pair


def _root(twin: Twin) -> None:
    twin.owner = make_user(name=f"Colleague {twin.letter}", role=Role.MANAGER, sees_all_partners=False)
    values = _values(twin, Partner, 0, temporal=False, without="", sign=1)
    twin.partner = Partner.objects.create(**{**values, "owner": twin.owner, "archived_at": None})
    twin.rows[Partner] = [twin.partner]
    twin.rows[Membership] = []
    for name, role in PEOPLE.items():
        person = make_user(
            role=role,
            name=twin.text("user", "name", 120),
            email=f"{twin.mark}-{name}@{twin.letter}.example".lower(),
            is_active=name != "disabled",
        )
        twin.people[name] = person
        twin.rows[Membership].append(
            Membership.objects.create(
                user=person, partner=twin.partner, ended_at=clock.now() if name == "ended" else None
            )
        )
    twin.rows[User] = list(twin.people.values())


def _fill(twin: Twin, model: type[models.Model]) -> None:
    """Up to `ROWS` rows; of each the first form that the database's constraints accept."""
    rows = twin.rows.setdefault(model, [])
    problem: Exception | None = None
    for number in range(twin.wanted):
        for temporal, without, sign in _forms(model, number):
            try:
                with transaction.atomic():
                    row = model(**_values(twin, model, number, temporal=temporal, without=without, sign=sign))
                    row.save(force_insert=True)
            except (DatabaseError, ValueError) as error:
                problem = error
                continue
            rows.append(row)
            break
    assert rows, f"{model._meta.label} could not be filled; say its shape in SHAPES ({problem})"


def _forms(model: type[models.Model], number: int) -> Iterator[tuple[bool, str, int]]:
    """Ways to fill a row: dates that may be empty set or not, one relation left out, amounts positive or negative."""
    links = [name.name for name in model._meta.concrete_fields if isinstance(name, ForeignKey) and name.null]
    first = number % ROWS == ROWS - 1  # the last row is a finished one where that is possible
    for sign, temporal, without in itertools.product((1, -1), (first, not first), ("", *links)):
        yield temporal, without, sign


def _values(
    twin: Twin, model: type[models.Model], number: int, *, temporal: bool, without: str, sign: int
) -> dict[str, Any]:
    shape = SHAPES.get(model._meta.label, {})
    values = {}
    for name in model._meta.concrete_fields:
        if name.name in shape:
            value = shape[name.name]
            values[name.name] = value(twin, number) if callable(value) else value
        elif name.name != without and not isinstance(name, models.AutoField):
            value = _value(twin, name, number, temporal=temporal)
            values[name.name] = value * sign if sign < 0 and _is_amount(name) else value
    return values


def _is_amount(name: models.Field) -> bool:
    return isinstance(name, models.BigIntegerField) and not isinstance(name, models.PositiveBigIntegerField)


def _value(twin: Twin, name: models.Field, number: int, *, temporal: bool) -> Any:
    """A value for one field, unmistakably this twin's."""
    kind = name.model._meta.model_name or ""
    if isinstance(name, ForeignKey):
        return _related(twin, name, number)
    if name.name in CODES:
        return CODES[name.name]
    if name.choices:
        codes = [code for code, _label in name.flatchoices if code not in ("", None)]
        return codes[number % len(codes)]
    if name.name == "partner_uid":
        return twin.partner.uid
    if isinstance(name, models.DateTimeField | models.DateField) and name.null and not temporal:
        return None
    match name:
        case models.EmailField():
            return f"{twin.mark}-{next(twin.count)}-{kind}-{name.name}@{twin.letter}.example".lower()
        case models.SlugField():
            return twin.slug(kind, name.name, name.max_length)
        case models.FileField():
            return ContentFile(twin.text(kind, name.name, None).encode(), name=f"{twin.text(kind, name.name, 60)}.txt")
        case models.CharField() | models.TextField():
            return twin.text(kind, name.name, name.max_length)
        case models.DateTimeField():
            return clock.now() + timedelta(days=number + 1) * (1 if "expir" in name.name or number else -1)
        case models.DateField():
            return clock.today() + timedelta(days=number)
        case models.TimeField():
            return clock.now().time()
        case models.DurationField():
            return timedelta(days=number + 1)
        case models.BooleanField():
            return name.get_default() if number == 0 and name.has_default() else number != 2
        case models.UUIDField():
            return uuid.uuid4()
        case models.DecimalField():
            value = Decimal(NUMBERS[twin.letter][3]) + Decimal(next(twin.count)) / 10_000
            value = round(value, name.decimal_places)
            twin.numbers.add(str(value).replace(".", ""))
            return value
        case models.FloatField():
            return NUMBERS[twin.letter][3] + next(twin.count) / 10_000
        case models.SmallIntegerField() | models.PositiveSmallIntegerField():
            return twin.number(2)
        case models.BigIntegerField() | models.PositiveBigIntegerField():
            return twin.number(0)
        case models.IntegerField():
            return twin.number(1)
        case models.JSONField():
            return {"note": twin.text(kind, name.name, None)} if name.default is dict else []
        case models.BinaryField():
            return twin.text(kind, name.name, None).encode()
        case models.GenericIPAddressField():
            return "203.0.113.7"
    raise AssertionError(f"{name} is of a kind the generator does not know; teach it in tests/isolation/twins.py")


def _related(twin: Twin, name: ForeignKey, number: int) -> Any:
    target = name.related_model
    if target is Partner:
        return twin.partner
    if target is User:
        mine = name.name == "user"
        return [twin.people["seller"], twin.people["admin"], twin.owner][number % 3] if mine else twin.owner
    if (row := twin.row(target, number)) is not None:
        return row
    if target in (Group, Permission) or target in LEFT_OUT:
        return None
    known = target._default_manager.order_by("pk").first()
    if known is None and not name.null:
        known = target.objects.create(**_values(twin, target, 0, temporal=True, without="", sign=1))
    return known
