"""Logging set-up: one JSON line per event, UTC, with the request id. Bodies, query strings and addresses stay out."""

import re
from typing import Any

import structlog

SECRET_PATH = re.compile(r"(/cal/|/accounts/password/reset/key/).+")
KEEP = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def without_query(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep the path of a request line, drop its query string and the user agent."""
    request = event.get("request")
    if isinstance(request, str):
        event["request"] = SECRET_PATH.sub(r"\1…", request.split("?", 1)[0])
    event.pop("user_agent", None)
    event.pop("ip", None)
    return event


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
                    last,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": "WARNING", "propagate": True},
            "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "celery": {"level": "WARNING", "propagate": True},
            "django_structlog.celery": {"level": "WARNING", "propagate": True},
        },
    }
