"""`.env.example` lists every variable that settings and compose file read, and no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = "# --- read by docker-compose.yml only"


def names_in_settings() -> set[str]:
    """First argument of every `env(…)`, `env.str(…)` and the like."""
    tree = ast.parse((ROOT / "prm" / "settings.py").read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        function = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        if isinstance(function, ast.Name) and function.id == "env":
            names.add(node.args[0].value)
    return names


def names_in_example(part: str) -> list[str]:
    return re.findall(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=", part, flags=re.MULTILINE)


def example() -> tuple[str, str]:
    """The part the settings read, and the part only the compose file reads."""
    product, found, compose = (ROOT / ".env.example").read_text(encoding="utf-8").partition(MARK)
    assert found
    return product, compose


def test_env_example_lists_every_variable_of_the_settings() -> None:
    assert set(names_in_example(example()[0])) == names_in_settings()


def test_env_example_lists_every_variable_of_the_compose_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked_for = set(re.findall(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)", text))
    assert set(names_in_example(example()[1])) == asked_for


def test_env_example_names_each_variable_once() -> None:
    names = names_in_example("".join(example()))
    assert sorted(names) == sorted(set(names))


def test_env_example_holds_no_secret() -> None:
    text = "".join(example())
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "PRM_WEB_PASSWORD", "REDIS_PASSWORD"):
        assert re.search(rf"^{name}=$", text, flags=re.MULTILINE)
