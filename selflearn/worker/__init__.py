"""The background worker: a supervisor, and below it a cluster of django-q2 for each queue.

A cluster's processes wait for each other in ways that the death of one can stall for ever, so
none is replaced: when one dies, all of them are killed and started anew.

    supervisor                 starts, watches, kills; touches neither database nor disk
      main of "short"          the timetable's tick, the signs of life, the canary
        sentinel               django-q2's own: watches the four below
          worker, worker, pusher, monitor
      main of "long"           the same, while there is something in that queue
"""
