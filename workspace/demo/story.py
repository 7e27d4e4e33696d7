"""Who is in the demo and what happens to them: pure data and arithmetic, the same every time for the same day."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

MONTHS = 24
DAYS = MONTHS * 30

COLLEAGUES = [  # e-mail, name, role
    ("admin@demo.example", "Ada Lind", "admin"),
    ("lead@demo.example", "Tom Weber", "lead"),
    ("ana@demo.example", "Ana Ruiz", "partner_manager"),
    ("ben@demo.example", "Ben Okafor", "partner_manager"),
    ("mia@demo.example", "Mia Tanaka", "partner_manager"),
    ("viewer@demo.example", "Vera Holm", "viewer"),
]
OWNERS = ["ana@demo.example", "ben@demo.example", "mia@demo.example"]
INVITED = [  # name, days ahead
    ("Blue Fjord", 5),
    ("Northwind Partners", 8),
    ("Sierra Systems", 11),
    ("Juniper Labs", 17),
    ("Kobayashi Trade", 24),
]
AGREED_LAST = [  # text, side, kind, due in days, done in days
    ("Confirm the date of the joint webinar", "ours", "action", 6, None),
    ("Send two customer references", "theirs", "action", 4, None),
    ("One joint campaign each quarter", "ours", "decision", None, None),
    ("Answer the request for a demo environment", "ours", "action", -12, -7),
    ("Send the new price list", "ours", "action", -16, -18),
]
PARTNER_USERS = [  # e-mail, name, role, partner
    ("ingrid@sierra.example", "Ingrid Dahl", "partner_admin", "Sierra Systems"),
    ("sergio@sierra.example", "Sergio Pardo", "partner_seller", "Sierra Systems"),
    ("vega@sierra.example", "Vega Molina", "partner_viewer", "Sierra Systems"),
    ("luca@northwind.example", "Luca Moretti", "partner_seller", "Northwind Partners"),
]
FILES = [  # partner, sender, side, purpose, name, lines
    (
        "Sierra Systems",
        "ben@demo.example",
        "ours",
        "agreement",
        "Partner agreement 2026.pdf",
        ["Partner agreement 2026", "between us and Sierra Systems", "", "Term: two years. Notice: 60 days."],
    ),
    (
        "Northwind Partners",
        "ana@demo.example",
        "ours",
        "pack",
        "Recovery plan Q4.pdf",
        ["Recovery plan", "Fourth quarter", "", "1. Name a second engineer", "2. Joint calls on Mondays"],
    ),
    (
        "Northwind Partners",
        "luca@northwind.example",
        "theirs",
        "proof",
        "Campaign leads.csv",
        ["Company,Date,Interest", "Acme Ltd,2026-10-12,Renewal", "Borealis,2026-10-15,New project"],
    ),
]
NOTICES = [  # published days ago, days after the decision, text, tiers, partners, acknowledged by (e-mail, partner)
    (
        9,
        2,
        {
            "kind": "bad",
            "title": "Hardware margin falls by two points in January",
            "body": "Our suppliers raised their prices by 6 %. We carry two thirds of it; the rest reaches you.",
            "impact": "The margin on hardware falls from 18 % to 16 % for orders from 1 January. Services stay as is.",
            "what_follows": "Orders placed until 31 December keep the old margin. Your contact goes through your open "
            "quotes with you before 15 December.",
            "needs_acknowledgement": True,
        },
        ["gold", "strategic"],
        [],
        [],
    ),
    (
        23,
        5,
        {
            "kind": "policy",
            "title": "Deals are answered within two working days",
            "body": "Every deal you register gets a decision within two working days. "
            "If we are late, it counts as approved.",
            "needs_acknowledgement": True,
        },
        [],
        [],
        [("ingrid@sierra.example", "Sierra Systems")],
    ),
    (
        4,
        1,
        {
            "kind": "good",
            "title": "Two engineers more for joint projects",
            "body": "From this month two of our engineers work for partner projects only. Ask your contact for dates.",
        },
        [],
        [],
        [],
    ),
]
JOINING = ("nora@sierra.example", "Nora Vidal", "ingrid@sierra.example")  # e-mail and name of who is invited, by whom
TOLD = [  # e-mail, partner, kind, title, reason, days ago (new ones are unread)
    (
        "ana@demo.example",
        "Northwind Partners",
        "owner_changed",
        "Northwind Partners is yours now",
        "You look after it from now on.",
        9,
    ),
    (
        "ana@demo.example",
        "Northwind Partners",
        "person_joined",
        "Luca Moretti joined the portal",
        "You look after Northwind Partners.",
        2,
    ),
    (
        "ana@demo.example",
        "Northwind Partners",
        "meeting_moved",
        "Moved: Check-in with Northwind Partners",
        "You take part in this meeting.",
        0,
    ),
    ("ana@demo.example", "Juniper Labs", "commitment_due", "Due: Send the revised price list", "You promised it.", 0),
    (
        "ben@demo.example",
        "Sierra Systems",
        "person_joined",
        "Ingrid Dahl joined the portal",
        "You look after Sierra Systems.",
        1,
    ),
    (
        "ingrid@sierra.example",
        "Sierra Systems",
        "owner_changed",
        "Your contact is now Ben Okafor",
        "It concerns everybody at your company.",
        6,
    ),
    (
        "ingrid@sierra.example",
        "Sierra Systems",
        "summary_sent",
        "Summary: QBR with Sierra Systems",
        "You are invited to this meeting.",
        3,
    ),
    (
        "ingrid@sierra.example",
        "Sierra Systems",
        "meeting_invited",
        "Meeting: QBR with Sierra Systems",
        "You are invited to this meeting.",
        0,
    ),
    (
        "ingrid@sierra.example",
        "Sierra Systems",
        "commitment_due",
        "Due: Name a second certified engineer",
        "Your company promised it.",
        0,
    ),
    (
        "luca@northwind.example",
        "Northwind Partners",
        "meeting_moved",
        "Moved: Check-in with Northwind Partners",
        "You are invited to this meeting.",
        0,
    ),
]
UNREAD_DAYS = 1


@dataclass(frozen=True)
class Character:
    """One partner's script. `gap` is days between orders, `size` the usual order in EUR, `growth` per year."""

    name: str
    country: str
    code: str
    zone: str
    tier: str
    stage: str
    plot: str
    size: int
    gap: int
    growth: float = 0.08
    age: int = DAYS
    stage_days: int = 200


