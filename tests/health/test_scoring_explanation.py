"""The explanation as page, API and command show it: the whole tree, sentences, advice, change."""

import json
from datetime import date
from decimal import Decimal

import pytest

from health import labels
from health.definitions import shipped_default
from health.scoring import Reading, change, compile_model, score
from health.scoring.explanation import explain
from health.sentences import Words, basis_sentence, biggest_reasons, measure_sentence
from tests.health.examples import MODEL, example_1, example_2, example_3_later, fact, scored

DAY = date(2026, 3, 31)
SHIPPED = compile_model(shipped_default())


def explained(result, **more):
    return explain(result, as_of=DAY, model_version="methods-1", published_band="C", **more)


def lines(explanation):
    return {
        measure["key"]: measure
        for group in explanation["groups"]
        for signal in group["signals"]
        for measure in signal["measures"]
    }


def sentence(result, key):
    pairs = zip(result.profile.entries, result.rows, strict=True)
    return next(measure_sentence(entry, row) for entry, row in pairs if row.key == key)


def test_explanation_carries_the_contract():
    result = scored("onboarding", example_2(), exceptions=["escalation_overdue"], override=Decimal(58))
    explanation = explained(result)
    assert json.loads(json.dumps(explanation)) == explanation
    assert {key: explanation[key] for key in ("as_of", "model_version", "stage", "score", "published_band")} == {
        "as_of": "2026-03-31",
        "model_version": "methods-1",
        "stage": "onboarding",
        "score": "58.0000",
        "published_band": "C",
    }
    assert (explanation["confidence"], explanation["coverage"], explanation["breadth"]) == (
        "medium",
        "0.5393",
        "1.0000",
    )
    assert explanation["adjustments"] == [
        {"key": "exception:escalation_overdue", "label": "Capped: escalation overdue", "contribution": "-2.2456"},
        {"key": "override", "label": "Set by hand", "contribution": "9.0000"},
    ]
    assert [(help_["key"], help_["gain"], help_["sentence"]) for help_ in explanation["helps"]] == [
        ("onboarding_progress", "6.0000", "Onboarding progress: about +6.0 points"),
        ("touchpoint_frequency", "3.7336", "Two-way contacts: about +3.7 points"),
        ("approval_cycle_time", "2.4000", "Approval time: about +2.4 points"),
    ]


def test_explanation_sums_at_every_level():
    explanation = explained(scored("evaluation", example_3_later()))
    total = Decimal(explanation["baseline"])
    for group in explanation["groups"]:
        assert sum(Decimal(signal["contribution"]) for signal in group["signals"]) == Decimal(group["contribution"])
        for signal in group["signals"]:
            assert sum(Decimal(line["c"]) for line in signal["measures"]) == Decimal(signal["contribution"])
        total += Decimal(group["contribution"])
    assert total == Decimal(explanation["score"]) == Decimal("65.8588")
    assert [group["key"] for group in explanation["groups"]] == list(MODEL.groups)
    printed = explanation["displayed"]
    assert sum(map(Decimal, printed["lines"].values())) == Decimal(printed["score"]) == Decimal("65.9")


def test_a_measure_line_has_every_field():
    assert lines(explained(scored("evaluation", example_3_later())))["touchpoint_frequency"] == {
        "key": "touchpoint_frequency",
        "label": "Two-way contacts",
        "raw": {"count": 2},
        "unit": "contacts",
        "n": None,
        "window": 90,
        "value_as_of": None,
        "age_days": None,
        "flags": [],
        "s": "33.33",
        "f": "1",
        "w": "0.050000",
        "v": "0.050000",
        "c": "-1.3335",
        "status": "ok",
        "source": "touchpoints",
        "sentence": "Answered 2 of 6 expected two-way contacts in 90 days (33 of 100): -1.3",
    }


def test_suppressed_answers_show_neither_numbers_nor_how_many():
    readings = {"trust": Reading({"mean": Decimal("2.5")}, n=2, age_days=3, status="suppressed")}
    line = lines(explained(scored("growth", readings)))["trust"]
    assert (line["status"], line["raw"], line["n"], line["s"]) == ("suppressed", {}, None, None)
    assert line["sentence"] == "Trust: too few answers to show them without giving people away"


def test_statuses_are_told_apart():
    readings = {
        "trust": Reading({"mean": 4}, n=3, age_days=401),
        "touchpoint_frequency": fact(count=2),
    }
    found = lines(explained(scored("growth", readings, not_applicable=("cost_savings",))))
    assert {key: found[key]["status"] for key in ("trust", "touchpoint_frequency", "joint_wins", "cost_savings")} == {
        "trust": "stale",
        "touchpoint_frequency": "ok",
        "joint_wins": "missing",
        "cost_savings": "not_applicable",
    }
    assert found["trust"]["sentence"] == "Trust: the last value is too old to count"
    assert found["joint_wins"]["sentence"] == "Joint wins: not enough data, counts as neutral"
    assert found["cost_savings"]["sentence"] == "Cost savings: does not apply to this partner"


