"""What only root can try. In CI such a test runs whoever we are, and so fails where it cannot be tried."""

import os

import pytest

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 and "CI" not in os.environ, reason="needs root: it becomes somebody else, or gives files away"
)
