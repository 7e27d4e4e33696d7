"""Reads of the enablement room."""

from enablement.queries.files import newest_files
from enablement.queries.news import latest_news, to_acknowledge

__all__ = ["latest_news", "newest_files", "to_acknowledge"]
