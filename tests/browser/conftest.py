"""A running product with demo data and a Chromium, both per worker; no page may leave an error behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import harness
from tests.live import LiveProduct, start

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = not harness.chromium()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))  # one process starts the product for all of them
            if missing:
                item.add_marker(pytest.mark.skip(reason=harness.HOW_TO_INSTALL))


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[LiveProduct]:
    running = start(tmp_path_factory.mktemp("browser"), name=f"browser_{worker_id}")
    try:
        running.manage("demo", "load")
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Closed as soon as other tests follow, which may not find the loop of the driver running."""
    expect.set_options(timeout=harness.WAIT_MS)
    with harness.browser() as running:
        yield running


@pytest.fixture(scope="session")
def cookies() -> dict[str, Any]:
    """The log-ins of this session, by person."""
    return {}


@pytest.fixture
def visitors(product: LiveProduct, browser: Browser, cookies: dict[str, Any]) -> Iterator[harness.Visitors]:
    people = harness.Visitors(product, browser, cookies)
    yield people
    assert people.close() == []
