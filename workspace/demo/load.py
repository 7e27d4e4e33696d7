"""Write the demo story into the database, in one transaction."""

import random
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from accounts.models import Notification, Role, User
from accounts.services import notify, record
from core import clock
from core.errors import DomainError
from deals.models import Deal, RevenueEntry
from engagement.models import Attendee, Commitment, Meeting, Touchpoint
from engagement.queries.people import PartnerVoice
from engagement.services import propose_topic, schedule_meeting, send_summary
from lifecycle.models import Journey, StageChange
from partners import services as partner_services
from partners.models import Contact, Membership, Partner, PortalDay, Tag, TierChange
from partners.rules import normalise
from workspace.demo import shared, story
from workspace.demo.story import CAST, Character

FUNCTIONS = {
    Role.PARTNER_ADMIN: Contact.Role.CHAMPION,
    Role.PARTNER_SELLER: Contact.Role.SELLER,
    Role.PARTNER_VIEWER: Contact.Role.TECHNICAL,
}
PASSWORD = "demo partner 2026"  # noqa: S105  printed to whoever starts the demo; refused in production


def at(day: date, hour: int = 10) -> datetime:
    return datetime.combine(day, time(hour), UTC)


@transaction.atomic
def load(*, say: Callable[[str], None]) -> int:
    """Create the demo users and partners; returns the number of partners. Refuses when they are already there."""
    if Partner.objects.filter(is_demo=True).exists():
        raise DomainError("The demo data is already here. Remove it first with: manage.py demo clear")
    users = _colleagues()
    say(f"{len(users)} people who can log in")
    partners = {}
    for number, character in enumerate(CAST):
        owner = users[story.OWNERS[number % len(story.OWNERS)]]
        partners[character.name] = _partner(character, owner)
    for email, name, role, firm in story.PARTNER_USERS:
        user = User.objects.create_user(
            email, PASSWORD, name=name, role=role, is_demo=True, time_zone=partners[firm].time_zone
        )
        line = Contact.objects.create(partner=partners[firm], name=name, email=email, role=FUNCTIONS[Role(role)])
        Membership.objects.create(user=user, partner=partners[firm], contact=line)
        users[email] = user
        _visits(user, partners[firm])
    shared.add_files(partners, users)
    shared.add_news(partners, users)
    record("workspace.demo_loaded", None, actor=None, partners=len(partners))
    return len(partners)


def _visits(user: User, partner: Partner) -> None:
    """Some working days of the last weeks on which this person opened the portal."""
    rng = random.Random(f"prm:{user.email}")  # noqa: S311  repeatable, not secret
    past = [clock.today() - timedelta(days=back) for back in range(1, 29)]
    days = [day for day in past if day.weekday() < 5 and rng.random() < 0.3]
    PortalDay.objects.bulk_create(PortalDay(partner=partner, user=user, day=day, known_at=at(day)) for day in days)
    User.objects.filter(pk=user.pk).update(last_login=at(days[0], 9) if days else None)


def _colleagues() -> dict[str, User]:
    return {
        email: User.objects.create_user(email, PASSWORD, name=name, role=Role(role), is_demo=True)
        for email, name, role in story.COLLEAGUES
    }


def _partner(character: Character, owner: User) -> Partner:
    today = clock.today()
    start = today - timedelta(days=character.age)
    rng = story.dice(character)
    partner = Partner.objects.create(
        name=character.name,
        slug=f"demo-{normalise(character.name).replace(' ', '-').replace('&', 'and')}",
        search_name=normalise(character.name),
        kind=rng.choice(["Reseller", "Integrator", "Referral"]),
        tier=character.tier,
        owner=owner,
        country=character.country,
        country_code=character.code,
        time_zone=character.zone,
        website=f"{normalise(character.name).split()[0]}.example",
        joined_on=start,
        contract_ends_on=today + timedelta(days=rng.choice([110, 200, 260, 320, 360, 410, 500])),
        is_demo=True,
    )
    tag, _created = Tag.objects.get_or_create(name="EMEA" if character.code not in {"US", "JP", "IN"} else "Overseas")
    partner.tags.add(tag)
    _stages_and_tier(partner, character, owner, start)
    people = _people(partner, character)
    _revenue(partner, character)
    _deals(partner, character)
    _touches(partner, character, owner, people)
    _reviews(partner, character, owner, people)
    _check_ins(partner, character, owner, people)
    return partner


