"""The query string of the partners list: what it means, what is dropped, and that it survives a round trip."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workspace.listing import (
    COLUMNS,
    DEFAULT_COLUMNS,
    HEALTH,
    SORTS,
    STAGES,
    Ignored,
    ListState,
    parse,
    parse_query,
)


def read(query: str, base: ListState | None = None) -> ListState:
    return parse(parse_qs(query, keep_blank_values=True), base=base)[0]


def dropped(query: str) -> list[Ignored]:
    return parse(parse_qs(query, keep_blank_values=True))[1]


def test_parse_of_nothing_is_the_plain_list():
    assert parse({}) == (ListState(), [])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=+north++wind+", ListState(q="north wind")),
        ("health=risk", ListState(health=("risk",))),
        ("health=A,risk&health=none", ListState(health=("A", "risk", "none"))),
        ("stage=growth,exit", ListState(stage=("growth", "exit"))),
        ("tier=gold&tier=gold", ListState(tier=("gold",))),
        ("owner=me,none", ListState(owner=("me", "none"))),
        ("tag=oem,+special&tag=emea", ListState(tag=("oem, special", "emea"))),
        ("silent=60&ending=90&joined=30", ListState(silent=60, ending=90, joined=30)),
        ("archived=0&archived=1", ListState(archived=True)),
        ("sort=-score", ListState(sort="-score")),
        ("cols=tier,name,health", ListState(cols=("name", "tier", "health"))),
        ("page=3", ListState(page=3)),
        ("page=40&after=northwind", ListState(page=40, after="northwind")),
    ],
)
def test_parse_reads(query, expected):
    assert parse(parse_qs(query, keep_blank_values=True)) == (expected, [])


@pytest.mark.parametrize(
    ("query", "ignored"),
    [
        ("region=XX", [Ignored("region", "XX")]),
        ("health=purple", [Ignored("health", "purple")]),
        ("stage=growth,moon", [Ignored("stage", "moon")]),
        ("owner=bob", [Ignored("owner", "bob")]),
        ("silent=often", [Ignored("silent", "often")]),
        ("silent=0", [Ignored("silent", "0")]),
        ("silent=99999999999999999999", [Ignored("silent", "99999999999999999999")]),
        ("sort=secret", [Ignored("sort", "secret")]),
        ("sort=--score", [Ignored("sort", "--score")]),
        ("cols=name,salary", [Ignored("cols", "salary")]),
        ("page=-1", [Ignored("page", "-1")]),
        ("page=1500", [Ignored("page", "1500")]),
        ("after=../etc", [Ignored("after", "../etc")]),
        ("archived=maybe", [Ignored("archived", "maybe")]),
        ("page=٣", [Ignored("page", "٣")]),
    ],
)
def test_parse_names_what_it_drops(query, ignored):
    assert dropped(query) == ignored


def test_parse_keeps_the_good_values_beside_a_bad_one():
    assert read("stage=growth,moon&tier=gold").stage == ("growth",)


def test_parse_drops_nul_and_cuts_long_text():
    assert read("q=" + "a%00" * 500).q == "a" * 120


def test_deep_page_without_anchor_is_the_last_numbered_one():
    assert read("page=1500").page == 20


def test_view_is_overridden_parameter_by_parameter():
    view = parse_query("health=risk&sort=score")
    assert read("tier=gold", view) == ListState(health=("risk",), sort="score", tier=("gold",))


def test_empty_value_clears_a_filter_of_the_view():
    view = parse_query("health=risk&sort=score&silent=60&tag=emea")
    assert read("health=&sort=&silent=&tag=", view) == ListState()


def test_pairs_name_only_what_differs_from_the_view():
    view = parse_query("health=risk&sort=score")
    state = view.change(health=(), tier=("gold", "silver"))
    assert state.pairs(base=view) == [("health", ""), ("tier", "gold,silver")]
    assert state.query(view="at-risk", base=view) == "?view=at-risk&health=&tier=gold,silver"


def test_change_of_a_filter_goes_back_to_the_first_page():
    assert ListState(page=4).change(tier=("gold",)) == ListState(tier=("gold",))
    assert ListState(page=4).change(page=5) == ListState(page=5)


def test_without_takes_one_alternative_or_the_whole_filter():
    state = ListState(tier=("gold", "silver"), silent=60)
    assert state.without("tier", "gold") == ListState(tier=("silver",), silent=60)
    assert state.without("silent") == ListState(tier=("gold", "silver"))


def test_bands_expand_groups():
    assert ListState(health=("risk", "A", "none")).bands == ("D", "E", "A", "")


def test_differs_ignores_the_page():
    assert ListState(page=3).differs_from(ListState()) is False
    assert ListState(q="x").differs_from(ListState()) is True


def some(choices):
    return st.lists(st.sampled_from(choices), unique=True, max_size=4).map(tuple)


DAYS = st.none() | st.integers(1, 3650)
WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30).map(
    lambda text: " ".join(text.split())
)
STATES = st.builds(
    ListState,
    q=WORDS,
    health=some(HEALTH),
    stage=some(STAGES),
    tier=some(("strategic", "gold")),
    owner=some(("me", "none", "9b2f6d4e-6a53-4d8b-8a36-0f3d3ff9c001")),
    tag=st.lists(WORDS.filter(bool), unique=True, max_size=3).map(tuple),
    silent=DAYS,
    ending=DAYS,
    joined=DAYS,
    archived=st.booleans(),
    sort=st.sampled_from([*SORTS, *(f"-{key}" for key in SORTS)]),
    cols=some(COLUMNS[1:]).filter(bool).map(lambda cols: ("name", *cols)) | st.just(DEFAULT_COLUMNS),
    page=st.integers(1, 20),
)


@settings(deadline=None, max_examples=60)
@given(STATES, STATES)
def test_query_string_leads_back_to_the_same_state(state, base):
    assert read(state.query(base=base).lstrip("?"), base) == state
