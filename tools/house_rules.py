#!/usr/bin/env python3
"""House rules that no off-the-shelf tool knows: read from the syntax tree, printed as `file:line: what and why`.

Run by `make check`; tests/test_architecture.py seeds a violation of each and sees it found. The import contracts are in
pyproject.toml; these rules cover what contracts cannot see (parts of Django, calls, templates, names).
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOMS = (
    "core",
    "accounts",
    "partners",
    "lifecycle",
    "deals",
    "engagement",
    "enablement",
    "health",
    "workspace",
    "portal",
    "privacy",
    "prm",
)
DOMAIN_FILES = ("models", "queries", "rules", "scoring", "services", "tasks")
DOOR_FILES = ("views", "api")
WEB_MODULES = ("django.http", "django.shortcuts", "django.views", "django.template.response", "django.contrib.messages")
CACHE_CALLS = ("cache.get", "cache.set", "cache.add", "cache.get_or_set")
NAMELESS = ("utils", "util", "helpers", "common", "misc")


def python_files(root: Path, roles: tuple[str, ...] | None = None) -> Iterator[Path]:
    """The rooms' modules, migrations left out; with `roles`, only `views.py`, `views/…` and the like."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            parts = path.relative_to(root / room).with_suffix("").parts
            if "migrations" in parts:
                continue
            if roles is None or parts[0] in roles:
                yield path


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_modules(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, `from a import b` as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def nodes_with_statement(tree: ast.AST) -> Iterator[tuple[ast.AST, tuple[int, int]]]:
    """Each node with the lines (from, to, as a slice) of the statement it stands in; of a compound one, its head."""

    def walk(node: ast.AST, lines: tuple[int, int]) -> Iterator[tuple[ast.AST, tuple[int, int]]]:
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            lines = (node.lineno - 1, max(end, node.lineno))
        yield node, lines
        for child in ast.iter_child_nodes(node):
            yield from walk(child, lines)

    yield from walk(tree, (0, 0))


def rows_are_asked_for_through_visible_to(root: Path) -> Iterator[str]:
    """A view or API that starts from `.objects.` must go on with `visible_to`, or say on the line why it need not.

    Tenancy has one definition; a query that forgets it shows one partner another partner's rows. The way out is the
    comment `# visible: <why>` in the statement. `get_object_or_404(Model, …)` is the same thing in disguise.
    """
    for path in python_files(root, DOOR_FILES):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node, statement in nodes_with_statement(parse(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                bypass = (
                    node.value.attr in {"objects", "_default_manager", "_base_manager"} and node.attr != "visible_to"
                )
                line = node.value.end_lineno or node.lineno
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                bypass = (
                    node.func.id in {"get_object_or_404", "get_list_or_404"}
                    and isinstance(first, ast.Name)
                    and first.id[:1].isupper()
                )
                line = node.lineno
            else:
                continue
            if bypass and not re.search(r"#.*\bvisible: \w", "\n".join(lines[slice(*statement)])):
                yield f"{path}:{line}: rows fetched without visible_to(user); say `# visible: <why>` if that is right"


def domain_does_not_know_the_web(root: Path) -> Iterator[str]:
    """Models, services, queries, rules and tasks work the same from a page, the API, a worker and a command."""
    for path in python_files(root, DOMAIN_FILES):
        for line, name in imported_modules(parse(path)):
            if any(name == web or name.startswith(f"{web}.") for web in WEB_MODULES):
                yield f"{path}:{line}: the domain imports {name}; requests and responses belong to views and api"


def the_clock_is_ours(root: Path) -> Iterator[str]:
    """Only core/clock.py asks what time it is, so that a test and a computation as of a past day can say it."""
    for path in python_files(root):
        if path == root / "core" / "clock.py":
            continue
        for node in ast.walk(parse(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if (name, node.func.attr) in {
                ("timezone", "now"),
                ("timezone", "localdate"),
                ("timezone", "localtime"),
                ("datetime", "now"),
                ("datetime", "utcnow"),
                ("datetime", "today"),
                ("date", "today"),
            } and not (node.func.attr == "localtime" and node.args):
                yield f"{path}:{node.lineno}: {name}.{node.func.attr}() asks the machine; call core.clock.now()"


def modules_have_names(root: Path) -> Iterator[str]:
    """`utils` says nothing about what is inside, so everything ends up there."""
    for path in python_files(root):
        if path.stem in NAMELESS or any(part in NAMELESS for part in path.relative_to(root).parts[:-1]):
            yield f"{path}:1: a module named {path.stem} has no noun; name it after what it holds"


def templates_keep_the_policy(root: Path) -> Iterator[str]:
    """No inline style, script or handler: the content security policy blocks them, in silence."""
    patterns = (
        (re.compile(r"\sstyle\s*=", re.IGNORECASE), "an inline style"),
        (re.compile(r"<style\b", re.IGNORECASE), "a style block"),
        (re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE), "an inline handler"),
        (re.compile(r"\s(data-)?hx-on[:=-]", re.IGNORECASE), "an htmx handler, which needs eval"),
        (re.compile(r"<script(?![^>]*(\bsrc=|type=\"application/json\"))[^>]*>", re.IGNORECASE), "an inline script"),
        (re.compile(r"javascript:", re.IGNORECASE), "a javascript: address"),
    )
    for path in sorted((root / "templates").rglob("*.html")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for pattern, what in patterns:
                if pattern.search(line):
                    yield f"{path}:{number}: {what} breaks the content security policy"


def partials_never_extend(root: Path) -> Iterator[str]:
    """A file that starts with `_` is a fragment: it is included or sent to htmx, never a whole page."""
    for path in sorted((root / "templates").rglob("_*.html")):
        if "{% extends" in path.read_text(encoding="utf-8"):
            yield f"{path}:1: a partial never extends"


def the_cache_says_whose(root: Path) -> Iterator[str]:
    """A kept value is somebody's: its key is built from a user or a partner, or a comment says why it is nobody's.

    `cache.get(key)` is read together with the `key = …` above it. The way out is the comment `# shared: <why>`.
    """
    for path in python_files(root):
        text = path.read_text(encoding="utf-8")
        lines, keys = text.splitlines(), {}
        for node, statement in nodes_with_statement(parse(path)):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                keys[node.targets[0].id] = ast.unparse(node.value)
            elif isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in CACHE_CALLS:
                key = ast.unparse(node.args[0])
                whose = re.search(r"\b(user|partner|seat|person)\b", keys.get(key, key))
                if not whose and not re.search(r"#.*\bshared: \w", "\n".join(lines[slice(*statement)])):
                    yield f"{path}:{node.lineno}: kept under a key that names nobody; say `# shared: <why>` if it is so"


RULES: tuple[Callable[[Path], Iterator[str]], ...] = (
    rows_are_asked_for_through_visible_to,
    the_cache_says_whose,
    domain_does_not_know_the_web,
    the_clock_is_ours,
    modules_have_names,
    templates_keep_the_policy,
    partials_never_extend,
)


def broken(root: Path) -> list[str]:
    """Every breach of every rule below `root`, with paths as seen from there."""
    return [breach.removeprefix(f"{root}/") for rule in RULES for breach in rule(root)]


def main() -> int:
    breaches = broken(Path(__file__).resolve().parent.parent)
    print("\n".join(breaches) or f"House rules: {len(RULES)} kept, 0 broken.")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
