"""Who is concerned by a meeting, with address, zone and language; and who to suggest for the next one."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import User
from engagement.models import Attendee, Meeting
from engagement.queries.calendars import usable_zone
from partners.models import Contact, Membership, Partner

SUGGESTED_ROLES = (Contact.Role.CHAMPION, Contact.Role.SPONSOR)
MAX_SUGGESTED = 6


@dataclass(frozen=True)
class Addressee:
    """`id` is stable and unique over both sides: `user:7`, `contact:12`. `problem` says why no mail can be sent."""

    id: str
    name: str
    email: str
    zone: str
    language: str
    user: User | None = None
    contact: Contact | None = None
    problem: str = ""

    @property
    def is_ours(self) -> bool:
        return self.user is not None


@dataclass(frozen=True)
class PartnerVoice:
    """Who speaks for the partner: a person with a log-in, or one reached by a link in a mail; `name` is kept."""

    name: str
    user: User | None = None
    contact_id: int | None = None

    def is_same_as(self, *, user_id: int | None, contact_id: int | None) -> bool:
        """Whether something was said by this person, with the log-in or by a link."""
        mine = self.user is not None and self.user.pk == user_id
        return mine or (self.contact_id is not None and self.contact_id == contact_id)


def user_addressee(user: User) -> Addressee:
    problem = "" if user.is_active and user.is_vendor else "inactive"
    return Addressee(
        f"user:{user.pk}", str(user), user.email, usable_zone(user.time_zone), user.language, user=user, problem=problem
    )


def contact_addressee(contact: Contact, partner: Partner) -> Addressee:
    problem = ""
    if contact.left_on is not None:
        problem = "left"
    elif not is_address(contact.email):
        problem = "no_address"
    zone = usable_zone(contact.time_zone or partner.time_zone)
    return Addressee(
        f"contact:{contact.pk}",
        contact.name,
        contact.email,
        zone,
        settings.LANGUAGE_CODE,
        contact=contact,
        problem=problem,
    )


def member_addressee(user: User, partner: Partner) -> Addressee:
    """A person of the partner with a log-in; none once they have no seat there."""
    seated = Membership.objects.current().filter(user=user, partner=partner).exists()
    problem = "" if seated else "left"
    return Addressee(
        f"member:{user.pk}", str(user), user.email, usable_zone(user.time_zone), user.language, problem=problem
    )


def attendee_addressee(attendee: Attendee, partner: Partner) -> Addressee:
    if attendee.user is not None:
        return user_addressee(attendee.user)
    assert attendee.contact is not None
    return contact_addressee(attendee.contact, partner)


def is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True


def suggested_contacts(partner: Partner) -> list[Contact]:
    """Whom to invite: who came last time, else champion and sponsor, else the first people known. At most six."""
    present = Contact.objects.filter(partner=partner, left_on__isnull=True)
    last = Meeting.objects.filter(partner=partner).held().order_by("-held_at").first()
    if last is not None:
        came = list(present.filter(attendances__meeting=last, attendances__attended=True)[:MAX_SUGGESTED])
        if came:
            return came
    people = list(present.exclude(email=""))
    named = [one for one in people if one.role in SUGGESTED_ROLES]
    return (named or people[:2])[:MAX_SUGGESTED]
