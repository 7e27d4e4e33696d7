"""Passkeys in a real browser with an authenticator of its own: added, used, removed; the policy stays silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.harness import REPORT_POLICY, Watch
from tests.live import LiveProduct
from workspace.demo.load import PASSWORD


@pytest.fixture
def page(product: LiveProduct, browser: Browser) -> Iterator[Page]:
    """A page at http://localhost, as browsers give no passkeys to an address of numbers."""
    context = browser.new_context(base_url=product.url.replace("127.0.0.1", "localhost"))
    context.add_init_script(REPORT_POLICY)
    page = context.new_page()
    watch = Watch(page)
    yield page
    assert watch.unexpected() == []
    context.close()


@pytest.fixture
def authenticator(page: Page) -> Any:
    """A device that keeps passkeys and whose owner always agrees."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    name = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return devtools, name


def log_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").or_(page.locator("#id_login")).first.fill(email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda address: "/accounts/login" not in address)


@pytest.mark.parametrize("email", ["ana@demo.example", "ingrid@sierra.example"])
def test_passkey_is_added_and_logs_in(page: Page, authenticator: Any, email: str) -> None:
    devtools, name = authenticator
    log_in(page, email)
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of this device").fill("My laptop")
    page.get_by_role("button", name="Add this device").click()
    page.wait_for_url("**/recovery-codes/**")
    expect(page.locator("pre.codes")).to_be_visible()
    assert len(devtools.send("WebAuthn.getCredentials", {"authenticatorId": name})["credentials"]) == 1

    page.context.clear_cookies()
    log_in(page, email)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)

    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/app/settings/sessions/")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/app/settings/sessions/")
    expect(page.get_by_text("This one")).to_be_visible()

    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_text("My laptop").first).to_be_visible()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_text("No passkey yet")).to_be_visible()


def test_passkey_that_is_not_there_is_said_so(page: Page, authenticator: Any) -> None:
    devtools, name = authenticator
    page.goto("/accounts/login/")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": name, "isUserVerified": False})
    page.get_by_role("button", name="Log in with a passkey").click()

    expect(page.get_by_text("The passkey was not used")).to_be_visible(timeout=70_000)
