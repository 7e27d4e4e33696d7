"""The product's database with nothing around the view."""

from prm.settings import *  # noqa: F403  the bench changes four of them

ROOT_URLCONF = "bench._bare"
MIDDLEWARE = []
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "knox", "core", "accounts", "partners"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
