"""Announcements of the deals room."""

from django.dispatch import Signal

revenue_changed = Signal()  # payload: partner_ids
partners_first_sold = Signal()  # payload: first_sales {partner_id: (occurred_at, known_at, asserted)}
