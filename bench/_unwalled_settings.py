"""The product without the wall between partners in the database, to measure what it costs. Never serve it."""

from prm.settings import *  # noqa: F403  the bench changes one of them
from prm.settings import MIDDLEWARE

MIDDLEWARE = [name.replace("partners.middleware.portal_wall", "bench._unwalled.portal_seat") for name in MIDDLEWARE]
