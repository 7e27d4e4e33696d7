"""The twins, the cast and the walk of the isolation tests, under attack."""

from tests.isolation.conftest import actors, pair, walk

__all__ = ["actors", "pair", "walk"]
