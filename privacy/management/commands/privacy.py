"""Personal data from the command line: export, erase, replay after a restore, and the register as a page."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import record
from core.errors import DomainError
from privacy import services
from privacy.download import packed
from privacy.printed import register_as_markdown
from privacy.queries import counts, export, find_person


class Command(BaseCommand):
    help = "Export or erase what is kept about one person, repeat erasures after a restore, print the register."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        take = acts.add_parser("export", help="everything personal about one person, as JSON (ZIP with files)")
        take.add_argument("who", help="an e-mail address, or the uid of an account or contact")
        take.add_argument("--to", help="the file to write; without it to standard output")
        gone = acts.add_parser("erase", help="erase one person; cannot be undone")
        gone.add_argument("who", help="an e-mail address, or the uid of an account or contact")
        gone.add_argument("--yes", action="store_true", help="do it; without it only the counts are shown")
        acts.add_parser("replay", help="after a restore: erase again whoever was erased since the backup")
        acts.add_parser("register", help="the register of all fields, as Markdown")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['act']}")(**options)

    def _export(self, *, who: str, to: str | None, **_: Any) -> None:
        person = self._person(who)
        content, ending = packed(export(person))
        subject = next(iter((*person.users, *person.contacts)), None)
        record("privacy.person_exported", subject, actor=None)
        if to:
            with open(to, "wb") as file:  # noqa: PTH123  the path is the caller's
                file.write(content)
            self.stdout.write(f"{len(content)} bytes ({ending}) written to {to}")
        elif ending == "zip":
            raise CommandError("This person has files: name the ZIP to write with --to.")
        else:
            self.stdout.write(content.decode())

    def _erase(self, *, who: str, yes: bool, **_: Any) -> None:
        person = self._person(who)
        for label, number in counts(person).items():
            self.stdout.write(f"{number:8} {label}")
        if not yes:
            self.stdout.write("Nothing was erased. Add --yes to do it; it cannot be undone.")
            return
        try:
            entry = services.erase(person=person, actor=None)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Erased. What stays is called “Erased {entry.pseudonym}”.")

    def _replay(self, **_: Any) -> None:
        self.stdout.write(f"{services.replay()} erased again")

    def _register(self, **_: Any) -> None:
        self.stdout.write(register_as_markdown())

    def _person(self, who: str) -> Any:
        person = find_person(who)
        if not person.exists or not counts(person):
            raise CommandError("Nobody is known by this.")
        return person
