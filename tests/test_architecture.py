"""The house keeps its shape: import contracts and house rules hold, and each is seen to fail when broken.

A contract that cannot fail is decoration. So every contract and rule is also run on a copy of the tree into which one
breach was written, and must name it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import house_rules

ROOT = Path(__file__).resolve().parent.parent

CONTRACT_BREACHES = [
    # A room that imports upwards, and a room that knows its neighbour on the same rung.
    ("rooms", "partners/queries.py", "import health.models", "partners is not allowed to import health"),
    ("rooms", "deals/queries.py", "import lifecycle.models", "deals is not allowed to import lifecycle"),
    ("rooms", "core/clock.py", "import prm.settings", "core is not allowed to import prm"),
    # A file that imports upwards inside its room.
    ("files", "deals/models.py", "import deals.services", "deals.models is not allowed to import deals.services"),
    ("files", "engagement/services.py", "import engagement.tasks", "engagement.services is not allowed to import"),
    # Arithmetic that reaches for the ORM: directly, and through a model of its own room.
    ("pure", "health/scoring.py", "import django.db.models", "health.scoring is not allowed to import django"),
    ("pure", "lifecycle/rules.py", "import lifecycle.models", "lifecycle.rules is not allowed to import"),
    # A domain that knows of pages.
    ("web", "deals/services.py", "import rest_framework.serializers", "deals.services is not allowed to import"),
    ("web", "health/queries.py", "import health.views", "health.queries is not allowed to import health.views"),
]

RULE_BREACHES = [
    (
        house_rules.rows_are_asked_for_through_visible_to,
        "partners/views.py",
        "def f():\n    return Partner.objects.filter(pk=1)\n",
    ),
    (
        house_rules.rows_are_asked_for_through_visible_to,
        "deals/api.py",
        "def f():\n    return get_object_or_404(Deal, pk=1)\n",
    ),
    (
        house_rules.rows_are_asked_for_through_visible_to,
        "deals/views.py",
        "def f():\n    x = 1  # visible: before\n    if Deal.objects.exists():\n        return 1  # visible: after\n",
    ),
    (house_rules.domain_does_not_know_the_web, "deals/services.py", "from django.shortcuts import render\n"),
    (house_rules.domain_does_not_know_the_web, "deals/tasks.py", "from django.http import HttpRequest\n"),
    (house_rules.the_clock_is_ours, "health/services.py", "from datetime import date\nx = date.today()\n"),
    (house_rules.the_clock_is_ours, "health/services.py", "from django.utils import timezone\nx = timezone.now()\n"),
    (house_rules.modules_have_names, "deals/utils.py", ""),
    (house_rules.modules_have_names, "deals/helpers/money.py", ""),
    (house_rules.templates_keep_the_policy, "templates/deals/deal_list.html", '<p style="color:red">late</p>\n'),
    (house_rules.templates_keep_the_policy, "templates/deals/deal_list.html", "<script>alert(1)</script>\n"),
    (house_rules.templates_keep_the_policy, "templates/deals/deal_list.html", '<a onclick="go()">go</a>\n'),
    (house_rules.the_cache_says_whose, "deals/queries.py", 'def f():\n    return cache.get("totals")\n'),
    (
        house_rules.the_cache_says_whose,
        "deals/queries.py",
        'def f(day):\n    key = f"all:{day}"\n    cache.set(key, 1)\n',
    ),
    (house_rules.partials_never_extend, "templates/deals/_deal_row.html", '{% extends "base.html" %}\n'),
]


def lint_imports(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the rooms and of the contracts, to be broken."""
    for room in house_rules.ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "locale", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def write(house: Path, name: str, text: str) -> None:
    """Append to a module of the copy; where the room holds a package of that name, to the package."""
    path = house / name
    if path.with_suffix("").is_dir():
        path = path.with_suffix("") / "__init__.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def test_import_contracts_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("contract", "file", "breach", "complaint"), CONTRACT_BREACHES)
def test_import_contract_fails_when_broken(house: Path, contract: str, file: str, breach: str, complaint: str) -> None:
    target = breach.removeprefix("import ")
    if target.split(".")[0] in house_rules.ROOMS:
        write(house, target.replace(".", "/") + ".py", "")
    write(house, file, breach)
    result = lint_imports(house, "--contract", contract)
    assert result.returncode == 1, result.stdout + result.stderr
    words = " ".join(result.stdout.split())
    assert complaint in words
    assert "0 kept, 1 broken" in words


def test_house_rules_hold() -> None:
    """In a process of its own: threads of other tests parse too, which CPython 3.11's parser can stumble over."""
    done = subprocess.run(
        [sys.executable, "tools/house_rules.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("rule", "file", "text"), RULE_BREACHES)
def test_house_rule_fails_when_broken(tmp_path: Path, rule, file: str, text: str) -> None:
    write(tmp_path, file, text)
    assert len(list(rule(tmp_path))) == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("partners/views.py", "def f(user):\n    return Partner.objects.visible_to(user).filter(pk=1)\n"),
        (
            "partners/views.py",
            "def f():\n    return Program.objects.all()  # visible: programs hold no partner's data\n",
        ),
        (
            "partners/views.py",
            "def f():\n    return Program.objects.filter(\n        a=1,\n    ).first()  # visible: nobody's data\n",
        ),
        ("deals/queries.py", 'def f(user):\n    key = f"mine:{user.pk}"\n    cache.set(key, 1)\n'),
        ("deals/queries.py", 'def f():\n    cache.set("day", 1)  # shared: a number of nobody\n'),
        ("core/clock.py", "from django.utils import timezone\nx = timezone.now()\n"),
        ("health/services.py", "from django.utils import timezone\nx = timezone.localtime(y)\n"),
        ("templates/base.html", '<script src="/static/js/app.js" defer></script>\n'),
        ("templates/base.html", '<script type="application/json" id="points">[1, 2]</script>\n'),
    ],
)
def test_house_rules_let_right_code_pass(tmp_path: Path, file: str, text: str) -> None:
    write(tmp_path, file, text)
    assert house_rules.broken(tmp_path) == []
