"""Reads of the partners room for other rooms."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from accounts.models import PARTNER_ROLES, User
from accounts.naming import Rows, Topics, called
from core import clock
from partners.models import Contact, Invitation, Membership, Partner, PortalDay, SharingRule, TierChange
from partners.rules import normalise, secret_digest

PORTAL_DAYS = 30


def tiers_as_of(partner_ids: Sequence[int], *, at: datetime, known: datetime) -> dict[int, str]:
    """Tier of each partner as of `at`, as known before `known`. A partner without one by then is absent."""
    rows = (
        TierChange.objects.as_of(at, known=known)
        .filter(partner_id__in=partner_ids)
        .order_by("occurred_at", "id")
        .values_list("partner_id", "tier")
    )
    return dict(rows)


@dataclass(frozen=True)
class PortalUse:
    """Of one partner in the last `PORTAL_DAYS`: people who came, people who could, days on which somebody came."""

    active: int
    invited: int
    days: int


def portal_use(partner_ids: Sequence[int], *, at: datetime, known: datetime) -> dict[int, PortalUse]:
    """Use of the portal before `at`. A partner without anybody invited by then is absent.

    Invited are those with a seat and those whose invitation was open at `at`; a seat that ended, or of a disabled
    person, does not count, nor do their visits.
    """
    seats = Membership.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=at),
        partner_id__in=partner_ids, created_at__lt=min(at, known), user__is_active=True, user__role__in=PARTNER_ROLES,
    )  # fmt: skip
    open_ones = Invitation.objects.filter(
        Q(accepted_at__isnull=True) | Q(accepted_at__gte=at), Q(revoked_at__isnull=True) | Q(revoked_at__gte=at),
        partner_id__in=partner_ids, created_at__lt=min(at, known), expires_at__gt=at,
    )  # fmt: skip
    seated: dict[int, set[int]] = defaultdict(set)
    for partner_id, user_id in seats.values_list("partner_id", "user_id"):
        seated[partner_id].add(user_id)
    invited = Counter({partner_id: len(people) for partner_id, people in seated.items()})
    invited.update(open_ones.values_list("partner_id", flat=True))
    since = clock.day_of(clock.days_before(at, PORTAL_DAYS))
    visits = PortalDay.objects.filter(partner_id__in=list(invited), day__gte=since, known_at__lt=min(at, known))
    came: dict[int, set[int]] = defaultdict(set)
    days: dict[int, set[date]] = defaultdict(set)
    for partner_id, user_id, day in visits.values_list("partner_id", "user_id", "day"):
        if user_id in seated[partner_id]:
            came[partner_id].add(user_id)
            days[partner_id].add(day)
    return {pk: PortalUse(len(came[pk]), number, len(days[pk])) for pk, number in invited.items()}


def source_delivery(*, at: datetime, known: datetime) -> dict[str, bool]:
    """Whether anybody of a partner had ever used the portal here by then."""
    return {"portal": PortalDay.objects.filter(known_at__lt=min(at, known)).exists()}


def search(user: User, text: str, limit: int) -> list[Partner]:
    """Partners the user may see whose name or key matches: those that start with the text first."""
    needle = normalise(text)
    if not needle:
        return []
    found = Partner.objects.visible_to(user).active()
    starts = list(found.filter(search_name__startswith=needle).order_by("search_name", "id")[:limit])
    if len(starts) < limit:
        rest = found.filter(search_name__contains=needle).exclude(pk__in=[partner.pk for partner in starts])
        starts += list(rest.order_by("search_name", "id")[: limit - len(starts)])
    return starts


@dataclass(frozen=True)
class Invited:
    """An invitation nobody accepted yet. `works`: whether its link lets somebody in now."""

    invitation: Invitation
    works: bool


def seats_at(partner_id: int) -> list[Membership]:
    """Who has a seat at the partner's side, disabled people too, by name."""
    rows = Membership.objects.filter(partner_id=partner_id, ended_at__isnull=True, user__role__in=PARTNER_ROLES)
    rows = rows.select_related("user", "contact")
    return list(rows.order_by("user__name", "pk"))


def invited_to(partner_id: int, *, at: datetime) -> list[Invited]:
    """The partner's invitations that were neither accepted nor revoked, the newest first."""
    waiting = Invitation.objects.filter(partner_id=partner_id, accepted_at__isnull=True, revoked_at__isnull=True)
    working = set(Invitation.objects.working(at).filter(partner_id=partner_id).values_list("pk", flat=True))
    rows = waiting.select_related("invited_by").order_by("-sent_at", "-pk")
    return [Invited(one, one.pk in working) for one in rows]


def working_invitation(secret: str, *, at: datetime) -> Invitation | None:
    """What a link offers now; None for a used, expired, revoked or unknown one alike."""
    rows = Invitation.objects.working(at).filter(digest=secret_digest(secret))
    return rows.select_related("partner", "invited_by").first()


def account_with(email: str) -> User | None:
    return User.objects.filter(email__iexact=email).select_related("membership__partner").first()


def is_shared(topic: str) -> bool:
    """Whether an administrator shares this topic with partners."""
    return SharingRule.objects.filter(topic=topic, shared=True).exists()


class PartnersReach:
    """What the accounts room asks of this one before somebody is told of a partner (accounts.reach)."""

    def open_partners(self, user: User) -> Any:
        return Partner.objects.visible_to(user).values("uid")

    def reachable(self, wanted: Iterable[tuple[User, UUID | None]]) -> set[tuple[int, UUID | None]]:
        """`visible_to` for many at once, and only people who can log in now. Two queries, whatever the number."""
        pairs = [(user, uid) for user, uid in wanted if user.is_active]
        owners = dict(
            Partner.objects.filter(uid__in={uid for _user, uid in pairs if uid}).values_list("uid", "owner_id")
        )
        outside = {user.pk for user, _uid in pairs if not user.is_vendor}
        seats = dict(Membership.objects.current().filter(user_id__in=outside).values_list("user_id", "partner__uid"))

        def may_hear(user: User, uid: UUID | None) -> bool:
            if not user.is_vendor:
                return user.pk in seats and uid in {None, seats[user.pk]}
            own_only = user.sees_own_partners_only
            return uid is None or (uid in owners and (not own_only or owners[uid] == user.pk))

        return {(user.pk, uid) for user, uid in pairs if may_hear(user, uid)}

    def names(self, uids: Iterable[UUID]) -> Mapping[UUID, str]:
        uids = set(uids)
        return dict(Partner.objects.filter(uid__in=uids).values_list("uid", "name")) if uids else {}

    def only_demo(self, uids: Iterable[UUID]) -> bool:
        uids = set(uids)
        return bool(uids) and Partner.objects.filter(uid__in=uids, is_demo=True).count() == len(uids)


def _contact_names(reader: User, _topics: Topics) -> QuerySet[Any]:
    return called(Contact.objects.visible_to(reader), "partners.Contact", F("name"))


def _seat_names(reader: User, _topics: Topics) -> QuerySet[Any]:
    text = Coalesce(NullIf(F("user__name"), Value("")), F("user__email"))
    return called(Membership.objects.visible_to(reader), "partners.Membership", text)


def _invitation_names(reader: User, _topics: Topics) -> QuerySet[Any]:
    text = Coalesce(NullIf(F("name"), Value("")), F("email"))
    return called(Invitation.objects.visible_to(reader), "partners.Invitation", text)


NAMES: dict[str, Rows] = {
    "partners.Contact": _contact_names,
    "partners.Membership": _seat_names,
    "partners.Invitation": _invitation_names,
}
