"""Reasons why this configuration must not serve anyone (reliability P41). Pure: values in, sentences out."""

from collections.abc import Sequence
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1", "testserver"})
MIN_SECRET = 50


def problems(
    *,
    production: bool,
    debug: bool,
    secret_key: str,
    embedded_secret: str,
    allowed_hosts: Sequence[str],
    base_url: str,
    sqlite: bool,
    outbound_loopback: bool = False,
) -> list[str]:
    """What is unsafe about these settings, in words for the person who installs; empty when they may serve."""
    public = production or any(host not in LOOPBACK for host in allowed_hosts)
    found = []
    if "*" in allowed_hosts:
        found.append("ALLOWED_HOSTS=* lets anyone forge links in mails: name the host names you serve.")
    if not public:
        return found
    if debug:
        found.append("DEBUG is on: it shows settings and data to visitors. Remove DEBUG.")
    if secret_key == embedded_secret or len(secret_key) < MIN_SECRET or len(set(secret_key)) < 5:
        found.append(f"SECRET_KEY is the built-in one or too short: set at least {MIN_SECRET} random characters.")
    if not production:
        found.append("The embedded profile serves loopback only: set PRM_PROFILE=production to serve other hosts.")
    if outbound_loopback:
        found.append("OUTBOUND_ALLOW_LOOPBACK lets an address typed in reach this machine's inside: remove it.")
    if production and sqlite:
        found.append("The production profile needs PostgreSQL: set DATABASE_URL=postgres://…")
    if production and urlsplit(base_url).scheme != "https" and urlsplit(base_url).hostname not in LOOPBACK:
        found.append(
            "BASE_URL must be https:// for any host but loopback: log-ins would cross the network in the clear."
        )
    return found
