"""The register and the schedule as Markdown, so that no document copies them."""

from collections.abc import Iterator

from privacy.register import REGISTER, Kind
from privacy.schedule import SCHEDULE, STAYS


def register_as_markdown() -> str:
    return "\n".join([*_fields(), "", *_schedule()])


def _fields() -> Iterator[str]:
    yield "| field | class | for | kept | on erasure |"
    yield "|---|---|---|---|---|"
    for label, table in REGISTER.items():
        rules = [f"{rule.days} days after `{rule.after}`" for rule in SCHEDULE if rule.model == label]
        kept = "; ".join(rules) or STAYS[label]
        for name, entry in table.fields.items():
            if entry.kind in {Kind.TECHNICAL, Kind.BUSINESS}:
                continue
            why = f": {entry.why}" if entry.why else ""
            yield f"| {label}.{name} | {entry.kind} | {entry.purpose} | {kept} | {entry.erase}{why} |"
        for kind in (Kind.BUSINESS, Kind.TECHNICAL):
            names = [name for name, entry in table.fields.items() if entry.kind == kind]
            if names:
                yield f"| {label}: {', '.join(names)} | {kind} | | | |"


def _schedule() -> Iterator[str]:
    yield "| rule | what | after | days | then | why |"
    yield "|---|---|---|---|---|---|"
    for rule in SCHEDULE:
        then = f"emptied: {', '.join(rule.blank)}" if rule.blank else "deleted"
        yield f"| {rule.key} | {rule.model} | {rule.after} | {rule.days} | {then} | {rule.why} |"
