"""What is taken along as a file costs more than a page: so often in a quarter of an hour for each person, then 429."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.attempts import WINDOW, TooManyAttemptsError, take
from accounts.policies import View

MOST = 30  # per person and `WINDOW`


def counted_export(view: View) -> View:
    """Stands below the policy, so that only who may export is counted; who sees as a partner writes nothing."""

    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.seat is None or request.seat.observer is None:
                take("export", str(request.user.uid), limit=MOST)
        except TooManyAttemptsError:
            refusal = render(request, "429.html", status=429)
            refusal["Retry-After"] = str(int(WINDOW.total_seconds()))
            return refusal
        return view(request, *args, **kwargs)

    return handle
