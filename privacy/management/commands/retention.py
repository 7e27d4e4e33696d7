"""The retention schedule from the command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy import services
from privacy.schedule import SCHEDULE


class Command(BaseCommand):
    help = "Removes what need not be kept any longer; with --dry-run it only says how much that would be."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        run = services.run_schedule(dry_run=options["dry_run"])
        for rule in SCHEDULE:
            what = "emptied" if rule.blank else "deleted"
            self.stdout.write(f"{run.counts[rule.key]:8} {rule.key} ({what} after {rule.days} days)")
        self.stdout.write("Nothing was removed: this was a dry run." if run.dry_run else "Done.")
