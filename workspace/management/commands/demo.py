"""Load or remove the demo data."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.errors import DomainError
from health.models import HealthRun
from health.services import compute
from partners.models import Partner
from workspace.demo import story
from workspace.demo.clear import clear
from workspace.demo.load import PASSWORD, invite, load, tell
from workspace.services.cadence import plan_reviews_of

WEEKS_OF_HISTORY = 52
DAILY_FOR = 15


class Command(BaseCommand):
    help = "Loads forty fictitious partners with two years of history, or removes them and leaves real rows alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "action", choices=["load", "clear", "ensure"], help="ensure: load unless it is there already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "clear":
            counts = clear()
            self.stdout.write("Removed: " + ", ".join(f"{count} {noun}" for noun, count in counts.items() if count))
            return
        if settings.PRODUCTION:
            raise CommandError("Demo data has well-known passwords and is not loaded in the production profile.")
        there = Partner.objects.filter(is_demo=True).exists()
        if not (options["action"] == "ensure" and there):
            self._load()
        self._log_ins()

    def _load(self) -> None:
        try:
            number = load(say=self.stdout.write)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{number} partners with two years of history")
        today = clock.today()
        past = [today - timedelta(weeks=week) for week in range(WEEKS_OF_HISTORY, DAILY_FOR // 7, -1)]
        days = [*past, *(today - timedelta(days=back) for back in range(DAILY_FOR, -1, -1))]
        for number, day in enumerate(days, start=1):
            compute(as_of=day, reason=HealthRun.Reason.HISTORY)
            if number % 10 == 0 or number == len(days):
                self.stdout.write(f"health scores: {number} of {len(days)} days")
                self.stdout.flush()
        plan_reviews_of()
        invite()
        tell()

    def _log_ins(self) -> None:
        self.stdout.write(f"\nLog in with the password “{PASSWORD}” as")
        for email, name, role in story.COLLEAGUES:
            self.stdout.write(f"  {email:24} {name}, {role.replace('_', ' ')}")
        for email, name, role, firm in story.PARTNER_USERS:
            self.stdout.write(f"  {email:24} {name}, {role.removeprefix('partner_')} at the partner {firm}")
        email, name, _by = story.JOINING
        self.stdout.write(f"{name} ({email}) is invited; the link is in the outbox, which an administrator reads.")
