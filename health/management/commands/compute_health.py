"""manage.py compute_health: score all partners (or one) as of a day, or a series of past days."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from health import queries, services
from health.models import HealthRun


def day(text: str) -> date:
    """An ISO date of the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a date like 2026-01-31.") from None


class Command(BaseCommand):
    help = "Compute partner health as of a day, or for every --every days from --from to --to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, metavar="DATE", help="the day (default: today, as known now)")
        parser.add_argument("--partner", metavar="ID", help="only this partner: slug, external key or uid")
        parser.add_argument("--from", dest="first", type=day, metavar="DATE", help="first day of a history")
        parser.add_argument("--to", dest="last", type=day, metavar="DATE", help="last day of a history")
        parser.add_argument("--every", type=int, default=7, metavar="DAYS", help="days between points (default: 7)")
        parser.add_argument(
            "--known-now",
            action="store_true",
            help="score past days with what is known now (late data), not with what was known then",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["first"] or options["last"]:
            self._history(**options)
        else:
            self._one_day(**options)

    def _history(self, first: date | None, last: date | None, every: int, known_now: bool, **options: Any) -> None:
        if first is None or last is None or last < first or every < 1:
            raise CommandError("A history needs --from and --to in this order, and --every of 1 or more.")
        if options["as_of"] or options["partner"]:
            raise CommandError("A history is of all partners: leave out --as-of and --partner.")
        if last > clock.today():
            raise CommandError("--to lies in the future.")
        cutoff = clock.now() if known_now else None
        runs = services.compute_history(
            first=first, last=last, every=every, known_cutoff=cutoff, progress=self._progress("days")
        )
        self.stdout.write(f"{len(runs)} days computed.")
        self._report(runs[-1])

    def _one_day(self, as_of: date | None, partner: str | None, known_now: bool, **options: Any) -> None:
        if as_of and as_of > clock.today():
            raise CommandError("--as-of lies in the future.")
        partner_ids = None
        if partner is not None:
            found = queries.find_partner(partner)
            if found is None:
                raise CommandError(f"No partner has the slug, key or uid {partner}.")
            partner_ids = [found.pk]
        as_of = as_of or clock.today()
        cutoff = max(clock.now(), clock.end_of_day(as_of)) if known_now and as_of < clock.today() else None
        self._report(
            services.compute(
                as_of=as_of, partner_ids=partner_ids, known_cutoff=cutoff, progress=self._progress("chunks")
            )
        )

    def _report(self, run: HealthRun) -> None:
        found = run.summary
        bands = ", ".join(f"{band or 'not enough data'} {number}" for band, number in found["bands"].items())
        self.stdout.write(
            f"{run.as_of}: {found['partners']} partners scored with {run.model.name}"
            f" on {', '.join(run.connected) or 'no data'}; bands: {bands or 'none'}."
        )

    def _progress(self, unit: str) -> services.Progress:
        """Shows where it stands, on a terminal only."""
        shown = self.stderr.isatty()

        def show(done: int, total: int) -> None:
            if shown:
                self.stderr.write(f"\r{done} of {total} {unit}", ending="\n" if done == total else "")

        return show
