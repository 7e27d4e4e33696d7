"""Two actions on people in the Django admin, and inspection of requests, erasures and retention runs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import AuditCheck, SuppressedPerson, User
from accounts.services import record
from core.admin import ReadOnlyAdmin
from core.errors import DomainError
from partners.models import Contact
from privacy import services
from privacy.download import download
from privacy.models import ErasureLog, ErasureRequest, RetentionRun
from privacy.queries import Person, counts, export, in_words, whole_person


def _people(chosen: QuerySet[Any]) -> list[Person]:
    """The people behind the chosen rows, each once."""
    found = [whole_person([row], []) if isinstance(row, User) else whole_person([], [row]) for row in chosen]
    return list({(tuple(one.user_ids), tuple(one.contact_ids)): one for one in found}.values())


@admin.action(description=gettext_lazy("Export the personal data of the chosen person"))
def export_person(_model_admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
    people = _people(chosen)
    if len(people) != 1:
        messages.error(request, _("Choose one person; a file holds one person's data."))
        return None
    record("privacy.person_exported", chosen[0], actor=request.user)
    return download(export(people[0]))


@admin.action(description=gettext_lazy("Erase the chosen people…"))
def erase_people(model_admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
    """First a page that says what is erased; the erasure after its button."""
    people = _people(chosen)
    if "confirmed" not in request.POST:
        context = {
            **admin.site.each_context(request),
            "title": _("Erase"),
            "people": [(person, in_words(counts(person))) for person in people],
            "chosen": chosen,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "opts": model_admin.opts,
        }
        return TemplateResponse(request, "admin/privacy/erase_confirmation.html", context)
    done = 0
    for person in people:
        try:
            services.erase(person=person, actor=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            done += 1
    if done:
        messages.success(request, ngettext("%d person is erased.", "%d people are erased.", done) % done)
    return None


for _model in (User, Contact):
    _admin = admin.site.get_model_admin(_model)
    _admin.actions = [*(_admin.actions or []), export_person, erase_people]


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "partner", "status", "account_closed", "decided_at")
    list_filter = ("status",)
    list_select_related = ("user", "partner")
    search_fields = ("user__email",)


@admin.register(ErasureLog)
class ErasureLogAdmin(ReadOnlyAdmin):
    list_display = ("pseudonym", "at", "actor")
    list_select_related = ("actor",)
    search_fields = ("pseudonym",)


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = ("at", "dry_run", "milliseconds")
    search_fields = ("at",)


@admin.register(AuditCheck)
class AuditCheckAdmin(ReadOnlyAdmin):
    list_display = ("at", "rows", "fault", "broken_id", "milliseconds")
    search_fields = ("head_seal",)


@admin.register(SuppressedPerson)
class SuppressedPersonAdmin(ReadOnlyAdmin):
    """Deleting an entry lets the person be listed again, on their own wish."""

    list_display = ("digest", "created_at")
    search_fields = ("digest",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True
