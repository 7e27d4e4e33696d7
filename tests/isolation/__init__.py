import pytest

pytest.register_assert_rewrite("tests.isolation.walk", "tests.isolation.twins", "tests.isolation.routes")
