"""Plain text rules of the partners room."""

import unicodedata


def normalise(text: str) -> str:
    """Fold case and accents for searching: "Zürich Söhne" and "ZURICH sohne" are the same word."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(char for char in folded if not unicodedata.combining(char)).split())
