"""Announcements of the health room; payload: `partner_ids`, a list."""

from django.dispatch import Signal

band_changed = Signal()  # the published band of these partners is another than before
alerts_changed = Signal()  # an alert of these partners was opened, sent again or closed
