"""Logging set-up: one JSON line per event, UTC, with the request id. Bodies, query strings and addresses stay out."""

import logging
import re
from typing import Any

import structlog

# What stands after these opens something: invitations, links in mails, calendars, single sign-on, new passwords.
SECRET_PATH = re.compile(
    r"(/(?:join|act|cal|sso|notifications|accounts/password/reset/key|accounts/confirm-email)/)[^\s'\"<>]+"
)
PERSONAL = (
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),  # an address
    (re.compile(r"\bprm_\w{8,}"), "prm_…"),  # an API token
    (re.compile(r"\b(Bearer|Basic)\s+\S+", re.IGNORECASE), r"\1 …"),
    (re.compile(r"(DETAIL: ).*"), r"\1…"),  # PostgreSQL quotes the refused row
    (re.compile(r"(Failing row contains ).*"), r"\1…"),
)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
KEEP = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def without_secrets(text: str) -> str:
    """The text with the secret part of every address in it cut off."""
    return SECRET_PATH.sub(r"\1…", text)


def without_query(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep the path of a request line without secrets, drop its query string and the user agent."""
    request = event.get("request")
    if isinstance(request, str):
        event["request"] = without_secrets(request.split("?", 1)[0])
    if isinstance(said := event.get("event"), str):
        event["event"] = without_secrets(said)  # Django names the path of what it does not find
    event.pop("user_agent", None)
    event.pop("ip", None)
    return event


def cleaned(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """No address, token or secret path leaves, whoever wrote the line; a line stays one line (reliability P39)."""
    return {key: _clean(value, lines=key == "exception") for key, value in event.items()}


def _clean(value: Any, *, lines: bool = False) -> Any:
    if isinstance(value, str):
        text = SECRET_PATH.sub(r"\1…", value)
        for pattern, instead in PERSONAL:
            text = pattern.sub(instead, text)
        return text if lines else CONTROL.sub(lambda char: repr(char.group())[1:-1], text)
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value


class WithoutRefusals(logging.Filter):
    """An ordinary refusal is one line, `request_finished`, which says the code, the page and who asked. Django writes
    a second one, for 403 with a traceback; only what it says of a bad request is more than the code.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", 0)
        if 400 <= status < 500:
            record.exc_info = None
        return status == 400 or not 400 <= status < 500


def configure_logging(*, level: str, human: bool) -> dict[str, Any]:
    """Configure structlog and return Django's LOGGING dictionary."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *KEEP,
            without_query,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: Any = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*KEEP, without_query],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    cleaned,
                    last,
                ],
            }
        },
        "filters": {"without_refusals": {"()": WithoutRefusals}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": "WARNING", "propagate": True},
            "django.request": {"level": "WARNING", "propagate": True, "filters": ["without_refusals"]},
            "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "celery": {"level": "WARNING", "propagate": True},
            "django_structlog.celery": {"level": "WARNING", "propagate": True},
        },
    }
