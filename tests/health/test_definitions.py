"""Model definitions: the shipped ones are valid, errors are told in plain words, nothing is changed in place."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from health.definitions import (
    METHODS_1,
    definition_hash,
    derive,
    shipped_default,
    validate_definition,
    with_measure,
)
from health.shipped import STAGE_WEIGHTS

RENEWALS = {
    "key": "renewals_kept",
    "group": "commitment",
    "source": "contracts",
    "decay": "event",
    "unit": "share",
    "window": 365,
    "input": {"kind": "ratio", "top": "kept", "bottom": "due"},
    "knots": [["0", "0"], ["1", "100"]],
}


def changed(change):
    definition = copy.deepcopy(METHODS_1)
    change(definition)
    return definition


def _weight(definition):
    definition["signals"][0]["weights"]["growth"] = 5


def _share(definition):
    definition["measures"][1]["share"] = "0.6"


def _order(definition):
    definition["measures"][0]["knots"] = [["0.5", "100"], ["0.5", "80"]]


def _zigzag(definition):
    definition["measures"][0]["knots"] = [["0", "0"], ["1", "50"], ["2", "40"]]


def _float(definition):
    definition["measures"][0]["knots"] = [[0.5, "100"], ["1", "80"]]


def _orphan(definition):
    definition["measures"].pop()
    definition["measures"].pop()


def _group(definition):
    definition["signals"][0]["group"] = "luck"


def _decay(definition):
    definition["decay"]["survey"]["half_life"] = 0


def _confidence(definition):
    definition["confidence"]["medium"] = "0.8"


def _bands(definition):
    definition["bands"][1]["from"] = "80"


def _cap(definition):
    definition["exceptions"][0]["cap"] = "101"


def _target(definition):
    definition["targets"]["defect_rate"]["target"]["default"] = "0"


def _twice(definition):
    definition["exceptions"].append({"key": "notice_received", "cap": "1"})


def _missing(definition):
    del definition["bands"]


def _runs(definition):
    definition["hysteresis"]["down_runs"] = 0


def _base_rate(definition):
    definition["measures"][2]["input"]["p0"] = "0"


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        (_weight, ["Weights of stage growth add up to 101, not 100."]),
        (_share, ["Shares of signal requirement_clarity add up to 0.9, not 1."]),
        (_order, ["The knot values of approval_cycle_time do not rise from one to the next."]),
        (_zigzag, ["The knot scores of approval_cycle_time rise and fall; they must go one way only."]),
        (_float, ["Measure approval_cycle_time needs at least two knots (value, score), scores from 0 to 100."]),
        (_orphan, ["Signal training has no measure."]),
        (_group, ["Signal approval_cycle_time belongs to no known group."]),
        (_decay, ["Decay survey needs whole days: grace 0 or more, half-life above 0, gone after the grace."]),
        (_confidence, ["Confidence levels must fall from high to medium to low."]),
        (_bands, ["Band edges must fall from one band to the next."]),
        (_cap, ["The cap of notice_received is not a number from 0 to 100."]),
        (_target, ["A target of defect_rate is not a number above 0."]),
        (_twice, ["notice_received is listed twice in exceptions."]),
        (_missing, ["Section bands is missing or of the wrong kind."]),
        (_runs, ["down_runs is not a whole number above 0."]),
        (_base_rate, ["The base rate p0 of requirement_clarity.rework is not between 0 and 1."]),
    ],
)
def test_an_error_is_told_in_the_admins_words(change, errors):
    assert validate_definition(changed(change)) == errors


def test_errors_go_through_the_callers_translation():
    shouted = validate_definition(changed(_group), translate=_shout)
    assert shouted == ["! Signal approval_cycle_time belongs to no known group."]


def _shout(message):
    return f"! {message}"


@pytest.mark.parametrize("garbage", [None, 3, "text", [], {}, {"signals": 3}, {"signals": [1], "measures": [{}]}])
def test_anything_that_is_no_definition_is_refused_with_words(garbage):
    assert validate_definition(garbage) != []


def _places(node, path=()):
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _places(child, (*path, key))


PLACES = list(_places(METHODS_1))
GARBAGE = st.sampled_from(
    [None, True, -1, 0, 7, 0.5, "", "x", "NaN", "-5", "1e9", [], [[]], {}, {"key": []}, ["a", {}]]
)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(PLACES), GARBAGE)
def test_a_damaged_definition_never_breaks_the_check(place, garbage):
    definition = copy.deepcopy(METHODS_1)
    node = definition
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = garbage
    assert all(isinstance(error, str) for error in validate_definition(definition))


@pytest.mark.parametrize("definition", [METHODS_1, shipped_default()], ids=lambda definition: definition["key"])
def test_shipped_definitions_are_valid_and_plain_json(definition):
    assert validate_definition(definition) == []
    assert json.loads(json.dumps(definition)) == definition


def test_hash_sees_values_and_not_order():
    shuffled = json.loads(json.dumps(METHODS_1, sort_keys=True))
    assert definition_hash(shuffled) == definition_hash(METHODS_1)
    assert len(definition_hash(METHODS_1)) == 64
    assert definition_hash(changed(_cap)) != definition_hash(METHODS_1)


def test_shipped_default_has_the_weights_of_its_table():
    weights = {signal["key"]: signal["weights"] for signal in shipped_default()["signals"]}
    assert {
        stage: {key: per_stage[stage] for key, per_stage in weights.items() if stage in per_stage}
        for stage in STAGE_WEIGHTS
    } == STAGE_WEIGHTS


def test_with_measure_makes_room_and_leaves_the_base_alone():
    before = definition_hash(METHODS_1)
    derived = with_measure(
        METHODS_1,
        key="methods-1+renewals",
        measure=RENEWALS,
        weights={"growth": 10, "exit": "2.5"},
        targets={"due": {"default": "4"}},
        parameters={"since": "2026"},
    )
    assert definition_hash(METHODS_1) == before
    assert validate_definition(derived) == []
    assert derived["key"] == "methods-1+renewals"
    weights = {signal["key"]: signal["weights"] for signal in derived["signals"]}
    assert weights["renewals_kept"] == {"growth": 10, "exit": "2.5"}
    assert weights["revenue_growth"] == {"growth": "10.8", "evaluation": 9, "expansion": 12}
    assert derived["measures"][-1]["signal"] == "renewals_kept"
    assert derived["targets"]["renewals_kept"] == {"due": {"default": "4"}}
    assert derived["parameters"]["renewals_kept"] == {"since": "2026"}


def test_with_measure_refuses_what_exists_or_does_not_fit():
    with pytest.raises(ValueError, match="exists already"):
        with_measure(METHODS_1, key="x", measure={**RENEWALS, "key": "trust"}, weights={})
    with pytest.raises(ValueError, match="exists already"):
        with_measure(METHODS_1, key="x", measure={**RENEWALS, "signal": "trust"}, weights={})
    with pytest.raises(KeyError):
        with_measure(METHODS_1, key="x", measure=RENEWALS, weights={"retired": 5})
    with pytest.raises(ValueError, match="between 0 and 100"):
        with_measure(METHODS_1, key="x", measure=RENEWALS, weights={"growth": 101})


def test_derive_replaces_single_entries():
    derived = derive(
        METHODS_1,
        key="methods-2",
        weights={"trust": {"growth": 3}, "sentiment": {"growth": 8}},
        measures={"engagement.days": {"knots": [["0", "0"], ["20", "100"]]}},
        targets={"defect_rate": {"target": {"default": "0.1"}}},
    )
    assert validate_definition(derived) == []
    assert derived["targets"]["defect_rate"] == {"target": {"default": "0.1"}}
    assert METHODS_1["targets"]["defect_rate"] == {"target": {"default": "0.05"}}
    with pytest.raises(KeyError):
        derive(METHODS_1, key="x", targets={"weather": {}})
    with pytest.raises(KeyError):
        derive(METHODS_1, key="x", weights={"trust": {"retired": 3}})
