"""The mails a colleague may look at."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from core.models import Outbox
from partners.models import Partner


def visible_mails(user: User) -> QuerySet[Outbox]:
    """All of them for vendor staff; who sees a portfolio only: mails of its partners and those to themselves."""
    if not user.sees_own_partners_only:
        return Outbox.objects.all()
    portfolio = Partner.objects.visible_to(user).values("uid")
    return Outbox.objects.filter(Q(partner_uid__in=portfolio) | Q(to__iexact=user.email))
