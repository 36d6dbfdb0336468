from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine must not fail a test that is only slow to think of examples.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The directory of real trades and candles, kept beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs the sample data in ../shared/data, which is not here")
    return SHARED
