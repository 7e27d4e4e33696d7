"""Announcements of the enablement room; payload: `partner_ids`, a list, and `uids` of the files or the notice."""

from django.dispatch import Signal

file_received = Signal()
file_shared = Signal()
notice_published = Signal()
