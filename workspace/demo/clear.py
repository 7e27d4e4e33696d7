"""Take the demo away: every demo row goes, every real row stays."""

from django.db import transaction
from django.db.models import ProtectedError, Q

from accounts.models import Mute, Notification, User
from accounts.services import record
from core.models import Outbox, PeriodRun
from deals.models import Deal, RevenueEntry
from enablement.models import Notice
from health.models import HealthRun, HealthSnapshot, RhythmFit
from partners.models import Partner, Tag


@transaction.atomic
def clear() -> dict[str, int]:
    """Delete demo partners with all they own, and demo users; returns counts by noun.

    A demo user who acted on real rows or stands in the audit trail cannot be deleted: the log-in is disabled and its
    name removed, so that the trail stays true.
    """
    partners = Partner.objects.filter(is_demo=True)
    counts = {"revenue entries": RevenueEntry.objects.filter(partner__in=partners).delete()[0]}
    counts["deals"] = Deal.objects.filter(partner__in=partners).delete()[0]
    counts["mails"] = Outbox.objects.filter(is_demo=True).delete()[0]
    firms = list(partners.values_list("uid", flat=True))
    theirs = Q(user__is_demo=True) | Q(partner_uid__in=firms)
    counts["notifications"] = Notification.objects.filter(theirs).delete()[0] + Mute.objects.filter(theirs).delete()[0]
    counts["notices"] = Notice.objects.filter(is_demo=True).delete()[0]
    counts["partners"] = partners.count()
    partners.delete()
    if not HealthSnapshot.objects.exists():
        HealthRun.objects.all().delete()
        RhythmFit.objects.all().delete()
        PeriodRun.objects.filter(job__startswith="health.").delete()
    Tag.objects.filter(name__in=["EMEA", "Overseas"], partners__isnull=True).delete()
    counts["people"] = counts["people disabled"] = 0
    for user in User.objects.filter(is_demo=True, is_active=True):
        try:
            with transaction.atomic():
                user.delete()
        except ProtectedError:
            user.is_active = False
            user.name, user.email = "Removed demo user", f"removed-{user.uid}@demo.invalid"
            user.set_unusable_password()
            user.save(update_fields=["is_active", "name", "email", "password"])
            counts["people disabled"] += 1
        else:
            counts["people"] += 1
    record("workspace.demo_cleared", None, actor=None, partners=counts["partners"])
    return counts