def _stages_and_tier(partner: Partner, character: Character, owner: User, start: date) -> None:
    TierChange.objects.create(
        partner=partner, tier=character.tier, actor=owner, occurred_at=at(start), known_at=at(start)
    )
    former, entered = "", at(start)
    for stage, day in story.stage_history(character, clock.today()):
        StageChange.objects.create(
            partner=partner,
            from_stage=former,
            to_stage=stage,
            occurred_at=at(day),
            known_at=at(day),
            actor=owner,
            reason="Both sides agreed to part" if stage == "exit" else "",
            days_in_former=(at(day) - entered).days if former else None,
        )
        former, entered = stage, at(day)
    Journey.objects.create(partner=partner, stage=former, entered_at=entered)


def _people(partner: Partner, character: Character) -> list[Contact]:
    rng = story.dice(character)
    roles = [Contact.Role.CHAMPION, Contact.Role.SPONSOR, Contact.Role.SELLER, Contact.Role.TECHNICAL]
    people = []
    for role in roles[: 1 if character.plot == "too_little" else rng.randint(2, 4)]:
        name = f"{rng.choice(story.FIRST_NAMES)} {rng.choice(story.LAST_NAMES)}"
        address = f"{normalise(name).replace(' ', '.')}.{role}@{partner.website}"
        people.append(
            Contact.objects.create(partner=partner, name=name, email=address, role=role, time_zone=character.zone)
        )
    return people


def _revenue(partner: Partner, character: Character) -> None:
    RevenueEntry.objects.bulk_create(
        [
            RevenueEntry(
                partner=partner,
                source="demo",
                external_id=f"{partner.slug}-{number}",
                occurred_at=at(day, 12),
                known_at=at(day, 20),
                amount_minor=cents,
                currency="EUR",
                country=partner.country,
            )
            for number, (day, cents) in enumerate(story.orders(character, clock.today()))
        ]
    )


def _deals(partner: Partner, character: Character) -> None:
    for customer, day, cents, status in story.deal_results(character, clock.today()):
        is_open = status == "open"
        Deal.objects.create(
            partner=partner,
            name=f"{customer} roll-out",
            customer=customer,
            value_minor=cents,
            currency="EUR",
            status=status,
            opened_on=(clock.today() if is_open else day) - timedelta(days=30 if is_open else 70),
            expected_on=day if is_open else None,
            closed_at=None if is_open else at(day, 15),
            known_closed_at=None if is_open else at(day, 18),
        )


def _touches(partner: Partner, character: Character, owner: User, people: list[Contact]) -> None:
    for day, kind, two_way, text in story.touches(character, clock.today()):
        touch = Touchpoint.objects.create(
            uid=uuid.uuid4(),
            partner=partner,
            kind=kind,
            two_way=two_way,
            text=text,
            actor=owner,
            occurred_at=at(day, 11),
            known_at=at(day, 17),
        )
        touch.contacts.add(people[0])


def _held(partner: Partner, kind: str, day: date, owner: User, people: list[Contact], minutes: int) -> Meeting:
    meeting = Meeting.objects.create(
        partner=partner,
        kind=kind,
        status=Meeting.Status.HELD,
        title=f"{Meeting.Kind(kind).label} with {partner.name}",
        target_on=day,
        local_start=at(day),
        time_zone="UTC",
        starts_at=at(day),
        minutes=minutes,
        held_at=at(day, 11),
        known_held_at=at(day, 12),
        organizer=owner,
    )
    rng = random.Random(f"{partner.slug}{day}")  # noqa: S311  repeatable, not secret
    Attendee.objects.create(meeting=meeting, user=owner, attended=True)
    for contact in people:
        Attendee.objects.create(meeting=meeting, contact=contact, attended=rng.random() < 0.78)
    return meeting


