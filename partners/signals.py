"""Announcements of the partners room; payload: `partner_ids`, a list."""

from django.dispatch import Signal

tier_changed = Signal()
owner_changed = Signal()
