"""Hostile text of people, and a database in which every field that takes text holds it.

Each payload would set `window.PWNED`, open a dialog, or ask for an address with `forged` in it.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

HTMX = [
    '<div hx-post="/forged" hx-trigger="load">a</div>',
    '<div data-hx-post="/forged" data-hx-trigger="load">b</div>',
    '<a hx-get="/forged" hx-trigger="revealed">c</a>',
    '<div hx-delete="/forged" hx-trigger="every 100ms">d</div>',
    '<form hx-put="/forged" hx-trigger="load"><input name="a"></form>',
    '<div hx-ext="x" sse-connect="/forged" ws-connect="/forged">e</div>',
]
MARKUP = [
    "<script>window.PWNED=1;alert(1)</script>",
    "<img src=/forged onerror=\"window.PWNED=1;alert('img')\">",
    "<svg/onload=window.PWNED=1>",
    '<svg><use href="/forged#a"></use><animate onbegin=alert(1)></svg>',
    "<style>@import '/forged';body{display:none}</style>",
    '<base href="//forged.example/">',
    '<form action="/forged"><button autofocus>Send</button></form>',
    '<iframe src="/forged" srcdoc="<script>parent.PWNED=1</script>"></iframe>',
    '<link rel="stylesheet" href="/forged.css">',
    '<meta http-equiv="refresh" content="0;url=/forged">',
    '<object data="/forged"></object><embed src="/forged">',
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>",
    '<video src="/forged" onerror=alert(1)></video>',
    '<math href="javascript:alert(1)">m</math>',
    '<a href="javascript:window.PWNED=1">link</a>',
    '"><img src=/forged onerror=alert(1)>',
    "'--></textarea></title></script><img src=/forged>",
    "</dialog></template><img src=/forged onerror=alert(1)>",
    "{{7*7}}{% debug %}${7*7}<b>bold</b>",
    "javascript:alert(1)//forged",
]
PAYLOADS = [*HTMX, *MARKUP]

# What must never stand in a page of ours because of a text; our own addresses may quote it.
FOREIGN_NODES = """() => [...document.querySelectorAll(`
  [hx-post^="/forged"], [data-hx-post], [hx-get^="/forged"], [hx-delete], [hx-put], [sse-connect], [src*="/forged"],
  [href^="/forged"], [href^="//forged"], [action^="/forged"], [data^="/forged"], [onerror], [onload], [onfocus],
  [ontoggle], [onbegin], base, iframe, object, embed, math, video, marquee, main style, [href^="javascript:" i],
  meta[http-equiv=refresh i], main script:not([src]):not([type="application/json"])
`)].map(el => el.outerHTML.slice(0, 160))"""


def fill() -> None:
    """Write the payloads through the services that take text from people.

    Prints the slug of the partner that has most of them and the ids of a planned and a held meeting and of a notice.
    """
    from accounts.models import Role, User
    from accounts.services import create_token
    from core import clock
    from core.uploads import arrived
    from deals.models import Deal
    from enablement.services import Draft, publish_notice, receive_file, save_draft
    from engagement import services as engagement
    from engagement.models import Meeting
    from engagement.queries.people import PartnerVoice
    from health.services import compute, raise_exception, set_override
    from lifecycle.services import move_to_stage
    from partners.models import Tag
    from partners.services import add_contact
    from workspace.demo.load import PASSWORD
    from workspace.services.partners import add_partner
    from workspace.services.views import save_view

    now, today = clock.now(), clock.today()
    user = User.objects.create_user(
        "ana@demo.example", PASSWORD, name=PAYLOADS[6][:80], role=Role.ADMIN, time_zone="Europe/Berlin"
    )
    partners = [
        add_partner(actor=user, stage="growth", joined_on=None, name=text, owner=user, country="DE")
        for text in PAYLOADS
    ]
    target = partners[1]
    contacts = [
        add_contact(partner_id=target.pk, name=text[:100], actor=user, email=f"p{n}@evil.example", title=text[:80])
        for n, text in enumerate(PAYLOADS)
    ]
    for text in PAYLOADS:
        engagement.log_touch(partner_id=target.pk, actor=user, text=text, contact_ids=[contacts[1].pk])
        target.tags.add(Tag.objects.get_or_create(name=text[:40])[0])
    meetings = [
        engagement.schedule_meeting(
            partner_id=target.pk, kind=kind, local_start=(now + timedelta(days=days)).replace(tzinfo=None),
            time_zone="Europe/Berlin", actor=user, title=PAYLOADS[7], place=PAYLOADS[8],
            contact_ids=[contacts[0].pk],
        )
        for kind, days in (("qbr", 9), ("check_in", 2))
    ]  # fmt: skip
    for meeting in meetings:
        for text in PAYLOADS:
            engagement.add_agenda_item(meeting_id=meeting.pk, title=text, actor=user)
            engagement.add_commitment(
                partner_id=target.pk,
                meeting_id=meeting.pk,
                text=text,
                side="ours",
                due_on=today - timedelta(days=1),
                actor=user,
            )
        engagement.save_notes(meeting_id=meeting.pk, notes="\n".join(PAYLOADS), actor=user)
    for text in PAYLOADS[:5]:  # an agenda is bounded
        engagement.propose_topic(meeting_id=meetings[0].pk, title=text + " too", voice=PartnerVoice(text))
    engagement.propose_date(
        meeting_id=meetings[0].pk, local_start=(now + timedelta(days=12)).replace(tzinfo=None), time_zone="UTC",
        text="\n".join(PAYLOADS)[:1000], voice=PartnerVoice(PAYLOADS[6]),
    )  # fmt: skip
    Meeting.objects.filter(pk=meetings[1].pk).update(starts_at=now - timedelta(hours=3))
    came = meetings[1].attendees.values_list("pk", flat=True)
    engagement.hold_meeting(meeting_id=meetings[1].pk, actor=user, attended=came, notes="\n".join(PAYLOADS))
    engagement.send_summary(meeting_id=meetings[1].pk, actor=user)
    for text in PAYLOADS:
        engagement.answer_summary(meeting_id=meetings[1].pk, agreed=False, text=text, voice=PartnerVoice(text))
    Deal.objects.create(
        partner=target, name=PAYLOADS[9], customer=PAYLOADS[8], value_minor=100, currency="EUR", opened_on=today
    )
    move_to_stage(partner_id=target.pk, stage="evaluation", actor=user, reason=PAYLOADS[10])
    raise_exception(partner_id=target.pk, key="notice_received", reason=PAYLOADS[11], actor=user)
    set_override(
        partner_id=partners[2].pk,
        target=Decimal(30),
        reason=PAYLOADS[12],
        ends_on=today + timedelta(days=9),
        actor=user,
    )
    save_view(owner=user, name=PAYLOADS[0][:60], audience="all", pinned=True, query="health=risk")
    create_token(user=user, name=PAYLOADS[1][:80], scope="read", days=9)
    everything = "\n\n".join(PAYLOADS)
    for text in PAYLOADS:
        draft = Draft(text[:160], everything, today, "bad", impact=everything[:2000], what_follows=everything[:2000])
        notice = save_draft(actor=user, draft=draft)
        publish_notice(notice_uid=notice.uid, actor=user, version=notice.version)
        with arrived(f"{text}.csv", [text[:20].encode().replace(b"<", b"a<")]) as upload:
            receive_file(partner_id=target.pk, actor=user, side="ours", purpose="other", upload=upload)
    compute(as_of=today)
    print(f"TARGET {target.slug} {meetings[0].uid} {meetings[1].uid} {notice.uid}")
