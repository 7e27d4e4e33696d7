"""The second factor: seeds are sealed, never in the clear in the database."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter

from core.sealing import reseal, seal, unseal

SEALED_FOR = "second factor"
MARK = "sealed:"


class MFAAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return MARK + seal(text, purpose=SEALED_FOR)

    def decrypt(self, encrypted_text: str) -> str:
        """Seeds from before they were sealed carry no mark."""
        if not encrypted_text.startswith(MARK):
            return encrypted_text
        return unseal(encrypted_text.removeprefix(MARK), purpose=SEALED_FOR)


def resealed(data: dict[str, Any]) -> dict[str, Any]:
    """A second factor's data with its sealed values, and those still in the clear, under the present key."""
    return {
        name: MARK + reseal(value.removeprefix(MARK), purpose=SEALED_FOR)
        if isinstance(value, str) and value.startswith(MARK)
        else MFAAdapter().encrypt(value)
        if name in {"secret", "seed"}
        else value
        for name, value in data.items()
    }
