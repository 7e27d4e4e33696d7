"""Every act that is recorded anywhere has words, a kind, and a decision whether the partner reads of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from accounts.act_words import ACTS, SHARED, Kind
from tools.house_rules import ROOMS

ROOT = Path(__file__).resolve().parents[2]


def recorded_acts() -> Iterator[str]:
    """The first argument of every `record(…)`: a text, one of two texts, or a text with a part that is computed."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record":
                    yield from _texts(node.args[0])


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
    else:
        yield f"unreadable: {ast.unparse(node)}"


def test_every_recorded_act_has_words():
    acts = set(recorded_acts())

    assert len(acts) > 60
    stems = {act for act in acts if act.endswith("*")}
    assert sorted(act for act in acts - stems if act not in ACTS) == []
    assert [stem for stem in stems if not any(act.startswith(stem[:-1]) for act in ACTS)] == []


def test_words_are_for_acts_that_exist():
    acts = set(recorded_acts())
    stems = tuple(act[:-1] for act in acts if act.endswith("*"))

    assert [act for act in ACTS if act not in acts and not act.startswith(stems)] == []


def test_what_the_vendor_thinks_is_not_shared():
    assert [act for act in SHARED if ACTS[act].kind == Kind.HEALTH] == []
    assert {"engagement.notes_saved", "engagement.touch_logged", "partners.tagged"} & SHARED == set()
