"""Every write of the partners room."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.models import NotificationKind, User
from accounts.services import Notice, hashed, is_suppressed, notify_all, record
from core import clock
from core.announce import announce
from core.errors import DomainError, StaleError
from partners.models import Contact, Membership, Partner, Tag, Tier, TierChange
from partners.rules import normalise
from partners.services.access import change_role, end_access, move_seat, set_person_active
from partners.services.invitations import Sent, invite, invite_contacts, resend_invitation, revoke_invitation
from partners.services.joining import InvitationGoneError, accept_as_newcomer, accept_with_account, refuse_colleague
from partners.signals import owner_changed, tier_changed

__all__ = [
    "InvitationGoneError",
    "NewPartner",
    "Sent",
    "accept_as_newcomer",
    "accept_with_account",
    "add_contact",
    "add_tag",
    "archive_partner",
    "assign_owner",
    "change_role",
    "change_tier",
    "create_partner",
    "create_partners",
    "end_access",
    "invite",
    "invite_contacts",
    "move_seat",
    "refuse_colleague",
    "resend_invitation",
    "restore_partner",
    "revoke_invitation",
    "set_contact_left",
    "set_person_active",
    "update_contact",
    "update_partner",
]

EDITABLE = (
    "name",
    "kind",
    "country",
    "country_code",
    "time_zone",
    "website",
    "joined_on",
    "contract_ends_on",
    "notice_days",
)

LOOK = timedelta(minutes=30)  # how long a colleague sees as a partner
MIN_LOOK_REASON = 5
SINGLY = 5  # up to so many partners that change hands at once are told one by one
CONTACT_FIELDS = frozenset({"name", "email", "phone", "title", "role", "time_zone", "channel"})
# Addresses below /app/partners/ that are pages of the list.
RESERVED_SLUGS = frozenset({"new", "filter", "columns", "export", "bulk", "views"})


@dataclass(frozen=True)
class NewPartner:
    """What a bulk creation needs to know of one partner. `known_at` is when the tier it starts with was known."""

    key: str
    name: str
    country: str = ""
    joined_on: date | None = None
    known_at: datetime | None = None
    known_asserted: bool = False


@transaction.atomic
def create_partner(
    *,
    name: str,
    actor: User | None,
    tier: str = Tier.REGISTERED,
    owner: User | None = None,
    joined_on: date | None = None,
    key: str = "",
    is_demo: bool = False,
    **fields: Any,
) -> Partner:
    """Create a partner with its first tier. Its journey is started by `lifecycle.services.start_journey`."""
    name = " ".join(name.split())
    if not name:
        raise DomainError(_("A partner needs a name."), field="name")
    _check_owner(owner)
    if key and Partner.objects.filter(key=key).exists():
        raise DomainError(_("There is already a partner with the external key “{}”.").format(key), field="key")
    partner = Partner.objects.create(
        name=name,
        slug=_free_slugs([name])[0],
        search_name=normalise(f"{name} {key}"),
        tier=tier,
        owner=owner,
        joined_on=joined_on,
        key=key,
        is_demo=is_demo,
        **fields,
    )
    since = _midnight(joined_on) or clock.now()
    TierChange.objects.create(
        partner=partner, tier=tier, actor=actor, occurred_at=since, known_at=since, known_asserted=bool(joined_on)
    )
    record("partners.created", partner, actor=actor, partner_uid=partner.uid, tier=tier)
    return partner


@transaction.atomic
def create_partners(*, rows: Sequence[NewPartner], actor: User | None) -> dict[str, Partner]:
    """Create the partners whose key is not there yet; return all of `rows` by key. Two at once: each exists once."""
    keys = [row.key for row in rows]
    known = {partner.key: partner for partner in Partner.objects.filter(key__in=keys)}
    fresh = list({row.key: row for row in rows if row.key not in known}.values())
    slugs = _free_slugs([row.name for row in fresh])
    Partner.objects.bulk_create(
        [
            Partner(
                name=row.name,
                slug=slug,
                search_name=normalise(f"{row.name} {row.key}"),
                key=row.key,
                country=row.country,
                joined_on=row.joined_on,
            )
            for row, slug in zip(fresh, slugs, strict=True)
        ],
        batch_size=500,
        ignore_conflicts=True,
    )
    created = {partner.key: partner for partner in Partner.objects.filter(key__in=[row.key for row in fresh])}
    if missing := [row.key for row in fresh if row.key not in created]:
        raise IntegrityError(f"{len(missing)} partners could not be created because another process took their address")
    TierChange.objects.bulk_create(
        [
            TierChange(
                partner=created[row.key],
                tier=Tier.REGISTERED,
                actor=actor,
                occurred_at=_midnight(row.joined_on) or clock.now(),
                known_at=row.known_at or clock.now(),
                known_asserted=row.known_asserted,
            )
            for row in fresh
        ],
        batch_size=500,
    )
    if fresh:
        record("partners.imported", None, actor=actor, count=len(fresh))
    return {**known, **created}


@transaction.atomic
def update_partner(*, partner_id: int, actor: User, version: int | None = None, **fields: Any) -> Partner:
    """Change descriptive fields. A `version` that is not the current one raises StaleError."""
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    if version is not None and version != partner.version:
        raise StaleError(
            _("Someone else changed {} since you opened it. Their values are shown; yours were not saved.").format(
                partner
            )
        )
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise DomainError(_("These fields cannot be changed here: {}.").format(", ".join(sorted(unknown))))
    if "name" in fields and not " ".join(str(fields["name"]).split()):
        raise DomainError(_("A partner needs a name."), field="name")
    changed = sorted(name for name, value in fields.items() if getattr(partner, name) != value)
    before = {name: str(getattr(partner, name) or "") for name in changed}
    for name in changed:
        setattr(partner, name, fields[name])
    if changed:
        partner.search_name = normalise(f"{partner.name} {partner.key}")
        partner.version += 1
        partner.save(update_fields=[*changed, "search_name", "version", "updated_at"])
        after = {name: str(getattr(partner, name) or "") for name in changed}
        record(
            "partners.updated",
            partner,
            actor=actor,
            partner_uid=partner.uid,
            fields=changed,
            before=before,
            after=after,
        )
    return partner


@transaction.atomic
def change_tier(*, partner_id: int, tier: str, actor: User, reason: str) -> Partner:
    """Move a partner to another tier; the partner feels this, so a reason is needed."""
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    if tier not in Tier.values:
        raise DomainError(_("There is no tier “{}”.").format(tier), field="tier")
    if tier == partner.tier:
        raise DomainError(_("{} is already {}.").format(partner, partner.get_tier_display()), field="tier")
    if not reason.strip():
        raise DomainError(_("Say why the tier changes; the reason is kept."), field="reason")
    now = clock.now()
    TierChange.objects.create(
        partner=partner, tier=tier, actor=actor, reason=reason.strip(), occurred_at=now, known_at=now
    )
    former, partner.tier = partner.tier, tier
    partner.version += 1
    partner.save(update_fields=["tier", "version", "updated_at"])
    record("partners.tier_changed", partner, actor=actor, partner_uid=partner.uid, former=former, to=tier)
    announce(tier_changed, partner_ids=[partner.pk])
    return partner


@transaction.atomic
def assign_owner(*, partner_ids: Iterable[int], owner: User | None, actor: User) -> int:
    """Give partners to one owner; returns how many changed hands."""
    _check_owner(owner)
    rows = list(
        Partner.objects.select_for_update().filter(pk__in=list(partner_ids)).exclude(owner=owner).order_by("pk")
    )
    entries = {}
    for partner in rows:
        entries[partner.pk] = record(
            "partners.owner_changed", partner, actor=actor, partner_uid=partner.uid, to=str(owner.uid) if owner else ""
        ).pk
    Partner.objects.filter(pk__in=[partner.pk for partner in rows]).update(owner=owner, updated_at=clock.now())
    if owner is not None:
        notify_all(_new_owner_notices(rows, owner, actor, entries))
    announce(owner_changed, partner_ids=[partner.pk for partner in rows])
    return len(rows)


@transaction.atomic
def add_tag(*, partner_ids: Iterable[int], name: str, actor: User) -> int:
    """Tag partners; returns how many did not have the tag yet."""
    name = " ".join(name.split())
    if not name or len(name) > 40:
        raise DomainError(_("A tag has 1 to 40 characters."), field="tag")
    tag, _created = Tag.objects.get_or_create(name=name)
    rows = list(Partner.objects.filter(pk__in=list(partner_ids)).exclude(tags=tag))
    tag.partners.add(*rows)
    for partner in rows:
        record("partners.tagged", partner, actor=actor, partner_uid=partner.uid, tag=name)
    return len(rows)


@transaction.atomic
def add_contact(*, partner_id: int, name: str, actor: User | None, **fields: Any) -> Contact:
    name = " ".join(name.split())
    if not name:
        raise DomainError(_("A person needs a name."), field="name")
    email = str(fields.get("email", "")).strip()
    if is_suppressed(email):
        raise DomainError(_("This person asked to be forgotten and must not be listed again."), field="email")
    if email and Contact.objects.filter(partner_id=partner_id, email__iexact=email, left_on__isnull=True).exists():
        raise DomainError(
            _("There is already a person with the address {} at this partner.").format(email), field="email"
        )
    contact = Contact.objects.create(partner_id=partner_id, name=name, **fields)
    record("partners.contact_added", contact, actor=actor)
    return contact


@transaction.atomic
def update_contact(*, contact_id: int, actor: User, **fields: Any) -> Contact:
    """Change what is known of a person."""
    contact = Contact.objects.select_for_update().select_related("partner").get(pk=contact_id)
    unknown = set(fields) - CONTACT_FIELDS
    if unknown:
        raise DomainError(_("These fields cannot be changed here: {}.").format(", ".join(sorted(unknown))))
    if "name" in fields and not " ".join(str(fields["name"]).split()):
        raise DomainError(_("A person needs a name."), field="name")
    email = str(fields.get("email", "")).strip()
    if is_suppressed(email):
        raise DomainError(_("This person asked to be forgotten and must not be listed again."), field="email")
    others = Contact.objects.filter(partner_id=contact.partner_id, left_on__isnull=True).exclude(pk=contact.pk)
    if email and others.filter(email__iexact=email).exists():
        raise DomainError(
            _("There is already a person with the address {} at this partner.").format(email), field="email"
        )
    changed = sorted(name for name, value in fields.items() if getattr(contact, name) != value)
    before = {name: hashed(getattr(contact, name)) for name in changed}
    for name in changed:
        setattr(contact, name, fields[name])
    if changed:
        contact.save(update_fields=[*changed, "updated_at"])
        after = {name: hashed(getattr(contact, name)) for name in changed}
        record("partners.contact_changed", contact, actor=actor, fields=changed, before=before, after=after)
    return contact


@transaction.atomic
def set_contact_left(*, contact_id: int, left_on: date | None, actor: User) -> Contact:
    """A person left the partner on a day, which ends their access to the portal, or (None) is there after all.

    Nothing about them is lost; access comes back by an invitation only.
    """
    contact = Contact.objects.select_for_update().select_related("partner").get(pk=contact_id)
    if left_on is not None and left_on > clock.today():
        raise DomainError(_("This day lies in the future; note it when the person has left."), field="left_on")
    if contact.left_on != left_on:
        contact.left_on = left_on
        contact.save(update_fields=["left_on", "updated_at"])
        record("partners.contact_left" if left_on else "partners.contact_back", contact, actor=actor)
    seat = Membership.objects.filter(contact=contact, ended_at__isnull=True).first() if left_on else None
    if seat is not None:
        end_access(membership_id=seat.pk, actor=actor)
    return contact


@transaction.atomic
def archive_partner(*, partner_id: int, actor: User) -> Partner:
    """Take a partner out of the daily lists; nothing is deleted."""
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    if partner.archived_at is None:
        partner.archived_at = clock.now()
        partner.save(update_fields=["archived_at", "updated_at"])
        record("partners.archived", partner, actor=actor, partner_uid=partner.uid)
    return partner


@transaction.atomic
def restore_partner(*, partner_id: int, actor: User) -> Partner:
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    if partner.archived_at is not None:
        partner.archived_at = None
        partner.save(update_fields=["archived_at", "updated_at"])
        record("partners.restored", partner, actor=actor, partner_uid=partner.uid)
    return partner


@transaction.atomic
def start_look(*, partner_id: int, actor: User, reason: str) -> datetime:
    """A colleague begins to see the portal as this partner does, read-only (R37); returns when that ends."""
    partner = Partner.objects.get(pk=partner_id)
    reason = " ".join(reason.split())
    if partner.archived_at is not None:
        raise DomainError(_("{} is archived: its portal is closed.").format(partner))
    if not MIN_LOOK_REASON <= len(reason) <= 300:
        raise DomainError(_("Say in a few words why; the reason is kept."), field="reason")
    until = clock.now() + LOOK
    record(
        "partners.see_as_started", partner, actor=actor, partner_uid=partner.uid, reason=reason, until=until.isoformat()
    )
    return until


@transaction.atomic
def end_look(*, partner_id: int, actor: User, how: str) -> Partner | None:
    """Note that the look is over. `how`: left, expired, or replaced by another. None when the partner is gone."""
    partner = Partner.objects.filter(pk=partner_id).first()
    if partner is not None:
        record("partners.see_as_ended", partner, actor=actor, partner_uid=partner.uid, how=how)
    return partner


def _new_owner_notices(
    partners: Sequence[Partner], owner: User, actor: User, entries: Mapping[int, int]
) -> list[Notice]:
    """The partners' people learn who their contact is, the owner what is theirs now: many partners in one line.

    `entries`: by partner, the audit row of this change, which makes each change a thing of its own.
    """
    kind, name = NotificationKind.OWNER_CHANGED, str(owner)
    people: dict[int, list[User]] = {partner.pk: [] for partner in partners}
    for seat in Membership.objects.current().filter(partner__in=partners).select_related("user"):
        people[seat.partner_id].append(seat.user)
    notices = [
        Notice(
            users=people[partner.pk],
            kind=kind,
            title=format_lazy(gettext_lazy("Your contact is now {name}"), name=name),
            url="/portal/",
            reason=gettext_lazy("It concerns everybody at your company."),
            key=f"owner:{entries[partner.pk]}",
            partner_uid=partner.uid,
        )
        for partner in partners
        if people[partner.pk]
    ]
    if owner.pk == actor.pk or not partners:
        return notices
    reason = gettext_lazy("You look after it from now on.")
    if len(partners) > SINGLY:
        title = ngettext_lazy("{n} partner is yours now", "{n} partners are yours now", len(partners))
        title, key = format_lazy(title, n=len(partners)), f"owner:{min(entries.values())}"
        return [*notices, Notice([owner], kind, title, "/app/partners/?owner=me", reason, key)]
    return notices + [
        Notice(
            users=[owner],
            kind=kind,
            title=format_lazy(gettext_lazy("{name} is yours now"), name=partner.name),
            url=f"/app/partners/{partner.slug}/",
            reason=reason,
            key=f"owner:{entries[partner.pk]}",
            partner_uid=partner.uid,
        )
        for partner in partners
    ]


def _check_owner(owner: User | None) -> None:
    if owner is not None and not (owner.is_active and owner.may_edit):
        raise DomainError(
            _("{} cannot own partners: only partner managers, leads and administrators can.").format(owner),
            field="owner",
        )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _free_slugs(names: Sequence[str]) -> list[str]:
    """One address per name, unique among themselves and in the database: "acme", "acme-2", …"""
    stems = [slugify(name)[:70] or "partner" for name in names]
    repeated = {stem for stem, times in Counter(stems).items() if times > 1}
    taken = set(Partner.objects.filter(slug__in=set(stems)).values_list("slug", flat=True))
    taken |= RESERVED_SLUGS & set(stems)
    for stem in repeated | taken.copy():
        taken.update(Partner.objects.filter(slug__startswith=f"{stem}-").values_list("slug", flat=True))
    result = []
    for stem in stems:
        slug, number = stem, 2
        while slug in taken:
            slug, number = f"{stem}-{number}", number + 1
        taken.add(slug)
        result.append(slug)
    return result