def _check_ins(partner: Partner, character: Character, owner: User, people: list[Contact]) -> None:
    for day in story.check_ins(character, clock.today()):
        _held(partner, Meeting.Kind.CHECK_IN, day, owner, people[:1], 30)


def _reviews(partner: Partner, character: Character, owner: User, people: list[Contact]) -> None:
    days = story.reviews(character, clock.today())
    for number, day in enumerate(days):
        meeting = _held(partner, Meeting.Kind.QBR, day, owner, people, 60)
        meeting.notes = "Results against plan, blockers, next goals."
        meeting.save(update_fields=["notes"])
        late = number == len(days) - 1 and character.plot in {"quiet_decline", "lost_touch"}
        for text, side in (("Send the revised price list", "ours"), ("Name a second certified engineer", "theirs")):
            due = clock.today() - timedelta(days=9) if late else day + timedelta(days=21)
            done = None if late or due > clock.today() else at(due, 9)
            who = str(owner) if side == "ours" else people[0].name
            Commitment.objects.create(
                partner=partner, meeting=meeting, text=text, side=side, owner_name=who, due_on=due, done_at=done
            )


def invite() -> None:
    """Send out the next QBRs of a few partners and one invitation to the portal, as people would have by now."""
    email, name, by = story.JOINING
    administrator = User.objects.select_related("membership").get(email=by)
    partner_services.invite(partner_id=administrator.membership.partner_id, email=email, name=name, actor=administrator)
    for name, days in story.INVITED:
        partner = Partner.objects.select_related("owner").get(name=name, is_demo=True)
        day = clock.today() + timedelta(days=days)
        day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
        people = partner.contacts.all()[:2]
        schedule_meeting(
            partner_id=partner.pk,
            kind=Meeting.Kind.QBR,
            local_start=datetime.combine(day, time(14)),
            time_zone="Europe/Berlin",
            actor=partner.owner,
            place="Video call",
            user_ids=[partner.owner_id],
            contact_ids=[contact.pk for contact in people],
        )
    first = {firm: email for email, _name, _role, firm in reversed(story.PARTNER_USERS)}
    for firm, email in first.items():
        _agree(Partner.objects.select_related("owner").get(name=firm, is_demo=True), email)


def _agree(partner: Partner, email: str) -> None:
    """What the partner's people find in the portal: a summary to confirm, open actions, promises kept and missed."""
    last = Meeting.objects.held().filter(partner=partner, kind=Meeting.Kind.QBR).latest("starts_at")
    today = clock.today()
    for text, side, kind, due, done in story.AGREED_LAST:
        ours = side == Commitment.Side.OURS
        Commitment.objects.create(
            partner=partner,
            meeting=last,
            text=text,
            side=side,
            kind=kind,
            owner_name=str(partner.owner) if ours else partner.contacts.earliest("pk").name,
            due_on=None if due is None else today + timedelta(days=due),
            done_at=None if done is None else at(today + timedelta(days=done)),
        )
    send_summary(meeting_id=last.pk, actor=partner.owner)
    user = User.objects.get(email=email)
    upcoming = Meeting.objects.still_open().filter(partner=partner, invited_at__isnull=False).earliest("starts_at")
    propose_topic(meeting_id=upcoming.pk, title="Lead times of large orders", voice=PartnerVoice(str(user), user=user))


def tell() -> None:
    """Fill a few inboxes, as the last days would have."""
    now = clock.now()
    for number, (email, firm, kind, title, reason, days) in enumerate(story.TOLD):
        user, partner = User.objects.get(email=email, is_demo=True), Partner.objects.get(name=firm, is_demo=True)
        key, at = f"demo:{number}", now - timedelta(days=days, hours=1 + number % 3)
        url = f"/app/partners/{partner.slug}/" if user.is_vendor else "/portal/"
        notify(
            users=[user], kind=kind, title=title, url=url, reason=reason, key=key, partner_uid=partner.uid, thread=key
        )
        fresh = days <= story.UNREAD_DAYS
        Notification.objects.filter(user=user, key=key).update(
            created_at=at, read_at=None if fresh else at + timedelta(hours=1), digest_owed=False
        )
