"""Small sales files and maps for the import tests."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

from deals.importing.engine import import_revenue
from deals.importing.mapping import parse_map
from deals.importing.progress import Progress
from deals.importing.report import Report
from deals.models import RevenueEntry

HEADER = "invoice,account,day,amount\n"
MAP: dict[str, Any] = {
    "source": "erp",
    "partner": {"key": "account", "name": "Account {key}"},
    "entry": {"id": "invoice", "group": True},
    "date": {"column": "day", "formats": ["%Y-%m-%d"]},
    "amount": {"column": "amount", "currency": "EUR"},
}


def map_with(**sections: Any) -> dict[str, Any]:
    """The plain map with keys added to sections; `source="x"` and `rates=[…]` replace."""
    data = copy.deepcopy(MAP)
    for name, value in sections.items():
        if isinstance(value, dict):
            data[name] = {key: item for key, item in {**data.get(name, {}), **value}.items() if item is not None}
        else:
            data[name] = value
    return data


def write(folder: Path, content: str | bytes, name: str = "sales.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def run(path: Path, data: dict[str, Any] | None = None, **options: Any) -> Report:
    """Import quietly; the CSV report goes beside the file."""
    return import_revenue(
        path=path,
        mapping=parse_map(data or MAP, title="test.toml"),
        actor=None,
        progress=Progress(io.StringIO(), wanted=False),
        report_to=options.pop("report_to", path.with_suffix(".report.csv")),
        **options,
    )


def entries() -> list[tuple[str, str, str, int, str]]:
    """The current rows as (id, key, kind, minor, day), in order of id."""
    rows = RevenueEntry.objects.current().select_related("partner").order_by("external_id")
    return [
        (row.external_id, row.partner.key, row.kind, row.amount_minor, row.occurred_at.date().isoformat())
        for row in rows
    ]
