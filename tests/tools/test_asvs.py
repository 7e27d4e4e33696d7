"""docs/security/asvs.csv answers each requirement of OWASP ASVS 5.0.0, and what it names is really here."""

import ast
import csv
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = ["id", "level", "applies", "where"]
# How many requirements each chapter of version 5.0.0 has, and how many belong to each level.
CHAPTERS = {
    1: 30, 2: 13, 3: 31, 4: 16, 5: 13, 6: 47, 7: 19, 8: 13, 9: 7, 10: 36, 11: 24, 12: 12, 13: 21, 14: 13, 15: 21,
    16: 17, 17: 12,
}  # fmt: skip
LEVELS = {"1": 70, "2": 183, "3": 92}
NAMED = re.compile(
    r"(?<![\w/.…])(\.?\w[\w.-]*(?:/[\w.-]+)*\.(?:py|md|toml|yml|lock|html|js|json|example)|Makefile|Dockerfile)"
    r"(?![\w/])(?:::(\w+))?"
)
NOTE = re.compile(r" \([^()]*\)$")


def lines() -> list[dict[str, str]]:
    with (ROOT / "docs" / "security" / "asvs.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def functions_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def missing(where: str) -> Iterator[str]:
    """What a text names that is not in the repository: files, and tests in files."""
    for path, test in NAMED.findall(where):
        if not (ROOT / path).is_file():
            yield path
        elif test and test not in functions_in(ROOT / path):
            yield f"{path}::{test}"


def names_only(where: str) -> list[str]:
    """The words of a proof that name nothing; one note in brackets may stand at its end."""
    return [word for word in NOTE.sub("", where).split() if not (NAMED.fullmatch(word) or (ROOT / word).is_file())]


def test_every_requirement_has_one_line():
    found = [line["id"] for line in lines()]

    assert len(found) == 345
    assert [one for one, times in Counter(found).items() if times > 1] == []
    assert [one for one in found if not re.fullmatch(r"V\d+\.\d+\.\d+", one)] == []
    assert found == sorted(found, key=lambda one: [int(part) for part in one[1:].split(".")])
    assert Counter(int(one[1:].split(".")[0]) for one in found) == CHAPTERS
    assert Counter(line["level"] for line in lines()) == LEVELS


def test_no_cell_is_empty():
    assert [
        line["id"]
        for line in lines()
        if list(line) != COLUMNS or not all((cell or "").strip() for cell in line.values())
    ] == []


def test_each_answer_is_one_of_four():
    assert {line["applies"] for line in lines()} == {"yes", "no", "partly", "open"}


def test_files_and_tests_it_names_exist():
    assert [f"{line['id']}: {one}" for line in lines() for one in missing(line["where"])] == []


def test_yes_names_what_holds_it():
    proofs = [line for line in lines() if line["applies"] == "yes"]

    assert [f"{line['id']}: {word}" for line in proofs for word in names_only(line["where"])] == []


@pytest.mark.parametrize("where", ["core/nowhere.py", "see docs/none.md", "tests/tools/test_asvs.py::test_that_is_not"])
def test_what_is_not_there_is_noticed(where):
    assert list(missing(where)) == [where.removeprefix("see ")]


def test_words_are_no_proof():
    assert names_only("trust us core/clock.py .dockerignore (a note)") == ["trust", "us"]
