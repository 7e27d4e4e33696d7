"""Announcements of the partners room; payload: `partner_ids`, a list, and of `seats_changed` `user_ids`."""

from django.dispatch import Signal

tier_changed = Signal()
owner_changed = Signal()
seats_changed = Signal()  # somebody joined, moved, left, was disabled or enabled
