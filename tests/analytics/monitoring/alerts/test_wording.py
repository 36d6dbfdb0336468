"""How alerts put numbers."""

import pytest

from analytics.monitoring.alerts import wording


@pytest.mark.parametrize(
    ("hours", "said"),
    [(30 / 3600, "30 s"), (0.5, "30 min"), (3, "3 h"), (60, "2.5 days"), (1 / 60, "1 min")],
)
def test_a_stretch_of_time_is_rounded_to_what_is_read(hours, said):
    assert wording.hours(hours) == said
