"""What holds for every test: examples take the time they take, on any machine, and are the same where CI is set."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "mipolicy",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("mipolicy")
pytest.register_assert_rewrite("tests.payment.shared")
