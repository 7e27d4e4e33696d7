"""A person's own profile, API tokens and notifications."""

from functools import wraps
from typing import Any
from uuid import UUID

from allauth.account.forms import UserTokenForm
from allauth.account.views import PasswordResetFromKeyView, password_reset_from_key
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries, services
from accounts.forms import PreferencesForm, ProfileForm, TokenForm, UndoForm
from accounts.models import ApiToken, NotificationKind, User
from accounts.policies import View, public, signed_in, staff_only
from accounts.rules import DIGEST
from accounts.services import create_token, end_sessions, record, revoke_token
from accounts.sessions import current_session, open_sessions, recent_log_in
from core import clock
from core.addresses import own_path
from core.errors import DomainError
from core.guesses import guesses_too_often, note_wrong_guess

INBOX_PAGE = 50


@signed_in
def profile_edit(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        request.user.save(update_fields=ProfileForm.Meta.fields)  # the rest of this copy may be older than the row
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
        record("accounts.profile_changed", request.user, actor=request.user, fields=["appearance"])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return HttpResponseRedirect(own_path(request.POST.get("next", ""), otherwise="/"))


@signed_in
def session_list(request: HttpRequest) -> HttpResponse:
    """Where one is logged in."""
    context = {"sessions": open_sessions(request.user.pk, at=clock.now()), "current": current_session(request)}
    return render(request, "accounts/session_list.html", context)


@signed_in
@require_POST
@recent_log_in
def session_end(request: HttpRequest, uid: str) -> HttpResponse:
    if not end_sessions(user=request.user, actor=request.user, only=str(uid)):
        raise Http404
    messages.success(request, _("That session is over."))
    return redirect("accounts:session_list")


@signed_in
@require_POST
@recent_log_in
def sessions_end_others(request: HttpRequest) -> HttpResponse:
    end_sessions(user=request.user, actor=request.user, but=current_session(request))
    messages.success(request, _("You are logged in here only."))
    return redirect("accounts:session_list")


@staff_only
@recent_log_in
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


# --- the inbox and its settings: the same code at /app/ and /portal/, the policies stand in urls.py ------------


def _personal(view: View) -> View:
    """A colleague who sees as a partner gets a word instead: the inbox is neither theirs here nor the partner's."""

    @wraps(view)
    def own(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.seat is not None and request.seat.observer is not None:
            if kwargs:
                raise Http404
            return render(request, "accounts/personal.html")
        return view(request, *args, **kwargs)

    return own


@_personal
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What one was told, newest first, by day and partner. Looking changes nothing."""
    unread_only = request.GET.get("show") == "unread"
    rows = queries.inbox(request.user, unread_only=unread_only)
    page = Paginator(rows, INBOX_PAGE).get_page(request.GET.get("page"))
    done = UndoForm(request.GET)
    context = {
        "page": page,
        "groups": queries.by_day_and_partner(page.object_list),
        "unread_only": unread_only,
        "undo": done.cleaned_data if done.is_valid() else {},
        "routes": _routes(request),
    }
    return render(request, "accounts/inbox.html", context)


@_personal
@require_POST
def inbox_open(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Mark it read and go where it leads, which is a path on this site (a constraint of the table)."""
    row = services.mark_read(user=request.user, uid=uid)
    if row is None:
        raise Http404
    return redirect(row.url)


@_personal
@require_POST
def inbox_read(request: HttpRequest) -> HttpResponse:
    marked = services.mark_all_read(user=request.user)
    return _back(request, read=marked.isoformat() if marked else "")


@_personal
@require_POST
def inbox_unread(request: HttpRequest) -> HttpResponse:
    """Undo of marking everything as read."""
    form = UndoForm(request.POST)
    if form.is_valid() and form.cleaned_data["read"]:
        services.mark_unread(user=request.user, read_at=form.cleaned_data["read"])
    return _back(request)


@_personal
@require_POST
def inbox_mute(request: HttpRequest, uid: UUID) -> HttpResponse:
    try:
        silence = services.mute(user=request.user, uid=uid, scope=request.POST.get("scope", ""))
    except DomainError as error:
        messages.error(request, error.message)
        return _back(request)
    return _back(request, muted=str(silence.uid))


@_personal
@require_POST
def mute_end(request: HttpRequest, uid: UUID) -> HttpResponse:
    if services.end_mute(user=request.user, uid=uid):
        messages.success(request, _("You hear of it again from now on."))
    return _back(request)


@_personal
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Which way each kind reaches one, and what one has muted."""
    form = PreferencesForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        services.choose_channels(user=request.user, channels=form.channels, rhythm=form.cleaned_data["rhythm"])
        messages.success(request, _("Your choices are saved."))
        return redirect(request.path)
    context = {"form": form, "mutes": queries.mutes_of(request.user, at=clock.now()), "routes": _routes(request)}
    return render(request, "accounts/preferences.html", context, status=422 if form.errors else 200)


@never_cache
@public(because="people who no longer log in must be able to choose their mails; the token in the address is signed")
@require_http_methods(["GET", "HEAD", "POST"])
def preferences_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The same choices from the link in a mail; nothing else of the person or of any partner is shown."""
    holder, refusal = _holder(request, token)
    if holder is None:
        return refusal
    user, _about = holder
    with translation.override(user.language):
        form = PreferencesForm(request.POST or None, user=user)
        saved = request.method == "POST" and form.is_valid()
        if saved:
            services.choose_channels(user=user, channels=form.channels, rhythm=form.cleaned_data["rhythm"])
        context = {"form": form, "saved": saved}
        return render(request, "accounts/preferences_by_link.html", context, status=422 if form.errors else 200)


@never_cache
@csrf_exempt
@public(because="mail programs stop mails with one POST and without a session (RFC 8058); the token is signed")
@require_http_methods(["GET", "HEAD", "POST"])
def mails_stop(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks and changes nothing, since programs fetch the links in mails; POST stops this kind of mail."""
    holder, refusal = _holder(request, token)
    if holder is None:
        return refusal
    user, about = holder
    stopped = request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click"
    with translation.override(user.language):
        if stopped:
            services.stop_mails(user=user, about=about)
        kind = "" if about == DIGEST else NotificationKind(about).label
        return render(request, "accounts/mails_stop.html", {"stopped": stopped, "kind": kind, "token": token})


@public(
    because="who forgot the password cannot log in; the link is signed, works once and dies with a change of standing"
)
def password_by_link(request: HttpRequest, uidb36: str, key: str) -> HttpResponse:
    """The library's page. A look at a wrong link is counted like one at any other secret address (P10)."""
    if guesses_too_often(request):
        return _refused(request, "many", 429)
    opened = key == PasswordResetFromKeyView.reset_url_key  # the key itself is in the session by now
    if not opened and not UserTokenForm({"uidb36": uidb36, "key": key}).is_valid():
        note_wrong_guess(request)
    response: HttpResponse = password_reset_from_key(request, uidb36=uidb36, key=key)
    return response


def _holder(request: HttpRequest, token: str) -> tuple[tuple[User, str] | None, HttpResponse]:
    """Who holds the token, or the refusal: too many wrong ones, a wrong one, or somebody else is logged in here."""
    if guesses_too_often(request):
        return None, _refused(request, "many", 429)
    holder = queries.holder_of(token)
    if holder is None:
        note_wrong_guess(request)
        return None, _refused(request, "wrong", 404)
    if request.user.is_authenticated and request.user.pk != holder[0].pk:
        return None, _refused(request, "other", 403)
    return holder, HttpResponse()


def _refused(request: HttpRequest, why: str, status: int) -> HttpResponse:
    return render(request, "accounts/link_refused.html", {"why": why}, status=status)


def _routes(request: HttpRequest) -> dict[str, str]:
    """Names of the inbox's addresses on the side of this request, for `{% url %}`."""
    side = "portal_" if request.seat is not None else ""
    names = ("inbox", "inbox_open", "inbox_read", "inbox_unread", "inbox_mute", "mute_end", "preferences")
    return {name: f"accounts:{side}{name}" for name in names}


def _back(request: HttpRequest, **done: str) -> HttpResponse:
    """To the inbox, with what was done in the address, so that it can be undone there."""
    query = urlencode({name: value for name, value in done.items() if value})
    where = reverse(_routes(request)["inbox"])
    return redirect(f"{where}?{query}" if query else where)
