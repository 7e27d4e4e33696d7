"""manage.py backtest: does the score rank who leaves, on the data that is loaded?"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from health.management.commands.compute_health import day
from health.services.backtests import EXIT, SILENCE, backtest, month_starts

NAMES = {
    "score": "score",
    "rhythm": "rhythm alone",
    "depth": "depth of trade alone",
    "rhythm_spend": "rhythm × log spend",
    "recency": "recency",
    "trend": "revenue trend",
    "spend": "spend",
    "orders": "order count",
}


class Command(BaseCommand):
    help = "Backtest the active health model as of past dates (the start of each day) against simple baselines."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--horizon", type=int, default=90, metavar="DAYS", help="days ahead (default: 90)")
        parser.add_argument("--from", dest="first", type=day, metavar="DATE", help="first as-of date")
        parser.add_argument("--to", dest="last", type=day, metavar="DATE", help="last as-of date")
        parser.add_argument("--every", type=int, metavar="DAYS", help="days between dates (default: monthly)")
        parser.add_argument("--dates", nargs="+", type=day, metavar="DATE", help="these dates instead")
        parser.add_argument("--label", choices=[SILENCE, EXIT], default="", help="what counts as leaving")
        parser.add_argument("--json", action="store_true", help="all figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["dates"] or self._days(options["first"], options["last"], options["every"])
        try:
            run = backtest(days=sorted(set(days)), horizon=options["horizon"], label=options["label"])
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            report = {"model": run.model.name, "parameters": run.parameters, **run.results}
            self.stdout.write(json.dumps(report, indent=2))
        else:
            self._print(run.model.name, run.parameters, run.results)

    def _days(self, first: date | None, last: date | None, every: int | None) -> list[date]:
        if first is None or last is None or last < first:
            raise CommandError("Give --from and --to in this order, or --dates.")
        if every is None:
            return month_starts(first, last)
        if every < 1:
            raise CommandError("--every counts days from 1.")
        return [first + timedelta(days=ahead) for ahead in range(0, (last - first).days + 1, every)]

    def _print(self, model: str, parameters: dict[str, Any], found: dict[str, Any]) -> None:
        what = "no revenue" if parameters["label"] == SILENCE else "exit"
        self.stdout.write(
            f"Model {model}; {what} in the {parameters['horizon']} days from {', '.join(parameters['days'])}"
        )
        if parameters["skipped"]:
            self.stdout.write(f"Left out, the horizon is not over: {', '.join(parameters['skipped'])}")
        share = 100 * found["exits"] / found["rows"]
        self.stdout.write(
            f"n = {found['rows']} rows of {found['partners']} partners, {found['exits']} exits ({share:.1f} %)"
        )
        if found["few_exits"]:
            self.stdout.write("Fewer than 20 partners left: make no claim of accuracy.")
        self.stdout.write("")
        self.stdout.write(
            f"{'ranking':<22}{'AUC':>7}  {'95 % interval':<16}{'worst tenth left':>17}{'of all exits':>14}"
            "  score ahead by"
        )
        for key, name in NAMES.items():
            self.stdout.write(_line(name, found["rankings"][key]))
        self.stdout.write("")
        for one in found["days"]:
            self.stdout.write(f"{one['day']}: {one['rows']} rows, {one['exits']} exits, AUC {_figure(one['auc'])}")


def _line(name: str, ranking: dict[str, Any]) -> str:
    auc, low, high = ranking["auc"]
    worst = ranking["worst_tenth"]
    ahead = ranking["ahead"]
    behind = "" if ahead is None else f"{_figure(ahead[0])} ({_figure(ahead[1])} to {_figure(ahead[2])})"
    return (
        f"{name:<22}{_figure(auc):>7}  {_figure(low)} to {_figure(high):<8}"
        f"{_percent(worst['left']):>17}{_percent(worst['captured']):>14}  {behind}"
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
