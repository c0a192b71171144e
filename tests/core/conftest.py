"""What tests of the engine share."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; the test is skipped where it is absent."""
    if not _SHARED.is_dir():
        pytest.skip("the folder of real data, ../shared/data, is not here")
    return _SHARED
