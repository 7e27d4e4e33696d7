"""Every public write of every room's services leaves an audit row, itself or through what it calls (P46)."""

from __future__ import annotations

import ast
from pathlib import Path

from tools.house_rules import ROOMS, python_files

ROOT = Path(__file__).resolve().parents[2]

# Writes without an audit row, and why none is wanted.
SILENT = {
    "accounts.end_mute": "a person's own view of their inbox",
    "accounts.mark_read": "a person's own view of their inbox",
    "accounts.mute": "a person's own view of their inbox",
    "accounts.notify_all": "part of what it tells of, which has its row",
    "accounts.suppress": "part of an erasure, which has its row",
    "engagement.note_situations": "copies what other rooms know; their writes have rows",
    "lifecycle.start_journey": "part of adding a partner, which has its row",
    "lifecycle.start_journeys_from_first_sale": "part of an import, which has its row",
}


def calls(node: ast.AST) -> set[str]:
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            found.add(one.func.id if isinstance(one.func, ast.Name) else getattr(one.func, "attr", ""))
    return found


def writes_without_a_row() -> list[str]:
    functions = {}
    for path in python_files(ROOT, ("services",)):
        room = path.relative_to(ROOT).parts[0]
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                functions[f"{room}.{node.name}"] = node
    recording = {"record"}
    while True:
        more = {name.split(".")[1] for name, node in functions.items() if calls(node) & recording} - recording
        if not more:
            break
        recording |= more
    atomic = {
        name
        for name, node in functions.items()
        if not node.name.startswith("_") and any("atomic" in ast.unparse(mark) for mark in node.decorator_list)
    }
    return sorted(name for name in atomic if name.split(".")[1] not in recording)


def test_every_public_write_leaves_a_row_or_says_why_not():
    assert writes_without_a_row() == sorted(SILENT)
    assert all(SILENT.values())
    assert set(ROOMS) >= {name.split(".")[0] for name in SILENT}
