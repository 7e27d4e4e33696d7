"""The twins are what the other tests believe: complete, marked, unlike each other; and the walk sees what leaks."""

from __future__ import annotations

from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path

from accounts.policies import public
from partners.models import Contact, Partner
from tests.isolation.cast import Actor
from tests.isolation.twins import LEFT_OUT, Twin, filled
from tests.isolation.walk import Walk, crossed


def leak(request, what):
    """What a careless page would do, for the walk to notice."""
    theirs = Partner.objects.get(slug__startswith="zzb")
    if what == "text":
        return HttpResponse(f"<b>{theirs.name.lower()}</b>")
    if what == "header":
        return HttpResponse(headers={"X-Partner": theirs.name})
    if what == "escaped":
        return HttpResponse("".join(f"&#{ord(letter)};" for letter in theirs.name))
    if what == "number":
        return HttpResponse(f"<td>€ {theirs.revenue.first().amount_minor / 100:,.2f}</td>")
    if what == "row":
        return HttpResponse(f'<a href="/x/{theirs.pk}/">x</a>')
    if what == "write":
        Contact.objects.filter(partner=theirs).update(title="Changed")
    return HttpResponse("nothing")


urlpatterns = [
    path("leak/<str:what>/", public(because="only in this test")(leak)),
    path("", include("prm.urls")),
]


def test_both_have_rows_of_every_model(pair: tuple[Twin, Twin]):
    ours, theirs = pair
    assert [model._meta.label for model in filled() if not ours.rows[model] or not theirs.rows[model]] == []
    assert len(filled()) + len(LEFT_OUT) > 35
    assert theirs.texts > 150


def test_what_is_left_out_says_why():
    assert all(LEFT_OUT.values())


def test_numbers_of_one_are_not_in_the_other(pair: tuple[Twin, Twin]):
    ours, theirs = pair
    assert len(theirs.numbers) > 40
    assert ours.numbers & theirs.numbers == set()


def test_no_row_of_one_points_at_the_other(pair: tuple[Twin, Twin]):
    assert crossed(pair) == []


@override_settings(ROOT_URLCONF="tests.isolation.test_twins")
def test_the_walk_sees_each_kind_of_leak(walk: Walk, actors: list[Actor]):
    """Else all its silence says nothing."""
    (manager,) = (actor for actor in actors if actor.name == "portfolio manager")
    (seller,) = (actor for actor in actors if actor.name == "A seller")
    (admin,) = (actor for actor in actors if actor.name == "administrator")
    for what in ("text", "header", "escaped", "number"):
        assert walk.send(manager, "GET", f"/leak/{what}/").found, what
        assert walk.send(admin, "GET", f"/leak/{what}/").found == []
    assert walk.send(seller, "GET", "/leak/nothing/").found == []
    assert walk.damage == walk.written == []
    walk.send(manager, "GET", "/leak/write/")
    assert len(walk.damage) == len(walk.written) == 1
    assert not Contact.objects.filter(title="Changed").exists()


@override_settings(ROOT_URLCONF="tests.isolation.test_twins")
def test_the_walk_sees_a_row_number_shown_to_a_partner(walk: Walk, actors: list[Actor]):
    (seller,) = (actor for actor in actors if actor.name == "B seller")
    assert any("a row's number" in line for line in walk.send(seller, "GET", "/leak/row/").found)
