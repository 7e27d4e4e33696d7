"""The one error of the business: said in the user's words, shown next to its cause."""


class DomainError(Exception):
    """A rule refused the change. `field` names the input it belongs to, if any; nothing was written."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class StaleError(DomainError):
    """Someone else changed the row since it was read (optimistic lock)."""
