"""Why a file is not taken, as a code."""

from __future__ import annotations


class RefusedError(Exception):
    """`code` is a key of `enablement.labels.REASONS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
