"""Policy decorators: each view carries exactly one, and a test walks the resolver to see that it does."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import Role

View = Callable[..., HttpResponse]


def _guard(view: View, policy: str, allowed: Callable[[Any], bool], *, hide: bool) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not allowed(request.user):
            if hide:
                raise Http404
            raise PermissionDenied
        return view(request, *args, **kwargs)

    guarded.policy = policy  # type: ignore[attr-defined]  # read by tests/test_access.py
    return guarded


def staff_only(view: View) -> View:
    """Any vendor role may open it; partner users see a 404, as for a page that does not exist."""
    return _guard(view, "staff", lambda user: user.is_vendor, hide=True)


def editors_only(view: View) -> View:
    """Vendor roles that may change partners: administrators, leads, partner managers. Viewers get a 403."""
    return staff_only_then(view, "editor", lambda user: user.may_edit)


def leads_only(view: View) -> View:
    """Rules that touch everybody: administrators and leads."""
    return staff_only_then(view, "lead", lambda user: user.may_lead)


def admins_only(view: View) -> View:
    """People's data and what is kept of them: administrators."""
    return staff_only_then(view, "admin", lambda user: user.is_staff)


def staff_only_then(view: View, policy: str, allowed: Callable[[Any], bool]) -> View:
    guarded = staff_only(_guard(view, policy, allowed, hide=False))
    guarded.policy = policy  # type: ignore[attr-defined]  # read by tests/test_access.py
    return guarded


def partner_only(view: View) -> View:
    """A partner's people, and colleagues who see as the partner; other vendor staff see a 404."""
    return _seated(view, "partner", lambda seat: True)


def partner_editors_only(view: View) -> View:
    """A partner's administrators and sellers; its viewers get a 403."""
    return _seated(view, "partner_editor", lambda seat: seat.role != Role.PARTNER_VIEWER)


def partner_admins_only(view: View) -> View:
    """A partner's administrators; its sellers and viewers get a 403."""
    return _seated(view, "partner_admin", lambda seat: seat.role == Role.PARTNER_ADMIN)


def _seated(view: View, policy: str, allowed: Callable[[Any], bool]) -> View:
    """`request.seat` is set by the partners' middleware; an observer's writes never come this far."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.seat is None:
            if request.user.is_vendor:
                raise Http404
            raise PermissionDenied(_("Your access has ended. Ask your contact if this is a mistake."))
        if not allowed(request.seat):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    guarded.policy = policy  # type: ignore[attr-defined]  # read by tests/test_access.py
    return guarded


def signed_in(view: View) -> View:
    """Anyone with an account, about themselves only."""
    return _guard(view, "signed_in", lambda user: True, hide=True)


def public(*, because: str) -> Callable[[View], View]:
    """Open to everyone; the reason stands in the code."""

    def mark(view: View) -> View:
        @wraps(view)
        def open_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return view(request, *args, **kwargs)

        open_view.policy = "public"  # type: ignore[attr-defined]  # read by tests/test_access.py
        open_view.because = because  # type: ignore[attr-defined]
        open_view.login_required = False  # type: ignore[attr-defined]
        return open_view

    return mark
