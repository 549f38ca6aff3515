"""Fixtures of these tests."""

import pytest
from helpers import sh, wav

from natlib import demo


@pytest.fixture(scope="session")
def piece() -> bytes:
    """The demo's music as tokens."""
    return sh("nat-split | nat-decode | nat-embed | nat-quantize", wav(demo.piece())).stdout
