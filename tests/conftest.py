from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The directory of real trades and candles, kept beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs the sample data in ../shared/data, which is not here")
    return SHARED
