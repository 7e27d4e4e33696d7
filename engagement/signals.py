"""Announcements of the engagement room; payload: `partner_ids`, a list."""

from django.dispatch import Signal

touch_logged = Signal()
touch_retracted = Signal()
meeting_scheduled = Signal()
meeting_held = Signal()
meeting_missed = Signal()
meeting_cancelled = Signal()