def test_change_lists_what_moved_largest_first():
    table = change(scored("growth", example_1(survey_age=130)), scored("evaluation", example_3_later()))
    shown = explained(scored("evaluation", example_3_later()), change=table, since=date(2026, 2, 28))["change"]
    assert (shown["since"], shown["total"], len(shown["rows"])) == ("2026-02-28", "-11.9527", 22)
    assert shown["rows"][0] == {
        "key": "revenue_growth",
        "label": "Revenue growth",
        "total": "-4.0650",
        "value": "-4.1475",
        "freshness": "0.0000",
        "reweight": "0.0825",
        "evidence": "0.0000",
        "adjustment": "0.0000",
    }
    assert sum(Decimal(row["total"]) for row in shown["rows"]) == Decimal(shown["total"])


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("revenue_growth", "Revenue of 180 days is 12 % above a year earlier (77 of 100): +2.0"),
        ("joint_wins", "Won 6 of 14 joint deals closed in 180 days (82 of 100): +1.6"),
        ("renewal_likelihood.owner", "The partner manager judges renewal as likely (80 of 100): +0.5"),
        ("trust", "Trust: 4.1 of 5 on average (answers: 3), counted at 73 % (78 of 100): +0.6"),
        (
            "sentiment",
            "Would recommend working with us: 8.2 of 10 on average (answers: 3), counted at 73 % (82 of 100): +1.0",
        ),
        ("perceived_fairness", "Fairness of terms: 3.4 of 5 on average (answers: 3), counted at 73 % (60 of 100): 0.0"),
    ],
)
def test_sentences_are_filled_with_raw_numbers(key, text):
    assert sentence(scored("growth", example_1(survey_age=161)), key) == text


def test_no_sentence_of_the_examples_lacks_a_number():
    for stage, readings in (("growth", example_1()), ("onboarding", example_2())):
        assert [line for line in lines(explained(scored(stage, readings))).values() if "?" in line["sentence"]] == []


def test_sequential_growth_is_said():
    result = scored("growth", {"revenue_growth": fact(now=9000, year_ago=0, previous=10000)})
    assert sentence(result, "revenue_growth") == (
        "Revenue of 180 days is 10 % below the 180 days before (no year-earlier figure) (45 of 100): -1.8"
    )
    assert lines(explained(result))["revenue_growth"]["flags"] == ["sequential"]


def test_sales_alone_say_so_and_speak_of_rhythm():
    profile = SHIPPED.profile("growth", connected=SHIPPED.measures_of_sources(["sales"]))
    rhythm = Reading({"probability": Decimal("0.31"), "repeats": 10, "t_last": 210, "age": 285})
    result = score(profile, {"deal_rhythm": rhythm})
    assert basis_sentence(profile) == "Based on sales only."
    assert (
        sentence(result, "deal_rhythm")
        == "Orders about every 3 weeks; silent for 74 days; 31 % likely to order in the next 90 days (35 of 100): -10.8"
    )
    explanation = explained(result)
    assert explanation["basis"] == "Based on sales only."
    assert set(lines(explanation)) == {"revenue_growth", "deal_rhythm", "trade_depth"}
    assert len(explanation["not_connected"]) == 30


def test_basis_is_silent_when_everything_is_connected():
    assert basis_sentence(MODEL.profile("growth")) == ""
    assert basis_sentence(MODEL.profile("growth", connected=[])) == "No source of data is connected yet."
    two = MODEL.profile("growth", connected=["revenue_growth", "touchpoint_frequency"])
    assert basis_sentence(two) == "Based on contacts, sales; 17 % of the model is connected."


def test_missing_measures_are_asked_for_when_little_else_would_help():
    profile = MODEL.profile("growth", connected=["revenue_growth", "trust"])
    explanation = explained(score(profile, {"trust": Reading({"mean": 3}, n=3, age_days=1)}))
    assert [(help_["kind"], help_["gain"], help_["sentence"]) for help_ in explanation["helps"]] == [
        ("improve", "8.8235", "Trust: about +8.8 points"),
        ("ask", "0.705882", "Ask for Revenue growth: adds up to 70.6 % of coverage"),
    ]


def test_sentences_go_through_the_callers_translation():
    words = Words(gettext=lambda message: f"<{message}>")
    explanation = explained(scored("growth", {"trust": Reading({"mean": 4}, n=3, age_days=1)}), words=words)
    assert lines(explanation)["trust"]["label"] == "<Trust>"
    assert lines(explanation)["trust"]["sentence"].startswith("<<<Trust>: 4 of 5")


def test_every_shipped_key_has_a_name():
    keys = {*SHIPPED.groups, *SHIPPED.signal_group, *(f"exception:{key}" for key in SHIPPED.caps)}
    named = {*labels.GROUPS, *labels.SIGNALS, *labels.ADJUSTMENTS}
    assert keys - named == set()
    assert {measure.source for measure in SHIPPED.measures.values()} - labels.SOURCES.keys() == set()
    assert {key for key in SHIPPED.measures if key not in labels.SIGNALS} == labels.MEASURES.keys()
    assert labels.name_of("partner_visits.count") == "Partner visits: count"


def test_biggest_reasons_are_one_line():
    assert biggest_reasons([("touchpoint_frequency", Decimal("-2.1670")), ("trust", Decimal("0.44"))]) == (
        "Two-way contacts -2.2, Trust +0.4"
    )
