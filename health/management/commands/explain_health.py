"""manage.py explain_health PARTNER: why the score is what it is, the same as page and API show."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from health import queries
from health.management.commands.compute_health import day


class Command(BaseCommand):
    help = "Explain the health score of a partner, from the stored snapshot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("partner", help="slug, external key or uid")
        parser.add_argument("--as-of", type=day, metavar="DATE", help="the newest score up to this day (default: now)")
        parser.add_argument("--json", action="store_true", help="the whole explanation as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        partner = queries.find_partner(options["partner"])
        if partner is None:
            raise CommandError(f"No partner has the slug, key or uid {options['partner']}.")
        explanation = queries.explanation(partner, as_of=options["as_of"])
        if explanation is None:
            raise CommandError(f"{partner.name} has no score by then. Run: manage.py compute_health")
        if options["json"]:
            self.stdout.write(json.dumps(explanation, indent=2, ensure_ascii=False))
            return
        self._print(partner.name, explanation)

    def _print(self, name: str, found: dict[str, Any]) -> None:
        lines = found["displayed"]["lines"]
        band = found["published_band"] or "not enough data"
        self.stdout.write(f"{name}: {found['displayed']['score']} on {found['as_of']}, band {band}")
        self.stdout.write(
            f"model {found['model_version']}, stage {found['stage']}, confidence {found['confidence']}"
            f" (coverage {found['coverage']}, breadth {found['breadth']}) {found['basis']}"
        )
        self.stdout.write(f"{lines['baseline']:>7}  neutral start")
        for group in found["groups"]:
            for signal in group["signals"]:
                self.stdout.write(f"{lines.get(signal['key'], '0.0'):>7}  {signal['label']}")
                for measure in signal["measures"]:
                    self.stdout.write(f"           {measure['sentence']}")
        for adjustment in found["adjustments"]:
            self.stdout.write(f"{lines[adjustment['key']]:>7}  {adjustment['label']}")
        self.stdout.write(f"{found['displayed']['score']:>7}  score")
        if found["change"]:
            self.stdout.write(f"Change since {found['change']['since']}: {found['change']['total']}")
            for row in found["change"]["rows"]:
                self.stdout.write(f"{row['total']:>10}  {row['label']}")
        if found["helps"]:
            self.stdout.write("What would help: " + "; ".join(advice["sentence"] for advice in found["helps"]))
