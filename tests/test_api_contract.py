"""The API keeps its own schema under generated, hostile input: no server error, nothing undocumented (P29)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import ROOT, LiveProduct, start

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("contract")]
EXAMPLES = os.environ.get("API_EXAMPLES", "15")
MAKE_TOKEN = """
from accounts.models import User
from accounts.services import create_token
print(create_token(user=User.objects.get(email="{email}"), name="fuzz", scope="write", days=1)[1])
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[LiveProduct]:
    product = start(tmp_path_factory.mktemp("contract"), name=f"contract_{worker_id}")
    product.manage("shell", "-v0", "-c", "from workspace.demo.load import load; load(say=print)")
    yield product
    product.stop()


@pytest.mark.parametrize(("email", "part"), [("ana@demo.example", "/"), ("ingrid@sierra.example", "/v1/portal/")])
def test_api_keeps_its_contract(product: LiveProduct, tmp_path: Path, email: str, part: str) -> None:
    """The whole for a program of ours, its own part for one of a partner.

    `positive_data_acceptance` is left out: the schema cannot say which partner ids exist or which hours do.
    """
    token = product.manage("shell", "-v0", "-c", MAKE_TOKEN.format(email=email)).strip().splitlines()[-1]
    run = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file", str(ROOT / "tests/schemathesis.toml"),
            "run", f"{product.url}/api/schema/?format=json",
            "--header", f"Authorization: Bearer {token}",
            "--include-path-regex", part,
            "--phases", "examples,coverage,fuzzing",
            "--max-examples", EXAMPLES,
            "--checks", "all",
            "--exclude-checks", "positive_data_acceptance",
            "--no-color",
        ],
        cwd=tmp_path, env={**os.environ, "COLUMNS": "160"}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert run.returncode == 0, run.stdout[-12_000:]
    assert " 500 " not in product.log.read_text()
