"""Announcements of the lifecycle room; payload: `partner_ids`, `to_stage`."""

from django.dispatch import Signal

stage_changed = Signal()
