"""The root address: leads the vendor's people to Today, tells a partner's people whom to turn to."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.policies import signed_in
from partners.models import Partner


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_vendor:
        return redirect("workspace:today")
    partner = Partner.objects.visible_to(request.user).select_related("owner").first()
    return render(request, "workspace/home.html", {"partner": partner})
