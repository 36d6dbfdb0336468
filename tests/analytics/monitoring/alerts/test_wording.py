"""Numbers in the sentences of alerts."""

import pytest

from analytics.monitoring.alerts import wording


@pytest.mark.parametrize(
    ("hours", "said"),
    [(30 / 3600, "30 s"), (0.5, "30 min"), (3, "3 h"), (60, "2 d 12 h"), (1 / 60, "1 min")],
)
def test_a_duration_is_rounded(hours, said):
    assert wording.hours(hours) == said
