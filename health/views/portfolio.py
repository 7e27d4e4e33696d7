"""Who is at risk, whom to save first, is the book getting better."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from accounts.policies import staff_only
from health import queries
from health.pages import portfolio as page
from health.pages.explained import alert_lines
from health.pages.scatter import scatter
from lifecycle.models import Stage
from partners.models import Tier


@staff_only
def portfolio(request: HttpRequest) -> HttpResponse:
    filters, dropped = page.read_filters(request.GET.dict())
    run = queries.latest_run()
    found = page.states(request.user, filters)
    counts = page.counted(found)
    context = {
        "filters": filters,
        "dropped": dropped,
        "owners": page.owners(),
        "tiers": Tier.choices,
        "stages": Stage.choices,
        "run": run,
        "total": sum(counts.values()),
        "currency": settings.REPORTING_CURRENCY,
        "counts": counts,
    }
    if context["total"]:
        model = queries.compiled(run.model if run else queries.active_version())
        edges = list(zip(model.band_edges, model.bands, strict=True))
        rescues = page.to_save(found, counts, edge=page.healthy_edge(edges))
        context |= {
            "alerts": alert_lines(page.alerts(request.user, filters)),
            "rescues": rescues,
            "ranking": page.numbered(rescues.rows),
            "scatter": scatter(rescues.rows, edges=edges),
        }
        if run:
            before = page.run_before(run)
            basis, breadth = page.basis(run)
            context |= {
                "basis": basis,
                "breadth": breadth * 100,
                "stale": page.stale_because(run),
                "before": before,
                "signals": page.signals(request.user, run),
            }
            if before:
                counted_before = page.counted_before(request.user, filters, before, counts)
                context["changes"] = page.changes(counts, counted_before)
                context["down"], context["up"] = page.moved(found, before)
    elif not filters.narrow:
        context["sources"] = page.sources()
    whole = not request.htmx or request.htmx.history_restore_request
    name = "health/portfolio.html" if whole else "health/_portfolio.html"
    response = render(request, name, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
