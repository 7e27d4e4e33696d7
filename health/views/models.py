"""The models that compute scores: versions, drafts, what publishing one would change, and publishing it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.policies import leads_only, staff_only
from core.errors import DomainError
from core.uploads import accepts_files
from health import queries, services
from health.forms import DraftForm
from health.models import HealthModelVersion
from health.pages import definition as page
from health.pages import dry_runs


@staff_only
def model_list(request: HttpRequest) -> HttpResponse:
    return render(request, "health/model_list.html", {"versions": page.versions()})


@staff_only
def model_detail(request: HttpRequest, name: str) -> HttpResponse:
    version, active = _version(name), queries.active_version()
    context = {
        "version": version,
        "active": active,
        "stages": page.stage_labels(version.definition),
        "weights": page.weights(version.definition),
        "measures": page.measures(version.definition),
        "thresholds": page.thresholds(version.definition),
        "differences": page.differences(active.definition, version.definition) if version != active else [],
    }
    return render(request, "health/model_detail.html", context)


@staff_only
def model_download(_request: HttpRequest, name: str) -> HttpResponse:
    """The definition as a file, to edit elsewhere and bring back."""
    version = _version(name)
    response = JsonResponse(version.definition, json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{version.digest[:12]}.json"'
    return response


@leads_only
@accepts_files
def model_create(request: HttpRequest) -> HttpResponse:
    """A new draft, begun from a version (`?from=name`; default: the active one)."""
    base = page.version_called(request.GET.get("from", "")) or queries.active_version()
    form = DraftForm(request.POST or None, request.FILES or None, initial={"definition": page.as_text(base.definition)})
    if request.method == "POST" and form.is_valid():
        saved = _save(request, form, None)
        if saved:
            messages.success(request, _("The draft is saved. Try it before you publish it."))
            return redirect("health:model_detail", name=saved.name)
    context = {"form": form, "base": base}
    return render(request, "health/model_form.html", context, status=422 if form.errors else 200)


@leads_only
@accepts_files
def model_edit(request: HttpRequest, name: str) -> HttpResponse:
    version = _version(name)
    if version.is_published:
        raise Http404
    initial = {"name": version.name, "note": version.note, "definition": page.as_text(version.definition)}
    form = DraftForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        saved = _save(request, form, version.pk)
        if saved:
            messages.success(request, _("The draft is saved."))
            return redirect("health:model_detail", name=saved.name)
    context = {"form": form, "version": version}
    return render(request, "health/model_form.html", context, status=422 if form.errors else 200)


@leads_only
def model_dry_run(request: HttpRequest, name: str) -> HttpResponse:
    """Who would change band if this version were published now; from here it can be published."""
    version, active = _version(name), queries.active_version()
    if version == active:
        return redirect("health:model_detail", name=version.name)
    context = {"version": version, "active": active, "found": dry_runs.compared(version, active)}
    return render(request, "health/model_dry_run.html", context)


@leads_only
@require_POST
def model_publish(request: HttpRequest, name: str) -> HttpResponse:
    """Only what was tried is published: the form of the dry run names the definition and the version it replaces."""
    version, active = _version(name), queries.active_version()
    tried = (request.POST.get("digest", ""), request.POST.get("instead_of", ""))
    if tried != (version.digest, active.digest):
        messages.error(request, _("The model changed since the dry run. Look at what publishing would do now."))
        return redirect("health:model_dry_run", name=version.name)
    try:
        services.publish(version_id=version.pk, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("health:model_detail", name=version.name)
    messages.success(
        request, _("{} is published. Scores of the past weeks are computed again in the background.").format(version)
    )
    return redirect("health:model_detail", name=version.name)


def _version(name: str) -> HealthModelVersion:
    version = page.version_called(name)
    if version is None:
        raise Http404
    return version


def _save(request: HttpRequest, form: DraftForm, version_id: int | None) -> HealthModelVersion | None:
    """The saved draft; None with the refusal on the form."""
    data = form.cleaned_data
    try:
        return services.save_draft(
            name=data["name"], definition=data["parsed"], note=data["note"], actor=request.user, version_id=version_id
        )
    except DomainError as error:
        form.add_error(error.field, error.message)
        return None
