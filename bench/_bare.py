"""The floor: a bare Django list and JSON answer over the same tables, without sessions, users or templates of ours."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import Context, Template
from django.urls import path

from partners.models import Partner

ROWS = Template(
    "<table>{% for p in rows %}<tr><td>{{ p.name }}</td><td>{{ p.tier }}</td><td>{{ p.country }}</td></tr>"
    "{% endfor %}</table>"
)


def bare_list(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROWS.render(Context({"rows": Partner.objects.order_by("name", "id")[:50]})))


def bare_json(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"results": list(Partner.objects.order_by("id").values("uid", "name", "tier", "country")[:50])})


urlpatterns = [path("list", bare_list), path("json", bare_json)]
