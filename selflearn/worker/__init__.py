"""The background worker: a supervisor over django-q2 clusters, one process group for each queue.

    supervisor                starts, watches and replaces the groups
      qcluster of "short"     timeout 5 min; its sentinel fires the schedules
        sentinel
          worker, worker, monitor, pusher
      qcluster of "long"      timeout 1 h; only while there is work in that queue

A group is replaced as a whole when one of its processes died or its heartbeat is overdue: the
processes share locks, so that a survivor could wait forever.
"""