def _rows() -> list[Character]:
    places = {
        "DE": ("Germany", "DE", "Europe/Berlin"),
        "FR": ("France", "FR", "Europe/Paris"),
        "GB": ("United Kingdom", "GB", "Europe/London"),
        "ES": ("Spain", "ES", "Europe/Madrid"),
        "NO": ("Norway", "NO", "Europe/Oslo"),
        "US": ("United States", "US", "America/New_York"),
        "JP": ("Japan", "JP", "Asia/Tokyo"),
        "IN": ("India", "IN", "Asia/Kolkata"),
    }

    def row(name: str, place: str, tier: str, stage: str, plot: str, size: int, gap: int, **more: float) -> Character:
        return Character(name, *places[place], tier, stage, plot, size, gap, **more)  # type: ignore[arg-type]  # ages are whole

    cast = [
        row("Northwind Partners", "GB", "gold", "evaluation", "quiet_decline", 9_500, 18, stage_days=34),
        row("Sierra Systems", "ES", "strategic", "expansion", "growing", 42_000, 9, growth=0.45, stage_days=140),
        row("Blue Fjord", "NO", "gold", "growth", "recovery", 16_000, 16),
        row("Kestrel Cloud", "US", "registered", "growth", "too_little", 0, 0, age=70, stage_days=70),
        row("Helix Resellers", "DE", "silver", "growth", "stopped", 7_500, 21),
        row("Delta Works", "FR", "gold", "expansion", "growing", 21_000, 12, growth=0.3, stage_days=95),
        row("Alder & Finch", "GB", "silver", "growth", "steady", 6_200, 24),
        row("Brightwater IT", "GB", "registered", "growth", "steady", 2_100, 40),
        row("Cobalt Networks", "DE", "gold", "growth", "steady", 18_500, 14, growth=0.05),
        row("Corvus Data", "DE", "silver", "growth", "growing", 8_800, 20, growth=0.35),
        row("Eastgate Systems", "FR", "silver", "growth", "shrinking", 9_400, 22),
        row("Fernhill Digital", "GB", "registered", "onboarding", "new", 1_900, 30, age=46, stage_days=46),
        row("Granite Point", "US", "strategic", "growth", "steady", 55_000, 8, growth=0.12),
        row("Harbourline", "NO", "silver", "growth", "seasonal", 11_000, 20),
        row("Ivory Peak", "ES", "registered", "recruit", "recruit", 0, 0, age=25, stage_days=25),
        row("Juniper Labs", "US", "gold", "growth", "growing", 19_000, 15, growth=0.28),
        row("Kobayashi Trade", "JP", "gold", "growth", "steady", 24_000, 13),
        row("Larkspur Tech", "GB", "silver", "evaluation", "shrinking", 6_900, 25, stage_days=62),
        row("Meridian Office", "FR", "registered", "growth", "steady", 2_800, 33),
        row("Nimbus Retail", "IN", "silver", "growth", "growing", 5_600, 18, growth=0.5),
        row("Oakridge Supply", "US", "registered", "growth", "rare", 4_100, 75),
        row("Pinecrest IT", "US", "silver", "onboarding", "new", 3_600, 25, age=82, stage_days=82),
        row("Quarry Bay", "GB", "registered", "growth", "seasonal", 3_900, 28),
        row("Redfern Consult", "DE", "gold", "growth", "lost_touch", 15_500, 17),
        row("Saffron Systems", "IN", "silver", "growth", "steady", 5_200, 23),
        row("Tidewater Group", "US", "strategic", "evaluation", "shrinking", 48_000, 10, stage_days=20),
        row("Umbra Security", "ES", "silver", "growth", "steady", 8_100, 21),
        row("Vantage North", "NO", "registered", "onboarding", "stalled", 0, 0, age=104, stage_days=104),
        row("Westbrook Media", "GB", "registered", "growth", "stopped", 2_400, 27),
        row("Xenia Health IT", "DE", "gold", "growth", "growing", 17_000, 16, growth=0.22),
        row("Yarrow Partners", "FR", "silver", "growth", "steady", 7_000, 24),
        row("Zephyr Mobile", "ES", "registered", "recruit", "recruit", 0, 0, age=58, stage_days=58),
        row("Amber Road", "JP", "silver", "expansion", "growing", 12_500, 17, growth=0.33, stage_days=60),
        row("Birchwood Soft", "US", "registered", "growth", "rare", 1_700, 90),
        row("Cinder Analytics", "GB", "silver", "growth", "recovered_small", 5_900, 22),
        row("Drift & Sons", "FR", "registered", "exit", "left", 3_300, 30, stage_days=38),
        row("Elmwood Care IT", "DE", "silver", "growth", "steady", 6_600, 26),
        row("Foxglove Retail", "GB", "registered", "onboarding", "new", 1_500, 35, age=21, stage_days=21),
        row("Glacier Point", "NO", "gold", "exit", "left", 13_000, 19, stage_days=12),
        row("Halcyon Voice", "IN", "registered", "growth", "steady", 2_600, 29),
    ]
    return [
        replace(one, age=DAYS - dice(one).randint(0, 260)) if one.age == DAYS and one.plot in SETTLED else one
        for one in cast
    ]


