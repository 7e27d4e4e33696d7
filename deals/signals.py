"""Announcements of the deals room, sent after commit.

`revenue_changed`: `partner_ids`, a list: their revenue entries were added or corrected.
`partners_first_sold`: `first_sales`, a dict of partner id to (occurred_at, known_at, asserted) of the earliest sale an
import saw. It is announced again when the import is repeated; listeners must bear that.
`deals_changed`: `partner_ids`, a list: a deal was opened or closed.
"""

from django.dispatch import Signal

revenue_changed = Signal()
partners_first_sold = Signal()
deals_changed = Signal()
