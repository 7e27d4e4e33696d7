"""A plain loop over the outbox, for hosts where the broker is away."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from core import outbox


class Command(BaseCommand):
    help = "Sends what is due in the outbox every few seconds, without Celery. Any number may run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=int, default=15, help="seconds between sweeps")
        parser.add_argument("--once", action="store_true", help="sweep once and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            close_old_connections()
            settled = outbox.sweep()
            if settled:
                self.stdout.write(f"{settled} sent or kept")
            if options["once"]:
                return
            time.sleep(options["every"])
