"""`manage.py import_revenue FILE --map MAP.toml`: sales from a CSV file become revenue entries."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from core.display import money_text
from core.errors import DomainError
from deals.importing.engine import import_revenue
from deals.importing.mapping import load_map
from deals.importing.progress import Progress
from deals.importing.refusals import MapRefusedError
from deals.importing.report import Report, report_path

REFUSED, MISUSED = 1, 2


class Command(BaseCommand):
    help = "Import sales from a CSV or CSV.gz file; the map says which column is what (docs/import.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV or CSV.gz")
        parser.add_argument("--map", type=Path, required=True, metavar="MAP.toml", help="which column is what")
        parser.add_argument("--dry-run", action="store_true", help="read and compare, write nothing to the database")
        parser.add_argument("--report", type=Path, metavar="PATH", help="where the CSV report goes (beside FILE)")
        parser.add_argument(
            "--move-to-today", action="store_true", help="shift all dates so that the newest falls on yesterday"
        )
        parser.add_argument(
            "--progress", action="store_true", default=None, help="show progress although this is no terminal"
        )
        parser.add_argument("--no-progress", action="store_false", dest="progress", help="show no progress")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            mapping = load_map(options["map"])
        except MapRefusedError as error:
            raise CommandError(error.message, returncode=MISUSED) from error
        try:
            report = import_revenue(
                path=path,
                mapping=mapping,
                actor=None,
                progress=Progress(sys.stderr, wanted=options["progress"]),
                report_to=options["report"] or report_path(path, settings.VAR_DIR / "imports"),
                dry_run=options["dry_run"],
                move_to_today=options["move_to_today"],
            )
        except DomainError as error:
            raise CommandError(_("{} Nothing was written.").format(error.message), returncode=REFUSED) from error
        except DatabaseError as error:
            raise CommandError(
                _(
                    "The database refused: {}. Is it migrated (manage.py migrate)? The same command again goes on."
                ).format(error),
                returncode=REFUSED,
            ) from error
        except KeyboardInterrupt as error:
            raise CommandError(
                _("Stopped. What was written stays; the same command again completes it."), returncode=130
            ) from error
        self.stdout.write("\n".join(lines_of(report)))
        if report.lines and not sum(report.entries.values()):
            raise CommandError(_("Not one line could be taken."), returncode=REFUSED)


def lines_of(report: Report) -> list[str]:
    """The report for a screen."""
    would = _(" (dry run: nothing was written)") if report.dry_run else ""
    rate = report.lines / report.seconds if report.seconds else 0
    text = [
        _("{file}: {lines} lines in {seconds} s ({rate} lines/s){would}").format(
            file=report.file_name,
            lines=f"{report.lines:,}",
            seconds=f"{report.seconds:.1f}",
            rate=f"{rate:,.0f}",
            would=would,
        ),
        _("  partners   {} created, {} found").format(f"{report.partners_created:,}", f"{report.partners_found:,}"),
        _("  entries    {} created, {} updated, {} same, of these {} reversals").format(
            *(f"{report.entries[outcome]:,}" for outcome in ("created", "updated", "same")),
            f"{report.reversal_count:,}",
        ),
    ]
    text += [
        _("  money      {} sales, {} reversals").format(
            money_text(report.sales[currency], currency), money_text(report.reversals[currency], currency)
        )
        for currency in sorted({*report.sales, *report.reversals})
    ]
    if report.shift_days:
        text.append(_("  dates      all moved by {} days").format(f"{report.shift_days:,}"))
    text.append(_("  refused    {} lines").format(f"{report.refused_lines:,}"))
    for reason, count, examples in report.reasons():
        shown = "; ".join(
            _("line {}: {}").format(line, value) if value else _("line {}").format(line) for line, value in examples
        )
        text.append(f"    {count:>9,}  {reason} ({shown}{'; …' if count > len(examples) else ''})")
    if report.path:
        text.append(_("  report     {}").format(report.path))
    return text