SETTLED = {"steady", "growing", "rare", "seasonal"}  # plots that do not need two full years


def dice(character: Character) -> random.Random:
    return random.Random(f"prm:{character.name}")  # noqa: S311  repeatable, not secret


CAST = _rows()
FIRST_NAMES = ["Nora", "Jonas", "Chloé", "Rahul", "Sofia", "Kenji", "Marta", "Liam", "Aisha", "Peter", "Yuki", "Elena"]
LAST_NAMES = ["Berg", "Costa", "Dubois", "Sharma", "Novak", "Mori", "Keller", "Walsh", "Rossi", "Lund", "Sato", "Vega"]
TOUCH_TEXTS = [
    "Went through the open opportunities; two need a price by Friday.",
    "They asked for the new data sheet in their language. Sent.",
    "Short call about delivery times. They are content.",
    "Discussed the joint webinar; date is set.",
    "Answered questions about the renewal terms.",
    "New seller introduced; showed him the price list.",
]
SILENT_PLOTS = {"quiet_decline": 96, "stopped": 60, "lost_touch": 120, "too_little": 400, "stalled": 45, "left": 50}


def orders(character: Character, today: date) -> list[tuple[date, int]]:
    """The partner's invoices as (day, cents), oldest first, none in the future."""
    if not character.gap:
        return []
    rng, result = dice(character), []
    back = character.age - rng.randint(3, 12)
    while back > 0:
        stretch, weight = _mood(character.plot, back, rng)
        if weight > 0:
            years_on = (DAYS - back) / 365
            amount = character.size * weight * (1 + character.growth) ** years_on * rng.uniform(0.7, 1.35)
            result.append((today - timedelta(days=back), int(amount * 100)))
        back -= max(2, round(character.gap * stretch * rng.uniform(0.7, 1.35)))
    return result


def _mood(plot: str, back: int, rng: random.Random) -> tuple[float, float]:
    """How stretched the rhythm is and how large orders are, `back` days ago. Weight 0: no order."""
    if plot == "quiet_decline":
        if back < 104:
            return 1.0, 0.0
        return (2.8, 0.2) if back < 290 else (1.0, 1.0)
    if plot == "stopped":
        return 1.0, 0.0 if back < 130 else 1.0
    if plot == "left":
        return 1.0, 0.0 if back < 95 else 0.8
    if plot == "recovery":
        return (2.6, 0.45) if 130 < back < 300 else (0.9, 1.1)
    if plot == "recovered_small":
        return (3.0, 0.4) if 90 < back < 220 else (1.0, 1.0)
    if plot == "shrinking":
        return (1.0, 1.0) if back > 240 else (1.25, 0.45 + back / 600)
    if plot == "seasonal":
        return (0.7, 1.4) if back % 365 < 120 else (1.6, 0.7)
    return 1.0, rng.uniform(0.9, 1.1)


