"""The root address: leads the vendor's people to Today, a partner's people to the portal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.policies import signed_in


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_vendor:
        return redirect("workspace:today")
    if request.seat is not None:
        return redirect("portal:home")
    return render(request, "workspace/home.html", {})
