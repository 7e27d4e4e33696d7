"""Plain text rules of the partners room."""

import hashlib
import unicodedata


def normalise(text: str) -> str:
    """Fold case and accents for searching: "Zürich Söhne" and "ZURICH sohne" are the same word."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(char for char in folded if not unicodedata.combining(char)).split())


def secret_digest(secret: str) -> str:
    """What is kept of the secret of a link, and looked up by."""
    return hashlib.sha256(secret.encode()).hexdigest()


PUBLIC_MAIL = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com gmx.de"
    " gmx.net web.de mail.com proton.me protonmail.com yandex.ru mail.ru qq.com 163.com".split()
)  # where anybody can have an address: never one firm's


def domain_of(address: str) -> str:
    """The domain of a mail address in the form in which domains are kept; empty when there is none."""
    local, at, domain = address.strip().rpartition("@")
    return as_domain(domain) if at and local else ""


def as_domain(text: str) -> str:
    """Lower case, ASCII (punycode), no dot at the end; empty for what is no domain of at least two labels."""
    try:
        domain = text.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return ""
    labels = domain.split(".")
    fits = len(labels) >= 2 and all(
        label and label.replace("-", "").isalnum() and label.strip("-") == label for label in labels
    )
    return domain if fits else ""