def touches(character: Character, today: date) -> list[tuple[date, str, bool, str]]:
    """Contacts with the partner as (day, kind, two-way, text), oldest first."""
    if character.plot == "too_little":
        return []
    rng, result = dice(character), []
    every = {"strategic": 8, "gold": 15, "silver": 27, "registered": 55}[character.tier]
    if character.stage in {"onboarding", "recruit"}:
        every = 14
    silent = SILENT_PLOTS.get(character.plot, 0)
    back = character.age - 2
    while back > max(0, silent):
        if not (character.plot == "recovery" and 150 < back < 280):
            kind = rng.choice(["call", "call", "mail", "meeting"])
            result.append((today - timedelta(days=back), kind, rng.random() < 0.88, rng.choice(TOUCH_TEXTS)))
        back -= max(3, round(every * rng.uniform(0.6, 1.4)))
    return result


def stage_history(character: Character, today: date) -> list[tuple[str, date]]:
    """Stages as (stage, day entered), oldest first, ending in the character's stage."""
    start = today - timedelta(days=character.age)
    entered = today - timedelta(days=character.stage_days)
    route = {
        "recruit": ["recruit"],
        "onboarding": ["recruit", "onboarding"],
        "growth": ["recruit", "onboarding", "growth"],
        "evaluation": ["recruit", "onboarding", "growth", "evaluation"],
        "expansion": ["recruit", "onboarding", "growth", "evaluation", "expansion"],
        "exit": ["recruit", "onboarding", "growth", "evaluation", "exit"],
    }[character.stage]
    if character.age < 120:
        return [(character.stage, start)]
    steps = {"recruit": 0, "onboarding": 25, "growth": 105}
    last = len(route) - 1
    result = []
    for index, stage in enumerate(route):
        if index == last and stage not in steps:
            day = entered
        elif stage in steps:
            day = start + timedelta(days=steps[stage])
        else:
            day = entered - timedelta(days=45)
        result.append((stage, day))
    return result


def reviews(character: Character, today: date) -> list[date]:
    """Days on which a QBR was held, oldest first."""
    months = {"strategic": 3, "gold": 3, "silver": 6, "registered": 12}[character.tier]
    if character.stage in {"recruit", "onboarding"} or character.plot == "too_little":
        return []
    late = {"quiet_decline": 130, "lost_touch": 160, "stopped": 100, "left": 120}.get(character.plot, 25)
    first = late + dice(character).randint(0, 30)
    days = [today - timedelta(days=back) for back in range(first, character.age - 100, months * 30)]
    return sorted(day if day.weekday() < 5 else day - timedelta(days=2) for day in days)


def check_ins(character: Character, today: date) -> list[date]:
    """Days of half an hour together between the reviews, oldest first."""
    every = {"strategic": 14, "gold": 30, "silver": 88, "registered": 0}[character.tier]
    if character.stage == "onboarding":
        every = 7
    if not every or character.stage in {"recruit", "exit"} or character.plot == "too_little":
        return []
    last = max(1 + dice(character).randint(0, every - 3), SILENT_PLOTS.get(character.plot, 0))
    days = [today - timedelta(days=back) for back in range(last, min(character.age - 5, 200), every)]
    return sorted(day if day.weekday() < 5 else day - timedelta(days=2) for day in days)


def deal_results(character: Character, today: date) -> list[tuple[str, date, int, str]]:
    """Deals as (name, day, cents, status); open ones carry the day they are expected to close."""
    if not character.gap:
        return []
    rng = dice(character)
    customers = [
        "Orbit Bank",
        "Lumen Foods",
        "City Transit",
        "Arbor Clinics",
        "Polar Air",
        "Civic Energy",
        "Nova Schools",
    ]
    chance = {"growing": 0.5, "quiet_decline": 0.15, "shrinking": 0.2, "stopped": 0.1}.get(character.plot, 0.32)
    result = []
    for back in range(20, min(character.age, 420), 45):
        day = today - timedelta(days=back + rng.randint(0, 15))
        won = rng.random() < chance
        result.append((rng.choice(customers), day, character.size * rng.randint(80, 260), "won" if won else "lost"))
    for _ in range(rng.randint(0, 3) if character.stage != "exit" else 0):
        day = today + timedelta(days=rng.randint(10, 80))
        result.append((rng.choice(customers), day, character.size * rng.randint(80, 260), "open"))
    return result
