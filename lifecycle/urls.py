"""Addresses of the lifecycle room. The board spans rooms and belongs to the workspace."""

from django.urls import path

from lifecycle import views

app_name = "lifecycle"
urlpatterns = [
    path("app/lifecycle/<slug:slug>/move/", views.journey_move, name="journey_move"),
    path("app/lifecycle/<slug:slug>/undo/", views.journey_undo, name="journey_undo"),
]
