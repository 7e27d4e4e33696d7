"""Sentences that say why: plain, translated and stored."""

import json
from datetime import date

from engagement.rules.reason import Reason

HOW_OFTEN = Reason("every_weeks", "every {count} weeks", {"count": 2})
REASON = Reason(
    "tier", "{tier}: {interval}; due {due}", {"tier": "Gold", "interval": HOW_OFTEN, "due": date(2026, 8, 1)}
)
GERMAN = {
    "{tier}: {interval}; due {due}": "{tier}: {interval}; fällig {due}",
    "every {count} weeks": "alle {count} Wochen",
    "Gold": "Gold-Partner",
}


def test_reason_reads_as_a_sentence() -> None:
    assert str(REASON) == "Gold: every 2 weeks; due 1 Aug 2026"


def test_reason_is_translated_with_its_parts() -> None:
    text = REASON.text(lambda message: GERMAN.get(message, message), lambda day: day.strftime("%d.%m.%Y"))
    assert text == "Gold-Partner: alle 2 Wochen; fällig 01.08.2026"


def test_reason_survives_storage() -> None:
    assert Reason.from_json(json.loads(json.dumps(REASON.as_json()))) == REASON


def test_braces_in_a_value_are_only_text() -> None:
    assert str(Reason("x", "{label}.", {"label": "{evil.__class__}"})) == "{evil.__class__}."
