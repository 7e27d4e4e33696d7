"""The product's settings with nothing around the view."""

from prm.settings import *  # noqa: F403  the bench changes three of them

ROOT_URLCONF = "bench._bare"
MIDDLEWARE = []
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
