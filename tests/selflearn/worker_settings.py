"""The product's settings for a worker under test: errands for a timetable, and less patience."""

import os

from selflearn.settings import *  # noqa: F403
from selflearn.settings import Q_CLUSTER

TIMETABLE = "tests.selflearn.errands.TIMETABLE"
WORKER_PACE = {"tick": 0.2, "beat": 2, "canary": 2, "stall": 4, "idle": 3, "backoff": 2}
Q_CLUSTER = Q_CLUSTER | {"poll": 0.2, "guard_cycle": 0.5}
WORKER_PACE |= {name: float(os.environ[name]) for name in ("drain",) if name in os.environ}
