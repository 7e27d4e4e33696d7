"""The audit trail from the command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import seals


class Command(BaseCommand):
    help = "Walks the chain over the audit trail and says where it is broken (verify), or seals what came since (seal)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["verify", "seal"])

    def handle(self, *args: Any, **options: Any) -> None:
        fresh = seals.seal_new()
        if options["act"] == "seal":
            self.stdout.write(f"{fresh} entries sealed")
            return
        found = seals.check()
        if found.fault:
            raise CommandError(
                f"The audit trail is broken at entry {found.broken_id}: {found.get_fault_display()} "
                f"({found.rows} entries before it are intact)."
            )
        seconds = found.milliseconds / 1000
        self.stdout.write(f"{found.rows} entries intact, {seconds:.1f} s, head {found.head_id} {found.head_seal}")
