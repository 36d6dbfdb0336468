"""The product's settings for a worker under test: errands for a timetable, and less patience."""

import os

from selflearn.settings import *  # noqa: F403
from selflearn.settings import Q_CLUSTER

TIMETABLE = "tests.selflearn.errands.TIMETABLE"
WORKER_PACE = {"glance": 0.2, "look": 0.2, "chores": 2, "idle": 3}
Q_CLUSTER = Q_CLUSTER | {"poll": 0.2, "guard_cycle": 0.5}
if "DRAIN" in os.environ:
    WORKER_PACE["drain"] = float(os.environ["DRAIN"])
if "TASK_TIMEOUT" in os.environ:
    Q_CLUSTER["timeout"] = int(os.environ["TASK_TIMEOUT"])
