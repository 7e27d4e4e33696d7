"""The twins with their cast, and a walk that must have found nothing when it ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.isolation.cast import Actor, cast_of
from tests.isolation.twins import Twin, twins
from tests.isolation.walk import Walk, listening


@pytest.fixture
def pair(db: None) -> tuple[Twin, Twin]:
    return twins()


@pytest.fixture
def actors(pair: tuple[Twin, Twin]) -> list[Actor]:
    return cast_of(*pair)


@pytest.fixture
def walk(pair: tuple[Twin, Twin], actors: list[Actor]) -> Iterator[Walk]:
    result = Walk(*pair)
    with listening(result):
        yield result
