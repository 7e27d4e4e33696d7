"""Addresses that came with a request and may be followed: our own paths only (reliability P32, R83)."""

from django.utils.http import url_has_allowed_host_and_scheme


def own_path(text: str, *, otherwise: str) -> str:
    """`text` when it is a path of this house, else `otherwise`.

    The name of a view, another host in any spelling and a scheme are no path.
    """
    ours = text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None)
    return text if ours else otherwise
