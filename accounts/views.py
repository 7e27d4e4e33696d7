"""A person's own profile and API tokens."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms import ProfileForm, TokenForm
from accounts.models import ApiToken, User
from accounts.policies import signed_in, staff_only
from accounts.services import create_token, record, revoke_token
from core.errors import DomainError


@signed_in
def profile_edit(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        record("accounts.profile_changed", request.user, actor=request.user, fields=form.changed_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile_edit")
    return render(request, "accounts/profile_edit.html", {"form": form}, status=422 if form.errors else 200)


@signed_in
@require_POST
def appearance_set(request: HttpRequest) -> HttpResponse:
    choice = request.POST.get("appearance", "")
    if choice in User.Appearance.values:
        request.user.appearance = choice
        request.user.save(update_fields=["appearance"])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    back = request.POST.get("next", "/")
    return redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/")


@staff_only
def token_list(request: HttpRequest) -> HttpResponse:
    """One's own tokens; a POST makes a new one and shows its secret this once."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            _token, secret = create_token(user=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field, error.message)
        else:
            form = TokenForm()
    tokens = ApiToken.objects.filter(user=request.user).order_by("-created")  # visible: one's own rows only
    context = {"form": form, "tokens": tokens, "secret": secret}
    return render(request, "accounts/token_list.html", context, status=422 if form.errors else 200)


@staff_only
@require_POST
def token_revoke(request: HttpRequest, uid: str) -> HttpResponse:
    token = get_object_or_404(ApiToken, uid=uid, user=request.user)  # visible: one's own token only
    revoke_token(token=token, actor=request.user)
    messages.success(
        request, _("The token “{}” is revoked. Programs that used it are refused from now on.").format(token.name)
    )
    return redirect("accounts:token_list")
